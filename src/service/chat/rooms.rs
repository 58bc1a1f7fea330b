//! Rooms, what was written in them, and how far it was read.

use super::ChatService;
use crate::domain::accounts::friendship::DmPolicy;
use crate::domain::chat::command::Known;
use crate::domain::chat::event::RoomEntry;
use crate::domain::chat::message::Message;
use crate::domain::chat::refusal::ChatRefusal;
use crate::domain::chat::room::RoomKey;
use crate::domain::error::Refusal;
use crate::domain::id::UserId;
use crate::service::{LookUp, look_up};
use crate::store::chat::changes::{self, CatchUp, CaughtUp};
use crate::store::chat::history::{self, HistoryRest, HistorySlice, Page, Place};
use crate::store::chat::rooms::Room;
use crate::store::chat::{read_marks, room_list};
use crate::store::engine::Connection;
use crate::store::{Line, StoreError};

impl ChatService {
    /// The rooms a user is in.
    pub fn rooms(&self, me: UserId) -> impl LookUp<Vec<RoomEntry>> + use<> {
        let bytes_max = self.slice_bytes;
        look_up(&self.store, Line::Heavy(me), move |conn| room_list::of(conn, me, bytes_max))
    }

    /// How far the others in a room have read.
    ///
    /// Gives [`ChatRefusal::NoSuchRoom`] and [`ChatRefusal::NotMember`] as [`ChatService::history`].
    pub fn readers(
        &self,
        me: UserId,
        room: Option<RoomKey>,
    ) -> impl LookUp<Vec<(UserId, i64)>> + use<> {
        let dm_policy = self.dm_policy;
        let found = look_up(&self.store, Line::Heavy(me), move |conn| {
            match readable(conn, me, room, dm_policy)? {
                Ok(Some(room)) => read_marks::of_others(conn, me, &room).map(Ok),
                Ok(None) => Ok(Ok(Vec::new())),
                Err(refusal) => Ok(Err(refusal)),
            }
        });
        async move { found.await? }
    }

    /// Messages of a room next to a place, as `me` sees them, oldest first: at most `count`, and whether there
    /// are more of them.
    ///
    /// Gives [`ChatRefusal::NoSuchRoom`] and [`ChatRefusal::NotMember`] as [`ChatService::history`].
    pub fn messages(
        &self,
        me: UserId,
        room: Option<RoomKey>,
        (place, count): (Place, u32),
    ) -> impl LookUp<(Vec<Message>, bool)> + use<> {
        let (bytes_max, dm_policy) = (self.slice_bytes, self.dm_policy);
        let found = look_up(&self.store, Line::Heavy(me), move |conn| {
            match readable(conn, me, room, dm_policy)? {
                Ok(Some(room)) => {
                    history::next_to(conn, &room, (me, place, count), bytes_max).map(Ok)
                }
                Ok(None) => Ok(Ok((Vec::new(), false))),
                Err(refusal) => Ok(Err(refusal)),
            }
        });
        async move { found.await? }
    }

    /// The first slice of a page of a room's history.
    ///
    /// Gives [`ChatRefusal::NoSuchRoom`] if there is no such user, or no right to look;
    /// [`ChatRefusal::NotMember`].
    pub fn history(&self, page: Page) -> impl LookUp<HistorySlice> + use<> {
        let (dm_policy, slice_bytes) = (self.dm_policy, self.slice_bytes);
        let slice = look_up(&self.store, Line::Heavy(page.me), move |conn| {
            history::history(conn, &page, dm_policy, slice_bytes)
        });
        async move { slice.await? }
    }

    /// The next slice of a page of history.
    pub fn history_rest(&self, rest: HistoryRest) -> impl LookUp<HistorySlice> + use<> {
        let slice_bytes = self.slice_bytes;
        look_up(&self.store, Line::Heavy(rest.reader()), move |conn| {
            history::history_rest(conn, &rest, slice_bytes)
        })
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
        let foreign = epoch.is_some_and(|epoch| *epoch != *self.epoch);
        let found = (!foreign).then(|| {
            look_up(&self.store, Line::Heavy(me), move |conn| changes::catch_up(conn, &ask))
        });
        async move {
            match found {
                Some(found) => found.await,
                None => Ok(None),
            }
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
