//! `GET /ws`: the upgrade.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{Error, HttpRequest, HttpResponse};
use serde::Deserialize;

use crate::http::{State, error::ApiError, text};
use crate::wire::rewind::{Mode, RewindOptions};
use crate::ws;

/// `?compat=`.
#[derive(Deserialize)]
pub struct SocketQuery {
    compat: Option<String>,
}

/// Hands the socket to a session.
pub async fn open(
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let peer = state.address(&request);
    if !state.origins.pass(request.headers(), ("a socket", peer)) {
        return Err(ApiError::Refused(StatusCode::FORBIDDEN, "origin is not allowed.").into());
    }
    const NO_MODE: ApiError = ApiError::bad_request("compat is readme or wind.");
    let asked: Result<SocketQuery, _> = text::form(request.query_string().as_bytes());
    let asked = asked.map_err(|_| NO_MODE)?;
    let mode = match asked.compat.as_deref() {
        None => state.rewind().default_mode(),
        Some("readme") => Mode::Readme,
        Some("wind") => Mode::Wind,
        Some(_) => return Err(NO_MODE.into()),
    };
    let seat = state.seat(&request).map_err(ApiError::from)?;
    let session = (RewindOptions::from(mode).variant().into(), Arc::clone(&state.sessions), seat);
    ws::accept(&request, payload, session)
}
