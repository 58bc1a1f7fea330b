//! What waits for devices: a row for each message that a device does not have yet, as far as it has said.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::domain::apps::downstream::{BATCH_BYTES_MAX, BATCH_MAX, Downstream, WAITING_MAX};
use crate::domain::clock::Timestamp;
use crate::domain::id::{DeviceId, DownstreamId};
use crate::store::apps::downstreams;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::id_list::IdList;
use crate::store::engine::statement::{Statement, Value};

const INSERT: &str = "INSERT INTO deliveries (device_id, message_id, acked, queued) \
    SELECT list.id, m.id, FALSE, m.queued FROM downstreams m CROSS JOIN LIST AS list WHERE m.id = ? \
    ON CONFLICT (device_id, message_id) DO NOTHING RETURNING device_id";
/// An app with so few messages lets no more wait for anybody.
const MANY: &str = "SELECT d.id FROM downstreams d \
    WHERE d.app_id = (SELECT m.app_id FROM downstreams m WHERE m.id = ?) LIMIT 1 OFFSET ?";
/// Devices for which more of a kind waits than may, queued or not, with the newest of what is to go.
const FULL: &str = "WITH newest AS MATERIALIZED (SELECT list.id AS id, \
    (SELECT w.message_id FROM deliveries w WHERE w.device_id = list.id AND NOT w.acked \
    AND w.queued = (SELECT m.queued FROM downstreams m WHERE m.id = ?) \
    ORDER BY w.message_id DESC LIMIT 1 OFFSET ?) AS last FROM LIST AS list) \
    SELECT id, last FROM newest WHERE last IS NOT NULL";
/// Takes a list of pairs.
const DROP_SQLITE: &str = "DELETE FROM deliveries WHERE (device_id, message_id) IN \
    (SELECT w.device_id, w.message_id FROM json_each(?) f JOIN deliveries w \
    ON w.device_id = f.value ->> 0 AND w.message_id <= f.value ->> 1 WHERE NOT w.acked \
    AND w.queued = (SELECT m.queued FROM downstreams m WHERE m.id = ?))";
const DROP_POSTGRES: &str = "DELETE FROM deliveries w USING unnest(?, ?) AS f (device_id, last) \
    WHERE w.device_id = f.device_id AND w.message_id <= f.last AND NOT w.acked \
    AND w.queued = (SELECT m.queued FROM downstreams m WHERE m.id = ?)";
/// What waits, the newest first, with how long each is.
const WAITING: &str = "SELECT w.message_id, CAST(octet_length(m.data) AS BIGINT) FROM deliveries w \
    JOIN downstreams m ON m.id = w.message_id \
    WHERE w.device_id = ? AND NOT w.acked AND m.expires_at > ? ORDER BY w.message_id DESC LIMIT ?";
const OPEN: &str = "SELECT d.id FROM downstreams d WHERE d.reached IS NOT NULL AND d.id IN LIST";
const MARK: &str = "UPDATE deliveries SET acked = TRUE WHERE device_id = ? AND message_id = ?";
const FORGET: &str = "DELETE FROM deliveries WHERE device_id = ? AND message_id = ? AND NOT acked";
/// Take lists of pairs.
const MARK_POSTGRES: &str = "UPDATE deliveries w SET acked = TRUE \
    FROM unnest(?, ?) AS f (device_id, message_id) \
    WHERE w.device_id = f.device_id AND w.message_id = f.message_id";
const FORGET_POSTGRES: &str = "DELETE FROM deliveries w USING unnest(?, ?) AS f (device_id, message_id) \
    WHERE w.device_id = f.device_id AND w.message_id = f.message_id AND NOT w.acked";
const FORGET_MARKS: &str = "DELETE FROM deliveries WHERE message_id = ? AND device_id > ? AND device_id <= ? \
    AND acked";
const FORGET_MESSAGE: &str = "DELETE FROM deliveries WHERE (device_id, message_id) IN \
    (SELECT w.device_id, w.message_id FROM deliveries w WHERE w.message_id = ? LIMIT ?) RETURNING device_id";

/// For so many devices it is looked at once what waits for each.
const FEW: usize = 8;

/// A part of what waits for a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingBatch {
    /// The newest first; empty if nothing waits that was not sent before.
    pub messages: Vec<Downstream>,
    /// What was sent before and waits still: to be acknowledged.
    pub sent: HashSet<DownstreamId>,
}

/// Lets a message wait for devices, each named once and there; of what waits for each, the oldest beyond
/// [`WAITING_MAX`] goes: of what is queued, or of what is not, so that the one costs the other nothing. Gives those for
/// which it did not wait already.
pub(in crate::store) fn insert(
    conn: &mut Connection,
    message: DownstreamId,
    devices: &[i64],
) -> Result<Vec<i64>, StoreError> {
    if devices.is_empty() {
        return Ok(Vec::new());
    }
    let list = IdList::new(conn, devices);
    let values = [list.value(), Value::Int(message.get())];
    let new: Vec<i64> = Statement::<BigInt>::new(list.sql(INSERT), &values).load(conn)?;
    let kept = i64::try_from(WAITING_MAX).unwrap_or(i64::MAX);
    // To count what waits for each device costs more than all the rest; for few it is less than this look.
    let values = [message.get(), kept].map(Value::Int);
    if devices.len() <= FEW
        || !Statement::<BigInt>::new(MANY, &values).load::<i64>(conn)?.is_empty()
    {
        trim(conn, (message, &list), kept)?;
    }
    Ok(new)
}

/// Drops what is too much of the kind of a message.
fn trim(
    conn: &mut Connection,
    (message, devices): (DownstreamId, &IdList),
    kept: i64,
) -> Result<(), StoreError> {
    let message = Value::Int(message.get());
    let values = [message, Value::Int(kept), devices.value()];
    let full: Vec<(i64, i64)> =
        Statement::<(BigInt, BigInt)>::new(devices.sql(FULL), &values).load(conn)?;
    if full.is_empty() {
        return Ok(());
    }
    match conn {
        Connection::Sqlite(_) => {
            let pairs: Vec<String> =
                full.iter().map(|(device, last)| format!("[{device},{last}]")).collect();
            let json = format!("[{}]", pairs.join(","));
            Statement::<()>::new(DROP_SQLITE, &[Value::Text(&json), message]).run(conn)
        }
        Connection::Postgres(_) => {
            let (devices, last): (Vec<i64>, Vec<i64>) = full.into_iter().unzip();
            let values = [Value::Ints(&devices), Value::Ints(&last), message];
            Statement::<()>::new(DROP_POSTGRES, &values).run(conn)
        }
    }
}

/// The next batch of what waits for a device, without what was sent already: of the oldest, at most [`BATCH_MAX`]
/// messages or [`BATCH_BYTES_MAX`] bytes of text, and at least one.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn waiting(
    conn: &mut Connection,
    device: DeviceId,
    sent: &HashSet<DownstreamId>,
    now: Timestamp,
) -> Result<WaitingBatch, StoreError> {
    // As many of each kind, queued or not.
    let most = i64::try_from(WAITING_MAX.saturating_mul(2)).unwrap_or(i64::MAX);
    let values = [device.get(), now.micros(), most].map(Value::Int);
    let rows: Vec<(i64, i64)> = Statement::<(BigInt, BigInt)>::new(WAITING, &values).load(conn)?;
    let (mut known, mut next, mut bytes) = (HashSet::new(), Vec::new(), 0_usize);
    for (id, size) in rows.into_iter().rev() {
        if let Some(before) = DownstreamId::new(id).filter(|id| sent.contains(id)) {
            known.insert(before);
            continue;
        }
        bytes = bytes.saturating_add(usize::try_from(size).unwrap_or(usize::MAX));
        let fits = next.is_empty() || next.len() < BATCH_MAX && bytes <= BATCH_BYTES_MAX;
        // Those that follow are newer: none of them may come before this one.
        if fits {
            next.push(id);
        } else {
            bytes = usize::MAX;
        }
    }
    Ok(WaitingBatch { messages: downstreams::newest_first(conn, &next)?, sent: known })
}

/// Devices have these messages; those that do not wait for them are passed over.
///
/// # Errors
/// [`StoreError::Database`].
pub fn acknowledge(
    conn: &mut Connection,
    had: &[(DeviceId, DownstreamId)],
) -> Result<(), StoreError> {
    let mut ids: Vec<i64> = had.iter().map(|(_, message)| message.get()).collect();
    ids.sort_unstable();
    ids.dedup();
    let list = IdList::new(conn, &ids);
    let open: Vec<i64> = Statement::<BigInt>::new(list.sql(OPEN), &[list.value()]).load(conn)?;
    let open: HashSet<i64> = open.into_iter().collect();
    let pairs = had.iter().map(|(device, message)| (device.get(), message.get()));
    // What is still being delivered must not be delivered anew to who has it already.
    let (marked, forgotten): (Vec<_>, Vec<_>) =
        pairs.partition(|(_, message)| open.contains(message));
    each_pair(conn, (MARK, MARK_POSTGRES), marked)?;
    each_pair(conn, (FORGET, FORGET_POSTGRES), forgotten)
}

/// Runs a statement for each pair of a device and a message; PostgreSQL takes all of them at once.
fn each_pair(
    conn: &mut Connection,
    (sqlite, postgres): (&'static str, &'static str),
    mut pairs: Vec<(i64, i64)>,
) -> Result<(), StoreError> {
    pairs.sort_unstable();
    if matches!(conn, Connection::Sqlite(_)) {
        for (device, message) in pairs {
            Statement::<()>::new(sqlite, &[device, message].map(Value::Int)).run(conn)?;
        }
        return Ok(());
    }
    if pairs.is_empty() {
        return Ok(());
    }
    let (devices, messages): (Vec<i64>, Vec<i64>) = pairs.into_iter().unzip();
    let values = [Value::Ints(&devices), Value::Ints(&messages)];
    Statement::<()>::new(postgres, &values).run(conn)
}

/// Forgets that devices have a message, which is delivered to none of them any more: those after one device and up to
/// another.
pub(in crate::store) fn forget_marks(
    conn: &mut Connection,
    message: DownstreamId,
    (after, through): (i64, i64),
) -> Result<(), StoreError> {
    let values = [message.get(), after, through].map(Value::Int);
    Statement::<()>::new(FORGET_MARKS, &values).run(conn)
}

/// Takes a message from devices for which it waits, at most so many; returns how many it were.
pub(in crate::store) fn forget_message(
    conn: &mut Connection,
    message: i64,
    rows_max: i64,
) -> Result<usize, StoreError> {
    let values = [message, rows_max].map(Value::Int);
    let gone: Vec<i64> = Statement::<BigInt>::new(FORGET_MESSAGE, &values).load(conn)?;
    Ok(gone.len())
}

/// How many messages wait for a device.
///
/// # Errors
/// [`StoreError::Database`].
pub fn count(conn: &mut Connection, device: DeviceId) -> Result<i64, StoreError> {
    use crate::store::schema::deliveries;

    let waiting = deliveries::device_id.eq(device.get()).and(deliveries::acked.eq(false));
    Ok(deliveries::table.filter(waiting).count().get_result(conn)?)
}
