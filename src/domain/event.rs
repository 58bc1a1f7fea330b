//! What the hub tells sessions: things that have happened, and are committed if they are stored. A thin
//! sum of what happens in each area, and how it is looked at.

use std::sync::Arc;

use crate::domain::accounts::event::AccountsEvent;
use crate::domain::accounts::user::User;
use crate::domain::apps::event::AppsEvent;
use crate::domain::chat::event::{ChatEvent, Presence, RoomEntry};
use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;
use crate::domain::pubsub::event::PubsubEvent;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Accounts(AccountsEvent),
    /// In rooms, or to who is there.
    Chat(ChatEvent),
    Apps(AppsEvent),
    /// Told to subscriptions; no session hears of it.
    Pubsub(PubsubEvent),
}

impl From<AccountsEvent> for Event {
    fn from(event: AccountsEvent) -> Self {
        Self::Accounts(event)
    }
}

impl From<ChatEvent> for Event {
    fn from(event: ChatEvent) -> Self {
        Self::Chat(event)
    }
}

impl From<AppsEvent> for Event {
    fn from(event: AppsEvent) -> Self {
        Self::Apps(event)
    }
}

impl From<PubsubEvent> for Event {
    fn from(event: PubsubEvent) -> Self {
        Self::Pubsub(event)
    }
}

/// News that not every dialect has a word for. It is told at once, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    Invites,
    /// What users write to themselves.
    Notes,
    /// What services tell.
    Notices,
    Presence,
    Typing,
    /// What is said, and who is there, in the conversations of an app.
    Conversations,
}

/// How the one who is told stands to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// The session that did it: the event is its answer.
    Author,
    /// Another session of the user who did it.
    OwnOther,
    /// A session of the other user.
    Peer,
}

/// The first answer to a session: who one is, and whom one knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcome {
    pub user: User,
    /// Users who have asked for my friendship, oldest request first.
    pub requests: Vec<User>,
    /// My friends, oldest friendship first.
    pub friends: Vec<User>,
    /// Those of my friends who are online, in the same order.
    pub online: Vec<UserId>,
    pub at: Timestamp,
    /// How my friends are; empty if I have not asked.
    pub presence: Vec<Presence>,
    /// The rooms I am in, if I have asked.
    pub rooms: Option<Vec<RoomEntry>>,
    /// The name of the history that their revisions are about.
    pub epoch: Arc<str>,
}
