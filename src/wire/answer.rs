//! Answers to what was looked up or done, an enum an area. Dialects borrow what they write.

use crate::domain::accounts::event::Requests;
use crate::domain::accounts::user::{Contact, User};
use crate::domain::chat::group::{Group, Member};
use crate::domain::chat::message::Message;
use crate::domain::chat::room::RoomKey;
use crate::domain::id::UserId;

/// The answer to a request that no event answers.
#[derive(Clone, Copy, Debug)]
pub enum Answer<'a> {
    Accounts(AccountsAnswer<'a>),
    Chat(ChatAnswer<'a>),
}

/// Answers about users.
#[derive(Clone, Copy, Debug)]
pub enum AccountsAnswer<'a> {
    /// The asker's friends.
    Friends(&'a [User]),
    /// Users whom the asker has asked about.
    Users(&'a [Contact]),
    /// The requests for friendship, to the asker and by the asker.
    Requests(&'a Requests),
}

/// Answers about rooms.
#[derive(Clone, Copy, Debug)]
pub enum ChatAnswer<'a> {
    /// How far the others in a room have read.
    Readers(RoomKey, &'a [(UserId, i64)]),
    Page {
        room: RoomKey,
        /// Oldest first.
        messages: &'a [Message],
        /// Whether there is more before it.
        more: bool,
    },
    /// One message of a page that comes message by message.
    History(&'a Message),
    /// A message that has changed since the asker looked last.
    Change(&'a Message),
    /// The revisions that were asked about are of another history than this one.
    Reset {
        /// The name of this one.
        epoch: &'a str,
    },
    /// How far rooms, named by their addresses, have been brought up to date.
    CaughtUp {
        /// The last revision of each; `None` for rooms that cannot be read.
        reached: &'a [(i64, Option<i64>)],
        complete: bool,
        /// The name of the history.
        epoch: &'a str,
    },
    Members(&'a Group, &'a [Member]),
}
