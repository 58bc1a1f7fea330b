//! What waits for a subscription, in pages.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::sql_types::{BigInt, Text};

use crate::domain::id::{PublishedId, SubscriptionId};
use crate::domain::pubsub::message::PublishedMessage;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::ids::published_id;
use crate::store::engine::statement::{Statement, Value};
use crate::store::pubsub::messages;

const PAGE: &str = "SELECT b.message_id, b.attempt, \
    CAST(octet_length(m.data) + octet_length(m.attributes) + octet_length(m.ordering_key) AS BIGINT), \
    m.ordering_key FROM ps_backlog b JOIN ps_messages m ON m.id = b.message_id \
    WHERE b.subscription_id = ? AND b.message_id > ? ORDER BY b.message_id LIMIT ?";
const COUNT: &str = "SELECT COUNT(*), CAST(COALESCE(MIN(message_id), 0) AS BIGINT) \
    FROM ps_backlog WHERE subscription_id = ?";

const HAS: &str = "SELECT message_id FROM ps_backlog WHERE subscription_id = ? AND message_id = ?";

/// Counted no further than this: it is asked again and again.
const TOTAL_MAX: i64 = 1_000_000;
const TOTAL: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM ps_backlog LIMIT ?) AS some";
const OLDEST: &str = "SELECT CAST(COALESCE(MIN(first), 0) AS BIGINT) FROM (SELECT \
    (SELECT MIN(b.message_id) FROM ps_backlog b WHERE b.subscription_id = s.id) AS first \
    FROM ps_subscriptions s) AS firsts";

/// A message that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingMessage {
    pub id: PublishedId,
    /// How often it has failed before.
    pub failures: u32,
    pub bytes: usize,
    pub ordering_key: Arc<str>,
}

/// A part of what waits.
#[derive(Clone, Debug, Default)]
pub struct BacklogPage {
    /// In the order of their ids.
    pub waiting: Vec<WaitingMessage>,
    /// The first of them, as far as bytes were asked for.
    pub loaded: HashMap<PublishedId, Arc<PublishedMessage>>,
    /// Whether there is nothing behind.
    pub is_last: bool,
}

/// What waits behind a message: at most so many, and loaded so many bytes, but at least one.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn page(
    conn: &mut Connection,
    subscription: SubscriptionId,
    after: i64,
    (rows_max, bytes_max): (usize, usize),
) -> Result<BacklogPage, StoreError> {
    let limit = i64::try_from(rows_max).unwrap_or(i64::MAX);
    let values = [subscription.get(), after, limit].map(Value::Int);
    let rows: Vec<(i64, i64, i64, String)> =
        Statement::<(BigInt, BigInt, BigInt, Text)>::new(PAGE, &values).load(conn)?;
    let is_last = rows.len() < rows_max;
    let mut waiting = Vec::with_capacity(rows.len());
    let (mut wanted, mut total) = (Vec::new(), 0_usize);
    for (id, failures, bytes, key) in rows {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        total = total.saturating_add(bytes);
        if total <= bytes_max || wanted.is_empty() {
            wanted.push(id);
        }
        waiting.push(WaitingMessage {
            id: published_id(id)?,
            failures: u32::try_from(failures).unwrap_or(u32::MAX),
            bytes,
            ordering_key: key.into(),
        });
    }
    Ok(BacklogPage { waiting, loaded: messages::load(conn, &wanted)?, is_last })
}

/// How many messages wait, and the first of them.
///
/// # Errors
/// [`StoreError::Database`].
pub fn count(
    conn: &mut Connection,
    subscription: SubscriptionId,
) -> Result<(i64, Option<PublishedId>), StoreError> {
    let values = [Value::Int(subscription.get())];
    let rows: Vec<(i64, i64)> = Statement::<(BigInt, BigInt)>::new(COUNT, &values).load(conn)?;
    let (count, first) = rows.first().copied().unwrap_or_default();
    Ok((count, PublishedId::new(first)))
}

/// How many messages wait for all subscriptions, each counted for each, up to a million; and the oldest.
///
/// # Errors
/// [`StoreError::Database`].
pub fn total(conn: &mut Connection) -> Result<(i64, Option<PublishedId>), StoreError> {
    let count: Vec<i64> = Statement::<BigInt>::new(TOTAL, &[Value::Int(TOTAL_MAX)]).load(conn)?;
    let oldest: Vec<i64> = Statement::<BigInt>::new(OLDEST, &[]).load(conn)?;
    let first = |rows: Vec<i64>| rows.first().copied().unwrap_or_default();
    Ok((first(count), PublishedId::new(first(oldest))))
}

/// Whether a message waits for a subscription.
pub(super) fn has(
    conn: &mut Connection,
    subscription: SubscriptionId,
    message: PublishedId,
) -> Result<bool, StoreError> {
    let values = [subscription.get(), message.get()].map(Value::Int);
    let found: Vec<i64> = Statement::<BigInt>::new(HAS, &values).load(conn)?;
    Ok(!found.is_empty())
}
