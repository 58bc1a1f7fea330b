//! What needs the password: another one, and the end of the account.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::input;
use super::problem::{Code, Problem};
use crate::domain::id::UserId;
use crate::http::State;
use crate::http::proof::{self, Claim};
use crate::store::chat::deletion;

/// The old password and the new one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password as it is.
    #[schema(format = "password")]
    old: String,
    /// The password as it is to be: at least `auth.password_chars_min` characters, at most
    /// `auth.password_bytes_max` bytes.
    #[schema(format = "password", min_length = 8)]
    new: String,
}

/// The password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Password {
    /// The password.
    #[schema(format = "password")]
    password: String,
}

/// Changes the password
///
/// All other log-ins end, on all sockets, at once; the one that asks goes on.
#[utoipa::path(
    put, path = "/me/password", tag = "Account", operation_id = "change_password",
    request_body = PasswordChange,
    responses(
        (status = 204, description = "It is the new one"),
        (status = 400, description = "body_invalid, password_invalid"),
        (status = 403, description = "password_wrong"),
    ),
)]
pub async fn change(
    request: HttpRequest,
    body: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let caller = Caller::of(&request, &state).await?;
    let PasswordChange { old, new } = input::json(&request, body, &state).await?;
    let new = good(new, &state)?;
    let id = caller.user.id;
    let old = proven(&request, id, old, &state).await?;
    let new = state.passwords.hash(new).await?;
    let (kept, clock) = (caller.claims.login, state.clock.clone());
    let changed = state.hub().revoke(move |conn| {
        let last = (kept.clone(), clock.now());
        Ok(match deletion::change_password(conn, id, (&old, &new), last)? {
            Ok(revocation) => (Ok(()), Some(revocation)),
            Err(outdated) => (Err(outdated), None),
        })
    });
    changed.await?.map_err(|_| Problem::new(Code::PasswordWrong))?;
    log::info!("user {id} changed the password");
    Ok(HttpResponse::NoContent().finish())
}

/// Deletes the account
///
/// At once: all sockets are closed, name and address are free, profile, password, friendships,
/// blocks and log-ins are gone, groups are left and told so. What was written to others stays in their history, by a user who is
/// no more. This cannot be undone.
#[utoipa::path(
    delete, path = "/me", tag = "Account", operation_id = "delete_account",
    request_body = Password,
    responses(
        (status = 204, description = "It is gone"),
        (status = 403, description = "password_wrong"),
    ),
)]
pub async fn delete(
    request: HttpRequest,
    body: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let id = Caller::of(&request, &state).await?.user.id;
    let Password { password } = input::json(&request, body, &state).await?;
    let hash = proven(&request, id, password, &state).await?;
    let deleted = state.hub().delete_account(id, hash).await?;
    deleted.map_err(|_| Problem::new(Code::PasswordWrong))?;
    log::info!("user {id} deleted the account");
    Ok(HttpResponse::NoContent().finish())
}

/// A new password, if it may be one.
///
/// # Errors
/// 400 for one that is too short or too long.
pub fn good(password: String, state: &State) -> Result<String, Problem> {
    let checked = state.settings.passwords.check(&password);
    checked.map_err(|_| Problem::new(Code::PasswordInvalid)).map(|()| password)
}

/// The hash of the password of a user who has shown it. Tries count as log-ins do.
async fn proven(
    request: &HttpRequest,
    id: UserId,
    password: String,
    state: &State,
) -> Result<String, Problem> {
    let claim = Claim::of_user(state, id, state.peer(request)).await?;
    let claim = claim.ok_or(Problem::new(Code::TokenInvalid))?;
    let account = proof::prove(state, claim, password).await?;
    account.map(|account| account.password_hash).ok_or(Problem::new(Code::PasswordWrong))
}
