//! Leases on what only one process does at a time, by name.

use diesel::sql_types::Text;

use crate::domain::clock::Timestamp;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::job::{Job, Op, StorePart, Yield};
use crate::store::engine::statement::{Statement, Value};
use crate::store::jobs::Lease;

const TAKE: &str = "INSERT INTO leases (name, holder, until) VALUES (?, ?, ?) \
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until \
    WHERE leases.holder = excluded.holder OR leases.until <= ? RETURNING name";

/// The lease under which something is done.
#[derive(Clone, Copy, Debug)]
pub struct Hold {
    /// Of what.
    pub name: &'static str,
    /// Who does it, and until when alone.
    pub lease: Lease,
    pub now: Timestamp,
}

/// The same job, done only under a lease, which is taken or renewed in one transaction with it; gives `None`
/// if somebody else holds the lease.
pub fn held<P: StorePart, T>(hold: Hold, job: Job<P, impl Op<T>>) -> Job<P, impl Op<Option<T>>> {
    let Hold { name, lease, now } = hold;
    let held = job.wrapped(|op| {
        move |conn: &mut Connection| match take(conn, name, lease, now)? {
            true => {
                let Yield { answer, news } = op(conn)?;
                Ok(Yield { answer: Some(answer), news })
            }
            false => Ok(None.into()),
        }
    });
    held.holding(size_of::<Hold>())
}

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
