//! `/friends` and `/friend-requests`: whom one knows, and who wants to be known.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::input;
use super::problem::Problem;
use super::shape::UserJson;
use crate::domain::accounts::event::Requests;
use crate::domain::accounts::friendship::FriendVerb;
use crate::domain::id::UserId;
use crate::http::State;

/// Friends.
#[derive(Serialize, ToSchema)]
#[schema(as = Friends)]
pub struct FriendsJson {
    /// Oldest friendship first.
    users: Vec<UserJson>,
}

/// Requests that nobody has answered.
#[derive(Serialize, ToSchema)]
pub struct FriendRequests {
    /// Who has asked, oldest request first.
    incoming: Vec<UserJson>,
    /// Who was asked, oldest request first.
    outgoing: Vec<UserJson>,
}

/// One's friends
#[utoipa::path(
    get, path = "/friends", tag = "Friends", operation_id = "friends",
    responses((status = 200, description = "The friends", body = FriendsJson)),
)]
pub async fn list(caller: Caller, state: Data<State>) -> Result<HttpResponse, Problem> {
    let me = caller.user.id;
    let friends = state.service.accounts.friends(me).await?;
    let users = friends.into_iter().map(|friend| UserJson::friend(friend, me)).collect();
    Ok(HttpResponse::Ok().json(FriendsJson { users }))
}

/// Requests for friendship, to one and by one
#[utoipa::path(
    get, path = "/friend-requests", tag = "Friends", operation_id = "friend_requests",
    responses((status = 200, description = "The requests", body = FriendRequests)),
)]
pub async fn requests(caller: Caller, state: Data<State>) -> Result<HttpResponse, Problem> {
    let me = caller.user.id;
    let Requests { incoming, outgoing } = state.service.accounts.friend_requests(me).await?;
    let faces = |users: Vec<_>| users.into_iter().map(UserJson::from).collect();
    let requests = FriendRequests { incoming: faces(incoming), outgoing: faces(outgoing) };
    Ok(HttpResponse::Ok().json(requests))
}

/// Asks for friendship
///
/// Asking again changes nothing and tells nobody. A user may ask `limits.friend_requests_per_day` others a day.
#[utoipa::path(
    put, path = "/friend-requests/{user}", tag = "Friends", operation_id = "request_friendship",
    params(("user" = String, Path, description = "An id, a name, or `@` and a name")),
    responses(
        (status = 204, description = "Asked"),
        (status = 400, description = "oneself"),
        (status = 404, description = "no_such_user"),
        (status = 409, description = "already_requested, already_friend"),
    ),
)]
pub async fn ask(
    caller: Caller,
    user: Path<String>,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    change(caller.user.id, &user, &state, FriendVerb::Request).await
}

/// Discards a request for friendship
///
/// One that the other user has made; he is told.
#[utoipa::path(
    delete, path = "/friend-requests/{user}", tag = "Friends", operation_id = "discard_request",
    params(("user" = String, Path, description = "An id, a name, or `@` and a name")),
    responses(
        (status = 204, description = "Discarded"),
        (status = 404, description = "no_such_user, not_requested"),
    ),
)]
pub async fn discard(
    caller: Caller,
    user: Path<String>,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    change(caller.user.id, &user, &state, FriendVerb::Discard).await
}

/// Takes back a request for friendship
///
/// One's own. The other user's sessions that have asked for features are told.
#[utoipa::path(
    delete, path = "/friend-requests/outgoing/{user}", tag = "Friends",
    operation_id = "withdraw_request",
    params(("user" = String, Path, description = "An id, a name, or `@` and a name")),
    responses(
        (status = 204, description = "Taken back"),
        (status = 404, description = "no_such_user, not_requested"),
    ),
)]
pub async fn withdraw(
    caller: Caller,
    user: Path<String>,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    change(caller.user.id, &user, &state, FriendVerb::Withdraw).await
}

/// Accepts a request for friendship
///
/// One that the other user has made; who has not been asked cannot accept.
#[utoipa::path(
    put, path = "/friends/{user}", tag = "Friends", operation_id = "accept_request",
    params(("user" = String, Path, description = "An id, a name, or `@` and a name")),
    responses(
        (status = 204, description = "Friends now"),
        (status = 404, description = "no_such_user, not_requested"),
    ),
)]
pub async fn accept(
    caller: Caller,
    user: Path<String>,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    change(caller.user.id, &user, &state, FriendVerb::Accept).await
}

/// Ends a friendship
///
/// On both sides; the history stays.
#[utoipa::path(
    delete, path = "/friends/{user}", tag = "Friends", operation_id = "end_friendship",
    params(("user" = String, Path, description = "An id, a name, or `@` and a name")),
    responses(
        (status = 204, description = "Ended"),
        (status = 404, description = "no_such_user, not_friend"),
    ),
)]
pub async fn end(
    caller: Caller,
    user: Path<String>,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    change(caller.user.id, &user, &state, FriendVerb::End).await
}

async fn change(
    me: UserId,
    user: &str,
    state: &State,
    verb: FriendVerb,
) -> Result<HttpResponse, Problem> {
    state.service.accounts.befriend(me, verb, input::who(user)?).await?;
    Ok(HttpResponse::NoContent().finish())
}
