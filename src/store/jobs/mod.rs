//! What has still to be done later: jobs, and leases on what only one process does at a time.
//!
//! A job is stored by the transaction that makes it necessary ([`insert`]), so it is done also if the process
//! is killed right after the commit. `queue` is for whoever does jobs, `lookups` what they can ask, and `writes` what they
//! can write. The area knows no kind of job: what a payload says is between the area that stores it and `crate::jobs`.
//!
//! Lease times are by the clock of the process, so clocks of processes that share a database may differ by
//! much less than a lease lasts.

pub mod leases;
pub mod lookups;
pub mod queue;
pub mod writes;

use std::sync::Arc;

use diesel::sql_types::BigInt;
use tokio::sync::Notify;

use crate::domain::clock::Timestamp;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::job::{StorePart, Touches};
use crate::store::engine::statement::{Statement, Value};

const INSERT: &str = "INSERT INTO jobs (kind, key, payload, rev, attempts, due_at) \
    VALUES (?, ?, ?, 0, 0, ?) ON CONFLICT (kind, key) DO NOTHING RETURNING id";
const REPLACE: &str =
    "UPDATE jobs SET payload = ?, rev = rev + 1 WHERE kind = ? AND key = ? RETURNING id";
const WITHDRAW: &str = "DELETE FROM jobs WHERE kind = ? AND key = ? AND payload = ? RETURNING id";

/// The right to what whoever does jobs writes: jobs and leases, and nothing of other areas.
pub struct JobsRight(());

impl StorePart for JobsRight {
    const TOUCHES: Touches = Touches::Rest;
}

/// Who holds something, and until when nobody else may take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The number of the node.
    pub by: i16,
    pub until: Timestamp,
}

/// A job to be stored.
#[derive(Clone, Copy, Debug)]
pub struct NewJob<'a> {
    /// The name of the kind, which says who does it.
    pub kind: &'a str,
    /// What the job is about: while it waits, there is no second one of that kind and key.
    pub key: &'a str,
    /// What its kind has to know. No secrets: it is kept in clear.
    pub payload: &'a str,
    pub due_at: Timestamp,
}

/// Stores a job; call it in the transaction that makes the job necessary. False if one of that kind and key
/// waits already, which stays as it is.
///
/// # Errors
/// [`StoreError::Database`].
pub fn insert(conn: &mut Connection, new: &NewJob<'_>) -> Result<bool, StoreError> {
    let NewJob { kind, key, payload, due_at } = *new;
    let values =
        [Value::Text(kind), Value::Text(key), Value::Text(payload), Value::Int(due_at.micros())];
    hits(conn, INSERT, &values)
}

/// As [`insert`], but a job that waits gets the new payload, and keeps its turn. If somebody is doing that job
/// at the moment, it is done once more afterwards, with the new payload.
///
/// # Errors
/// [`StoreError::Database`].
pub fn insert_or_replace(conn: &mut Connection, new: &NewJob<'_>) -> Result<(), StoreError> {
    let values = [Value::Text(new.payload), Value::Text(new.kind), Value::Text(new.key)];
    if !hits(conn, REPLACE, &values)? {
        insert(conn, new)?;
    }
    Ok(())
}

/// Takes back the job of a key if it has this payload still: it is not to be done any more. False if there
/// is none.
///
/// # Errors
/// [`StoreError::Database`].
pub fn withdraw(
    conn: &mut Connection,
    kind: &str,
    key: &str,
    payload: &str,
) -> Result<bool, StoreError> {
    hits(conn, WITHDRAW, &[Value::Text(kind), Value::Text(key), Value::Text(payload)])
}

/// Runs a statement that gives an id for each row it changes, and says whether there was one.
fn hits(
    conn: &mut Connection,
    sql: &'static str,
    values: &[Value<'_>],
) -> Result<bool, StoreError> {
    let ids: Vec<i64> = Statement::<BigInt>::new(sql, values).load(conn)?;
    Ok(!ids.is_empty())
}

/// The way to hurry whoever does jobs. Cloning it is cheap. A job that nobody hurries is done all the same, a
/// minute later at most.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    wake: Arc<Notify>,
}

impl Queue {
    /// Says that a job has been committed.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits until somebody has said so since the last time.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }
}
