//! `/rooms`: conversations of two and groups, and how far one has read in them.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::Caller;
use super::input;
use super::problem::{Code, Problem};
use super::shape::Face;
use crate::domain::command::Write;
use crate::domain::event::RoomEntry;
use crate::http::State;
use crate::store::Done;

/// What a room is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RoomKind {
    /// The room of two users.
    Dm,
    /// A group.
    Group,
}

/// A room, as one sees it from outside.
#[derive(Serialize, ToSchema)]
pub struct Room {
    /// Its address: a group's id, which is odd, or the XOR of the two users' ids, which is even.
    #[schema(example = "284893234847746")]
    id: String,
    kind: RoomKind,
    /// The other one of the two; `null` for a group.
    user: Option<Face>,
    /// The title of a group; `null` for a room of two.
    title: Option<String>,
    /// The number of its last message.
    #[schema(minimum = 0)]
    seq: i64,
    /// The number of its last change.
    #[schema(minimum = 0)]
    rev: i64,
    /// Up to which message one has read.
    #[schema(minimum = 0)]
    read_seq: i64,
    /// Messages of others above it that are neither deleted nor hidden from one.
    #[schema(minimum = 0, maximum = 999)]
    unread: i64,
    /// Whether there are more than 999 of them; left out if not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    unread_more: bool,
}

impl From<RoomEntry> for Room {
    fn from(entry: RoomEntry) -> Self {
        let RoomEntry { state, peer, title } = entry;
        Self {
            id: state.key.address().to_string(),
            kind: if state.key.pair().is_some() { RoomKind::Dm } else { RoomKind::Group },
            user: peer.map(Face::from),
            title,
            seq: state.seq,
            rev: state.rev,
            read_seq: state.read_seq,
            unread: state.unread.count,
            unread_more: state.unread.more,
        }
    }
}

/// Rooms.
#[derive(Serialize, ToSchema)]
pub struct Rooms {
    /// In the order in which they were made.
    rooms: Vec<Room>,
}

/// How far one has read.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadMark {
    /// The number of the last message one has read.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    seq: i64,
}

/// The rooms one is in
///
/// Every room of two that has a message one can see, and every group.
#[utoipa::path(
    get, path = "/rooms", tag = "Rooms", operation_id = "rooms",
    responses((status = 200, description = "The rooms", body = Rooms)),
)]
pub async fn list(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, Problem> {
    let me = Caller::of(&request, &state).await?.user.id;
    let rooms = state.hub().rooms(me).await?;
    Ok(HttpResponse::Ok().json(Rooms { rooms: rooms.into_iter().map(Room::from).collect() }))
}

/// Says how far one has read
///
/// The mark only grows, and cannot pass the last message; the answer is the mark as it is now. The
/// others in the room are told.
#[utoipa::path(
    put, path = "/rooms/{room}/read", tag = "Rooms", operation_id = "read_room",
    params(("room" = String, Path, description = "The room's address")),
    request_body = ReadMark,
    responses(
        (status = 200, description = "The mark as it is now", body = ReadMark),
        (status = 403, description = "not_member"),
        (status = 404, description = "no_such_room"),
    ),
)]
pub async fn read(
    request: HttpRequest,
    (room, body): (Path<String>, Payload),
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let me = Caller::of(&request, &state).await?.user.id;
    let ReadMark { seq } = input::json(&request, body, &state).await?;
    if !input::SEQS.contains(&seq) {
        return Err(Problem::new(Code::BodyInvalid).detail("seq: out of range."));
    }
    let room = input::room(&room, me);
    let done = state.hub().change(me, Write::Read { room, seq }).await?;
    let Done::Read { seq, .. } = done else { return Err(Code::Internal.into()) };
    Ok(HttpResponse::Ok().json(ReadMark { seq }))
}
