//! Tokens: a further one, and the end of a log-in.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::problem::{Code, Problem};
use super::time;
use crate::http::State;
use crate::service::accounts::Renewed;

/// A token.
#[derive(Serialize, ToSchema)]
pub struct Token {
    /// The token, for the header `Authorization: Bearer …` and the `auth` frame of sockets.
    token: String,
    /// When it expires.
    #[schema(format = "date-time")]
    expires_at: String,
}

/// A further token of the same log-in
///
/// It works for as long as a first one. The older token goes on working until it expires; ending the
/// log-in ends both.
#[utoipa::path(
    post, path = "/auth/refresh", tag = "Log-ins", operation_id = "refresh",
    responses((status = 200, description = "The token", body = Token)),
)]
pub async fn refresh(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let Caller { user, claims } = caller;
    let renewed = state.service.accounts.renew(user, claims, state.peer(&request)).await?;
    let Renewed { token, expires_at } = renewed.ok_or(Problem::new(Code::TokenInvalid))?;
    Ok(HttpResponse::Ok().json(Token { token, expires_at: time::text(expires_at) }))
}

/// Ends the log-in of this token
///
/// All its tokens stop working at once, and its sockets are closed with 4010 (chatting: 3401).
#[utoipa::path(
    post, path = "/auth/logout", tag = "Log-ins", operation_id = "log_out",
    responses(
        (status = 204, description = "It has ended"),
        (status = 409, description = "no_login"),
    ),
)]
pub async fn logout(caller: Caller, state: Data<State>) -> Result<HttpResponse, Problem> {
    match state.service.accounts.log_out(caller.claims).await? {
        true => Ok(HttpResponse::NoContent().finish()),
        false => Err(Code::NoLogin.into()),
    }
}
