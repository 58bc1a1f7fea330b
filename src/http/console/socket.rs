//! `GET /console/ws`, and `GET /` of the listener of its own: the upgrade.

use std::sync::Arc;

use actix_web::web::{Data, Payload};
use actix_web::{Error, HttpRequest, HttpResponse};

use super::access::{self, ShownToken};
use super::error::ConsoleError;
use crate::domain::principal::Credential;
use crate::http::State;
use crate::http::error::ApiError;
use crate::service::apps::CONSOLE;
use crate::session::Opening;
use crate::wire::console::Console;
use crate::ws;

/// Hands the socket of an operator to a session. It shows the token once more, there: between the two looks it
/// may have been revoked.
pub async fn open(
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let seat = state.seat(&request).map_err(ApiError::from)?;
    let shown = ShownToken::of(&request).ok_or(ConsoleError::NoCredential)?;
    access::pass(&state, shown).await?;
    if let ShownToken::Cookie(_) = shown {
        let peer = state.address(&request);
        if !state.origins.pass_own(request.headers(), ("a console", peer)) {
            return Err(ConsoleError::Origin.into());
        }
    }
    let parts = vec![shown.text().to_owned()];
    let credential = Some(Credential::Scheme { name: CONSOLE, parts });
    let opening = Opening { variant: Console::VARIANT, credential };
    ws::accept(&request, payload, (opening, Arc::clone(&state.sessions), seat))
}
