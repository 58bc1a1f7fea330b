//! A new password for one who has forgotten the old one, by a key that comes by mail.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::ToSchema;

use super::problem::{Code, Problem};
use super::{input, password};
use crate::auth::key;
use crate::auth::limits::TooMany;
use crate::domain::accounts::user::Email;
use crate::http::State;
use crate::store::accounts::resets;

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
    let peer = state.peer(&request);
    let limited = |_: &TooMany| state.limited("reset", peer);
    state.limits.reset_from(peer).inspect_err(limited)?;
    let Address { email } = input::json(&request, body, &state).await?;
    let email = Email::parse(&email).ok_or(Problem::new(Code::EmailInvalid))?;
    state.limits.reset_as(&email).inspect_err(limited)?;
    let now = state.clock.now();
    let expires_at = now.after(state.settings.reset_lifetime);
    state.store.write_beside(move |conn| resets::ask(conn, &email, now, expires_at)).await?;
    state.mail.wake();
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
    may_redeem(&request, &state)?;
    let NewPassword { password } = input::json(&request, body, &state).await?;
    set_password(&key, password, &state).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Whether a peer may try a key now.
///
/// # Errors
/// 429 above the rate of log-ins.
pub fn may_redeem(request: &HttpRequest, state: &State) -> Result<(), Problem> {
    let peer = state.peer(request);
    Ok(state.limits.login_from(peer).inspect_err(|_| state.limited("reset", peer))?)
}

/// Sets the password of the user to whom a key was sent.
///
/// # Errors
/// 400 for a bad password, 404 for a bad key.
pub async fn set_password(key: &str, password: String, state: &State) -> Result<(), Problem> {
    let password = password::good(password, state)?;
    let (key_hash, now) = (key::hash_of(key), state.clock.now());
    // A hash is work, and done for those who have a key.
    if !state.store.read(move |conn| resets::is_valid(conn, &key_hash, now)).await? {
        return Err(Code::NoSuchKey.into());
    }
    let password_hash = state.passwords.hash(password).await?;
    let redeemed = state.hub().revoke(move |conn| {
        let revocation = resets::redeem(conn, &key_hash, &password_hash, now)?;
        Ok((revocation.as_ref().map(|revocation| revocation.user), revocation))
    });
    let user = redeemed.await?.ok_or(Problem::new(Code::NoSuchKey))?;
    log::info!("user {user} set a new password by mail");
    Ok(())
}
