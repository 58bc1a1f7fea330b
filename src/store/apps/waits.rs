//! Visitors who wait for the first agent of their app.

use diesel::sql_types::BigInt;

use crate::domain::clock::Timestamp;
use crate::domain::id::{AppId, UserId};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::ids::user_id;
use crate::store::engine::statement::{Statement, Value};

const ADD: &str = "INSERT INTO conversation_waits (app_id, user_id, since) VALUES (?, ?, ?) \
                   ON CONFLICT DO NOTHING";
const REMOVE: &str = "DELETE FROM conversation_waits WHERE app_id = ? AND user_id = ?";
const SOME: &str = "SELECT user_id FROM conversation_waits WHERE app_id = ? \
                    ORDER BY since, user_id LIMIT ?";
const LENGTH: &str = "SELECT count(*) FROM conversation_waits WHERE app_id = ?";
const BEFORE: &str = "SELECT count(*) FROM conversation_waits o JOIN conversation_waits w \
    ON w.app_id = o.app_id AND (o.since < w.since OR o.since = w.since AND o.user_id <= w.user_id) \
    WHERE w.app_id = ? AND w.user_id = ?";

/// Has a visitor wait, after all who do.
///
/// # Errors
/// [`StoreError::Database`]; so for all here.
pub fn add(
    conn: &mut Connection,
    app: AppId,
    user: UserId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let values = [app.get(), user.get(), now.micros()].map(Value::Int);
    Statement::<()>::new(ADD, &values).run(conn)
}

/// Has a visitor wait no more.
///
/// # Errors
/// As [`add`].
pub fn remove(conn: &mut Connection, app: AppId, user: UserId) -> Result<(), StoreError> {
    let values = [app.get(), user.get()].map(Value::Int);
    Statement::<()>::new(REMOVE, &values).run(conn)
}

/// The visitors of an app who have waited longest, at most so many.
///
/// # Errors
/// As [`add`].
pub fn longest(conn: &mut Connection, app: AppId, max: i64) -> Result<Vec<UserId>, StoreError> {
    let values = [app.get(), max].map(Value::Int);
    let ids: Vec<i64> = Statement::<BigInt>::new(SOME, &values).load(conn)?;
    ids.into_iter().map(user_id).collect()
}

/// How many wait in an app, and the place of a visitor among them, from 1; 0 for one who does not wait.
///
/// # Errors
/// As [`add`].
pub fn place(conn: &mut Connection, app: AppId, user: UserId) -> Result<(i64, i64), StoreError> {
    let length = count(conn, LENGTH, &[Value::Int(app.get())])?;
    let place = count(conn, BEFORE, &[app.get(), user.get()].map(Value::Int))?;
    Ok((length, place))
}

fn count(
    conn: &mut Connection,
    sql: &'static str,
    values: &[Value<'_>],
) -> Result<i64, StoreError> {
    let counts: Vec<i64> = Statement::<BigInt>::new(sql, values).load(conn)?;
    Ok(counts.into_iter().next().unwrap_or(0))
}
