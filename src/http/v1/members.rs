//! `/groups/{group}/members`, `/bans` and `/owner`: what is done to the members of a group.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;
use super::groups::{self, GroupJson};
use super::input;
use super::problem::Problem;
use crate::domain::accounts::user::Who;
use crate::domain::chat::group::{GroupStep, Role};
use crate::domain::id::UserId;
use crate::http::State;

/// Who is meant, and in which group.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct MemberPath {
    /// The group's id
    group: String,
    /// An id, a name, or `@` and a name
    user: String,
}

/// What a member can be made.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum NewRank {
    /// Keeps order.
    Moderator,
    /// Anybody else.
    Member,
}

/// What a member is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRole {
    role: NewRank,
}

/// Whose the group is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOwner {
    /// An id, a name, or `@` and a name.
    user: String,
}

/// Adds a friend to a group
///
/// Every member may, friends of his own, unless they let nobody (`added_by`). Who is a member already stays
/// what he is. A user is put into `limits.group_additions_per_day` groups a day at most.
#[utoipa::path(
    put, path = "/groups/{group}/members/{user}", tag = "Groups", operation_id = "add_member",
    params(MemberPath),
    responses(
        (status = 200, description = "The group as it is now", body = GroupJson),
        (status = 403, description = "not_member, not_allowed, not_addable"),
        (status = 404, description = "no_such_user, not_friend"),
        (status = 409, description = "banned, group_full, too_many_groups"),
    ),
)]
pub async fn add(
    caller: Caller,
    path: Path<MemberPath>,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    change(caller.user.id, &path, &state, GroupStep::Add).await
}

/// Makes somebody no member any more
///
/// The owner may, and moderators with plain members. Oneself one cannot kick: one leaves.
#[utoipa::path(
    delete, path = "/groups/{group}/members/{user}", tag = "Groups", operation_id = "kick_member",
    params(MemberPath),
    responses(
        (status = 200, description = "The group as it is now", body = GroupJson),
        (status = 403, description = "not_member, not_allowed"),
        (status = 404, description = "no_such_user, no_such_member"),
    ),
)]
pub async fn kick(
    caller: Caller,
    path: Path<MemberPath>,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    change(caller.user.id, &path, &state, GroupStep::Kick).await
}

/// Bans a user from a group
///
/// As kicking, and he cannot be added until the ban is lifted. Also who is no member can be banned.
#[utoipa::path(
    put, path = "/groups/{group}/bans/{user}", tag = "Groups", operation_id = "ban_user",
    params(MemberPath),
    responses(
        (status = 200, description = "The group as it is now", body = GroupJson),
        (status = 403, description = "not_member, not_allowed"),
        (status = 404, description = "no_such_user"),
    ),
)]
pub async fn ban(
    caller: Caller,
    path: Path<MemberPath>,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    change(caller.user.id, &path, &state, GroupStep::Ban).await
}

/// Lifts a ban
///
/// Owner and moderators may. He is no member by that, but can be added.
#[utoipa::path(
    delete, path = "/groups/{group}/bans/{user}", tag = "Groups", operation_id = "lift_ban",
    params(MemberPath),
    responses(
        (status = 200, description = "The group as it is now", body = GroupJson),
        (status = 403, description = "not_member, not_allowed"),
        (status = 404, description = "no_such_user"),
    ),
)]
pub async fn unban(
    caller: Caller,
    path: Path<MemberPath>,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    change(caller.user.id, &path, &state, GroupStep::Unban).await
}

/// Makes a member a moderator, or a plain member again
///
/// Only the owner may.
#[utoipa::path(
    put, path = "/groups/{group}/members/{user}/role", tag = "Groups", operation_id = "set_role",
    params(MemberPath),
    request_body = NewRole,
    responses(
        (status = 200, description = "The group as it is now", body = GroupJson),
        (status = 400, description = "body_invalid"),
        (status = 403, description = "not_member, not_allowed"),
        (status = 404, description = "no_such_user, no_such_member"),
    ),
)]
pub async fn set_role(
    caller: Caller,
    request: HttpRequest,
    (path, body): (Path<MemberPath>, Payload),
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let me = caller.user.id;
    let NewRole { role } = input::json(&request, body, &state).await?;
    let role = match role {
        NewRank::Moderator => Role::Moderator,
        NewRank::Member => Role::Member,
    };
    let MemberPath { group, user } = path.into_inner();
    let step = GroupStep::SetRole(input::who(&user)?, role);
    Ok(HttpResponse::Ok().json(groups::change(&state, me, Some(&group), step).await?))
}

/// Makes another member the owner
///
/// Only the owner may, who becomes a moderator. To a member who has never written in the group it is only
/// offered, for 7 days: the group stays as it is until he accepts.
#[utoipa::path(
    put, path = "/groups/{group}/owner", tag = "Groups", operation_id = "transfer_group",
    params(("group" = String, Path, description = "The group's id")),
    request_body = NewOwner,
    responses(
        (status = 200, description = "The group as it is now", body = GroupJson),
        (status = 400, description = "body_invalid"),
        (status = 403, description = "not_member, not_allowed"),
        (status = 404, description = "no_such_user, no_such_member"),
    ),
)]
pub async fn transfer(
    caller: Caller,
    request: HttpRequest,
    (group, body): (Path<String>, Payload),
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let me = caller.user.id;
    let NewOwner { user } = input::json(&request, body, &state).await?;
    let step = GroupStep::Transfer(input::who(&user)?);
    Ok(HttpResponse::Ok().json(groups::change(&state, me, Some(&group), step).await?))
}

async fn change(
    me: UserId,
    path: &MemberPath,
    state: &State,
    step: fn(Who) -> GroupStep,
) -> Result<HttpResponse, Problem> {
    let MemberPath { group, user } = path;
    let step = step(input::who(user)?);
    Ok(HttpResponse::Ok().json(groups::change(state, me, Some(group), step).await?))
}
