//! Which messages a reader may see: one rule for whoever reads, and nowhere else. `tests/it/architecture.rs`
//! lists who asks it.

/// Whether a reader may see a message.
macro_rules! visible {
    () => {
        visible!("messages", "?")
    };
    ($message:literal, $reader:literal) => {
        concat!(
            "(NOT ",
            $message,
            ".hidden OR NOT EXISTS (SELECT 1 FROM hidings h WHERE h.message_id = ",
            $message,
            ".id AND h.reader_id = ",
            $reader,
            "))"
        )
    };
}

/// Whether a reader could see a message of `messages` once, and cannot any more.
macro_rules! withdrawn {
    () => {
        "(messages.hidden AND EXISTS (SELECT 1 FROM hidings h \
         WHERE h.message_id = messages.id AND h.reader_id = ? AND h.withdrawn))"
    };
}

/// Messages with their columns, but for those that are hidden from the reader.
macro_rules! messages_where {
    ($rest:literal) => {
        concat!(
            "SELECT id, seq, rev, author_id, created_at, edited_at, deleted, hidden, content \
             FROM messages WHERE room_id = ? AND ",
            visible!(),
            " AND ",
            $rest
        )
    };
}

pub(super) use messages_where;
pub(in crate::store) use visible;
pub(super) use withdrawn;
