//! What a session may ask of the hub, whatever its dialect.

use super::clock::Timestamp;
use super::friendship::FriendVerb;
use super::id::{MessageId, UserId};
use super::message::{Content, Nonce};

/// Something a user asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Change something that is stored.
    Write(Write),
    /// Look something up.
    Query(Query),
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
