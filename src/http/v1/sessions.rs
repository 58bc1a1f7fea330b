//! `/sessions`: one's own log-ins, wherever they are.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::problem::{Code, Problem};
use super::time;
use crate::domain::accounts::login::{LoginId, Which};
use crate::http::State;
use crate::service::accounts::OpenLogin;

/// A log-in that goes on.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionJson {
    /// By which it can be ended.
    id: String,
    /// What the program called itself that has logged in.
    agent: Option<String>,
    /// When it began.
    #[schema(format = "date-time")]
    created_at: String,
    /// When it got its newest token.
    #[schema(format = "date-time")]
    renewed_at: String,
    /// When that expires.
    #[schema(format = "date-time")]
    expires_at: String,
    /// Whether this request was made by it.
    current: bool,
    /// How many sockets it has open now.
    sockets: usize,
}

/// Log-ins.
#[derive(Serialize, ToSchema)]
#[schema(as = Sessions)]
pub struct SessionsJson {
    /// The one renewed last first.
    sessions: Vec<SessionJson>,
}

/// One's own log-ins
///
/// Those that neither were ended nor have expired.
#[utoipa::path(
    get, path = "/sessions", tag = "Log-ins", operation_id = "sessions",
    responses((status = 200, description = "The log-ins", body = SessionsJson)),
)]
pub async fn list(caller: Caller, state: Data<State>) -> Result<HttpResponse, Problem> {
    let logins = state.service.accounts.logins(caller.user.id).await?;
    let current = caller.claims.login;
    let show = |OpenLogin { login, sockets }| SessionJson {
        current: current.as_ref() == Some(&login.id),
        sockets,
        id: login.id.to_string(),
        agent: login.agent,
        created_at: time::text(login.created_at),
        renewed_at: time::text(login.renewed_at),
        expires_at: time::text(login.expires_at),
    };
    let sessions = logins.into_iter().map(show).collect();
    Ok(HttpResponse::Ok().json(SessionsJson { sessions }))
}

/// Ends a log-in
///
/// Its tokens stop working at once, and its sockets are closed with 4010 (chatting: 3401).
#[utoipa::path(
    delete, path = "/sessions/{id}", tag = "Log-ins", operation_id = "end_session",
    params(("id" = String, Path, description = "The log-in")),
    responses(
        (status = 204, description = "It has ended"),
        (status = 404, description = "no_such_session"),
    ),
)]
pub async fn end(
    caller: Caller,
    id: Path<String>,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let one = Which::One(LoginId::new(&id));
    match state.service.accounts.end_logins(caller.user.id, one).await? {
        0 => Err(Code::NoSuchSession.into()),
        _ => Ok(HttpResponse::NoContent().finish()),
    }
}
