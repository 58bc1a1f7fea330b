//! What becomes of messages that a subscription has had: acknowledged, failed, or dead letters.

use std::sync::Arc;

use diesel::sql_types::{BigInt, Bool};

use crate::domain::clock::Timestamp;
use crate::domain::id::{PublishedId, SubscriptionId};
use crate::domain::pubsub::event::PubsubEvent;
use crate::domain::pubsub::message::{MessageDraft, PublishedMessage};
use crate::domain::pubsub::name::TopicName;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::id_list::IdList;
use crate::store::engine::statement::{Statement, Value};
use crate::store::pubsub::{messages, publishing, topics};

/// Whether a subscription keeps what it has acknowledged: it is set so, or a snapshot may want it back.
const RETAINS: &str = "SELECT s.retains_acked OR EXISTS \
    (SELECT 1 FROM ps_snapshots n WHERE n.topic_id = s.topic_id) FROM ps_subscriptions s WHERE s.id = ?";
const RETAIN: &str = "INSERT INTO ps_retained (subscription_id, message_id) \
    SELECT b.subscription_id, b.message_id FROM ps_backlog b \
    WHERE b.subscription_id = ? AND b.message_id IN LIST \
    ON CONFLICT (subscription_id, message_id) DO NOTHING";
const TAKE: &str =
    "DELETE FROM ps_backlog WHERE subscription_id = ? AND message_id IN LIST RETURNING message_id";
/// Messages that no subscription and no snapshot has any more.
const FORGET: &str = "DELETE FROM ps_messages WHERE id IN LIST \
    AND NOT EXISTS (SELECT 1 FROM ps_subscriptions s JOIN ps_backlog b \
    ON b.subscription_id = s.id AND b.message_id = ps_messages.id \
    WHERE s.topic_id = ps_messages.topic_id) \
    AND NOT EXISTS (SELECT 1 FROM ps_subscriptions s JOIN ps_retained r \
    ON r.subscription_id = s.id AND r.message_id = ps_messages.id \
    WHERE s.topic_id = ps_messages.topic_id) \
    AND NOT EXISTS (SELECT 1 FROM ps_snapshots n JOIN ps_snapshot_messages k \
    ON k.snapshot_id = n.id AND k.message_id = ps_messages.id \
    WHERE n.topic_id = ps_messages.topic_id)";
const FAILED: &str =
    "UPDATE ps_backlog SET attempt = ? WHERE subscription_id = ? AND message_id = ?";

/// Takes messages out of the backlog of a subscription; which of them were in it.
pub(super) fn acknowledge(
    conn: &mut Connection,
    subscription: SubscriptionId,
    ids: &[i64],
) -> Result<Vec<i64>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let list = IdList::new(conn, ids);
    let values = [Value::Int(subscription.get()), list.value()];
    let retains = retains(conn, subscription)?;
    if retains {
        Statement::<()>::new(list.sql(RETAIN), &values).run(conn)?;
    }
    let taken: Vec<i64> = Statement::<BigInt>::new(list.sql(TAKE), &values).load(conn)?;
    if !retains {
        forget(conn, &taken)?;
    }
    Ok(taken)
}

pub(super) fn retains(
    conn: &mut Connection,
    subscription: SubscriptionId,
) -> Result<bool, StoreError> {
    let values = [Value::Int(subscription.get())];
    let retains: Vec<bool> = Statement::<Bool>::new(RETAINS, &values).load(conn)?;
    Ok(retains.first().copied().unwrap_or_default())
}

/// Forgets those of some messages that nobody has any more.
pub(super) fn forget(conn: &mut Connection, ids: &[i64]) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    let list = IdList::new(conn, ids);
    Statement::<()>::new(list.sql(FORGET), &[list.value()]).run(conn)
}

/// Notes how often messages have failed.
pub(super) fn note_failures(
    conn: &mut Connection,
    subscription: SubscriptionId,
    failed: &[(PublishedId, u32)],
) -> Result<(), StoreError> {
    for (id, failures) in failed {
        let values = [i64::from(*failures), subscription.get(), id.get()].map(Value::Int);
        Statement::<()>::new(FAILED, &values).run(conn)?;
    }
    Ok(())
}

/// A message that has failed too often, and whose it is.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    pub id: PublishedId,
    pub failures: u32,
}

/// Moves messages that have failed too often to another topic, unless nobody waits there: then None.
pub(super) fn move_dead_letters(
    conn: &mut Connection,
    (subscription, name): (SubscriptionId, (&str, &str)),
    to: &TopicName,
    dead: &[DeadLetter],
    (now, time): (Timestamp, fn(Timestamp) -> String),
) -> Result<Option<Option<PubsubEvent>>, StoreError> {
    let Some(topic) = topics::id_of(conn, to)? else { return Ok(None) };
    if !publishing::is_heard(conn, topic)? {
        return Ok(None);
    }
    let ids: Vec<i64> = dead.iter().map(|dead| dead.id.get()).collect();
    let mut originals = messages::load(conn, &ids)?;
    let taken = acknowledge(conn, subscription, &ids)?;
    let copies: Vec<Arc<MessageDraft>> = dead
        .iter()
        .filter(|dead| taken.contains(&dead.id.get()))
        .filter_map(|dead| Some((originals.remove(&dead.id)?, dead.failures)))
        .map(|(original, failures)| Arc::new(copy(&original, name, failures, time)))
        .collect();
    if copies.is_empty() {
        return Ok(Some(None));
    }
    Ok(Some(publishing::publish(conn, topic, &copies, now)?.event))
}

fn copy(
    original: &PublishedMessage,
    (project, subscription): (&str, &str),
    failures: u32,
    time: fn(Timestamp) -> String,
) -> MessageDraft {
    const PREFIX: &str = "CloudPubSubDeadLetterSource";
    let mut draft = (*original.draft).clone();
    for (name, value) in [
        ("Subscription", subscription.to_owned()),
        ("SubscriptionProject", project.to_owned()),
        ("DeliveryCount", failures.to_string()),
        ("TopicPublishTime", time(original.published_at())),
    ] {
        draft.attributes.insert(format!("{PREFIX}{name}"), value);
    }
    draft
}
