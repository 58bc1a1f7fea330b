//! What the hub tells sessions: things that have happened, and are committed.

use super::friendship::FriendVerb;
use super::message::Message;
use super::user::User;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A message was sent.
    MessagePosted(Message),
    /// A message was edited, or deleted.
    MessageEdited(Message),
    /// Another user did something about the one who is told.
    Befriended {
        /// What was done.
        verb: FriendVerb,
        /// Who did it.
        by: User,
    },
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
    /// Oneself.
    pub user: User,
    /// Users who have asked for my friendship, oldest request first.
    pub requests: Vec<User>,
    /// My friends, oldest friendship first.
    pub friends: Vec<User>,
}
