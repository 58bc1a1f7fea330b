//! What the hub asks the store to change, and what comes of it.

use crate::domain::error::Refusal;
use crate::domain::friendship::{Audience, FriendVerb};
use crate::domain::id::{MessageId, UserId};
use crate::domain::message::{Content, Message, Nonce};
use crate::domain::user::{User, UserPair};

use super::error::StoreError;

/// A change, by an identified user. `peer` is `None` where the address can be nobody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Store a message.
    Post {
        /// Its id, fresh from the mint.
        id: MessageId,
        /// Who writes.
        author: UserId,
        /// To whom.
        peer: Option<UserId>,
        /// What.
        content: Content,
        /// The author's own name for it; what was sent under it before is not stored again.
        nonce: Option<Nonce>,
        /// Whom users may write to.
        audience: Audience,
    },
    /// Change the text of a message, or delete it.
    Edit {
        /// Who asks; only the message's author may.
        author: UserId,
        /// The other user of the room that the message is said to be in.
        peer: Option<UserId>,
        /// Which message; `None` where the id can be nobody's.
        message: Option<MessageId>,
        /// The new text; `None` deletes.
        content: Option<Content>,
        /// Whom users may write to. Deleting is always allowed.
        audience: Audience,
    },
    /// Store nothing, but say in the order of the changes whether a user may do something to another
    /// now, or to himself.
    Signal {
        /// Who.
        author: UserId,
        /// To whom.
        peer: UserId,
        /// How much text waits for the word, in bytes.
        bytes: usize,
        /// Whom users may write to.
        audience: Audience,
    },
    /// Change what stands between two users.
    Befriend {
        /// Who acts.
        actor: UserId,
        /// What to do.
        verb: FriendVerb,
        /// The other user's name.
        name: String,
    },
}

impl Change {
    /// The users whose room it is about.
    pub fn pair(&self) -> Option<UserPair> {
        match self {
            Self::Post { author, peer, .. } | Self::Edit { author, peer, .. } => {
                peer.and_then(|peer| UserPair::new(*author, peer))
            }
            Self::Signal { author, peer, .. } => UserPair::new(*author, *peer),
            Self::Befriend { .. } => None,
        }
    }

    /// Who has sent it under which name.
    pub fn key(&self) -> Option<(UserId, Nonce)> {
        match self {
            Self::Post { author, nonce, .. } => nonce.clone().map(|nonce| (*author, nonce)),
            Self::Edit { .. } | Self::Signal { .. } | Self::Befriend { .. } => None,
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
            Self::Befriend { name, .. } => name.len(),
        }
    }
}

/// What came of a [`Change`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// The message as stored.
    Posted(Message),
    /// The message that was sent under the same name before, as it is now. Nothing was stored.
    Repeated(Message),
    /// The message as it is now.
    Edited(Message),
    /// It may be done.
    Signalled {
        /// Whether it is hidden from the other user.
        hidden: bool,
    },
    /// What was done between two users.
    Befriended {
        /// Who did it.
        actor: User,
        /// The other one.
        other: UserId,
        /// What was done.
        verb: FriendVerb,
        /// False if it was so already; then nobody needs to be told.
        changed: bool,
    },
    /// The rules say no; nothing was stored.
    Refused(Refusal),
}

/// The outcomes of one batch, each with its ticket, in the order of submission. What is done is
/// committed.
#[derive(Debug, actix::Message)]
#[rtype(result = "()")]
pub struct Committed(pub Vec<(u64, Result<Done, StoreError>)>);
