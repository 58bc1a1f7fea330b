//! Rooms: one per ordered pair of users, and how far what is in it has come.
//!
//! A room's `seq` is that of its last message and its `rev` is `seq` and the number of edits, so
//! that a send changes no row here: with many rooms each of those rows would be a page to write.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};

use crate::domain::clock::Timestamp;
use crate::domain::id::RoomId;
use crate::domain::user::UserPair;
use crate::store::Connection;
use crate::store::error::StoreError;
use crate::store::schema::rooms;

use super::statement::{Statement, Value};
use super::{room_id, user_pair};

/// A direct room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Which room.
    pub id: RoomId,
    /// Whose room.
    pub pair: UserPair,
    /// The number of its last message; 0 before the first.
    pub seq: i64,
    /// How often its messages were edited or deleted.
    pub edits: i64,
    /// When its last message was sent.
    pub last_at: Option<Timestamp>,
}

impl Room {
    /// The number of its last change; 0 before the first.
    pub fn rev(&self) -> i64 {
        self.seq.saturating_add(self.edits)
    }

    /// Takes the number of the next message, and the time at which it is sent.
    pub fn append(&mut self, now: Timestamp) -> (i64, Timestamp) {
        let sent_at = Timestamp::strictly_after(now, self.last_at);
        self.last_at = Some(sent_at);
        self.seq = self.seq.saturating_add(1);
        (self.seq, sent_at)
    }
}

type RowType = (BigInt, BigInt, BigInt, BigInt, Nullable<BigInt>, Nullable<BigInt>);
type Row = (i64, i64, i64, i64, Option<i64>, Option<i64>);

/// Rooms with their last messages.
macro_rules! rooms_from {
    ($source:literal) => {
        concat!(
            "SELECT r.id, r.low, r.high, r.edits, m.seq, m.created_at FROM ",
            $source,
            " LEFT JOIN messages m ON m.room_id = r.id \
             AND m.seq = (SELECT max(seq) FROM messages WHERE room_id = r.id)"
        )
    };
}

const OF_PAIR: &str = concat!(rooms_from!("rooms r"), " WHERE r.low = ? AND r.high = ?");
const OF_PAIRS: &str =
    rooms_from!("unnest(?, ?) AS p (low, high) JOIN rooms r ON r.low = p.low AND r.high = p.high");

fn room((id, low, high, edits, seq, last_at): Row) -> Result<Room, StoreError> {
    let last_at = last_at.map(Timestamp::from_micros);
    let (id, pair) = (room_id(id)?, user_pair(low, high)?);
    Ok(Room { id, pair, seq: seq.unwrap_or(0), edits, last_at })
}

/// The room of two users, if they have one.
///
/// # Errors
/// [`StoreError::Database`].
pub fn of_pair(conn: &mut Connection, pair: UserPair) -> Result<Option<Room>, StoreError> {
    let values = [Value::Int(pair.low().get()), Value::Int(pair.high().get())];
    let rows: Vec<Row> = Statement::<RowType>::new(OF_PAIR, &values).load(conn)?;
    rows.into_iter().next().map(room).transpose()
}

/// The rooms of many pairs, in no order; those that have none are left out.
///
/// # Errors
/// As [`of_pair`].
pub fn of_pairs(conn: &mut Connection, pairs: &[UserPair]) -> Result<Vec<Room>, StoreError> {
    match conn {
        // In the same process, asking once for all is no cheaper.
        Connection::Sqlite(_) => {
            let found = pairs.iter().map(|pair| of_pair(conn, *pair));
            found.filter_map(Result::transpose).collect()
        }
        Connection::Postgres(_) => {
            let lows: Vec<i64> = pairs.iter().map(|pair| pair.low().get()).collect();
            let highs: Vec<i64> = pairs.iter().map(|pair| pair.high().get()).collect();
            let values = [Value::Ints(&lows), Value::Ints(&highs)];
            let rows: Vec<Row> = Statement::<RowType>::new(OF_PAIRS, &values).load(conn)?;
            rows.into_iter().map(room).collect()
        }
    }
}

/// Stores a room without messages.
///
/// # Errors
/// [`StoreError::Database`] if the two have one already, or one of them is no user.
pub fn create(conn: &mut Connection, id: RoomId, pair: UserPair) -> Result<Room, StoreError> {
    let row = (
        rooms::id.eq(id.get()),
        rooms::low.eq(pair.low().get()),
        rooms::high.eq(pair.high().get()),
    );
    diesel::insert_into(rooms::table).values(row).execute(conn)?;
    Ok(Room { id, pair, seq: 0, edits: 0, last_at: None })
}

/// Stores how often a room's messages were edited.
///
/// # Errors
/// [`StoreError::Database`].
pub fn update(conn: &mut Connection, room: &Room) -> Result<(), StoreError> {
    let row = rooms::table.find(room.id.get());
    diesel::update(row).set(rooms::edits.eq(room.edits)).execute(conn)?;
    Ok(())
}

/// The highest id.
pub(in crate::store) fn last_id(conn: &mut Connection) -> Result<Option<i64>, StoreError> {
    Ok(rooms::table.select(rooms::id).order(rooms::id.desc()).first(conn).optional()?)
}
