//! Messages, read marks and groups, changed for users who ask through no session. The hub does it, so that it has
//! its place among what sessions ask, and all sessions are told.

use super::ChatService;
use crate::domain::chat::command::{Absent, ChatWrite};
use crate::domain::chat::event::ChatEvent;
use crate::domain::chat::group::{Group, GroupStep};
use crate::domain::chat::message::{Content, Message, Nonce};
use crate::domain::chat::room::RoomKey;
use crate::domain::error::Refusal;
use crate::domain::event::Event;
use crate::domain::id::{GroupId, MessageId, UserId};

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// Where; `None` where the address can be nobody's.
    pub room: Option<RoomKey>,
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

/// A message that was edited or deleted, as it is now.
struct Edited(Message);

/// How far a user has read.
struct ReadTo(i64);

/// A group that was changed, as it is now.
struct Changed(Group);

/// How each answer is taken from what happened.
macro_rules! taken_from_event {
    ($($answer:ident: $($event:pat => $value:expr),+;)+) => {$(
        impl TryFrom<Event> for $answer {
            type Error = Event;

            fn try_from(event: Event) -> Result<Self, Event> {
                match event {
                    $(Event::Chat($event) => Ok($value),)+
                    event => Err(event),
                }
            }
        }
    )+};
}

taken_from_event! {
    Posted:
        ChatEvent::MessagePosted(message) => Self { message, duplicate: false },
        ChatEvent::MessageRepeated(message) => Self { message, duplicate: true };
    Edited: ChatEvent::MessageEdited(message) => Self(message);
    ReadTo: ChatEvent::Read { seq, .. } => Self(seq);
    Changed: ChatEvent::GroupChanged(change) => Self(change.group);
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
        self.hub.change(me, write).await
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
        let write = ChatWrite::Edit { room, message, content };
        let Edited(message) = self.hub.change(me, write).await?;
        Ok(message)
    }

    /// Keeps how far a user has read; the mark as it is now.
    ///
    /// # Errors
    /// As [`ChatService::post`].
    pub async fn read(&self, me: UserId, room: Option<RoomKey>, seq: i64) -> Result<i64, Refusal> {
        let ReadTo(seq) = self.hub.change(me, ChatWrite::Read { room, seq }).await?;
        Ok(seq)
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
        let Changed(group) = self.hub.change(me, ChatWrite::Group { group, step }).await?;
        Ok(group)
    }
}
