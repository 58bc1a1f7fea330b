//! What happens in rooms, and to who is there.

use crate::domain::accounts::user::Contact;
use crate::domain::chat::group::GroupChange;
use crate::domain::chat::invite::{InviteId, InviteStep};
use crate::domain::chat::message::Message;
use crate::domain::chat::room::{RoomKey, RoomState};
use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;
use crate::domain::principal::Mailbox;

/// News of rooms, and of who is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatEvent {
    MessagePosted(Message),
    /// A message was sent again, and is told as it is now to the one who did.
    MessageRepeated(Message),
    /// A message was edited, or deleted.
    MessageEdited(Message),
    /// A message that could be seen is hidden from now on.
    MessageWithdrawn(Message),
    /// A user types in a room, or does not any more.
    Typing {
        user: UserId,
        room: RoomKey,
        typing: bool,
    },
    Read {
        user: UserId,
        room: RoomKey,
        /// Up to which message.
        seq: i64,
    },
    GroupChanged(GroupChange),
    /// A session has said whether anybody sits at it.
    StatusSet(Status),
    /// How a friend is has changed.
    PresenceChanged(Presence),
    /// A friend came or went.
    StatusChanged {
        user: UserId,
        /// The friend who is told.
        to: UserId,
        status: Status,
        at: Timestamp,
    },
    /// An invitation to a game was made or taken back.
    Invited {
        from: UserId,
        to: UserId,
        step: InviteStep,
        /// The invitation, if it is known.
        id: Option<InviteId>,
        at: Timestamp,
    },
    /// A user wrote to himself.
    Noted {
        user: UserId,
        text: String,
        at: Timestamp,
    },
    /// A service has told somebody something.
    Noticed {
        notice: Notice,
        at: Timestamp,
    },
}

/// Whether a user has any session, in whatever dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// At least one.
    Online,
    /// At least one, but nobody sits at any.
    Away,
    /// None.
    Offline,
}

/// How a user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presence {
    pub user: UserId,
    pub status: Status,
    /// When he went offline last, if it is known.
    pub last_seen: Option<Timestamp>,
}

/// What a service tells somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub to: Mailbox,
    pub text: String,
    pub game: Option<Game>,
}

/// A game as a service names it; nothing of it is known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Game {
    /// Where it takes place.
    pub room: String,
    /// The id of the other player, as the service gave it.
    pub opponent: Option<i64>,
}

/// A room one is in, as one sees it from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomEntry {
    pub state: RoomState,
    /// The other user, if it is no group.
    pub peer: Option<Contact>,
    /// The title, if it is a group.
    pub title: Option<String>,
    /// When the newest message was sent that one can see.
    pub last_at: Option<Timestamp>,
    /// That message, unless the texts of newer ones in other rooms fill the list.
    pub last: Option<Message>,
    /// How far others have read; of a group with more than [`LISTED_READERS_MAX`] members nothing.
    ///
    /// [`LISTED_READERS_MAX`]: super::room::LISTED_READERS_MAX
    pub readers: Vec<(UserId, i64)>,
}
