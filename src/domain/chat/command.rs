//! What can be asked about rooms, and about who is there.

use crate::domain::chat::group::GroupStep;
use crate::domain::chat::invite::InviteStep;
use crate::domain::chat::message::{Content, Nonce};
use crate::domain::chat::room::RoomKey;
use crate::domain::clock::Timestamp;
use crate::domain::event::Topic;
use crate::domain::id::{GroupId, MessageId, UserId};

/// Changes in rooms. `room` is `None` where the address on the wire can be nobody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatWrite {
    Post {
        room: Option<RoomKey>,
        content: Content,
        /// The author's own name for it, under which it is stored once.
        nonce: Option<Nonce>,
        /// What if the other user is not there.
        absent: Absent,
    },
    /// Tell another user something, or oneself, of which nothing is stored.
    Signal { peer: UserId, signal: Signal },
    /// Change the text of one's own message, or delete it.
    Edit {
        /// The room the message is said to be in.
        room: Option<RoomKey>,
        /// Which message; `None` where the id on the wire can be nobody's.
        message: Option<MessageId>,
        /// The new text; `None` deletes.
        content: Option<Content>,
    },
    /// Tell a room that one types, or does not any more.
    Type { room: Option<RoomKey>, typing: bool },
    /// Keep how far one has read.
    Read {
        room: Option<RoomKey>,
        /// Up to which message.
        seq: i64,
    },
    Group {
        /// To which; `None` for a new one, or where the id can be no group's.
        group: Option<GroupId>,
        step: GroupStep,
    },
}

impl ChatWrite {
    /// The other user whom it is about, as far as the asker, `me`, names one by id.
    pub fn peer(&self, me: UserId) -> Option<UserId> {
        match self {
            Self::Post { room, .. } | Self::Edit { room, .. } => {
                room.and_then(|room| room.peer_of(me))
            }
            Self::Signal { peer, .. } => Some(*peer),
            Self::Type { .. } | Self::Read { .. } | Self::Group { .. } => None,
        }
    }

    /// The room that it concerns, as far as the asker, `me`, names one.
    pub fn room(&self, me: UserId) -> Option<RoomKey> {
        match self {
            Self::Post { room, .. }
            | Self::Edit { room, .. }
            | Self::Type { room, .. }
            | Self::Read { room, .. } => *room,
            Self::Signal { peer, .. } => RoomKey::direct(me, *peer),
            Self::Group { .. } => None,
        }
    }

    /// Who must be there when `me` asks for it.
    pub fn needs(&self, me: UserId) -> Needed {
        match self {
            Self::Post { absent: Absent::Refused, .. } => Needed::Online(self.peer(me)),
            Self::Signal { peer, signal } => Needed::Subscriber(*peer, signal.topic()),
            Self::Post { absent: Absent::Kept, .. }
            | Self::Edit { .. }
            | Self::Type { .. }
            | Self::Read { .. }
            | Self::Group { .. } => Needed::Nobody,
        }
    }

    /// Whether a message comes of it, which will have an id.
    pub fn makes_message(&self) -> bool {
        matches!(self, Self::Post { .. })
    }

    /// The author's own name for the message that comes of it.
    pub fn nonce(&self) -> Option<&Nonce> {
        if let Self::Post { nonce, .. } = self { nonce.as_ref() } else { None }
    }

    /// How much text it holds, in bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Post { content, nonce, .. } => {
                let nonce = nonce.as_ref().map_or(0, |nonce| nonce.as_str().len());
                content.as_str().len().saturating_add(nonce)
            }
            Self::Edit { content, .. } => content.as_ref().map_or(0, |text| text.as_str().len()),
            Self::Signal { signal: Signal::Note(content), .. } => content.as_str().len(),
            // Bounded by what a title or a name may hold.
            Self::Group { .. } => 0,
            Self::Signal { signal: Signal::Invite(_), .. }
            | Self::Type { .. }
            | Self::Read { .. } => 0,
        }
    }
}

/// Who must be there for something to be done; without them it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    Nobody,
    /// A user, with any session; `None` is never there.
    Online(Option<UserId>),
    /// A user, with a session that can be told of it.
    Subscriber(UserId, Topic),
}

/// What becomes of a message to a user who is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// It waits in the history.
    Kept,
    Refused,
}

/// Something that only those hear of who are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// An invitation to a game.
    Invite(InviteStep),
    /// A text to oneself: no room holds it, since a room is of two.
    Note(Content),
}

impl Signal {
    /// What dialects must have a word for to hear it.
    pub fn topic(&self) -> Topic {
        match self {
            Self::Invite(_) => Topic::Invites,
            Self::Note(_) => Topic::Notes,
        }
    }
}

/// Look-ups of rooms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatQuery {
    /// The newest messages of a room before a moment, oldest first.
    History {
        room: Option<RoomKey>,
        /// Strictly before this moment.
        before: Timestamp,
        /// At most so many.
        count: u32,
    },
    /// The same, all at once: there may be fewer where texts are long.
    Page {
        room: Option<RoomKey>,
        /// Strictly before this moment.
        before: Timestamp,
        /// At most so many.
        count: u32,
    },
    /// How far the others in a room have read.
    Readers { room: Option<RoomKey> },
    Changes {
        /// Each by its address on the wire, with the last change one knows of.
        rooms: Vec<Known>,
        /// At most so many messages.
        limit: u32,
        /// The name of the history that these changes are of, if one knows it.
        epoch: Option<String>,
    },
    Members {
        /// Which; `None` where the id can be no group's.
        group: Option<GroupId>,
    },
}

impl ChatQuery {
    /// As [`ChatWrite::peer`].
    pub fn peer(&self, me: UserId) -> Option<UserId> {
        match self {
            Self::History { room, .. } | Self::Page { room, .. } | Self::Readers { room } => {
                room.and_then(|room| room.peer_of(me))
            }
            Self::Changes { .. } | Self::Members { .. } => None,
        }
    }
}

/// How much somebody knows of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its address on the wire.
    pub address: i64,
    /// The room; `None` where the address can be nobody's.
    pub room: Option<RoomKey>,
    /// The number of the last change one knows of.
    pub rev: i64,
}
