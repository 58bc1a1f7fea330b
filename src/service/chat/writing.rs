//! Messages, read marks and groups, changed for users who ask through no session. The hub does it, so that it has
//! its place among what sessions ask, and all sessions are told.

use super::ChatService;
use crate::domain::chat::command::{Absent, ChatWrite};
use crate::domain::chat::group::{Group, GroupStep};
use crate::domain::chat::message::{Content, Message, Nonce};
use crate::domain::chat::room::RoomKey;
use crate::domain::error::Refusal;
use crate::domain::id::{GroupId, MessageId, UserId};
use crate::service::unexpected;
use crate::store::Done;

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// Where; `None` where the address can be nobody's.
    pub room: Option<RoomKey>,
    /// The text.
    pub content: Content,
    /// The author's own name for it, under which it is stored once.
    pub nonce: Option<Nonce>,
}

/// A message that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The message as it is now.
    pub message: Message,
    /// Whether it had been sent before, under the same nonce.
    pub duplicate: bool,
}

/// Which message; `None` where an address or id can be nobody's.
pub type MessageAt = (Option<RoomKey>, Option<MessageId>);

impl ChatService {
    /// Sends a message.
    ///
    /// # Errors
    /// Why it was not sent; so for all here.
    pub async fn post(&self, me: UserId, draft: NewMessage) -> Result<Posted, Refusal> {
        let NewMessage { room, content, nonce } = draft;
        let write = ChatWrite::Post { room, content, nonce, absent: Absent::Kept };
        match self.hub.change(me, write).await? {
            Done::Posted(message, _) => Ok(Posted { message, duplicate: false }),
            Done::Repeated(message) => Ok(Posted { message, duplicate: true }),
            other => Err(unexpected(&other)),
        }
    }

    /// Gives one's own message another text; the message as it is now.
    ///
    /// # Errors
    /// As [`ChatService::post`].
    pub async fn edit(
        &self,
        me: UserId,
        address: MessageAt,
        content: Content,
    ) -> Result<Message, Refusal> {
        self.rewrite(me, address, Some(content)).await
    }

    /// Deletes one's own message.
    ///
    /// # Errors
    /// As [`ChatService::post`].
    pub async fn remove(&self, me: UserId, address: MessageAt) -> Result<(), Refusal> {
        self.rewrite(me, address, None).await.map(|_| ())
    }

    async fn rewrite(
        &self,
        me: UserId,
        (room, message): MessageAt,
        content: Option<Content>,
    ) -> Result<Message, Refusal> {
        match self.hub.change(me, ChatWrite::Edit { room, message, content }).await? {
            Done::Edited { message, .. } => Ok(message),
            other => Err(unexpected(&other)),
        }
    }

    /// Keeps how far a user has read; the mark as it is now.
    ///
    /// # Errors
    /// As [`ChatService::post`].
    pub async fn read(&self, me: UserId, room: Option<RoomKey>, seq: i64) -> Result<i64, Refusal> {
        match self.hub.change(me, ChatWrite::Read { room, seq }).await? {
            Done::Read { seq, .. } => Ok(seq),
            other => Err(unexpected(&other)),
        }
    }

    /// Does something to a group (`None`: a new one, or where the id can be no group's); the group as it is
    /// now.
    ///
    /// # Errors
    /// As [`ChatService::post`].
    pub async fn change_group(
        &self,
        me: UserId,
        group: Option<GroupId>,
        step: GroupStep,
    ) -> Result<Group, Refusal> {
        match self.hub.change(me, ChatWrite::Group { group, step }).await? {
            Done::Grouped { change, .. } => Ok(change.group),
            other => Err(unexpected(&other)),
        }
    }
}
