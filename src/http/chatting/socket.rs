//! `GET /ws/chatting/`: the upgrade. Pages of any host may ask for it: they bring a token, not a
//! cookie.

use std::sync::Arc;

use actix_web::web::{Data, Payload};
use actix_web::{Error, HttpRequest, HttpResponse};

use super::error::ChatError;
use super::request;
use crate::http::State;
use crate::ws;

/// Hands the socket to a session.
pub async fn open(
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let variant = request::ids(&request, &state)?.variant();
    let seat = state.seat(&request).map_err(ChatError::from)?;
    let session = (variant.into(), Arc::clone(&state.sessions), seat);
    ws::accept(&request, payload, session)
}
