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

/// What of a message `m` others may know than its author, and among them a reader unless that is 0: 0 the whole of it, 1 that
/// it could be seen once and cannot any more, 2 nothing. What is hidden in a room of two, nobody else sees.
macro_rules! known_to_others {
    () => {
        "CAST(CASE WHEN NOT m.hidden OR EXISTS (SELECT 1 FROM members u WHERE u.room_id = m.room_id \
         AND u.user_id <> m.author_id AND NOT u.unaware AND NOT EXISTS (SELECT 1 FROM hidings h \
         WHERE h.message_id = m.id AND h.reader_id = u.user_id) \
         AND ? IN (0, u.user_id, m.author_id)) THEN 0 \
         WHEN EXISTS (SELECT 1 FROM hidings h WHERE h.message_id = m.id AND h.withdrawn \
         AND ? IN (0, h.reader_id)) THEN 1 ELSE 2 END AS BIGINT)"
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

pub(super) use known_to_others;
pub(super) use messages_where;
pub(in crate::store) use visible;
pub(super) use withdrawn;
