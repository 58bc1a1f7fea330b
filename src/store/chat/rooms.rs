//! Rooms: one per ordered pair of users and one per group, and how far what is in it has come.
//!
//! A room's `seq` is that of its last message and its `rev` is `seq` and the number of edits, so
//! that a send changes no row here: with many rooms each of those rows would be a page to write.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable};

use crate::domain::accounts::user::UserPair;
use crate::domain::chat::room::RoomKey;
use crate::domain::clock::Timestamp;
use crate::domain::id::{GroupId, RoomId, UserId};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::schema::rooms;

use crate::store::chat::room_key;
use crate::store::engine::ids::{room_id, user_id};
use crate::store::engine::statement::{Statement, Value};

/// A room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Which room.
    pub id: RoomId,
    /// Which room, for everybody else.
    pub key: RoomKey,
    /// The number of its last message; 0 before the first.
    pub seq: i64,
    /// How often its messages were edited or deleted.
    pub edits: i64,
    pub last_at: Option<Timestamp>,
    /// Whether nothing can be sent to it any more.
    pub closed: bool,
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

/// A column of numbers that may be null.
pub(super) type Int = Nullable<BigInt>;
type RowType = (BigInt, Int, Int, BigInt, Bool, Int, Int);
type Row = (i64, Option<i64>, Option<i64>, i64, bool, Option<i64>, Option<i64>);

/// Rooms with their last messages.
macro_rules! rooms_from {
    ($source:literal) => {
        concat!(
            "SELECT r.id, r.low, r.high, r.edits, r.closed, m.seq, m.created_at FROM ",
            $source,
            " LEFT JOIN messages m ON m.room_id = r.id \
             AND m.seq = (SELECT max(seq) FROM messages WHERE room_id = r.id)"
        )
    };
}

const OF_PAIR: &str = concat!(rooms_from!("rooms r"), " WHERE r.low = ? AND r.high = ?");
const OF_GROUP: &str = concat!(rooms_from!("rooms r"), " WHERE r.id = ? AND r.low IS NULL");

/// After rooms, as rows without an id: who blocks whom, from there. So one statement asks for both: each is a
/// way to the server and back.
macro_rules! and_blocks {
    () => {
        " UNION ALL SELECT NULL, b.blocker_id, b.blocked_id, NULL, NULL, NULL, NULL FROM "
    };
}

const BETWEEN_PAIR: &str = concat!(
    rooms_from!("rooms r"),
    " WHERE r.low = ? AND r.high = ?",
    and_blocks!(),
    "blocks b WHERE b.blocker_id = ? AND b.blocked_id = ?",
    and_blocks!(),
    "blocks b WHERE b.blocker_id = ? AND b.blocked_id = ?"
);
const BETWEEN_PAIRS: &str = concat!(
    rooms_from!("unnest(?, ?) AS p (low, high) JOIN rooms r ON r.low = p.low AND r.high = p.high"),
    and_blocks!(),
    "unnest(?, ?) AS p (blocker, blocked) \
     JOIN blocks b ON b.blocker_id = p.blocker AND b.blocked_id = p.blocked"
);

type BetweenRowType = (Int, Int, Int, Int, Nullable<Bool>, Int, Int);

/// A room, or without an id who blocks whom.
#[derive(Queryable)]
struct BetweenRow {
    id: Option<i64>,
    low: Option<i64>,
    high: Option<i64>,
    edits: Option<i64>,
    closed: Option<bool>,
    seq: Option<i64>,
    last_at: Option<i64>,
}

/// What stands between the two of pairs, as far as it matters to who writes.
#[derive(Default)]
pub struct Between {
    /// Their rooms; those that have none are left out.
    pub rooms: Vec<Room>,
    /// Each pair with the one of it who blocks.
    pub blocks: Vec<(UserPair, UserId)>,
}

impl Between {
    fn add(&mut self, row: &BetweenRow) -> Result<(), StoreError> {
        let &BetweenRow { id, low, high, edits, closed, seq, last_at } = row;
        if let Some(id) = id {
            let (edits, closed) = (edits.unwrap_or(0), closed.unwrap_or(false));
            self.rooms.push(room((id, low, high, edits, closed, seq, last_at))?);
            return Ok(());
        }
        let (blocker, blocked) = (low.unwrap_or(0), high.unwrap_or(0));
        let corrupt = StoreError::Corrupt { what: "a block", value: blocker };
        let (blocker, blocked) = (user_id(blocker)?, user_id(blocked)?);
        self.blocks.push((UserPair::new(blocker, blocked).ok_or(corrupt)?, blocker));
        Ok(())
    }
}

fn room((id, low, high, edits, closed, seq, last_at): Row) -> Result<Room, StoreError> {
    let last_at = last_at.map(Timestamp::from_micros);
    let key = room_key(id, (low, high))?;
    let id = room_id(id)?;
    Ok(Room { id, key, seq: seq.unwrap_or(0), edits, last_at, closed })
}

/// A room, if there is one.
///
/// # Errors
/// [`StoreError::Database`].
pub fn find(conn: &mut Connection, key: RoomKey) -> Result<Option<Room>, StoreError> {
    match key {
        RoomKey::Direct(pair) => of_pair(conn, pair),
        RoomKey::Group(group) => of_group(conn, group),
    }
}

/// The room of a group, if there is or was one.
///
/// # Errors
/// [`StoreError::Database`].
pub fn of_group(conn: &mut Connection, group: GroupId) -> Result<Option<Room>, StoreError> {
    let values = [Value::Int(group.get())];
    let rows: Vec<Row> = Statement::<RowType>::new(OF_GROUP, &values).load(conn)?;
    rows.into_iter().next().map(room).transpose()
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

/// What stands between the two of each of many pairs, in no order.
///
/// # Errors
/// As [`of_pair`].
pub fn between_pairs(conn: &mut Connection, pairs: &[UserPair]) -> Result<Between, StoreError> {
    let (lows, highs): (Vec<i64>, Vec<i64>) =
        pairs.iter().map(|pair| (pair.low().get(), pair.high().get())).unzip();
    let mut between = Between::default();
    match conn {
        // In the same process, asking once for all is no cheaper.
        Connection::Sqlite(sqlite) => {
            for (low, high) in lows.into_iter().zip(highs) {
                let values = [low, high, low, high, high, low].map(Value::Int);
                let query = Statement::<BetweenRowType>::new(BETWEEN_PAIR, &values);
                let rows: Vec<BetweenRow> = RunQueryDsl::load(query, sqlite)?;
                rows.iter().try_for_each(|row| between.add(row))?;
            }
        }
        Connection::Postgres(_) => {
            let (blockers, blocked) = ([&lows[..], &highs].concat(), [&highs[..], &lows].concat());
            let values = [&lows, &highs, &blockers, &blocked].map(|ints| Value::Ints(ints));
            let query = Statement::<BetweenRowType>::new(BETWEEN_PAIRS, &values);
            let rows: Vec<BetweenRow> = query.load(conn)?;
            rows.iter().try_for_each(|row| between.add(row))?;
        }
    }
    Ok(between)
}

/// Stores a direct room without messages.
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
    Ok(empty(id, RoomKey::Direct(pair)))
}

/// Stores the room of a new group.
///
/// # Errors
/// [`StoreError::Database`] if there is one already.
pub fn create_group(conn: &mut Connection, group: GroupId) -> Result<Room, StoreError> {
    diesel::insert_into(rooms::table).values(rooms::id.eq(group.get())).execute(conn)?;
    Ok(empty(group.room(), RoomKey::Group(group)))
}

fn empty(id: RoomId, key: RoomKey) -> Room {
    Room { id, key, seq: 0, edits: 0, last_at: None, closed: false }
}

/// Lets nothing be sent to a room any more.
///
/// # Errors
/// [`StoreError::Database`].
pub fn close(conn: &mut Connection, id: RoomId) -> Result<(), StoreError> {
    diesel::update(rooms::table.find(id.get())).set(rooms::closed.eq(true)).execute(conn)?;
    Ok(())
}

/// Lets nothing be sent any more to the direct rooms of a user.
///
/// # Errors
/// [`StoreError::Database`].
pub fn close_of(conn: &mut Connection, user: UserId) -> Result<(), StoreError> {
    let theirs = rooms::low.eq(user.get()).or(rooms::high.eq(user.get()));
    diesel::update(rooms::table.filter(theirs)).set(rooms::closed.eq(true)).execute(conn)?;
    Ok(())
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
