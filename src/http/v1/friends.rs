//! `/friends` and `/friend-requests`: whom one knows, and who wants to be known.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::problem::Problem;
use super::shape::Face;
use crate::http::State;
use crate::store::tables::friendships;

/// Friends.
#[derive(Serialize, ToSchema)]
pub struct Friends {
    /// Oldest friendship first.
    users: Vec<Face>,
}

/// Requests that nobody has answered.
#[derive(Serialize, ToSchema)]
pub struct FriendRequests {
    /// Who has asked, oldest request first.
    incoming: Vec<Face>,
    /// Who was asked, oldest request first.
    outgoing: Vec<Face>,
}

/// One's friends
#[utoipa::path(
    get, path = "/friends", tag = "Friends", operation_id = "friends",
    responses((status = 200, description = "The friends", body = Friends)),
)]
pub async fn list(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, Problem> {
    let me = Caller::of(&request, &state).await?.user.id;
    let friends = state.hub().friends(me).await?;
    Ok(HttpResponse::Ok().json(Friends { users: friends.into_iter().map(Face::from).collect() }))
}

/// Requests for friendship, to one and by one
#[utoipa::path(
    get, path = "/friend-requests", tag = "Friends", operation_id = "friend_requests",
    responses((status = 200, description = "The requests", body = FriendRequests)),
)]
pub async fn requests(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, Problem> {
    let me = Caller::of(&request, &state).await?.user.id;
    let both = state.store.read(move |conn| {
        let incoming = friendships::requests_to(conn, &[me])?.remove(&me);
        Ok((incoming.unwrap_or_default(), friendships::requests_by(conn, me)?))
    });
    let (incoming, outgoing) = both.await?;
    let faces = |users: Vec<_>| users.into_iter().map(Face::from).collect();
    let requests = FriendRequests { incoming: faces(incoming), outgoing: faces(outgoing) };
    Ok(HttpResponse::Ok().json(requests))
}
