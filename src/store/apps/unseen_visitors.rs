//! Visitors whom nobody has seen for long: they are forgotten, and what they have said stays with the agents.
//!
//! A row of `users` stays, for the history of others, as that of an account that was deleted.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::domain::clock::Timestamp;
use crate::domain::id::{AppId, UserId};
use crate::store::apps::waits;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::ids::{app_id, user_id};
use crate::store::engine::statement::{Statement, Value};
use crate::store::schema::{app_tokens, app_users, pushes, users, visits};

/// Whoever has a good token may be there all the time.
const UNSEEN: &str = "SELECT a.app_id, a.user_id FROM app_users a WHERE a.seen_at < ? \
    AND a.is_agent = FALSE AND NOT EXISTS (SELECT 1 FROM app_tokens t \
    WHERE t.user_id = a.user_id AND t.expires_at > ?) ORDER BY a.seen_at LIMIT ?";

fn unseen(
    conn: &mut Connection,
    before: Timestamp,
    now: Timestamp,
    max: i64,
) -> Result<Vec<(AppId, UserId)>, StoreError> {
    let values = [before.micros(), now.micros(), max].map(Value::Int);
    let rows: Vec<(i64, i64)> = Statement::<(BigInt, BigInt)>::new(UNSEEN, &values).load(conn)?;
    rows.into_iter().map(|(app, user)| Ok((app_id(app)?, user_id(user)?))).collect()
}

/// Whether there are any of a moment.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn are_there(
    conn: &mut Connection,
    before: Timestamp,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(!unseen(conn, before, now, 1)?.is_empty())
}

/// Forgets those of a moment, at most so many; how many it were.
///
/// # Errors
/// As [`are_there`].
pub fn sweep(
    conn: &mut Connection,
    before: Timestamp,
    now: Timestamp,
    max: i64,
) -> Result<usize, StoreError> {
    let gone = unseen(conn, before, now, max)?;
    for (app, user) in &gone {
        forget(conn, *app, *user, now)?;
    }
    Ok(gone.len())
}

/// Forgets a visitor.
///
/// # Errors
/// [`StoreError::Database`].
pub(super) fn forget(
    conn: &mut Connection,
    app: AppId,
    user: UserId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let id = user.get();
    waits::remove(conn, app, user)?;
    diesel::delete(app_tokens::table.filter(app_tokens::user_id.eq(id))).execute(conn)?;
    diesel::delete(pushes::table.filter(pushes::user_id.eq(id))).execute(conn)?;
    diesel::delete(visits::table.filter(visits::user_id.eq(id))).execute(conn)?;
    diesel::delete(app_users::table.find((app.get(), id))).execute(conn)?;
    let deleted = users::deleted_at.eq(Some(now.micros()));
    diesel::update(users::table.find(id)).set(deleted).execute(conn)?;
    Ok(())
}
