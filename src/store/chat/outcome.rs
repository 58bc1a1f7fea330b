//! What comes of a command.

use crate::domain::accounts::friendship::FriendVerb;
use crate::domain::accounts::user::User;
use crate::domain::chat::group::GroupChange;
use crate::domain::chat::message::Message;
use crate::domain::chat::room::{Recipients, RoomKey};
use crate::domain::error::Refusal;
use crate::domain::id::UserId;

/// What came of a [`ChatCommand`](super::command::ChatCommand).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatOutcome {
    /// The message as stored.
    Posted(Message, Recipients),
    /// The message that was sent under the same name before, as it is now. Nothing was stored.
    Repeated(Message),
    /// The message as it is now.
    Edited {
        /// The message.
        message: Message,
        /// Who hears of it.
        recipients: Recipients,
        /// Those from whom it is hidden from now on, and was not before.
        withdrawn_from: Vec<UserId>,
    },
    /// It may be done.
    Signalled(Recipients),
    /// How far the user has read now.
    Read {
        /// Where.
        room: RoomKey,
        /// Up to which message.
        seq: i64,
        /// Who hears of it; nobody but himself if he had read as far before.
        recipients: Option<Recipients>,
    },
    /// What was done to a group.
    Grouped {
        /// What.
        change: Box<GroupChange>,
        /// Who hears of it, whoever did it; empty if nothing has changed.
        told: Vec<UserId>,
    },
    /// What was done between two users.
    Befriended {
        /// Who did it.
        actor: User,
        /// The other one.
        other: UserId,
        /// What was done.
        verb: FriendVerb,
        /// Whether the other one is told: not of what was so already, nor of requests of whom he blocks.
        told: bool,
    },
    /// The rules say no; nothing was stored.
    Refused(Refusal),
}
