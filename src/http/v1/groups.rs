//! `/groups`: groups and their members. A group's messages are in the room of the same id.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::Caller;
use super::problem::{Code, Problem};
use super::shape::UserJson;
use super::{input, time};
use crate::domain::chat::group::{self, GroupStep, Role, Title};
use crate::domain::id::{GroupId, UserId};
use crate::http::State;

/// A group.
#[derive(Serialize, ToSchema)]
#[schema(as = Group)]
pub struct GroupJson {
    /// The id, in digits; odd.
    #[schema(example = "284893234847745")]
    id: String,
    /// The title.
    title: String,
    /// The id of the user whose group it is.
    owner: String,
    /// How many members it has.
    #[schema(minimum = 1)]
    members: usize,
    /// When it was made.
    #[schema(format = "date-time")]
    created_at: String,
}

impl From<group::Group> for GroupJson {
    fn from(group: group::Group) -> Self {
        Self {
            id: group.id.to_string(),
            title: group.title,
            owner: group.owner.to_string(),
            members: group.members,
            created_at: time::text(group.created_at),
        }
    }
}

/// What a member is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Rank {
    /// The one whose group it is.
    Owner,
    /// Keeps order.
    Moderator,
    /// Anybody else.
    Member,
}

/// A member of a group.
#[derive(Serialize, ToSchema)]
#[schema(as = Member)]
pub struct MemberJson {
    user: UserJson,
    role: Rank,
    /// Since when.
    #[schema(format = "date-time")]
    joined_at: String,
}

impl From<group::Member> for MemberJson {
    fn from(member: group::Member) -> Self {
        let role = match member.role {
            Role::Owner => Rank::Owner,
            Role::Moderator => Rank::Moderator,
            Role::Member => Rank::Member,
        };
        Self { user: member.user.into(), role, joined_at: time::text(member.joined_at) }
    }
}

/// The members of a group.
#[derive(Serialize, ToSchema)]
#[schema(as = Members)]
pub struct MembersJson {
    /// Oldest membership first.
    members: Vec<MemberJson>,
}

/// What a group is to be called.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// The title: 1 to 100 characters, not blank, without control characters.
    #[schema(min_length = 1, max_length = 100)]
    title: String,
}

impl Named {
    fn title(self) -> Result<Title, Problem> {
        Title::new(self.title).ok_or(Problem::new(Code::TitleInvalid))
    }
}

/// Makes a group
///
/// Of which one is the owner, and the only member.
#[utoipa::path(
    post, path = "/groups", tag = "Groups", operation_id = "make_group",
    request_body = Named,
    responses(
        (status = 201, description = "The group", body = GroupJson),
        (status = 400, description = "body_invalid, title_invalid"),
        (status = 409, description = "too_many_groups"),
    ),
)]
pub async fn make(
    caller: Caller,
    request: HttpRequest,
    body: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let me = caller.user.id;
    let named: Named = input::json(&request, body, &state).await?;
    let step = GroupStep::Create(named.title()?);
    let group = change(&state, me, None, step).await?;
    Ok(HttpResponse::Created().json(group))
}

/// A group one is in
#[utoipa::path(
    get, path = "/groups/{group}", tag = "Groups", operation_id = "group",
    params(("group" = String, Path, description = "The group's id")),
    responses(
        (status = 200, description = "The group", body = GroupJson),
        (status = 403, description = "not_member"),
    ),
)]
pub async fn show(
    caller: Caller,
    group: Path<String>,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let me = caller.user.id;
    let (group, _) = state.service.chat.members(me, id(&group)).await?;
    Ok(HttpResponse::Ok().json(GroupJson::from(group)))
}

/// The members of a group
#[utoipa::path(
    get, path = "/groups/{group}/members", tag = "Groups", operation_id = "members",
    params(("group" = String, Path, description = "The group's id")),
    responses(
        (status = 200, description = "The members", body = MembersJson),
        (status = 403, description = "not_member"),
    ),
)]
pub async fn members(
    caller: Caller,
    group: Path<String>,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let me = caller.user.id;
    let (_, members) = state.service.chat.members(me, id(&group)).await?;
    Ok(HttpResponse::Ok()
        .json(MembersJson { members: members.into_iter().map(MemberJson::from).collect() }))
}

/// Gives a group another title
///
/// Owner and moderators may.
#[utoipa::path(
    patch, path = "/groups/{group}", tag = "Groups", operation_id = "rename_group",
    params(("group" = String, Path, description = "The group's id")),
    request_body = Named,
    responses(
        (status = 200, description = "The group as it is now", body = GroupJson),
        (status = 400, description = "body_invalid, title_invalid"),
        (status = 403, description = "not_member, not_allowed"),
    ),
)]
pub async fn rename(
    caller: Caller,
    request: HttpRequest,
    (group, body): (Path<String>, Payload),
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let me = caller.user.id;
    let named: Named = input::json(&request, body, &state).await?;
    let step = GroupStep::Rename(named.title()?);
    Ok(HttpResponse::Ok().json(change(&state, me, Some(&group), step).await?))
}

/// Ends a group
///
/// Only its owner may. Its messages are gone for all.
#[utoipa::path(
    delete, path = "/groups/{group}", tag = "Groups", operation_id = "delete_group",
    params(("group" = String, Path, description = "The group's id")),
    responses(
        (status = 204, description = "It is no more"),
        (status = 403, description = "not_member, not_allowed"),
    ),
)]
pub async fn delete(
    caller: Caller,
    group: Path<String>,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let me = caller.user.id;
    change(&state, me, Some(&group), GroupStep::Delete).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Leaves a group
///
/// The owner can leave only as the last one, which ends the group.
#[utoipa::path(
    post, path = "/groups/{group}/leave", tag = "Groups", operation_id = "leave_group",
    params(("group" = String, Path, description = "The group's id")),
    responses(
        (status = 204, description = "One is no member any more"),
        (status = 403, description = "not_member"),
        (status = 409, description = "owner_stays"),
    ),
)]
pub async fn leave(
    caller: Caller,
    group: Path<String>,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let me = caller.user.id;
    change(&state, me, Some(&group), GroupStep::Leave).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Does something to a group; the group as it is now.
pub async fn change(
    state: &State,
    me: UserId,
    group: Option<&str>,
    step: GroupStep,
) -> Result<GroupJson, Problem> {
    Ok(state.service.chat.change_group(me, group.and_then(id), step).await?.into())
}

/// The group that a path names; `None` if it can be nobody's.
fn id(text: &str) -> Option<GroupId> {
    input::digits(text).and_then(GroupId::new)
}
