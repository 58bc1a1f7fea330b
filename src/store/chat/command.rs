//! What is asked of chat, many times a second, and what comes of it: an answer, and news.

use crate::domain::chat::command::Signal;
use crate::domain::chat::room::RoomKey;
use crate::domain::command::Change;
use crate::domain::error::Refusal;
use crate::domain::event::Event;
use crate::domain::id::{MessageId, UserId};
use crate::domain::news::{News, Recipients};

/// A change that an identified user asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatCommand {
    pub by: UserId,
    pub change: Change,
    /// The id of the message that it makes, minted beforehand: whoever commits must not wait for the mint.
    /// Without one it mints its own.
    pub id: Option<MessageId>,
}

/// What came of a [`ChatCommand`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatOutcome {
    /// It is done, and told. The event is the answer, too.
    Told {
        news: News,
        /// What is told before it; hardly ever anything.
        before: Vec<News>,
    },
    /// It is done, or was so already, and concerns nobody but who asked: this is the answer.
    Answered(Event),
    /// Nothing is stored, but it may be told, and these may hear of it.
    Allowed(Ephemeral, Recipients),
    /// The rules say no; nothing was stored.
    Refused(Refusal),
}

/// What is told and never stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ephemeral {
    Signal {
        to: UserId,
        signal: Signal,
    },
    /// Somebody types in a room, or does not any more.
    Typing {
        room: RoomKey,
        typing: bool,
    },
}

impl From<News> for ChatOutcome {
    fn from(news: News) -> Self {
        Self::Told { news, before: Vec::new() }
    }
}
