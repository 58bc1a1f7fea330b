//! What live subscriptions are asked.

use std::sync::Arc;
use std::time::Duration;

use actix::Message;
use tokio::sync::{oneshot, watch};

use super::machine::{ConsumerFlow, ConsumerId};
use crate::domain::pubsub::ack::DeliveryTag;
use crate::domain::pubsub::message::PublishedMessage;
use crate::domain::pubsub::refusal::PubsubRefusal;
use crate::domain::pubsub::subscription::Subscription;
use crate::store::pubsub::seek::SeekPoint;

/// An answer, or why there is none.
pub type PubsubAnswer<T> = Result<T, PubsubRefusal>;
/// Where it goes.
pub(super) type PubsubReply<T> = oneshot::Sender<PubsubAnswer<T>>;

/// A message for a consumer.
#[derive(Clone, Debug)]
pub struct Delivered {
    pub tag: DeliveryTag,
    pub message: Arc<PublishedMessage>,
    /// The first is 1; only with a policy for dead letters.
    pub attempt: Option<u32>,
}

/// Which of some deliveries could not be acknowledged, or extended: they are over. Told only under exactly-once delivery.
pub type StaleTags = Vec<DeliveryTag>;

/// How much a single answer may hold.
#[derive(Clone, Copy, Debug)]
pub struct Most {
    pub messages: usize,
    pub bytes: usize,
}

/// A consumer, the subscription as it is, and whether its delivery is exactly once, now and later.
pub(super) type OpenedConsumer = (ConsumerId, Subscription, watch::Receiver<bool>);

/// Opens a consumer.
#[derive(Message)]
#[rtype(result = "PubsubAnswer<OpenedConsumer>")]
pub(super) struct OpenConsumer(pub ConsumerFlow);

/// Changes what a consumer may hold.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct SetFlow(pub ConsumerId, pub Box<dyn FnOnce(&mut ConsumerFlow) + Send>);

/// A consumer has gone.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct CloseConsumer(pub ConsumerId);

/// The next messages for a consumer, once there are some.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Take {
    pub consumer: ConsumerId,
    pub most: Most,
    pub reply: PubsubReply<Vec<Delivered>>,
}

/// The next messages for one who asks once; none if there are none in time.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct PullOnce {
    pub most: Most,
    pub wait: Duration,
    pub reply: PubsubReply<Vec<Delivered>>,
}

/// Acknowledges deliveries.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Acknowledge {
    pub tags: Vec<DeliveryTag>,
    pub reply: PubsubReply<StaleTags>,
}

/// Sets how long, from now on, deliveries may still be held; zero: they are refused.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Extend {
    pub tags: Vec<(DeliveryTag, Duration)>,
    pub reply: PubsubReply<StaleTags>,
}

/// Sets the subscription somewhere else.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Seek {
    pub to: SeekPoint,
    pub reply: PubsubReply<()>,
}

/// Messages were published, of which these are for the subscription.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Arrived {
    pub messages: Arc<[Arc<PublishedMessage>]>,
    pub some: Option<Arc<[usize]>>,
}

/// The subscription is not what it was.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct LookAgain;

/// The hub stops: nobody gets anything more.
#[derive(Clone, Copy, Message)]
#[rtype(result = "()")]
pub(super) struct StopDelivering;
