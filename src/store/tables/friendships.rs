//! Friendships: what stands between two users; no row, nothing.

use diesel::prelude::*;

use crate::domain::clock::Timestamp;
use crate::domain::friendship::Friendship;
use crate::domain::id::UserId;
use crate::domain::user::{User, UserPair};
use crate::store::Connection;
use crate::store::connection::each_backend;
use crate::store::error::StoreError;
use crate::store::schema::{friendships, users};

use super::INSERT_ROWS_MAX;
use super::users::{FACE, Face, user};

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

/// The friends of a user, oldest friendship first.
///
/// # Errors
/// [`StoreError::Database`].
pub fn friends_of(conn: &mut Connection, me: UserId) -> Result<Vec<User>, StoreError> {
    let mine = friendships::low.eq(me.get()).or(friendships::high.eq(me.get()));
    let friends = friendships::state.eq(code(Friendship::Friends));
    // The other one of the two; in this order, because low + high can pass 64 bits.
    let other = friendships::low - me.get() + friendships::high;
    let faces: Vec<Face> = friendships::table
        .inner_join(users::table.on(users::id.eq(other)))
        .filter(mine.and(friends))
        .order((friendships::changed_at.asc(), users::id.asc()))
        .select(FACE)
        .load(conn)?;
    faces.into_iter().map(user).collect()
}

/// The users who have asked for a user's friendship, oldest request first.
///
/// # Errors
/// [`StoreError::Database`].
pub fn requests_to(conn: &mut Connection, me: UserId) -> Result<Vec<User>, StoreError> {
    let by_high = friendships::state.eq(code(Friendship::RequestedByHigh));
    let by_low = friendships::state.eq(code(Friendship::RequestedByLow));
    let to_low = friendships::low.eq(me.get()).and(by_high);
    let to_high = friendships::high.eq(me.get()).and(by_low);
    let other = friendships::low - me.get() + friendships::high;
    let faces: Vec<Face> = friendships::table
        .inner_join(users::table.on(users::id.eq(other)))
        .filter(to_low.or(to_high))
        .order((friendships::changed_at.asc(), users::id.asc()))
        .select(FACE)
        .load(conn)?;
    faces.into_iter().map(user).collect()
}
