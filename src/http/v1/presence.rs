//! `/presence`: which friends are there.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;
use super::problem::Problem;
use super::{input, time};
use crate::domain::chat::event;
use crate::domain::id::UserId;
use crate::http::State;

/// Whom to ask about.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PresenceQuery {
    /// Ids, with commas between, at most 100; those who are no friends are left out. Without it: all
    /// friends.
    #[param(example = "284893234847744,284893234847746")]
    users: Option<String>,
}

/// Where somebody is.
#[derive(Serialize, ToSchema)]
#[schema(as = Status)]
#[serde(rename_all = "lowercase")]
pub enum StatusJson {
    /// A session of his is there.
    Online,
    /// The same, but nobody sits at any.
    Away,
    /// None is, or the last has gone for longer than `presence.offline_grace_ms`.
    Offline,
}

/// A friend, and whether he is there.
#[derive(Serialize, ToSchema)]
#[schema(as = Presence)]
pub struct PresenceJson {
    /// The friend's id.
    id: String,
    /// Whether he is there.
    status: StatusJson,
    /// When he was last connected: now, if he is. `null` if it is not known.
    #[schema(format = "date-time")]
    last_seen: Option<String>,
}

impl From<event::Presence> for PresenceJson {
    fn from(is: event::Presence) -> Self {
        let status = match is.status {
            event::Status::Online => StatusJson::Online,
            event::Status::Away => StatusJson::Away,
            event::Status::Offline => StatusJson::Offline,
        };
        Self { id: is.user.to_string(), status, last_seen: is.last_seen.map(time::text) }
    }
}

/// Friends, and whether they are there.
#[derive(Serialize, ToSchema)]
#[schema(as = Presences)]
pub struct PresencesJson {
    /// Oldest friendship first.
    users: Vec<PresenceJson>,
}

/// Which friends are there
#[utoipa::path(
    get, path = "/presence", tag = "Friends", operation_id = "presence",
    params(PresenceQuery),
    responses(
        (status = 200, description = "The friends", body = PresencesJson),
        (status = 400, description = "parameter_invalid"),
    ),
)]
pub async fn show(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let me = caller.user.id;
    let asked: PresenceQuery = input::query(&request)?;
    let wanted = asked.users.as_deref().map(|text| input::ids("users", text)).transpose()?;
    let is_wanted = |id: &UserId| wanted.as_ref().is_none_or(|wanted| wanted.contains(id));
    let friends = state.service.accounts.friends(me).await?;
    let ids: Vec<UserId> = friends.iter().map(|friend| friend.id).filter(is_wanted).collect();
    let users =
        state.service.chat.presence(ids).await?.into_iter().map(PresenceJson::from).collect();
    Ok(HttpResponse::Ok().json(PresencesJson { users }))
}
