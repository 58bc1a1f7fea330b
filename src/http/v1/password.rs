//! What needs the password: another one, and the end of the account.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::input;
use super::problem::Problem;
use crate::http::State;
use crate::service::accounts;

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
    caller: Caller,
    request: HttpRequest,
    body: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let PasswordChange { old, new } = input::json(&request, body, &state).await?;
    let (change, peer) = (accounts::PasswordSwap { old, new }, state.address(&request));
    state.service.accounts.change_password(caller.claims, change, peer).await?;
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
    caller: Caller,
    request: HttpRequest,
    body: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let Password { password } = input::json(&request, body, &state).await?;
    let (id, peer) = (caller.user.id, state.address(&request));
    state.service.accounts.delete(id, password, peer).await?;
    Ok(HttpResponse::NoContent().finish())
}
