//! Setting a subscription to another place: in steps, so that nobody waits long for the writer.

use diesel::sql_types::BigInt;

use crate::domain::id::{SnapshotId, SubscriptionId};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::id_list::IdList;
use crate::store::engine::statement::{Statement, Value};
use crate::store::pubsub::acks;

/// Messages moved in one step.
pub const STEP_MAX: i64 = 1_000;

const WAITING_BEFORE: &str = "SELECT message_id FROM ps_backlog \
    WHERE subscription_id = ? AND message_id < ? ORDER BY message_id LIMIT ?";
const RETAINED_SINCE: &str = "SELECT message_id FROM ps_retained \
    WHERE subscription_id = ? AND message_id >= ? ORDER BY message_id LIMIT ?";
const WAITING_NOT_IN_SNAPSHOT: &str = "SELECT b.message_id FROM ps_backlog b \
    JOIN ps_snapshots n ON n.id = ? WHERE b.subscription_id = ? AND b.message_id <= n.position \
    AND NOT EXISTS (SELECT 1 FROM ps_snapshot_messages k \
    WHERE k.snapshot_id = n.id AND k.message_id = b.message_id) LIMIT ?";
const RETAINED_SINCE_SNAPSHOT: &str = "SELECT r.message_id FROM ps_retained r \
    JOIN ps_snapshots n ON n.id = ? WHERE r.subscription_id = ? AND r.message_id > n.position LIMIT ?";
const IN_SNAPSHOT_ALONE: &str = "SELECT k.message_id FROM ps_snapshot_messages k \
    WHERE k.snapshot_id = ? AND NOT EXISTS (SELECT 1 FROM ps_backlog b \
    WHERE b.subscription_id = ? AND b.message_id = k.message_id) LIMIT ?";
const PUT_BACK: &str = "INSERT INTO ps_backlog (subscription_id, message_id, attempt) \
    SELECT ?, list.id, 0 FROM LIST AS list WHERE EXISTS \
    (SELECT 1 FROM ps_messages m WHERE m.id = list.id) \
    ON CONFLICT (subscription_id, message_id) DO NOTHING";
const DROP_RETAINED: &str =
    "DELETE FROM ps_retained WHERE subscription_id = ? AND message_id IN LIST";

/// Where a subscription is set to, as the store knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeekPoint {
    /// What was published before this moment counts as acknowledged.
    Before(i64),
    Snapshot(SnapshotId),
}

/// Does a step; false once there is nothing left to do.
pub(super) fn step(
    conn: &mut Connection,
    subscription: SubscriptionId,
    to: SeekPoint,
) -> Result<bool, StoreError> {
    let done = acknowledge_some(conn, subscription, to)?;
    if done > 0 {
        return Ok(true);
    }
    put_back_some(conn, subscription, to)
}

fn acknowledge_some(
    conn: &mut Connection,
    subscription: SubscriptionId,
    to: SeekPoint,
) -> Result<usize, StoreError> {
    let ids = match to {
        SeekPoint::Before(bound) => ids_of(conn, WAITING_BEFORE, [subscription.get(), bound])?,
        SeekPoint::Snapshot(id) => {
            ids_of(conn, WAITING_NOT_IN_SNAPSHOT, [id.get(), subscription.get()])?
        }
    };
    acks::acknowledge(conn, subscription, &ids)?;
    Ok(ids.len())
}

fn put_back_some(
    conn: &mut Connection,
    subscription: SubscriptionId,
    to: SeekPoint,
) -> Result<bool, StoreError> {
    let ids = match to {
        SeekPoint::Before(bound) => ids_of(conn, RETAINED_SINCE, [subscription.get(), bound])?,
        SeekPoint::Snapshot(id) => {
            let mut found = ids_of(conn, IN_SNAPSHOT_ALONE, [id.get(), subscription.get()])?;
            let since = [id.get(), subscription.get()];
            found.extend(ids_of(conn, RETAINED_SINCE_SNAPSHOT, since)?);
            found
        }
    };
    if ids.is_empty() {
        return Ok(false);
    }
    let list = IdList::new(conn, &ids);
    let values = [Value::Int(subscription.get()), list.value()];
    Statement::<()>::new(list.sql(PUT_BACK), &values).run(conn)?;
    Statement::<()>::new(list.sql(DROP_RETAINED), &values).run(conn)?;
    Ok(true)
}

fn ids_of(
    conn: &mut Connection,
    sql: &'static str,
    [one, other]: [i64; 2],
) -> Result<Vec<i64>, StoreError> {
    let values = [one, other, STEP_MAX].map(Value::Int);
    Statement::<BigInt>::new(sql, &values).load(conn)
}
