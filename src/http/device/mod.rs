//! `GET /device/ws`: the door of devices. Pages of any host may ask for it: they bring a token, not a cookie.

use std::sync::Arc;

use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{Error, HttpRequest, HttpResponse};

use crate::http::error::ApiError;
use crate::http::{State, only};
use crate::wire::device::DeviceDialect;
use crate::ws;

/// Mounts the dialect's route.
pub fn routes(app: &mut ServiceConfig) {
    app.service(only("/device/ws", "GET", web::to(open)));
}

/// Hands the socket to a session.
async fn open(
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let seat = state.seat(&request).map_err(ApiError::from)?;
    let session = (DeviceDialect::VARIANT.into(), Arc::clone(&state.sessions), seat);
    ws::accept(&request, payload, session)
}
