//! `/group-offers` and `/groups/{group}/offer`: groups that one may have.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::groups::{self, GroupJson};
use super::problem::Problem;
use super::time;
use crate::domain::chat::group::GroupStep;
use crate::http::State;

/// Groups that were offered.
#[derive(Serialize, ToSchema)]
pub struct Offers {
    /// In the order in which the offers end.
    offers: Vec<Offered>,
}

/// A group that its owner has offered.
#[derive(Serialize, ToSchema)]
pub struct Offered {
    group: GroupJson,
    /// Until when one may take it.
    #[schema(format = "date-time")]
    expires_at: String,
}

/// Groups that were offered to one
///
/// By their owners, to a member who has never written in them; an offer holds for 7 days.
#[utoipa::path(
    get, path = "/group-offers", tag = "Groups", operation_id = "group_offers",
    responses((status = 200, description = "The offers", body = Offers)),
)]
pub async fn list(caller: Caller, state: Data<State>) -> Result<HttpResponse, Problem> {
    let me = caller.user.id;
    let offers = state.service.chat.offers(me).await?.into_iter().map(|(group, expires_at)| {
        Offered { group: group.into(), expires_at: time::text(expires_at) }
    });
    Ok(HttpResponse::Ok().json(Offers { offers: offers.collect() }))
}

/// Takes a group that was offered to one
///
/// One becomes its owner, and who was it a moderator.
#[utoipa::path(
    post, path = "/groups/{group}/offer/accept", tag = "Groups", operation_id = "accept_group",
    params(("group" = String, Path, description = "The group's id")),
    responses(
        (status = 200, description = "The group as it is now", body = GroupJson),
        (status = 403, description = "not_member"),
        (status = 404, description = "not_offered"),
        (status = 409, description = "too_many_groups"),
    ),
)]
pub async fn accept(
    caller: Caller,
    group: Path<String>,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let me = caller.user.id;
    let group = groups::change(&state, me, Some(&group), GroupStep::Accept).await?;
    Ok(HttpResponse::Ok().json(group))
}

/// Declines a group that was offered to one
///
/// Its owner is told.
#[utoipa::path(
    post, path = "/groups/{group}/offer/decline", tag = "Groups", operation_id = "decline_group",
    params(("group" = String, Path, description = "The group's id")),
    responses(
        (status = 204, description = "Declined"),
        (status = 403, description = "not_member"),
        (status = 404, description = "not_offered"),
    ),
)]
pub async fn decline(
    caller: Caller,
    group: Path<String>,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let me = caller.user.id;
    groups::change(&state, me, Some(&group), GroupStep::Decline).await?;
    Ok(HttpResponse::NoContent().finish())
}
