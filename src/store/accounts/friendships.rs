//! Friendships: what stands between two users; no row, nothing.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::domain::accounts::friendship::Friendship;
use crate::domain::accounts::user::{User, UserPair};
use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;
use crate::store::engine::Connection;
use crate::store::engine::connection::each_backend;
use crate::store::engine::error::StoreError;
use crate::store::schema::friendships;

use crate::store::accounts::users::{FaceFor, ForEach, user};
use crate::store::engine::ids::user_id;
use crate::store::engine::statement::INSERT_ROWS_MAX;

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = friendships, treat_none_as_default_value = false)]
struct Row {
    low: i64,
    high: i64,
    state: i16,
    changed_at: i64,
}

impl Row {
    fn new(pair: UserPair, state: Friendship, at: Timestamp) -> Self {
        let (low, high) = (pair.low().get(), pair.high().get());
        Self { low, high, state: code(state), changed_at: at.micros() }
    }
}

const fn code(state: Friendship) -> i16 {
    match state {
        Friendship::RequestedByLow => 0,
        Friendship::RequestedByHigh => 1,
        Friendship::Friends => 2,
    }
}

fn state(code: i16) -> Result<Friendship, StoreError> {
    match code {
        0 => Ok(Friendship::RequestedByLow),
        1 => Ok(Friendship::RequestedByHigh),
        2 => Ok(Friendship::Friends),
        other => Err(StoreError::Corrupt { what: "a friendship", value: other.into() }),
    }
}

/// What stands between two users.
///
/// # Errors
/// [`StoreError::Database`].
pub fn between(conn: &mut Connection, pair: UserPair) -> Result<Option<Friendship>, StoreError> {
    let row = friendships::table.find((pair.low().get(), pair.high().get()));
    row.select(friendships::state).first(conn).optional()?.map(state).transpose()
}

/// Sets what stands between two users, whatever did before.
///
/// # Errors
/// [`StoreError::Database`] if one of them is no user.
pub fn set(
    conn: &mut Connection,
    pair: UserPair,
    state: Friendship,
    at: Timestamp,
) -> Result<(), StoreError> {
    let row = Row::new(pair, state, at);
    each_backend!(conn, inner => {
        diesel::insert_into(friendships::table)
            .values(&row)
            .on_conflict((friendships::low, friendships::high))
            .do_update()
            .set(&row)
            .execute(inner)
    })?;
    Ok(())
}

/// Lets nothing stand between two users.
///
/// # Errors
/// [`StoreError::Database`].
pub fn clear(conn: &mut Connection, pair: UserPair) -> Result<(), StoreError> {
    let row = friendships::table.find((pair.low().get(), pair.high().get()));
    diesel::delete(row).execute(conn)?;
    Ok(())
}

/// Stores what stands between many pairs where nothing did, fast.
///
/// # Errors
/// [`StoreError::Database`]; then none of it is stored.
pub fn insert_many(
    conn: &mut Connection,
    pairs: &[UserPair],
    state: Friendship,
    at: Timestamp,
) -> Result<(), StoreError> {
    for some in pairs.chunks(INSERT_ROWS_MAX) {
        let rows: Vec<Row> = some.iter().map(|pair| Row::new(*pair, state, at)).collect();
        each_backend!(conn, inner => {
            diesel::insert_into(friendships::table).values(&rows).execute(inner)
        })?;
    }
    Ok(())
}

/// Those who stand to `me` as the condition says, with `me` from a source.
macro_rules! others {
    ($source:literal, $condition:literal) => {
        concat!(
            "SELECT me.id, u.id, u.name, u.profile FROM ",
            $source,
            " JOIN friendships f ON ",
            $condition,
            // The other one of the two; in this order, because low + high can pass 64 bits.
            " JOIN users u ON u.id = f.low - me.id + f.high ORDER BY f.changed_at, u.id"
        )
    };
}

/// The same for one user on SQLite, and for many on PostgreSQL.
macro_rules! others_of {
    ($condition:literal) => {
        ForEach {
            one: others!("(SELECT ? AS id) me", $condition),
            many: others!("unnest(?) AS me (id)", $condition),
        }
    };
}

const FRIENDS: ForEach = others_of!("(f.low = me.id OR f.high = me.id) AND f.state = 2");
/// But for those of whom one blocks.
const REQUESTS: ForEach = others_of!(
    "((f.low = me.id AND f.state = 1) OR (f.high = me.id AND f.state = 0)) AND NOT EXISTS (SELECT 1 \
     FROM blocks b WHERE b.blocker_id = me.id AND b.blocked_id = f.low - me.id + f.high)"
);

const REQUESTED: ForEach =
    others_of!("((f.low = me.id AND f.state = 0) OR (f.high = me.id AND f.state = 1))");

/// The friends of users, of each the oldest friendship first; nothing of those who have none.
///
/// # Errors
/// [`StoreError::Database`].
pub fn friends_of(
    conn: &mut Connection,
    users: &[UserId],
) -> Result<HashMap<UserId, Vec<User>>, StoreError> {
    lists(FRIENDS.load(conn, users)?)
}

/// Who has asked for the friendship of users and is not blocked by them, of each the oldest request
/// first; nothing of those whom nobody has asked.
///
/// # Errors
/// [`StoreError::Database`].
pub fn requests_to(
    conn: &mut Connection,
    users: &[UserId],
) -> Result<HashMap<UserId, Vec<User>>, StoreError> {
    lists(REQUESTS.load(conn, users)?)
}

/// Whose friendship a user has asked for, oldest request first.
///
/// # Errors
/// [`StoreError::Database`].
pub fn requests_by(conn: &mut Connection, me: UserId) -> Result<Vec<User>, StoreError> {
    Ok(lists(REQUESTED.load(conn, &[me])?)?.remove(&me).unwrap_or_default())
}

fn lists(rows: Vec<FaceFor>) -> Result<HashMap<UserId, Vec<User>>, StoreError> {
    let mut lists: HashMap<UserId, Vec<User>> = HashMap::new();
    for (me, id, name, profile) in rows {
        lists.entry(user_id(me)?).or_default().push(user((id, name, profile))?);
    }
    Ok(lists)
}
