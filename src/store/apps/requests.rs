//! The order of requests of an app: each has a time of its own, which strictly grows.

use diesel::sql_types::BigInt;

use crate::domain::clock::Timestamp;
use crate::domain::id::AppId;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::statement::{Statement, Value};

const NEXT: &str = "UPDATE apps SET request_ms = \
    CASE WHEN request_ms >= ? THEN request_ms + 1 ELSE ? END WHERE id = ? RETURNING request_ms";

/// The time in the name of the next request of an app, in milliseconds: now, or more if there was one already.
///
/// # Errors
/// [`StoreError::Database`]; so if there is no such app.
pub fn next_ms(conn: &mut Connection, app: AppId, now: Timestamp) -> Result<i64, StoreError> {
    let now_ms = now.millis();
    let values = [Value::Int(now_ms), Value::Int(now_ms), Value::Int(app.get())];
    let given: Vec<i64> = Statement::<BigInt>::new(NEXT, &values).load(conn)?;
    Ok(given.first().copied().ok_or(diesel::result::Error::NotFound)?)
}
