//! What can be written of Pub/Sub: each a job, for [`Store::run`](crate::store::Store::run).

use std::sync::Arc;

use crate::domain::clock::{Clock, Timestamp};
use crate::domain::id::{PublishedId, SubscriptionId};
use crate::domain::news::News;
use crate::domain::pubsub::event::PubsubEvent;
use crate::domain::pubsub::message::Publish;
use crate::domain::pubsub::name::{SnapshotName, SubscriptionName, TopicName};
use crate::domain::pubsub::received::ReceivedPush;
use crate::domain::pubsub::refusal::{PubsubRefusal, PubsubStatus};
use crate::domain::pubsub::snapshot::Snapshot;
use crate::domain::pubsub::subscription::{PushConfig, Subscription, SubscriptionConfig};
use crate::domain::pubsub::topic::{Labels, PublishTopic, TopicConfig};
use crate::domain::pubsub::{limits, update};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::job::{Job, Op, Yield};
use crate::store::pubsub::acks::{self, DeadLetter};
use crate::store::pubsub::seek::{self, SeekPoint};
use crate::store::pubsub::subscriptions::NewSubscriptionRow;
use crate::store::pubsub::sweeps::{self, PubsubSwept};
use crate::store::pubsub::{
    PubsubRight, Refusable, job, leavings, publishing, received, snapshots, subscriptions, telling,
    told, topics,
};

/// Stores a topic, of which there may be so many.
pub fn create_topic(
    new: PublishTopic,
    topics_max: i64,
) -> Job<PubsubRight, impl Op<Refusable<()>>> {
    job(move |conn| {
        if topics::count(conn)? >= topics_max {
            return Ok(Err(PubsubRefusal::new(PubsubStatus::ResourceExhausted, "too many topics")));
        }
        topics::insert(conn, &new)
    })
}

/// Changes what a mask names of a topic.
pub fn update_topic(
    name: TopicName,
    new: TopicConfig,
    mask: Vec<String>,
) -> Job<PubsubRight, impl Op<Refusable<PublishTopic>>> {
    job(move |conn| {
        let Some(topic) = topics::find(conn, &name)? else {
            return Ok(Err(PubsubRefusal::not_found(&name)));
        };
        let changed = update::topic(&topic.config, &new, &mask).and_then(|config| {
            limits::check_topic(&config)?;
            Ok(config)
        });
        let config = match changed {
            Ok(config) => config,
            Err(refusal) => return Ok(Err(refusal)),
        };
        topics::set(conn, topic.id, &config)?;
        Ok(Ok(PublishTopic { config, ..topic }))
    })
}

/// Deletes a topic; its subscriptions stay.
pub fn delete_topic(name: TopicName) -> Job<PubsubRight, impl Op<Refusable<()>>> {
    job(move |conn| match topics::id_of(conn, &name)? {
        Some(id) => topics::remove(conn, id).map(Ok),
        None => Ok(Err(PubsubRefusal::not_found(&name))),
    })
}

/// Publishes messages, those of each topic in order; what came of each.
pub fn publish(
    publishes: Vec<Publish>,
    clock: Arc<dyn Clock>,
) -> Job<PubsubRight, impl Op<Vec<Refusable<Vec<PublishedId>>>>> {
    let bytes = publishes.iter().map(Publish::bytes).fold(0, usize::saturating_add);
    let publish = telling(move |conn| publishing::publish_all(conn, &publishes, clock.now()));
    publish.holding(bytes)
}

/// Stores a subscription to a topic, of which there may be so many.
pub fn create_subscription(
    new: NewSubscriptionRow,
    topic: TopicName,
    subscriptions_max: i64,
) -> Job<PubsubRight, impl Op<Refusable<Subscription>>> {
    telling(move |conn| {
        if subscriptions::find(conn, &new.name)?.is_some() {
            return Ok(Err(PubsubRefusal::exists(&new.name)).into());
        }
        let Some(id) = topics::id_of(conn, &topic)? else {
            return Ok(Err(PubsubRefusal::not_found(&topic)).into());
        };
        if let Err(refusal) = has_dead_letter_topic(conn, &new.config)? {
            return Ok(Err(refusal).into());
        }
        if subscriptions::count(conn)? >= subscriptions_max {
            let refusal =
                PubsubRefusal::new(PubsubStatus::ResourceExhausted, "too many subscriptions");
            return Ok(Err(refusal).into());
        }
        subscriptions::insert(conn, &new, id)?;
        changed(conn, new.id)
    })
}

/// Changes what a mask names of a subscription.
pub fn update_subscription(
    name: SubscriptionName,
    new: SubscriptionConfig,
    mask: Vec<String>,
    now: Timestamp,
) -> Job<PubsubRight, impl Op<Refusable<Subscription>>> {
    telling(move |conn| {
        alter(conn, &name, now, |current| update::subscription(current, &new, &mask))
    })
}

/// Sets where a subscription pushes to.
pub fn set_push(
    name: SubscriptionName,
    push: Option<PushConfig>,
    now: Timestamp,
) -> Job<PubsubRight, impl Op<Refusable<Subscription>>> {
    telling(move |conn| {
        alter(conn, &name, now, |current| {
            Ok(SubscriptionConfig { push: push.clone(), ..current.clone() })
        })
    })
}

/// Deletes a subscription, with what waits for it.
pub fn delete_subscription(name: SubscriptionName) -> Job<PubsubRight, impl Op<Refusable<()>>> {
    telling(move |conn| {
        let Some(subscription) = subscriptions::find(conn, &name)? else {
            return Ok(Err(PubsubRefusal::not_found(&name)).into());
        };
        subscriptions::remove(conn, subscription.id)?;
        leavings::leave(conn, subscription.id)?;
        Ok(Yield { answer: Ok(()), news: news(Some(PubsubEvent::Changed(subscription.id))) })
    })
}

/// Cuts a subscription off from its topic; what waits for it is dropped.
pub fn detach(name: SubscriptionName) -> Job<PubsubRight, impl Op<Refusable<()>>> {
    telling(move |conn| {
        let Some(subscription) = subscriptions::find(conn, &name)? else {
            return Ok(Err(PubsubRefusal::not_found(&name)).into());
        };
        subscriptions::detach(conn, subscription.id)?;
        leavings::leave(conn, subscription.id)?;
        Ok(Yield { answer: Ok(()), news: news(Some(PubsubEvent::Changed(subscription.id))) })
    })
}

/// Acknowledges messages.
pub fn acknowledge(
    subscription: SubscriptionId,
    ids: Vec<PublishedId>,
) -> Job<PubsubRight, impl Op<()>> {
    let ids: Vec<i64> = ids.iter().map(|id| id.get()).collect();
    let bytes = ids.len().saturating_mul(size_of::<i64>());
    job(move |conn| acks::acknowledge(conn, subscription, &ids).map(drop)).holding(bytes)
}

/// Notes how often messages have failed.
pub fn note_failures(
    subscription: SubscriptionId,
    failed: Vec<(PublishedId, u32)>,
) -> Job<PubsubRight, impl Op<()>> {
    job(move |conn| acks::note_failures(conn, subscription, &failed))
}

/// Moves messages that have failed too often to another topic. False if nobody waits there.
pub fn move_dead_letters(
    of: (SubscriptionId, SubscriptionName),
    to: TopicName,
    dead: Vec<DeadLetter>,
    (clock, time): (Arc<dyn Clock>, fn(Timestamp) -> String),
) -> Job<PubsubRight, impl Op<bool>> {
    telling(move |conn| {
        let (id, name) = (of.0, (of.1.project(), of.1.id()));
        let now = (clock.now(), time);
        let moved = acks::move_dead_letters(conn, (id, name), &to, &dead, now)?;
        let answer = moved.is_some();
        Ok(Yield { answer, news: news(moved.flatten()) })
    })
}

/// A subscription has been of use.
pub fn touch(subscription: SubscriptionId, now: Timestamp) -> Job<PubsubRight, impl Op<()>> {
    job(move |conn| subscriptions::touch(conn, subscription, now))
}

/// Sets a subscription somewhere else, as far as one step goes; false once it is done.
pub fn seek_step(subscription: SubscriptionId, to: SeekPoint) -> Job<PubsubRight, impl Op<bool>> {
    job(move |conn| seek::step(conn, subscription, to))
}

/// Stores a snapshot of a subscription.
pub fn create_snapshot(
    new: Snapshot,
    of: SubscriptionName,
) -> Job<PubsubRight, impl Op<Refusable<Snapshot>>> {
    job(move |conn| {
        if snapshots::find(conn, &new.name)?.is_some() {
            return Ok(Err(PubsubRefusal::exists(&new.name)));
        }
        let Some(subscription) = subscriptions::find(conn, &of)? else {
            return Ok(Err(PubsubRefusal::not_found(&of)));
        };
        if subscription.detached {
            return Ok(Err(PubsubRefusal::precondition("the subscription is detached")));
        }
        snapshots::insert(conn, &new, (subscription.id, subscription.topic))?;
        let topic_name = subscription.topic_name;
        Ok(Ok(Snapshot { topic: subscription.topic, topic_name, ..new.clone() }))
    })
}

/// Changes a snapshot.
pub fn update_snapshot(
    name: SnapshotName,
    labels: Option<Labels>,
    expires_at: Option<Timestamp>,
) -> Job<PubsubRight, impl Op<Refusable<Snapshot>>> {
    job(move |conn| {
        let Some(mut snapshot) = snapshots::find(conn, &name)? else {
            return Ok(Err(PubsubRefusal::not_found(&name)));
        };
        snapshot.labels = labels.clone().unwrap_or(snapshot.labels);
        snapshot.expires_at = expires_at.unwrap_or(snapshot.expires_at);
        snapshots::set(conn, snapshot.id, (&snapshot.labels, snapshot.expires_at))?;
        Ok(Ok(snapshot))
    })
}

/// Deletes a snapshot.
pub fn delete_snapshot(name: SnapshotName) -> Job<PubsubRight, impl Op<Refusable<()>>> {
    job(move |conn| match snapshots::find(conn, &name)? {
        Some(snapshot) => snapshots::remove(conn, snapshot.id).map(Ok),
        None => Ok(Err(PubsubRefusal::not_found(&name))),
    })
}

/// Forgets some of what has had its time.
pub fn sweep_pubsub(now: Timestamp, rows_max: i64) -> Job<PubsubRight, impl Op<PubsubSwept>> {
    telling(move |conn| {
        let swept = sweeps::sweep(conn, now, rows_max)?;
        let news = swept.expired.iter().map(|id| told(PubsubEvent::Changed(*id))).collect();
        Ok(Yield { answer: swept, news })
    })
}

fn alter(
    conn: &mut Connection,
    name: &SubscriptionName,
    now: Timestamp,
    change: impl Fn(&SubscriptionConfig) -> Refusable<SubscriptionConfig>,
) -> Result<Yield<Refusable<Subscription>>, StoreError> {
    let Some(subscription) = subscriptions::find(conn, name)? else {
        return Ok(Err(PubsubRefusal::not_found(name)).into());
    };
    let config = change(&subscription.config).and_then(|config| {
        limits::check_subscription(&config)?;
        Ok(config)
    });
    let config = match config {
        Ok(config) => config,
        Err(refusal) => return Ok(Err(refusal).into()),
    };
    if config.dead_letter != subscription.config.dead_letter
        && let Err(refusal) = has_dead_letter_topic(conn, &config)?
    {
        return Ok(Err(refusal).into());
    }
    subscriptions::set(conn, subscription.id, &config, now)?;
    changed(conn, subscription.id)
}

fn has_dead_letter_topic(
    conn: &mut Connection,
    config: &SubscriptionConfig,
) -> Result<Refusable<()>, StoreError> {
    let Some(policy) = &config.dead_letter else { return Ok(Ok(())) };
    let found = topics::id_of(conn, &policy.topic)?;
    Ok(found.map(drop).ok_or_else(|| PubsubRefusal::not_found(&policy.topic)))
}

/// The subscription as it is now, told to all.
fn changed(
    conn: &mut Connection,
    id: SubscriptionId,
) -> Result<Yield<Refusable<Subscription>>, StoreError> {
    let corrupt = StoreError::Corrupt { what: "a subscription that is gone", value: id.get() };
    let subscription = subscriptions::by_id(conn, id)?.ok_or(corrupt)?;
    Ok(Yield { answer: Ok(subscription), news: news(Some(PubsubEvent::Changed(id))) })
}

pub(super) fn news(event: Option<PubsubEvent>) -> Vec<News> {
    event.map(told).into_iter().collect()
}

/// Keeps a push that has come to this hub. False if it is there already.
pub fn keep_received(push: ReceivedPush, now: Timestamp) -> Job<PubsubRight, impl Op<bool>> {
    let bytes = push.payload.len();
    job(move |conn| received::keep(conn, &push, now)).holding(bytes)
}
