//! What can be written of bridges: each a job, for [`Store::run`](crate::store::Store::run).

use std::sync::Arc;

use crate::domain::chat::following::RoomPlace;
use crate::domain::clock::Clock;
use crate::domain::id::{BridgeId, PublishedId, RoomId, SubscriptionId};
use crate::domain::pubsub::bridge::{Bridge, BridgeName, BridgeRoute};
use crate::domain::pubsub::message::MessageDraft;
use crate::domain::pubsub::name::TopicName;
use crate::domain::pubsub::refusal::{PubsubRefusal, PubsubStatus};
use crate::store::engine::Connection;
use crate::store::engine::job::{Job, Op, StorePart, Yield};
use crate::store::pubsub::writes::news;
use crate::store::pubsub::{
    PubsubRight, Refusable, acks, backlog, bridges, job, publishing, subscriptions, telling, topics,
};

/// A step of a bridge: what has changed in a room, and how far it has come with that.
#[derive(Clone, Debug)]
pub struct BridgeStep {
    pub bridge: BridgeId,
    pub topic: TopicName,
    pub room: RoomId,
    /// Where it was when the changes were read.
    pub from: Option<RoomPlace>,
    pub to: RoomPlace,
    pub drafts: Vec<Arc<MessageDraft>>,
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BridgeStepped {
    /// So many messages are published, and the bridge is where they end.
    Published(usize),
    /// Nothing is done: somebody else has done it meanwhile, or the bridge is gone.
    Overtaken,
}

/// Stores a bridge, of which there may be so many. Its topic or subscription must be there.
pub fn add_bridge(new: Bridge, bridges_max: i64) -> Job<PubsubRight, impl Op<Refusable<()>>> {
    job(move |conn| {
        if bridges::id_of(conn, &new.name)?.is_some() {
            return Ok(Err(PubsubRefusal::exists(&new.name)));
        }
        let missing = match &new.route {
            BridgeRoute::Out { topic, .. } => {
                topics::id_of(conn, topic)?.is_none().then(|| PubsubRefusal::not_found(topic))
            }
            BridgeRoute::In { subscription, .. } => {
                let found = subscriptions::find(conn, subscription)?;
                found.is_none().then(|| PubsubRefusal::not_found(subscription))
            }
        };
        if let Some(refusal) = missing {
            return Ok(Err(refusal));
        }
        if bridges::count(conn)? >= bridges_max {
            let status = PubsubStatus::ResourceExhausted;
            return Ok(Err(PubsubRefusal::new(status, "too many bridges")));
        }
        bridges::insert(conn, &new).map(Ok)
    })
}

/// Removes a bridge.
pub fn remove_bridge(name: BridgeName) -> Job<PubsubRight, impl Op<Refusable<()>>> {
    job(move |conn| match bridges::id_of(conn, &name)? {
        Some(id) => bridges::end(conn, id).map(Ok),
        None => Ok(Err(PubsubRefusal::not_found(&name))),
    })
}

/// Publishes what a bridge has found in a room, and notes how far it has come, both or neither: so each change is
/// published once, whatever happens in between.
pub fn publish_step(
    step: BridgeStep,
    clock: Arc<dyn Clock>,
) -> Job<PubsubRight, impl Op<Refusable<BridgeStepped>>> {
    let bytes = step.drafts.iter().map(|draft| draft.bytes()).fold(0, usize::saturating_add);
    let publish = telling(move |conn| {
        let is_there = bridges::lives(conn, step.bridge)?
            && bridges::place(conn, step.bridge, step.room)? == step.from;
        if !is_there {
            return Ok(Ok(BridgeStepped::Overtaken).into());
        }
        let Some(topic) = topics::id_of(conn, &step.topic)? else {
            return Ok(Err(PubsubRefusal::not_found(&step.topic)).into());
        };
        bridges::set_place(conn, (step.bridge, step.room), step.to)?;
        if step.drafts.is_empty() {
            return Ok(Ok(BridgeStepped::Published(0)).into());
        }
        let published = publishing::publish(conn, topic, &step.drafts, clock.now())?;
        let answer = Ok(BridgeStepped::Published(published.ids.len()));
        Ok(Yield { answer, news: news(published.event) })
    });
    publish.holding(bytes)
}

/// The same job, which is what becomes of a message that waits for a subscription: if it is done, the message is acknowledged,
/// in one transaction. None, and nothing is done, if the message does not wait any more.
pub fn consuming<P: StorePart, T, E>(
    (subscription, message): (SubscriptionId, PublishedId),
    job: Job<P, impl Op<Result<T, E>>>,
) -> Job<P, impl Op<Option<Result<T, E>>>> {
    job.wrapped(|op| {
        move |conn: &mut Connection| {
            if !backlog::has(conn, subscription, message)? {
                return Ok(None.into());
            }
            let Yield { answer, news } = op(conn)?;
            if answer.is_err() {
                return Ok(Some(answer).into());
            }
            acks::acknowledge(conn, subscription, &[message.get()])?;
            Ok(Yield { answer: Some(answer), news })
        }
    })
}
