//! `/presence`: which friends are there.

use std::collections::HashSet;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;
use super::problem::{Code, Problem};
use super::{input, time};
use crate::domain::event;
use crate::domain::id::UserId;
use crate::http::State;

/// How many users one may ask about by name.
const USERS_MAX: usize = 100;

/// Whom to ask about.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// Ids, with commas between, at most 100; those who are no friends are left out. Without it: all
    /// friends.
    #[param(example = "284893234847744,284893234847746")]
    users: Option<String>,
}

/// Where somebody is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// A session of his is there.
    Online,
    /// The same, but nobody sits at any.
    Away,
    /// None is, or the last has gone for longer than `presence.offline_grace_ms`.
    Offline,
}

/// A friend, and whether he is there.
#[derive(Serialize, ToSchema)]
pub struct Presence {
    /// The friend's id.
    id: String,
    /// Whether he is there.
    status: Status,
    /// When he was last connected: now, if he is. `null` if it is not known.
    #[schema(format = "date-time")]
    last_seen: Option<String>,
}

impl From<event::Presence> for Presence {
    fn from(is: event::Presence) -> Self {
        let status = match is.status {
            event::Status::Online => Status::Online,
            event::Status::Away => Status::Away,
            event::Status::Offline => Status::Offline,
        };
        Self { id: is.user.to_string(), status, last_seen: is.last_seen.map(time::text) }
    }
}

/// Friends, and whether they are there.
#[derive(Serialize, ToSchema)]
pub struct Presences {
    /// Oldest friendship first.
    users: Vec<Presence>,
}

/// Which friends are there
#[utoipa::path(
    get, path = "/presence", tag = "Friends", operation_id = "presence",
    params(Asked),
    responses(
        (status = 200, description = "The friends", body = Presences),
        (status = 400, description = "parameter_invalid"),
    ),
)]
pub async fn show(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, Problem> {
    let me = Caller::of(&request, &state).await?.user.id;
    let asked: Asked = input::query(&request)?;
    let wanted = asked.users.as_deref().map(ids).transpose()?;
    let is_wanted = |id: &UserId| wanted.as_ref().is_none_or(|wanted| wanted.contains(id));
    let friends = state.hub().friends(me).await?;
    let ids: Vec<UserId> = friends.iter().map(|friend| friend.id).filter(is_wanted).collect();
    let users = state.hub().presence(ids).await?.into_iter().map(Presence::from).collect();
    Ok(HttpResponse::Ok().json(Presences { users }))
}

fn ids(text: &str) -> Result<HashSet<UserId>, Problem> {
    let invalid = |detail| Problem::new(Code::ParameterInvalid).detail(detail);
    let parts: Vec<&str> = text.split(',').filter(|part| !part.is_empty()).collect();
    if parts.len() > USERS_MAX {
        return Err(invalid("users: more than 100."));
    }
    let id =
        |part: &str| part.trim().parse::<i64>().map_err(|_| invalid("users: not all are ids."));
    // What can be nobody's id is no friend's.
    let ids = parts.into_iter().map(id).collect::<Result<Vec<i64>, _>>()?;
    Ok(ids.into_iter().filter_map(UserId::new).collect())
}
