//! From whom messages are hidden: whoever blocked their author when they were written or changed.
//!
//! A message that is hidden from anybody is marked so in its own row; all others cost nothing here.

use diesel::sql_types::BigInt;

use crate::domain::id::{GroupId, MessageId, UserId};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;

use crate::store::engine::ids::user_id;
use crate::store::engine::statement::{Statement, Value};

/// A message, who is not to see it, and whether he could before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HiddenMessage {
    pub message: MessageId,
    /// Who.
    pub reader: UserId,
    /// Whether he could.
    pub withdrawn: bool,
}

const INSERT: &str = "INSERT INTO hidings (message_id, reader_id, withdrawn) VALUES (?, ?, (? = 1)) \
                      ON CONFLICT DO NOTHING";
const READERS: &str = "SELECT reader_id FROM hidings WHERE message_id = ?";

/// What was said in a group, or changed there for the last time, by those whom `reader` blocked then.
macro_rules! said_under_blocks {
    () => {
        "m.room_id = ? AND EXISTS (SELECT 1 FROM blocks b WHERE b.blocker_id = ? \
         AND b.blocked_id = m.author_id \
         AND coalesce(m.edited_at, m.created_at) >= b.created_at \
         UNION ALL SELECT 1 FROM lifted_blocks l WHERE l.blocker_id = ? \
         AND l.blocked_id = m.author_id \
         AND (m.created_at >= l.created_at AND m.created_at < l.lifted_at \
         OR m.edited_at >= l.created_at AND m.edited_at < l.lifted_at))"
    };
}

const HIDE_PAST: &str = concat!(
    "INSERT INTO hidings (message_id, reader_id, withdrawn) SELECT m.id, u.id, (? = 1) \
     FROM messages m JOIN users u ON u.id = ? WHERE ",
    said_under_blocks!(),
    " ON CONFLICT DO NOTHING"
);
const MARK_PAST: &str = concat!(
    "UPDATE messages AS m SET hidden = (? = 1) WHERE NOT hidden AND ",
    said_under_blocks!()
);
const HAS_BLOCKED: &str = "SELECT count(*) FROM (SELECT 1 FROM blocks WHERE blocker_id = ? \
                           UNION ALL SELECT 1 FROM lifted_blocks WHERE blocker_id = ?) AS b";

/// Hides messages. What is hidden already stays as it is.
///
/// # Errors
/// [`StoreError::Database`].
pub fn insert_many(conn: &mut Connection, new: &[HiddenMessage]) -> Result<(), StoreError> {
    for hiding in new {
        let values = [hiding.message.get(), hiding.reader.get(), hiding.withdrawn.into()];
        Statement::<()>::new(INSERT, &values.map(Value::Int)).run(conn)?;
    }
    Ok(())
}

/// From whom a message is hidden.
///
/// # Errors
/// [`StoreError::Database`].
pub fn readers(conn: &mut Connection, message: MessageId) -> Result<Vec<UserId>, StoreError> {
    let values = [Value::Int(message.get())];
    let ids: Vec<i64> = Statement::<BigInt>::new(READERS, &values).load(conn)?;
    ids.into_iter().map(user_id).collect()
}

/// Hides from one who joins a group what was said there by those whom he blocked then.
///
/// # Errors
/// [`StoreError::Database`].
pub fn hide_past(conn: &mut Connection, group: GroupId, reader: UserId) -> Result<(), StoreError> {
    let (group, reader) = (Value::Int(group.get()), Value::Int(reader.get()));
    let blocked: Vec<i64> = Statement::<BigInt>::new(HAS_BLOCKED, &[reader, reader]).load(conn)?;
    if blocked.first() == Some(&0) {
        return Ok(());
    }
    let values = [Value::Int(0), reader, group, reader, reader];
    Statement::<()>::new(HIDE_PAST, &values).run(conn)?;
    Statement::<()>::new(MARK_PAST, &[Value::Int(1), group, reader, reader]).run(conn)
}
