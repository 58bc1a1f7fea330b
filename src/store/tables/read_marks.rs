//! Read marks: how far each user has read in each room. They only grow.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::domain::id::{RoomId, UserId};
use crate::domain::room::{UNREAD_MAX, Unread};
use crate::store::Connection;
use crate::store::error::StoreError;
use crate::store::schema::read_marks;

use super::statement::{Statement, Value};

const SET: &str = "INSERT INTO read_marks (user_id, room_id, seq) VALUES (?, ?, ?) \
                   ON CONFLICT (user_id, room_id) DO UPDATE SET seq = excluded.seq";
const UNREAD: &str = "SELECT count(*) FROM (SELECT 1 FROM messages m WHERE m.room_id = ? \
    AND m.seq > ? AND m.author_id <> ? AND NOT m.deleted AND (NOT m.hidden OR NOT EXISTS (SELECT 1 \
    FROM hidings h WHERE h.message_id = m.id AND h.reader_id = ?)) LIMIT ?) counted";

/// The highest message a user has read in a room; 0 for none.
///
/// # Errors
/// [`StoreError::Database`].
pub fn get(conn: &mut Connection, user: UserId, room: RoomId) -> Result<i64, StoreError> {
    let row = read_marks::table.find((user.get(), room.get()));
    Ok(row.select(read_marks::seq).first(conn).optional()?.unwrap_or(0))
}

/// Sets it.
///
/// # Errors
/// [`StoreError::Database`].
pub fn set(conn: &mut Connection, user: UserId, room: RoomId, seq: i64) -> Result<(), StoreError> {
    let values = [user.get(), room.get(), seq].map(Value::Int);
    Statement::<()>::new(SET, &values).run(conn)
}

/// How many messages of others a user has in a room above a mark, that are neither deleted nor hidden
/// from the user. The look-up costs no more for a million of them than for a thousand.
///
/// # Errors
/// [`StoreError::Database`].
pub fn unread(
    conn: &mut Connection,
    user: UserId,
    room: RoomId,
    above: i64,
) -> Result<Unread, StoreError> {
    let most = UNREAD_MAX.saturating_add(1);
    let values = [room.get(), above, user.get(), user.get(), most].map(Value::Int);
    let counts: Vec<i64> = Statement::<BigInt>::new(UNREAD, &values).load(conn)?;
    Ok(Unread::counted(counts.first().copied().unwrap_or(0)))
}
