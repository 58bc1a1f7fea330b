//! Tokens: a further one, and the end of a log-in.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::problem::{Code, Problem};
use super::time;
use crate::http::State;
use crate::http::logins::{self, NoToken};

/// A token.
#[derive(Serialize, ToSchema)]
pub struct Token {
    /// The token, for the header `Authorization: Bearer …` and the `auth` frame of sockets.
    token: String,
    /// When it expires.
    #[schema(format = "date-time")]
    expires_at: String,
}

impl From<NoToken> for Problem {
    fn from(none: NoToken) -> Self {
        match none {
            NoToken::Outdated => Code::TokenInvalid.into(),
            NoToken::Refused(refusal) => refusal.into(),
            NoToken::Auth(error) => error.into(),
        }
    }
}

/// A further token of the same log-in
///
/// It works for as long as a first one. The older token goes on working until it expires; ending the
/// log-in ends both.
#[utoipa::path(
    post, path = "/auth/refresh", tag = "Log-ins", operation_id = "refresh",
    responses((status = 200, description = "The token", body = Token)),
)]
pub async fn refresh(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, Problem> {
    let caller = Caller::of(&request, &state).await?;
    let (token, expires_at) = logins::renew(&state, &request, caller.user, caller.claims).await?;
    let expires_at = time::text(expires_at);
    Ok(HttpResponse::Ok().json(Token { token, expires_at }))
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
pub async fn logout(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, Problem> {
    let caller = Caller::of(&request, &state).await?;
    match state.hub().log_out(caller.claims).await? {
        true => Ok(HttpResponse::NoContent().finish()),
        false => Err(Code::NoLogin.into()),
    }
}
