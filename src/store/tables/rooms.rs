//! Rooms: one per ordered pair of users, and the counters of what is in it.

use diesel::prelude::*;

use crate::domain::clock::Timestamp;
use crate::domain::id::RoomId;
use crate::domain::user::UserPair;
use crate::store::Connection;
use crate::store::error::StoreError;
use crate::store::schema::rooms;

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
    /// The number of its last change; 0 before the first.
    pub rev: i64,
    /// When its last message was sent.
    pub last_at: Option<Timestamp>,
}

/// The columns of a [`Room`].
pub(super) type Row = (i64, i64, i64, i64, i64, Option<i64>);

pub(super) fn room((id, low, high, seq, rev, last_at): Row) -> Result<Room, StoreError> {
    let last_at = last_at.map(Timestamp::from_micros);
    Ok(Room { id: room_id(id)?, pair: user_pair(low, high)?, seq, rev, last_at })
}

/// The room of two users, if they have one.
///
/// # Errors
/// [`StoreError::Database`].
pub fn of_pair(conn: &mut Connection, pair: UserPair) -> Result<Option<Room>, StoreError> {
    let theirs = rooms::low.eq(pair.low().get()).and(rooms::high.eq(pair.high().get()));
    rooms::table.filter(theirs).first(conn).optional()?.map(room).transpose()
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
        rooms::seq.eq(0),
        rooms::rev.eq(0),
    );
    diesel::insert_into(rooms::table).values(row).execute(conn)?;
    Ok(Room { id, pair, seq: 0, rev: 0, last_at: None })
}

/// Stores a room's counters.
///
/// # Errors
/// [`StoreError::Database`].
pub fn update(conn: &mut Connection, room: &Room) -> Result<(), StoreError> {
    let counters = (
        rooms::seq.eq(room.seq),
        rooms::rev.eq(room.rev),
        rooms::last_at.eq(room.last_at.map(Timestamp::micros)),
    );
    diesel::update(rooms::table.find(room.id.get())).set(counters).execute(conn)?;
    Ok(())
}

/// The highest id.
pub(in crate::store) fn last_id(conn: &mut Connection) -> Result<Option<i64>, StoreError> {
    Ok(rooms::table.select(rooms::id).order(rooms::id.desc()).first(conn).optional()?)
}
