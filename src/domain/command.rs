//! What a session may ask of the hub, whatever its dialect.

use super::clock::Timestamp;
use super::event::Topic;
use super::friendship::FriendVerb;
use super::id::{MessageId, UserId};
use super::invite::InviteStep;
use super::message::{Content, Nonce};

/// Something a user asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Change something that is stored.
    Write(Write),
    /// Look something up.
    Query(Query),
}

impl Command {
    /// The other user whom it is about, as far as the asker names one by id.
    pub fn peer(&self) -> Option<UserId> {
        match self {
            Self::Write(Write::Post { peer, .. } | Write::Edit { peer, .. })
            | Self::Query(Query::History { peer, .. }) => *peer,
            Self::Write(Write::Signal { peer, .. }) => Some(*peer),
            Self::Write(Write::Befriend { .. }) | Self::Query(Query::Friends) => None,
        }
    }
}

/// A change. `peer` is `None` where the address on the wire can be nobody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Send a message to another user.
    Post {
        /// To whom.
        peer: Option<UserId>,
        /// What.
        content: Content,
        /// The author's own name for it, under which it is stored once.
        nonce: Option<Nonce>,
        /// What if the other user is not there.
        absent: Absent,
    },
    /// Tell another user something, or oneself, of which nothing is stored.
    Signal {
        /// Whom.
        peer: UserId,
        /// What.
        signal: Signal,
    },
    /// Change the text of one's own message, or delete it.
    Edit {
        /// The other user of the room the message is said to be in.
        peer: Option<UserId>,
        /// Which message; `None` where the id on the wire can be nobody's.
        message: Option<MessageId>,
        /// The new text; `None` deletes.
        content: Option<Content>,
    },
    /// Do something about another user, who is named.
    Befriend {
        /// What to do.
        verb: FriendVerb,
        /// The other user's name.
        name: String,
    },
}

/// What becomes of a message to a user who is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// It waits in the history.
    Kept,
    /// It is refused.
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

/// A look-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// My friends.
    Friends,
    /// The newest messages of a direct room before a moment, oldest first.
    History {
        /// The other user of the room.
        peer: Option<UserId>,
        /// Strictly before this moment.
        before: Timestamp,
        /// At most so many.
        count: u32,
    },
}
