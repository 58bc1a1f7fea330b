//! WebSockets: the only place that names a WebSocket crate.
//!
//! Two adapters hold a socket: `upgraded` (the actor owns it) and `actors` (actix-web-actors, which
//! the design names). Frames come in by one decoder of our own for both, because a frame must be
//! refused by its announced length, before its bytes are collected. A session knows none of this;
//! what it and an adapter see of each other is in `session::adapter`.

pub mod actors;
mod connection;
pub mod decode;
pub mod handover;
mod handshake;
mod inbound;
pub mod upgraded;

use std::sync::Arc;

use actix_web::web::Payload;
use actix_web::{Error, HttpRequest, HttpResponse};

use crate::session::{AdapterChoice, Opening, Seat, Session, Shared};

/// Answers the handshake and starts a session on the socket.
///
/// # Errors
/// 400, 405 or 426, if the request is no WebSocket handshake, or one that cannot be had here.
pub fn accept(
    request: &HttpRequest,
    payload: Payload,
    (opening, shared, seat): (Opening, Arc<Shared>, Seat),
) -> Result<HttpResponse, Error> {
    let sharing = Arc::clone(&shared);
    let settings = &sharing.settings;
    match settings.adapter {
        AdapterChoice::Actors => actors::accept(request, payload, settings, move |socket| {
            Session::new(opening, shared, seat, socket)
        }),
        AdapterChoice::Upgraded => upgraded::accept(request, settings, move |socket| {
            Session::new(opening, shared, seat, socket)
        }),
    }
}
