//! What ends by time: messages that nobody has had, subscriptions that nobody uses, snapshots.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::domain::clock::Timestamp;
use crate::domain::id::SubscriptionId;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::id_list::IdList;
use crate::store::engine::ids::{snapshot_id, subscription_id};
use crate::store::engine::statement::{Statement, Value};
use crate::store::pubsub::{acks, bridges, leavings, snapshots, subscriptions};
use crate::store::schema::ps_snapshots;

const OLD_WAITING: &str = "SELECT s.id, b.message_id FROM ps_subscriptions s JOIN ps_backlog b \
    ON b.subscription_id = s.id AND b.message_id < ? - s.retention LIMIT ?";
/// What is kept although it has been acknowledged: too old, or for nothing any more.
const OLD_RETAINED: &str = "SELECT s.id, r.message_id FROM ps_subscriptions s JOIN ps_retained r \
    ON r.subscription_id = s.id AND (r.message_id < ? - s.retention OR NOT (s.retains_acked OR EXISTS \
    (SELECT 1 FROM ps_snapshots n WHERE n.topic_id = s.topic_id))) LIMIT ?";
const UNUSED: &str = "SELECT id FROM ps_subscriptions WHERE active_at + expires_after < ? LIMIT ?";
const DROP_WAITING: &str =
    "DELETE FROM ps_backlog WHERE subscription_id = ? AND message_id IN LIST";
const DROP_RETAINED: &str =
    "DELETE FROM ps_retained WHERE subscription_id = ? AND message_id IN LIST";
const DROP_KEPT: &str =
    "DELETE FROM ps_snapshot_messages WHERE snapshot_id = ? AND message_id IN LIST";

/// What a sweep has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PubsubSwept {
    pub rows: usize,
    /// Subscriptions that have expired.
    pub expired: Vec<SubscriptionId>,
}

/// Whether there is something to sweep.
///
/// # Errors
/// [`StoreError::Database`].
pub fn is_due(conn: &mut Connection, now: Timestamp) -> Result<bool, StoreError> {
    Ok(!unused(conn, now, 1)?.is_empty()
        || !old(conn, OLD_WAITING, now, 1)?.is_empty()
        || !old(conn, OLD_RETAINED, now, 1)?.is_empty()
        || leavings::next(conn)?.is_some()
        || bridges::ended(conn)?.is_some()
        || !expired_snapshots(conn, now, 1)?.is_empty()
        || !snapshots::orphans(conn, 1)?.is_empty())
}

/// Forgets some of what has had its time, at most so many rows of one sort.
pub(super) fn sweep(
    conn: &mut Connection,
    now: Timestamp,
    rows_max: i64,
) -> Result<PubsubSwept, StoreError> {
    let mut swept = PubsubSwept::default();
    for id in unused(conn, now, rows_max)? {
        let id = subscription_id(id)?;
        subscriptions::remove(conn, id)?;
        leavings::leave(conn, id)?;
        swept.expired.push(id);
    }
    for id in expired_snapshots(conn, now, rows_max)? {
        snapshots::remove(conn, snapshot_id(id)?)?;
        swept.rows = swept.rows.saturating_add(1);
    }
    let waiting = old(conn, OLD_WAITING, now, rows_max)?;
    let retained = old(conn, OLD_RETAINED, now, rows_max)?;
    let kept = snapshots::orphans(conn, rows_max)?;
    for (sql, rows) in [(DROP_WAITING, waiting), (DROP_RETAINED, retained), (DROP_KEPT, kept)] {
        swept.rows = swept.rows.saturating_add(rows.len());
        drop_rows(conn, sql, rows)?;
    }
    swept.rows = swept.rows.saturating_add(leavings::sweep(conn, rows_max)?);
    swept.rows = swept.rows.saturating_add(bridges::sweep(conn, rows_max)?);
    swept.rows = swept.rows.saturating_add(swept.expired.len());
    Ok(swept)
}

/// Drops messages of each owner, and those that nobody has any more.
fn drop_rows(
    conn: &mut Connection,
    sql: &str,
    mut rows: Vec<(i64, i64)>,
) -> Result<(), StoreError> {
    rows.sort_unstable();
    for of_one in rows.chunk_by(|one, next| one.0 == next.0) {
        let Some((owner, _)) = of_one.first() else { continue };
        let ids: Vec<i64> = of_one.iter().map(|(_, message)| *message).collect();
        let list = IdList::new(conn, &ids);
        let values = [Value::Int(*owner), list.value()];
        Statement::<()>::new(list.sql(sql), &values).run(conn)?;
        acks::forget(conn, &ids)?;
    }
    Ok(())
}

fn old(
    conn: &mut Connection,
    sql: &'static str,
    now: Timestamp,
    rows_max: i64,
) -> Result<Vec<(i64, i64)>, StoreError> {
    let values = [now.micros(), rows_max].map(Value::Int);
    Statement::<(BigInt, BigInt)>::new(sql, &values).load(conn)
}

fn unused(conn: &mut Connection, now: Timestamp, rows_max: i64) -> Result<Vec<i64>, StoreError> {
    let values = [now.micros(), rows_max].map(Value::Int);
    Statement::<BigInt>::new(UNUSED, &values).load(conn)
}

fn expired_snapshots(
    conn: &mut Connection,
    now: Timestamp,
    rows_max: i64,
) -> Result<Vec<i64>, StoreError> {
    Ok(ps_snapshots::table
        .filter(ps_snapshots::expires_at.lt(now.micros()))
        .select(ps_snapshots::id)
        .limit(rows_max)
        .load(conn)?)
}
