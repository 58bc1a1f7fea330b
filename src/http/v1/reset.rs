//! A new password for one who has forgotten the old one, by a key that comes by mail.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::ToSchema;

use super::input;
use super::problem::Problem;
use crate::http::State;
use crate::service::accounts::Errand;

/// An address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// The address of the account.
    #[schema(format = "email")]
    email: String,
}

/// The new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// At least `auth.password_chars_min` characters, at most `auth.password_bytes_max` bytes.
    #[schema(format = "password", min_length = 8)]
    password: String,
}

/// Asks for a new password
///
/// If a user has the address, a mail with a link goes there; the link works once, for
/// `auth.reset_minutes`. The answer is the same, and takes as long, if nobody has it.
#[utoipa::path(
    post, path = "/auth/reset", tag = "Log-ins", operation_id = "ask_reset", security(()),
    request_body = Address,
    responses(
        (status = 202, description = "If somebody has the address, a mail follows"),
        (status = 400, description = "body_invalid, email_invalid"),
    ),
)]
pub async fn ask(
    request: HttpRequest,
    body: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let (accounts, peer) = (&state.service.accounts, state.address(&request));
    accounts.admit(Errand::AskReset, peer)?;
    let Address { email } = input::json(&request, body, &state).await?;
    accounts.ask_reset(&email, peer).await?;
    Ok(HttpResponse::Accepted().finish())
}

/// Sets the new password
///
/// All log-ins end, on all sockets, at once.
#[utoipa::path(
    post, path = "/auth/reset/{key}", tag = "Log-ins", operation_id = "reset", security(()),
    params(("key" = String, Path, description = "The key at the end of the link in the mail")),
    request_body = NewPassword,
    responses(
        (status = 204, description = "It is the new one"),
        (status = 400, description = "body_invalid, password_invalid"),
        (status = 404, description = "no_such_key"),
    ),
)]
pub async fn redeem(
    request: HttpRequest,
    key: Path<String>,
    body: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    state.service.accounts.admit(Errand::Reset, state.address(&request))?;
    let NewPassword { password } = input::json(&request, body, &state).await?;
    state.service.accounts.reset(&key, password).await?;
    Ok(HttpResponse::NoContent().finish())
}
