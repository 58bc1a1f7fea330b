//! What is asked of chat, many times a second.

use crate::domain::accounts::friendship::{DmPolicy, FriendVerb};
use crate::domain::accounts::user::UserPair;
use crate::domain::accounts::user::Who;
use crate::domain::chat::group::GroupStep;
use crate::domain::chat::message::{Content, Nonce};
use crate::domain::chat::room::RoomKey;
use crate::domain::id::{GroupId, MessageId, UserId};

use crate::store::engine::job::Touches;

/// Whom something is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// All in a room.
    Room(RoomKey),
    Oneself,
}

/// A command by an identified user. `room` is `None` where the address can be nobody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatCommand {
    Post {
        /// Its id, fresh from the mint.
        id: MessageId,
        author: UserId,
        room: Option<RoomKey>,
        content: Content,
        /// The author's own name for it; what was sent under it before is not stored again.
        nonce: Option<Nonce>,
        dm_policy: DmPolicy,
    },
    /// Change the text of a message, or delete it.
    Edit {
        /// Who asks; only the message's author may.
        author: UserId,
        /// The room that the message is said to be in.
        room: Option<RoomKey>,
        /// Which message; `None` where the id can be nobody's.
        message: Option<MessageId>,
        /// The new text; `None` deletes.
        content: Option<Content>,
        /// Whom users may write to. Deleting is always allowed.
        dm_policy: DmPolicy,
    },
    /// Store nothing, but say in the order of the changes whether a user may do something in a room
    /// now, and who would hear of it.
    Signal {
        author: UserId,
        to: To,
        /// How much text waits for the word, in bytes.
        bytes: usize,
        dm_policy: DmPolicy,
    },
    /// Keep how far a user has read.
    Read {
        reader: UserId,
        room: Option<RoomKey>,
        /// Up to which message.
        seq: i64,
    },
    Group {
        actor: UserId,
        /// Which; `None` for a new one, or where the id can be no group's.
        group: Option<GroupId>,
        step: GroupStep,
    },
    /// Change what stands between two users.
    Befriend {
        actor: UserId,
        verb: FriendVerb,
        /// The other user.
        who: Who,
    },
}

impl ChatCommand {
    /// What it may look at and change.
    pub fn touches(&self) -> Touches {
        Touches::Rooms(match self {
            Self::Post { room, .. } | Self::Edit { room, .. } | Self::Read { room, .. } => *room,
            Self::Signal { to: To::Room(room), .. } => Some(*room),
            Self::Signal { to: To::Oneself, .. } | Self::Group { .. } | Self::Befriend { .. } => {
                None
            }
        })
    }

    /// The users whose room it touches.
    pub fn pair(&self) -> Option<UserPair> {
        match self.touches() {
            Touches::Rooms(room) => room.and_then(RoomKey::pair),
            Touches::Accounts | Touches::All => None,
        }
    }

    /// Who has sent it under which name.
    pub fn key(&self) -> Option<(UserId, Nonce)> {
        match self {
            Self::Post { author, nonce, .. } => nonce.clone().map(|nonce| (*author, nonce)),
            Self::Edit { .. }
            | Self::Signal { .. }
            | Self::Read { .. }
            | Self::Group { .. }
            | Self::Befriend { .. } => None,
        }
    }

    /// How much text it holds, in bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Post { content, nonce, .. } => {
                let nonce = nonce.as_ref().map_or(0, |nonce| nonce.as_str().len());
                content.as_str().len().saturating_add(nonce)
            }
            Self::Edit { content, .. } => content.as_ref().map_or(0, |text| text.as_str().len()),
            Self::Signal { bytes, .. } => *bytes,
            Self::Befriend { who: Who::Named(name), .. } => name.len(),
            Self::Befriend { who: Who::Id(_), .. } => 0,
            // Bounded by what a title or a name may hold.
            Self::Read { .. } | Self::Group { .. } => 0,
        }
    }
}
