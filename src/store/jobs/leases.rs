//! Leases on what only one process does at a time, by name.

use diesel::sql_types::Text;

use crate::domain::clock::Timestamp;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::statement::{Statement, Value};
use crate::store::jobs::Lease;

const TAKE: &str = "INSERT INTO leases (name, holder, until) VALUES (?, ?, ?) \
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until \
    WHERE leases.holder = excluded.holder OR leases.until <= ? RETURNING name";

/// Takes or renews the lease of a name. False if somebody else has it `now`.
///
/// # Errors
/// [`StoreError::Database`].
pub fn take(
    conn: &mut Connection,
    name: &str,
    lease: Lease,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Lease { by, until } = lease;
    let values = [
        Value::Text(name),
        Value::Int(by.into()),
        Value::Int(until.micros()),
        Value::Int(now.micros()),
    ];
    let taken: Vec<String> = Statement::<Text>::new(TAKE, &values).load(conn)?;
    Ok(!taken.is_empty())
}
