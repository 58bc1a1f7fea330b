//! What a socket of customer chat asks, and what comes of it.

use std::time::Duration;

use crate::domain::apps::customer::{CustomerMessage, SendOutcome};
use crate::domain::error::Refusal;
use crate::domain::id::{AppId, DeviceId, GroupId, UserId};

/// The most that is kept of the address of a page that a visitor has come from, in bytes.
pub const VISIT_URL_BYTES_MAX: usize = 2_048;
/// The most that is kept of the title of such a page, in bytes.
pub const VISIT_TITLE_BYTES_MAX: usize = 512;
/// How long it is remembered that somebody has not acknowledged a message; the history remembers it longer.
pub const UNACKED_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Pages that are kept of one visitor: those he has come from last.
pub const VISITS_KEPT: i64 = 50;

/// What is asked at a socket of customer chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerRequest {
    /// In a box, since it is larger than all else that is asked.
    Send(Box<CustomerSend>),
    /// A message that came too fast, by the names in its answer.
    Unsent { uuid: String, conversation_text: String },
    /// Be told who types in this conversation, and in no other; `None` for what can be no conversation.
    Watch(Option<GroupId>),
    /// Be told no more who types.
    Unwatch,
    /// Tell who watches the same conversation that one types.
    Type,
}

/// A message that is sent at a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerSend {
    /// For which app it says that it is, if it says that.
    pub app: Option<AppId>,
    /// How it has named the conversation, as the answer names it.
    pub conversation_text: String,
    pub message: CustomerMessage,
}

/// Who sends a message to a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustomerSender {
    pub user: UserId,
    /// The app of the sender's token; without it that of the device.
    pub app: Option<AppId>,
    /// For which app the message says that it is, if it says that.
    pub names_app: Option<AppId>,
    /// The device that it is sent from, which gets no copy.
    pub device: Option<DeviceId>,
}

/// What came of what was asked at a socket of customer chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerAnswer {
    Sent {
        /// The sender's name for the message.
        uuid: String,
        /// As in [`CustomerSend`].
        conversation_text: String,
        outcome: Result<SendOutcome, Refusal>,
    },
    /// Whether it is told from now on who types there.
    Watching(bool),
}

/// A page that a visitor has come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    pub url: String,
    pub title: String,
}

impl Visit {
    /// A visit, with as much of its texts as is kept.
    pub fn new(url: &str, title: &str) -> Self {
        let start = |text: &str, bytes_max: usize| {
            let clean = text.replace('\0', "");
            let ends = clean.char_indices().map(|(at, one)| at.saturating_add(one.len_utf8()));
            let end = ends.take_while(|end| *end <= bytes_max).last().unwrap_or(0);
            clean.get(..end).unwrap_or_default().to_owned()
        };
        Self { url: start(url, VISIT_URL_BYTES_MAX), title: start(title, VISIT_TITLE_BYTES_MAX) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_visit_the_start_is_kept() {
        let visit = Visit::new(&"x".repeat(VISIT_URL_BYTES_MAX + 1), &"é".repeat(300));
        assert_eq!(visit.url.len(), VISIT_URL_BYTES_MAX);
        assert_eq!(visit.title, "é".repeat(VISIT_TITLE_BYTES_MAX / 2));
        assert_eq!(Visit::new("a\0b", ""), Visit { url: "ab".to_owned(), title: String::new() });
    }
}
