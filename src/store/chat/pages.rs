//! Pages of a room's messages that are asked for by their number: places in a room by how many messages lie
//! before them, and how many there are.

use diesel::sql_types::BigInt;

use crate::domain::id::{RoomId, UserId};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;

use crate::store::chat::history::Place;
use crate::store::chat::visible::visible;
use crate::store::engine::statement::{Statement, Value};

const COUNT: &str =
    concat!("SELECT count(*) FROM messages WHERE room_id = ? AND ", visible!(), " AND NOT deleted");
const NTH_BEFORE: &str = concat!(
    "SELECT seq FROM messages WHERE room_id = ? AND ",
    visible!(),
    " AND seq < ? AND NOT deleted ORDER BY seq DESC LIMIT 1 OFFSET ?"
);
const NTH_AFTER: &str = concat!(
    "SELECT seq FROM messages WHERE room_id = ? AND ",
    visible!(),
    " AND seq > ? AND NOT deleted ORDER BY seq LIMIT 1 OFFSET ?"
);

/// How many messages of a room a reader may see.
///
/// # Errors
/// [`StoreError::Database`].
pub fn count(conn: &mut Connection, room: RoomId, reader: UserId) -> Result<i64, StoreError> {
    let values = [room.get(), reader.get()].map(Value::Int);
    let counts: Vec<i64> = Statement::<BigInt>::new(COUNT, &values).load(conn)?;
    Ok(counts.into_iter().next().unwrap_or(0))
}

/// The place so many messages further from a message, before or after it; `None` if there are no more.
///
/// # Errors
/// [`StoreError::Database`].
pub fn skip(
    conn: &mut Connection,
    (room, reader): (RoomId, UserId),
    place: NumberedPlace,
    messages: i64,
) -> Result<Option<NumberedPlace>, StoreError> {
    if messages <= 0 {
        return Ok(Some(place));
    }
    let (sql, seq) = match place {
        NumberedPlace::Before(seq) => (NTH_BEFORE, seq),
        NumberedPlace::After(seq) => (NTH_AFTER, seq),
    };
    let values = [room.get(), reader.get(), seq, messages.saturating_sub(1)].map(Value::Int);
    let found: Vec<i64> = Statement::<BigInt>::new(sql, &values).load(conn)?;
    Ok(found.into_iter().next().map(|seq| match place {
        NumberedPlace::Before(_) => NumberedPlace::Before(seq),
        NumberedPlace::After(_) => NumberedPlace::After(seq),
    }))
}

/// A place in a room by the number of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberedPlace {
    /// The newest before it.
    Before(i64),
    /// The oldest after it.
    After(i64),
}

impl From<NumberedPlace> for Place {
    fn from(place: NumberedPlace) -> Self {
        match place {
            NumberedPlace::Before(seq) => Self::Before(seq),
            NumberedPlace::After(seq) => Self::After(seq),
        }
    }
}
