//! Messages of a room, and the text they carry.

use std::time::Duration;

use crate::domain::chat::room::RoomKey;
use crate::domain::clock::Timestamp;
use crate::domain::id::{MessageId, UserId};

/// The longest text of a message, in bytes of UTF-8.
pub const CONTENT_BYTES_MAX: usize = 64 * 1024;

/// The text of a message: at most 64 KiB, without U+0000, kept byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content(String);

/// Why a text cannot be the content of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// Longer than [`CONTENT_BYTES_MAX`].
    #[error("the text is longer than {CONTENT_BYTES_MAX} bytes")]
    TooLong,
    /// It holds U+0000, which PostgreSQL cannot; refused on every database, so that a hub can move.
    #[error("the text holds U+0000")]
    Nul,
}

impl Content {
    /// Checks a text.
    ///
    /// # Errors
    /// Each variant of [`ContentError`].
    pub fn new(text: String) -> Result<Self, ContentError> {
        if text.len() > CONTENT_BYTES_MAX {
            Err(ContentError::TooLong)
        } else if text.contains('\0') {
            Err(ContentError::Nul)
        } else {
            Ok(Self(text))
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, owned.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// The longest nonce, in characters.
pub const NONCE_CHARS_MAX: usize = 64;
/// How long the nonce of a message is remembered.
pub const NONCE_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A client's own name for a message it sends: 1 to 64 printable characters. What is sent again
/// under the same name is not stored again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Nonce(String);

impl Nonce {
    /// Checks a name.
    pub fn new(text: String) -> Option<Self> {
        let chars = text.chars().take(NONCE_CHARS_MAX.saturating_add(1)).count();
        let valid = (1..=NONCE_CHARS_MAX).contains(&chars) && !text.contains(char::is_control);
        valid.then_some(Self(text))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A stored message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Which message; unchanged by edits.
    pub id: MessageId,
    pub room: RoomKey,
    pub author: UserId,
    /// Its number in the room: 1, 2, 3 … without holes, in commit order.
    pub seq: i64,
    /// The room's revision at its last change; every send, edit and delete takes the next one.
    pub rev: i64,
    /// The text; empty when deleted.
    pub content: String,
    /// When it was sent; strictly increases with `seq`.
    pub created_at: Timestamp,
    /// When it was last edited or deleted.
    pub edited_at: Option<Timestamp>,
    /// Whether its author took it back.
    pub deleted: bool,
    /// Whether it is hidden from anybody, who blocked its author when it was written or changed.
    pub hidden: bool,
    /// Its author's own name for it, where it is known.
    pub nonce: Option<Nonce>,
}

#[cfg(test)]
mod tests {
    use crate::domain::chat::message::*;

    #[test]
    fn content_is_kept_byte_for_byte_up_to_the_limit() {
        let text = " \t한글 🦀\r\n".to_owned();
        assert_eq!(Content::new(text.clone()).unwrap().as_str(), text);
        assert!(Content::new("a".repeat(CONTENT_BYTES_MAX)).is_ok());
        assert_eq!(Content::new("a".repeat(CONTENT_BYTES_MAX + 1)), Err(ContentError::TooLong));
        assert!(Content::new(String::new()).is_ok());
        assert_eq!(Content::new("a\0b".to_owned()), Err(ContentError::Nul));
    }
}
