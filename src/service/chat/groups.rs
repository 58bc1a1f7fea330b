//! Groups, their members, and those that were offered.

use super::ChatService;
use crate::domain::chat::group::{Group, Member};
use crate::domain::chat::refusal::ChatRefusal;
use crate::domain::clock::Timestamp;
use crate::domain::id::{GroupId, UserId};
use crate::service::{LookUp, look_up};
use crate::store::Line;
use crate::store::chat::lookups;

impl ChatService {
    /// A group and its members, oldest first.
    ///
    /// Gives [`ChatRefusal::NotMember`] if `me` is none.
    pub fn members(
        &self,
        me: UserId,
        group: Option<GroupId>,
    ) -> impl LookUp<(Group, Vec<Member>)> + use<> {
        let found = look_up(&self.store, Line::Heavy(me), lookups::members(me, group));
        async move { Ok(found.await?.ok_or(ChatRefusal::NotMember)?) }
    }

    /// The groups that were offered to a user, each with until when he may take it.
    pub fn offers(&self, me: UserId) -> impl LookUp<Vec<(Group, Timestamp)>> + use<> {
        look_up(&self.store, Line::Heavy(me), lookups::offers(me, self.clock.now()))
    }
}
