//! `/rooms`: conversations of two and groups, and how far one has read in them.

use std::collections::BTreeMap;

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::Caller;
use super::problem::{Code, Problem};
use super::shape::{MessageJson, UserJson};
use super::{input, time};
use crate::domain::chat::event::RoomEntry;
use crate::domain::id::UserId;
use crate::http::State;

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
#[schema(as = Room)]
pub struct RoomJson {
    /// Its address: a group's id, which is odd, or the XOR of the two users' ids, which is even.
    #[schema(example = "284893234847746")]
    id: String,
    kind: RoomKind,
    /// The other one of the two; `null` for a group.
    user: Option<UserJson>,
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
    /// The newest message that one can see. `null` if there is none, and also where the texts of newer ones
    /// in other rooms fill the list (`store.history_slice_bytes`); then `last_at` is there.
    last: Option<MessageJson>,
    /// When it was sent.
    #[schema(format = "date-time")]
    last_at: Option<String>,
    /// How far others have read: the numbers of their last messages by their ids, without those who have
    /// read nothing. Empty for groups of more than 100 members; `/rooms/{room}/readers` has these, too.
    #[schema(example = json!({"284893234847746": 17}))]
    readers: Readers,
}

/// Numbers of messages by the ids of users.
pub type Readers = BTreeMap<String, i64>;

/// How far users have read.
fn marks(readers: Vec<(UserId, i64)>) -> Readers {
    readers.into_iter().map(|(user, seq)| (user.to_string(), seq)).collect()
}

impl RoomJson {
    /// A room as `me` sees it.
    pub fn of(entry: RoomEntry, me: UserId) -> Self {
        let RoomEntry { state, peer, title, last_at, last, readers } = entry;
        Self {
            id: state.key.address().to_string(),
            kind: if state.key.pair().is_some() { RoomKind::Dm } else { RoomKind::Group },
            user: peer.map(|peer| UserJson::contact(peer, me)),
            title,
            seq: state.seq,
            rev: state.rev,
            read_seq: state.read_seq,
            unread: state.unread.count,
            unread_more: state.unread.more,
            last: last.map(|last| MessageJson::of(last, me)),
            last_at: last_at.map(time::text),
            readers: marks(readers),
        }
    }
}

/// Rooms.
#[derive(Serialize, ToSchema)]
#[schema(as = Rooms)]
pub struct RoomsJson {
    /// In the order in which they were made.
    rooms: Vec<RoomJson>,
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
    responses((status = 200, description = "The rooms", body = RoomsJson)),
)]
pub async fn list(caller: Caller, state: Data<State>) -> Result<HttpResponse, Problem> {
    let me = caller.user.id;
    let rooms = state.service.chat.rooms(me).await?;
    let rooms = rooms.into_iter().map(|room| RoomJson::of(room, me)).collect();
    Ok(HttpResponse::Ok().json(RoomsJson { rooms }))
}

/// Who has read how far in a room.
#[derive(Serialize, ToSchema)]
pub struct ReadMarks {
    /// The numbers of the last messages that others have read, by their ids, without those who have read
    /// nothing.
    #[schema(example = json!({"284893234847746": 17}))]
    readers: Readers,
}

/// How far the others in a room have read
///
/// For groups of any size.
#[utoipa::path(
    get, path = "/rooms/{room}/readers", tag = "Rooms", operation_id = "readers",
    params(("room" = String, Path, description = "The room's address")),
    responses(
        (status = 200, description = "The marks", body = ReadMarks),
        (status = 403, description = "not_member"),
        (status = 404, description = "no_such_room"),
    ),
)]
pub async fn readers(
    caller: Caller,
    room: Path<String>,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let me = caller.user.id;
    let readers = state.service.chat.readers(me, input::room(&room, me)).await?;
    Ok(HttpResponse::Ok().json(ReadMarks { readers: marks(readers) }))
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
    caller: Caller,
    request: HttpRequest,
    (room, body): (Path<String>, Payload),
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let me = caller.user.id;
    let ReadMark { seq } = input::json(&request, body, &state).await?;
    if !input::SEQS.contains(&seq) {
        return Err(Problem::new(Code::BodyInvalid).detail("seq: out of range."));
    }
    let seq = state.service.chat.read(me, input::room(&room, me), seq).await?;
    Ok(HttpResponse::Ok().json(ReadMark { seq }))
}
