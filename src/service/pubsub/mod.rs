//! Pub/Sub: topics, what is published to them, subscriptions, and what is had from these. The only door of REST, gRPC,
//! pushes and the command line; may be asked from any thread.

mod bridges;
mod consuming;
mod identity;
mod publishing;
mod push_states;
mod received;
mod snapshots;
mod subscriptions;
mod topics;

use std::sync::Arc;

use super::ServiceParts;
use crate::auth::ack_ids::AckIds;
use crate::domain::clock::Clock;
use crate::domain::mint::{IdMint, MintError};
use crate::domain::pubsub::endpoint::PushReach;
use crate::domain::pubsub::name::{SubscriptionName, TopicName};
use crate::domain::pubsub::refusal::{PubsubRefusal, PubsubStatus};
use crate::domain::pubsub::subscription::SubscriptionConfig;
use crate::domain::pubsub::topic::TopicConfig;
use crate::hub::Subscriptions;
use crate::hub::subscriptions::messages::PubsubAnswer;
use crate::store::{Job, Op, ReadOp, Store, StoreError, StorePart};
use crate::telemetry::Metrics;

pub use bridges::{BridgeBoard, BridgedRoom, WaitingAt};
pub use consuming::{PullStream, StreamFlow};
pub use identity::PushIdentity;
use publishing::Publishes;
pub use push_states::{PushOutcome, PushState, PushStates};
pub use received::{PushGate, Received};

/// Bounds of Pub/Sub.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many topics there may be.
    pub topics_max: i64,
    /// How many subscriptions there may be.
    pub subscriptions_max: i64,
    /// How many bridges there may be.
    pub bridges_max: i64,
    /// Changes of a room that a bridge publishes in one transaction.
    pub bridge_step_max: u32,
    /// How far messages are pushed.
    pub push_reach: PushReach,
}

/// A topic to be made.
#[derive(Clone, Debug)]
pub struct NewTopic {
    pub name: TopicName,
    pub config: TopicConfig,
}

/// A subscription to be made.
#[derive(Clone, Debug)]
pub struct NewSubscription {
    pub name: SubscriptionName,
    pub topic: TopicName,
    pub config: SubscriptionConfig,
}

/// What can be asked of Pub/Sub. Cloning it is cheap.
#[derive(Clone)]
pub struct Pubsub {
    store: Store,
    live: Subscriptions,
    mint: Arc<IdMint>,
    clock: Arc<dyn Clock>,
    ack_ids: AckIds,
    publishes: Publishes,
    metrics: Metrics,
    bridge_board: BridgeBoard,
    settings: Settings,
}

impl Pubsub {
    pub(in crate::service) fn new(parts: &ServiceParts, settings: Settings) -> Self {
        Self {
            store: parts.store.clone(),
            live: parts.subscriptions.clone(),
            mint: Arc::clone(&parts.mint),
            clock: Arc::clone(&parts.clock),
            ack_ids: parts.ack_ids.clone(),
            publishes: Publishes::new(&parts.store),
            metrics: parts.metrics.clone(),
            bridge_board: BridgeBoard::default(),
            settings,
        }
    }

    async fn read<T: Send + 'static>(&self, op: impl ReadOp<T>) -> PubsubAnswer<T> {
        self.store.read(op).await.map_err(refusal)
    }

    /// Has the store do what may be refused.
    async fn run<P, T, F>(&self, job: Job<P, F>) -> PubsubAnswer<T>
    where
        P: StorePart,
        T: Send + 'static,
        F: Op<PubsubAnswer<T>>,
    {
        self.store.run(job).await.map_err(refusal)?
    }
}

/// What a fault of the store is for whoever asked.
fn refusal(error: StoreError) -> PubsubRefusal {
    if error.is_busy() {
        return PubsubRefusal::new(PubsubStatus::ResourceExhausted, "busy, try again");
    }
    log::error!("the store failed: {error}");
    match error {
        StoreError::Closed => PubsubRefusal::new(PubsubStatus::Unavailable, "the server stops"),
        StoreError::Unavailable { .. } | StoreError::Gone(_) | StoreError::NoRoom { .. } => {
            PubsubRefusal::new(PubsubStatus::Unavailable, "the store is unavailable")
        }
        _ => PubsubRefusal::new(PubsubStatus::Internal, "internal error"),
    }
}

fn no_id(error: MintError) -> PubsubRefusal {
    refusal(StoreError::Mint(error))
}
