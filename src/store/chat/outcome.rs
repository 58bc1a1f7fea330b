//! What comes of a command: an answer, and news.

use crate::domain::error::Refusal;
use crate::domain::event::Event;
use crate::domain::news::{News, Recipients};

/// What came of a [`ChatCommand`](super::command::ChatCommand).
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
    /// Nothing is stored, but it may be done, and these may hear of it.
    Allowed(Recipients),
    /// The rules say no; nothing was stored.
    Refused(Refusal),
}

impl ChatOutcome {
    /// All that is told, in order.
    pub fn news(&self) -> impl Iterator<Item = &News> {
        let (before, news) = match self {
            Self::Told { news, before } => (&before[..], Some(news)),
            Self::Answered(_) | Self::Allowed(_) | Self::Refused(_) => (&[][..], None),
        };
        before.iter().chain(news)
    }

    /// The answer, if it is done.
    pub fn answer(&self) -> Option<&Event> {
        match self {
            Self::Told { news, .. } => Some(&news.event),
            Self::Answered(event) => Some(event),
            Self::Allowed(_) | Self::Refused(_) => None,
        }
    }
}

impl From<News> for ChatOutcome {
    fn from(news: News) -> Self {
        Self::Told { news, before: Vec::new() }
    }
}
