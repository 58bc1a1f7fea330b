//! Groups, their members, and those that were offered.

use super::ChatService;
use crate::domain::chat::group::{Group, Member, Role};
use crate::domain::chat::refusal::ChatRefusal;
use crate::domain::clock::Timestamp;
use crate::domain::id::{GroupId, UserId};
use crate::service::{LookUp, look_up};
use crate::store::chat::{groups, offers};
use crate::store::engine::Connection;
use crate::store::{Line, StoreError};

impl ChatService {
    /// A group and its members, oldest first.
    ///
    /// Gives [`ChatRefusal::NotMember`] if `me` is none.
    pub fn members(
        &self,
        me: UserId,
        group: Option<GroupId>,
    ) -> impl LookUp<(Group, Vec<Member>)> + use<> {
        let found = look_up(&self.store, Line::Heavy(me), move |conn| match group {
            Some(group) => members_of(conn, me, group),
            None => Ok(None),
        });
        async move { Ok(found.await?.ok_or(ChatRefusal::NotMember)?) }
    }

    /// The groups that were offered to a user, each with until when he may take it.
    pub fn offers(&self, me: UserId) -> impl LookUp<Vec<(Group, Timestamp)>> + use<> {
        let now = self.clock.now();
        look_up(&self.store, Line::Heavy(me), move |conn| offers::to(conn, me, now))
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
