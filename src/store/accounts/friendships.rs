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

/// Half of those who stand to some users in a way: those with whom their ids are in that column.
macro_rules! half_of {
    ($me:literal, $ids:literal, $other:literal, $state:literal, $and:expr) => {
        concat!(
            "SELECT f.",
            $me,
            ", u.id AS id, u.name, u.profile, f.changed_at AS since ",
            "FROM friendships f JOIN users u ON u.id = f.",
            $other,
            " WHERE f.",
            $me,
            $ids,
            " AND f.state = ",
            $state,
            $and
        )
    };
}

/// All of them, by the state where the id is the lower one and where it is the higher one.
///
/// Two halves, because SQLite makes a table for each query that asks for both with OR: it cost more than
/// all the rest of a log-in.
macro_rules! others_of {
    ($low:literal, $low_and:expr; $high:literal, $high_and:expr) => {
        ForEach {
            one: concat!(
                half_of!("low", " = ?", "high", $low, $low_and),
                " UNION ALL ",
                half_of!("high", " = ?", "low", $high, $high_and),
                " ORDER BY since, id"
            ),
            many: concat!(
                half_of!("low", " = ANY(?)", "high", $low, $low_and),
                " UNION ALL ",
                half_of!("high", " = ANY(?)", "low", $high, $high_and),
                " ORDER BY since, id"
            ),
            places: 2,
        }
    };
}

/// Whom one blocks is left out.
macro_rules! unless_blocked {
    ($me:literal, $other:literal) => {
        concat!(
            " AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.blocker_id = f.",
            $me,
            " AND b.blocked_id = f.",
            $other,
            ")"
        )
    };
}

const FRIENDS: ForEach = others_of!("2", ""; "2", "");
const REQUESTS: ForEach =
    others_of!("1", unless_blocked!("low", "high"); "0", unless_blocked!("high", "low"));
const REQUESTED: ForEach = others_of!("0", ""; "1", "");

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
    for (me, id, name, profile, _) in rows {
        lists.entry(user_id(me)?).or_default().push(user((id, name, profile))?);
    }
    Ok(lists)
}
