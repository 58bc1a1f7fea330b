//! `GET /pcsocket/WS`: the upgrade. Pages of any host may ask for it: they bring a token in a frame, and an app may say
//! then whose pages it wants.

use std::sync::Arc;

use actix_web::http::header::ORIGIN;
use actix_web::web::{Data, Payload};
use actix_web::{Error, HttpRequest, HttpResponse};

use crate::http::State;
use crate::http::error::ApiError;
use crate::wire::ppcom::VARIANT;
use crate::ws;

/// Hands the socket to a session.
pub async fn open(
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let origin = request.headers().get(ORIGIN);
    // One that is no text is none that an app can have named.
    let origin = origin.map(|origin| origin.to_str().unwrap_or("null"));
    let seat = state.seat(&request).map_err(ApiError::from)?.opened_by(origin);
    ws::accept(&request, payload, (VARIANT.into(), Arc::clone(&state.sessions), seat))
}
