//! Rooms, what was written in them, and how far it was read.

use super::ChatService;
use crate::domain::chat::command::Known;
use crate::domain::chat::event::RoomEntry;
use crate::domain::chat::message::Message;
use crate::domain::chat::room::RoomKey;
use crate::domain::id::UserId;
use crate::service::{LookUp, look_up};
use crate::store::Line;
use crate::store::chat::changes::{CatchUp, CaughtUp};
use crate::store::chat::history::{HistoryRest, HistorySlice, Page, Place};
use crate::store::chat::lookups;

impl ChatService {
    /// The rooms a user is in.
    pub fn rooms(&self, me: UserId) -> impl LookUp<Vec<RoomEntry>> + use<> {
        look_up(&self.store, Line::Heavy(me), lookups::rooms(me, self.slice_bytes))
    }

    /// How far the others in a room have read.
    ///
    /// Gives `ChatRefusal::NoSuchRoom` and `ChatRefusal::NotMember` as [`ChatService::history`].
    pub fn readers(
        &self,
        me: UserId,
        room: Option<RoomKey>,
    ) -> impl LookUp<Vec<(UserId, i64)>> + use<> {
        let readers = lookups::readers(me, room, self.dm_policy);
        let found = look_up(&self.store, Line::Heavy(me), readers);
        async move { found.await? }
    }

    /// Messages of a room next to a place, as `me` sees them, oldest first: at most `count`, and whether there
    /// are more of them.
    ///
    /// Gives `ChatRefusal::NoSuchRoom` and `ChatRefusal::NotMember` as [`ChatService::history`].
    pub fn messages(
        &self,
        me: UserId,
        room: Option<RoomKey>,
        (place, count): (Place, u32),
    ) -> impl LookUp<(Vec<Message>, bool)> + use<> {
        let (dm_policy, bytes_max) = (self.dm_policy, self.slice_bytes);
        let messages = lookups::messages((me, place, count), room, dm_policy, bytes_max);
        let found = look_up(&self.store, Line::Light(me), messages);
        async move { found.await? }
    }

    /// The first slice of a page of a room's history.
    ///
    /// Gives `ChatRefusal::NoSuchRoom` if there is no such user, or no right to look;
    /// `ChatRefusal::NotMember`.
    pub fn history(&self, page: Page) -> impl LookUp<HistorySlice> + use<> {
        let me = page.me;
        let history = lookups::history(page, self.dm_policy, self.slice_bytes);
        let slice = look_up(&self.store, Line::Light(me), history);
        async move { slice.await? }
    }

    /// The next slice of a page of history.
    pub fn history_rest(&self, rest: HistoryRest) -> impl LookUp<HistorySlice> + use<> {
        let me = rest.reader();
        let slice = lookups::history_rest(rest, self.slice_bytes);
        look_up(&self.store, Line::Light(me), slice)
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
        let look = lookups::catch_up(ask);
        let found = (!foreign).then(|| look_up(&self.store, Line::Heavy(me), look));
        async move {
            match found {
                Some(found) => found.await,
                None => Ok(None),
            }
        }
    }
}
