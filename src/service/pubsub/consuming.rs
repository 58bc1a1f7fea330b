//! Having messages, and saying what became of them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Pubsub;
use crate::auth::ack_ids::AckIds;
use crate::domain::pubsub::ack::DeliveryTag;
use crate::domain::pubsub::message::PulledMessage;
use crate::domain::pubsub::name::SubscriptionName;
use crate::domain::pubsub::refusal::{AckFailure, PubsubRefusal, PubsubStatus};
use crate::domain::pubsub::subscription::Subscription;
use crate::hub::subscriptions::messages::{Delivered, Most, PubsubAnswer};
use crate::hub::subscriptions::{Consumer, ConsumerFlow};

/// What one answer holds, in messages and in bytes: clients take no more than 4 MiB.
const ANSWER_MESSAGES_MAX: usize = 1_000;
const ANSWER_BYTES_MAX: usize = 3_500_000;
/// What a message is in an answer beside its own bytes, about.
const OVERHEAD_BYTES: usize = 128;

/// How much a stream may hold that is not acknowledged, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamFlow {
    /// None: as many as come.
    pub messages_max: Option<u64>,
    pub bytes_max: Option<u64>,
    pub lease: Duration,
}

/// A consumer of a subscription. What it holds when it is dropped comes again after its leases.
pub struct PullStream {
    consumer: Consumer,
    ack_ids: AckIds,
}

impl Pubsub {
    /// Up to so many messages; if there are none, waits for some so long.
    ///
    /// # Errors
    /// Not found; failed precondition if the subscription is detached, or pushes; unavailable at the stop.
    pub async fn pull(
        &self,
        name: &SubscriptionName,
        messages_max: usize,
        wait: Duration,
    ) -> PubsubAnswer<Vec<PulledMessage>> {
        let messages = messages_max.min(ANSWER_MESSAGES_MAX);
        let most = Most { messages, bytes: bytes_max(messages) };
        let delivered = self.live.pull(name, most, wait).await?;
        Ok(pulled(&self.ack_ids, delivered))
    }

    /// Acknowledges deliveries; stored by the time it is answered. Those that are over count for nothing.
    ///
    /// # Errors
    /// Invalid argument if an id is none of ours; not found; with exactly-once delivery, if some were over: failed
    /// precondition if all were, else aborted, with which.
    pub async fn acknowledge(
        &self,
        name: &SubscriptionName,
        ack_ids: Vec<String>,
    ) -> PubsubAnswer<()> {
        let tags = self.tags(ack_ids.iter())?;
        let stale = self.live.acknowledge(name, tags).await?;
        self.judge(ack_ids.len(), &stale)
    }

    /// Sets how many seconds from now each delivery may still be held; 0 refuses it, and it comes again.
    ///
    /// # Errors
    /// As [`Pubsub::acknowledge`].
    pub async fn modify_deadline(
        &self,
        name: &SubscriptionName,
        ack_ids: Vec<(String, u32)>,
    ) -> PubsubAnswer<()> {
        let tags = self.tags(ack_ids.iter().map(|(id, _)| id))?;
        let spans = ack_ids.iter().map(|(_, seconds)| Duration::from_secs((*seconds).into()));
        let stale = self.live.extend(name, tags.into_iter().zip(spans).collect()).await?;
        self.judge(ack_ids.len(), &stale)
    }

    /// Opens a stream.
    ///
    /// # Errors
    /// As [`Pubsub::pull`].
    pub async fn open_stream(
        &self,
        name: &SubscriptionName,
        flow: StreamFlow,
    ) -> PubsubAnswer<PullStream> {
        let stream = self.open(name, flow).await?;
        match stream.consumer.subscription.config.push {
            Some(_) => Err(PubsubRefusal::precondition("messages are pushed to this subscription")),
            None => Ok(stream),
        }
    }

    /// Opens the way of pushes: one at a time, until [`PullStream::set_window`].
    ///
    /// # Errors
    /// As [`Pubsub::pull`].
    pub async fn open_push(&self, name: &SubscriptionName) -> PubsubAnswer<PullStream> {
        let lease = Duration::from_secs(600);
        self.open(name, StreamFlow { messages_max: Some(1), bytes_max: None, lease }).await
    }

    async fn open(&self, name: &SubscriptionName, flow: StreamFlow) -> PubsubAnswer<PullStream> {
        let StreamFlow { messages_max, bytes_max, lease } = flow;
        let consumer =
            self.live.open(name, ConsumerFlow { messages_max, bytes_max, lease }).await?;
        Ok(PullStream { consumer, ack_ids: self.ack_ids.clone() })
    }

    fn tags<'a>(&self, ids: impl Iterator<Item = &'a String>) -> PubsubAnswer<Vec<DeliveryTag>> {
        let read = |id: &String| {
            let tag = self.ack_ids.read(id);
            tag.ok_or_else(|| {
                PubsubRefusal::invalid("Some acknowledgement ids in the request were invalid.")
            })
        };
        let tags: Vec<DeliveryTag> = ids.map(read).collect::<PubsubAnswer<_>>()?;
        match tags.is_empty() {
            true => Err(PubsubRefusal::invalid("No acknowledgement ids were given.")),
            false => Ok(tags),
        }
    }

    /// Refuses what was asked if some of it was of no use.
    fn judge(&self, asked: usize, stale: &[DeliveryTag]) -> PubsubAnswer<()> {
        if stale.is_empty() {
            return Ok(());
        }
        let status = match stale.len() < asked {
            true => PubsubStatus::Aborted,
            false => PubsubStatus::FailedPrecondition,
        };
        let acks: BTreeMap<String, AckFailure> =
            stale.iter().map(|tag| (self.ack_ids.write(tag), AckFailure::InvalidAckId)).collect();
        let message = "Some acknowledgement ids have expired.".to_owned();
        Err(PubsubRefusal { status, message, acks })
    }
}

impl PullStream {
    /// The next messages, once there are some. If the caller goes away meanwhile, what then comes is had by the next
    /// call.
    ///
    /// # Errors
    /// Nothing more comes: not found (deleted), failed precondition (detached), unavailable (the server stops).
    pub async fn next(&self) -> PubsubAnswer<Vec<PulledMessage>> {
        let most = Most { messages: ANSWER_MESSAGES_MAX, bytes: bytes_max(ANSWER_MESSAGES_MAX) };
        Ok(pulled(&self.ack_ids, self.consumer.take(most).await?))
    }

    /// Asks for no more until the next call of [`PullStream::next`]; messages that have come already are given.
    ///
    /// # Errors
    /// As [`PullStream::next`].
    pub fn withdraw(&mut self) -> PubsubAnswer<Vec<PulledMessage>> {
        Ok(pulled(&self.ack_ids, self.consumer.withdraw()?))
    }

    /// Sets how long messages may be held that come from now on.
    pub fn set_lease(&self, lease: Duration) {
        self.consumer.set_flow(move |flow| flow.lease = lease);
    }

    /// Sets how many messages may be held.
    pub fn set_window(&self, messages_max: u64) {
        self.consumer.set_flow(move |flow| flow.messages_max = Some(messages_max));
    }

    /// Whether delivery is exactly once, and whether it is in order.
    pub fn properties(&self) -> (bool, bool) {
        // That it is in order is never changed.
        (self.consumer.is_exactly_once(), self.consumer.subscription.config.is_ordered)
    }

    /// The subscription, as it was when the stream was opened.
    pub fn subscription(&self) -> &Subscription {
        &self.consumer.subscription
    }
}

/// Bytes of messages in an answer with so many of them.
fn bytes_max(messages: usize) -> usize {
    ANSWER_BYTES_MAX.saturating_sub(messages.saturating_mul(OVERHEAD_BYTES))
}

fn pulled(ack_ids: &AckIds, delivered: Vec<Delivered>) -> Vec<PulledMessage> {
    let pulled = |delivered: Delivered| PulledMessage {
        ack_id: ack_ids.write(&delivered.tag),
        message: delivered.message,
        delivery_attempt: delivered.attempt,
    };
    delivered.into_iter().map(pulled).collect()
}
