//! What can be looked up of rooms: each for [`Store::read`](crate::store::Store::read).

use crate::domain::accounts::friendship::DmPolicy;
use crate::domain::accounts::user::Contact;
use crate::domain::chat::event::RoomEntry;
use crate::domain::chat::following::{RoomAsked, RoomChanges, RoomPlace};
use crate::domain::chat::group::{Group, Member, Role};
use crate::domain::chat::message::Message;
use crate::domain::chat::refusal::ChatRefusal;
use crate::domain::chat::room::RoomKey;
use crate::domain::clock::Timestamp;
use crate::domain::error::Refusal;
use crate::domain::id::{GroupId, RoomId, UserId};
use crate::store::chat::changes::{self, CatchUp, CaughtUp};
use crate::store::chat::history::{self, HistoryRest, HistorySlice, Page, Place};
use crate::store::chat::rooms::Room;
use crate::store::chat::{contacts, following, groups, nonces, offers, read_marks, room_list};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::job::ReadOp;

/// The rooms a user is in.
pub fn rooms(me: UserId, bytes_max: usize) -> impl ReadOp<Vec<RoomEntry>> {
    move |conn| room_list::of(conn, me, bytes_max)
}

/// How far the others in a room have read.
pub fn readers(
    me: UserId,
    room: Option<RoomKey>,
    dm_policy: DmPolicy,
) -> impl ReadOp<Result<Vec<(UserId, i64)>, Refusal>> {
    move |conn| match readable(conn, me, room, dm_policy)? {
        Ok(Some(room)) => read_marks::of_others(conn, me, &room).map(Ok),
        Ok(None) => Ok(Ok(Vec::new())),
        Err(refusal) => Ok(Err(refusal)),
    }
}

/// Messages of a room next to a place, as `me` sees them, oldest first: at most `count` and so many bytes, and
/// whether there are more of them.
pub fn messages(
    (me, place, count): (UserId, Place, u32),
    room: Option<RoomKey>,
    dm_policy: DmPolicy,
    bytes_max: usize,
) -> impl ReadOp<Result<(Vec<Message>, bool), Refusal>> {
    move |conn| match readable(conn, me, room, dm_policy)? {
        Ok(Some(room)) => history::next_to(conn, &room, (me, place, count), bytes_max).map(Ok),
        Ok(None) => Ok(Ok((Vec::new(), false))),
        Err(refusal) => Ok(Err(refusal)),
    }
}

/// Which room it is to the store; None if nothing was ever written in it.
pub fn room_id(key: RoomKey) -> impl ReadOp<Option<RoomId>> {
    move |conn| following::room_id(conn, key)
}

/// Whether there is a group.
pub fn is_group(group: GroupId) -> impl ReadOp<bool> {
    move |conn| Ok(groups::version(conn, group)?.is_some())
}

/// What has changed in a room since a place, for one who follows it from outside, and the place; see [`following::changes`].
pub fn room_changes(
    place: impl ReadOp<Option<RoomPlace>>,
    asked: RoomAsked,
) -> impl ReadOp<(Option<RoomPlace>, RoomChanges)> {
    move |conn| {
        let after = place(conn)?;
        Ok((after, following::changes(conn, &RoomAsked { after, ..asked })?))
    }
}

/// As [`history::readable`], for an address that may be nobody's.
fn readable(
    conn: &mut Connection,
    me: UserId,
    room: Option<RoomKey>,
    dm_policy: DmPolicy,
) -> Result<Result<Option<Room>, Refusal>, StoreError> {
    match room {
        Some(key) => history::readable(conn, me, key, dm_policy),
        None => Ok(Err(ChatRefusal::NoSuchRoom.into())),
    }
}

/// The first slice of a page of a room's history.
pub fn history(
    page: Page,
    dm_policy: DmPolicy,
    slice_bytes: usize,
) -> impl ReadOp<Result<HistorySlice, Refusal>> {
    move |conn| history::history(conn, &page, dm_policy, slice_bytes)
}

/// The next slice of a page of history.
pub fn history_rest(rest: HistoryRest, slice_bytes: usize) -> impl ReadOp<HistorySlice> {
    move |conn| history::history_rest(conn, &rest, slice_bytes)
}

/// What has changed in rooms; see [`changes::catch_up`].
pub fn catch_up(ask: CatchUp) -> impl ReadOp<Option<CaughtUp>> {
    move |conn| changes::catch_up(conn, &ask)
}

/// Those of some users whom `me` may look up, in the same order.
pub fn contacts(me: UserId, ids: Vec<UserId>) -> impl ReadOp<Vec<Contact>> {
    move |conn| contacts::of(conn, me, &ids)
}

/// A group and its members, oldest first; `None` if `me` is none.
pub fn members(me: UserId, group: Option<GroupId>) -> impl ReadOp<Option<(Group, Vec<Member>)>> {
    move |conn| match group {
        Some(group) => members_of(conn, me, group),
        None => Ok(None),
    }
}

fn members_of(
    conn: &mut Connection,
    me: UserId,
    group: GroupId,
) -> Result<Option<(Group, Vec<Member>)>, StoreError> {
    if !groups::is_member(conn, group, me)? {
        return Ok(None);
    }
    let Some(head) = groups::head(conn, group)? else { return Ok(None) };
    let members = groups::members(conn, group)?;
    let owner = members.iter().find(|member| member.role == Role::Owner);
    let Some(owner) = owner.map(|member| member.user.id) else { return Ok(None) };
    let (title, created_at) = (head.title, head.created_at);
    let group = Group { id: group, title, owner, members: members.len(), created_at };
    Ok(Some((group, members)))
}

/// The groups that were offered to a user, each with until when he may take it.
pub fn offers(me: UserId, now: Timestamp) -> impl ReadOp<Vec<(Group, Timestamp)>> {
    move |conn| offers::to(conn, me, now)
}

/// Whether messages with ids below this one have nonces.
pub fn has_nonces(below: i64) -> impl ReadOp<bool> {
    move |conn| nonces::has_any(conn, below)
}

/// Whether anything is left of a group that has ended.
pub fn has_ended_groups() -> impl ReadOp<bool> {
    groups::has_ended
}
