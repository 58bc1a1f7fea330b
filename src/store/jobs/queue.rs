//! Jobs as whoever does them sees them: look, claim, renew the lease, and say how it ended.
//!
//! A job is its holder's by node and end of the lease together: a node that has stood still while its lease
//! ran out, and somebody else took the job, changes nothing any more.

use diesel::sql_types::{BigInt, Integer, Nullable, Text};

use crate::domain::clock::Timestamp;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::statement::{Statement, Value};
use crate::store::jobs::{Lease, hits};

const LOOK: &str = "SELECT count(*), \
    min(CASE WHEN lease_until > due_at THEN lease_until ELSE due_at END) FROM jobs WHERE kind = ?";
/// With how the rows are locked. On PostgreSQL nobody waits for a job that another one is just taking.
macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "WITH due AS MATERIALIZED (SELECT id AS due_id FROM jobs WHERE kind = ? ",
            "AND due_at <= ? AND (lease_until IS NULL OR lease_until <= ?) ",
            "ORDER BY due_at, id LIMIT ?",
            $lock,
            ") UPDATE jobs SET lease_by = ?, lease_until = ? FROM due WHERE id = due_id ",
            "RETURNING id, payload, rev, attempts, due_at"
        )
    };
}
const CLAIM_SQLITE: &str = claim!("");
const CLAIM_POSTGRES: &str = claim!(" FOR UPDATE SKIP LOCKED");
const RENEW: &str = "UPDATE jobs SET lease_until = ? \
    WHERE id = ? AND lease_by = ? AND lease_until = ? RETURNING id";
const FINISH: &str =
    "DELETE FROM jobs WHERE rev = ? AND id = ? AND lease_by = ? AND lease_until = ? RETURNING id";
const RELEASE: &str = "UPDATE jobs SET lease_by = NULL, lease_until = NULL \
    WHERE id = ? AND lease_by = ? AND lease_until = ? RETURNING id";
const FAIL: &str = "UPDATE jobs \
    SET attempts = attempts + 1, due_at = ?, lease_by = NULL, lease_until = NULL \
    WHERE id = ? AND lease_by = ? AND lease_until = ? RETURNING id";
const HELD: &str = "SELECT id FROM jobs WHERE lease_by = ? LIMIT 1";
const FREE: &str =
    "UPDATE jobs SET lease_by = NULL, lease_until = NULL WHERE lease_by = ? RETURNING id";

/// The jobs of a kind at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// How many are not done, due or not.
    pub waiting: i64,
    /// When the next one can be claimed.
    pub next_at: Option<Timestamp>,
}

/// A job that was claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueJob {
    pub id: i64,
    /// What its kind has to know.
    pub payload: String,
    /// How often the payload was replaced.
    pub rev: i64,
    /// How often it has failed.
    pub attempts: i32,
    pub lease: Lease,
}

impl DueJob {
    /// What names the job and its holder in a statement.
    fn held(&self) -> [Value<'static>; 3] {
        let Lease { by, until } = self.lease;
        [Value::Int(self.id), Value::Int(by.into()), Value::Int(until.micros())]
    }
}

/// Looks at the jobs of a kind; for this nobody has to write.
///
/// # Errors
/// [`StoreError::Database`].
pub fn look(conn: &mut Connection, kind: &str) -> Result<Look, StoreError> {
    let values = [Value::Text(kind)];
    let rows: Vec<(i64, Option<i64>)> =
        Statement::<(BigInt, Nullable<BigInt>)>::new(LOOK, &values).load(conn)?;
    let (waiting, next_at) = rows.first().copied().unwrap_or_default();
    Ok(Look { waiting, next_at: next_at.map(Timestamp::from_micros) })
}

/// Takes at most `limit` jobs of a kind that are due `now` and held by nobody, the longest waiting first.
///
/// # Errors
/// [`StoreError::Database`].
pub fn claim(
    conn: &mut Connection,
    kind: &str,
    now: Timestamp,
    lease: Lease,
    limit: u32,
) -> Result<Vec<DueJob>, StoreError> {
    type Columns = (i64, String, i64, i32, i64);
    let (by, until) = (Value::Int(lease.by.into()), Value::Int(lease.until.micros()));
    let now = Value::Int(now.micros());
    let values = [Value::Text(kind), now, now, Value::Int(limit.into()), by, until];
    let sql = match conn {
        Connection::Sqlite(_) => CLAIM_SQLITE,
        Connection::Postgres(_) => CLAIM_POSTGRES,
    };
    let statement = Statement::<(BigInt, Text, BigInt, Integer, BigInt)>::new(sql, &values);
    let mut claimed: Vec<Columns> = statement.load(conn)?;
    // An update gives its rows in no order.
    claimed.sort_unstable_by_key(|(id, .., due_at)| (*due_at, *id));
    let job = |(id, payload, rev, attempts, _)| DueJob { id, payload, rev, attempts, lease };
    Ok(claimed.into_iter().map(job).collect())
}

/// Holds a job for longer. False if it is not the holder's any more; then the holder must stop doing it.
///
/// # Errors
/// [`StoreError::Database`].
pub fn renew(conn: &mut Connection, job: &DueJob, until: Timestamp) -> Result<bool, StoreError> {
    let [id, by, old] = job.held();
    hits(conn, RENEW, &[Value::Int(until.micros()), id, by, old])
}

/// Forgets a job: it is done, or given up. If its payload was replaced meanwhile, it waits again.
///
/// # Errors
/// [`StoreError::Database`].
pub fn finish(conn: &mut Connection, job: &DueJob) -> Result<(), StoreError> {
    let [id, by, until] = job.held();
    if !hits(conn, FINISH, &[Value::Int(job.rev), id, by, until])? {
        release(conn, job)?;
    }
    Ok(())
}

/// Gives a job back as it was, to be done by anybody.
///
/// # Errors
/// [`StoreError::Database`].
pub fn release(conn: &mut Connection, job: &DueJob) -> Result<(), StoreError> {
    hits(conn, RELEASE, &job.held()).map(drop)
}

/// Counts a failure, and lets the job wait until it is due again.
///
/// # Errors
/// [`StoreError::Database`].
pub fn fail(conn: &mut Connection, job: &DueJob, due_at: Timestamp) -> Result<(), StoreError> {
    let [id, by, until] = job.held();
    hits(conn, FAIL, &[Value::Int(due_at.micros()), id, by, until]).map(drop)
}

/// Whether a node holds any job.
///
/// # Errors
/// [`StoreError::Database`].
pub fn holds_any(conn: &mut Connection, by: i16) -> Result<bool, StoreError> {
    hits(conn, HELD, &[Value::Int(by.into())])
}

/// Gives back all that a node holds: it ends, or it starts and was killed before.
///
/// # Errors
/// [`StoreError::Database`].
pub fn free(conn: &mut Connection, by: i16) -> Result<(), StoreError> {
    hits(conn, FREE, &[Value::Int(by.into())]).map(drop)
}
