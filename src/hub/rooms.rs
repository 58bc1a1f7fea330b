//! What users want to know of rooms: the way to the store for it.

use super::Hub;
use super::access::LookUp;
use crate::domain::accounts::friendship::DmPolicy;
use crate::domain::accounts::user::Contact;
use crate::domain::chat::command::Known;
use crate::domain::chat::event::{Presence, RoomEntry, Status};
use crate::domain::chat::group::{Group, Member, Role};
use crate::domain::chat::message::Message;
use crate::domain::chat::refusal::ChatRefusal;
use crate::domain::chat::room::RoomKey;
use crate::domain::clock::Timestamp;
use crate::domain::error::Refusal;
use crate::domain::id::{GroupId, UserId};
use crate::store::accounts::users;
use crate::store::chat::changes::{self, CatchUp, CaughtUp};
use crate::store::chat::history::{self, Place};
use crate::store::chat::rooms::Room;
use crate::store::chat::{contacts, groups, offers, read_marks, room_list};
use crate::store::engine::Connection;
use crate::store::{Line, StoreError};

impl Hub {
    /// The rooms a user is in.
    pub fn rooms(&self, me: UserId) -> impl LookUp<Vec<RoomEntry>> + use<> {
        let bytes_max = self.slice_bytes;
        self.look_up(Line::Heavy(me), move |conn| room_list::of(conn, me, bytes_max))
    }

    /// How far the others in a room have read.
    ///
    /// Gives [`ChatRefusal::NoSuchRoom`] and [`ChatRefusal::NotMember`] as [`Hub::history`].
    pub fn readers(
        &self,
        me: UserId,
        room: Option<RoomKey>,
    ) -> impl LookUp<Vec<(UserId, i64)>> + use<> {
        let dm_policy = self.dm_policy;
        let found =
            self.look_up(Line::Heavy(me), move |conn| match readable(conn, me, room, dm_policy)? {
                Ok(Some(room)) => read_marks::of_others(conn, me, &room).map(Ok),
                Ok(None) => Ok(Ok(Vec::new())),
                Err(refusal) => Ok(Err(refusal)),
            });
        async move { found.await? }
    }

    /// Those of some users whom `me` may look up, in the same order.
    pub fn contacts(&self, me: UserId, ids: Vec<UserId>) -> impl LookUp<Vec<Contact>> + use<> {
        self.look_up(Line::Heavy(me), move |conn| contacts::of(conn, me, &ids))
    }

    /// Messages of a room next to a place, as `me` sees them, oldest first: at most `count`, and whether there
    /// are more of them.
    ///
    /// Gives [`ChatRefusal::NoSuchRoom`] and [`ChatRefusal::NotMember`] as [`Hub::history`].
    pub fn messages(
        &self,
        me: UserId,
        room: Option<RoomKey>,
        (place, count): (Place, u32),
    ) -> impl LookUp<(Vec<Message>, bool)> + use<> {
        let (bytes_max, dm_policy) = (self.slice_bytes, self.dm_policy);
        let found =
            self.look_up(Line::Heavy(me), move |conn| match readable(conn, me, room, dm_policy)? {
                Ok(Some(room)) => {
                    history::next_to(conn, &room, (me, place, count), bytes_max).map(Ok)
                }
                Ok(None) => Ok(Ok((Vec::new(), false))),
                Err(refusal) => Ok(Err(refusal)),
            });
        async move { found.await? }
    }

    /// What has changed in rooms since the revisions that `me` knows: at most `limit` messages. `None`
    /// if these are of another history, by its name or because they are not reached here.
    pub fn catch_up(
        &self,
        me: UserId,
        (rooms, epoch): (Vec<Known>, Option<String>),
        limit: u32,
    ) -> impl LookUp<Option<CaughtUp>> + use<> {
        let (bytes_max, dm_policy) = (self.slice_bytes, self.dm_policy);
        let ask = CatchUp { me, rooms, limit, bytes_max, dm_policy };
        let foreign = epoch.is_some_and(|epoch| *epoch != **self.epoch());
        let found = (!foreign)
            .then(|| self.look_up(Line::Heavy(me), move |conn| changes::catch_up(conn, &ask)));
        async move {
            match found {
                Some(found) => found.await,
                None => Ok(None),
            }
        }
    }

    /// A group and its members, oldest first.
    ///
    /// Gives [`ChatRefusal::NotMember`] if `me` is none.
    pub fn members(
        &self,
        me: UserId,
        group: Option<GroupId>,
    ) -> impl LookUp<(Group, Vec<Member>)> + use<> {
        let found = self.look_up(Line::Heavy(me), move |conn| match group {
            Some(group) => members_of(conn, me, group),
            None => Ok(None),
        });
        async move { found.await?.ok_or(Refusal::Chat(ChatRefusal::NotMember)) }
    }

    /// The groups that were offered to a user, each with until when he may take it.
    pub fn offers(&self, me: UserId) -> impl LookUp<Vec<(Group, Timestamp)>> + use<> {
        let now = self.clock.now();
        self.look_up(Line::Heavy(me), move |conn| offers::to(conn, me, now))
    }

    /// The same, with when those were seen who are not there.
    pub(super) fn last_seen(
        &self,
        line: Line,
        presence: Vec<Presence>,
    ) -> impl LookUp<Vec<Presence>> + use<> {
        let absent = |one: &&Presence| one.status == Status::Offline;
        let ids: Vec<UserId> = presence.iter().filter(absent).map(|one| one.user).collect();
        let seen =
            (!ids.is_empty()).then(|| self.look_up(line, move |conn| users::last_seen(conn, &ids)));
        async move {
            let Some(seen) = seen else { return Ok(presence) };
            let seen = seen.await?;
            let with_time = |one: Presence| Presence {
                last_seen: one.last_seen.or_else(|| seen.get(&one.user).copied()),
                ..one
            };
            Ok(presence.into_iter().map(with_time).collect())
        }
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
