//! Publishing: small requests that come at once are one transaction.

use std::sync::Arc;
use std::time::Duration;

use super::refusal;
use crate::domain::clock::Clock;
use crate::domain::id::PublishedId;
use crate::domain::pubsub::message::Publish;
use crate::domain::pubsub::refusal::{PubsubRefusal, PubsubStatus};
use crate::hub::subscriptions::messages::PubsubAnswer;
use crate::service::gather::{Gather, GatherBounds};
use crate::store::pubsub::writes;
use crate::store::{Store, StoreError};

/// Messages that one transaction publishes of several requests, a KiB of them counted as one at least.
const TOGETHER_MAX: usize = 1_000;
/// Messages of a request that waits for no other.
const LARGE: usize = 64;
const KIB: usize = 1 << 10;
/// While chat writes, small publishes begin a transaction so seldom: a message of chat waits for the one that is being
/// committed when it comes, and thousands of lone publishes would be one each.
const REST: Duration = Duration::from_millis(2);

type PublishOutcome = PubsubAnswer<Vec<PublishedId>>;

/// What is to be published.
#[derive(Clone)]
pub(super) struct Publishes(Arc<Gather<Publish, PublishOutcome>>);

impl Publishes {
    /// Nothing waits. `store`: whose other writes are heeded.
    pub fn new(store: &Store) -> Self {
        // As many at once as the store takes: it says when it is full.
        let bounds = GatherBounds { weight_max: TOGETHER_MAX, turns_max: usize::MAX, rest: REST };
        let store = store.clone();
        Self(Arc::new(Gather::new(bounds, move || store.commands())))
    }

    /// Stores a request's messages; their ids.
    ///
    /// # Errors
    /// Not found, resource exhausted, unavailable, internal.
    pub async fn publish(
        &self,
        store: &Store,
        publish: Publish,
        clock: &Arc<dyn Clock>,
    ) -> PublishOutcome {
        let weight = publish.drafts.len().max(publish.bytes().div_ceil(KIB));
        if weight >= LARGE {
            return alone(store, publish, clock).await;
        }
        let (store, clock) = (store.clone(), Arc::clone(clock));
        let all = move |publishes| together(store.clone(), publishes, Arc::clone(&clock));
        let stopped = || PubsubRefusal::new(PubsubStatus::Unavailable, "the server stops");
        self.0.ask(publish, weight, all).await.unwrap_or_else(|| Err(stopped()))
    }
}

async fn alone(store: &Store, publish: Publish, clock: &Arc<dyn Clock>) -> PublishOutcome {
    let done = store.run(writes::publish(vec![publish], Arc::clone(clock))).await;
    let first = done.map_err(refusal)?.pop();
    first.ok_or_else(|| PubsubRefusal::new(PubsubStatus::Internal, "internal error"))?
}

/// Stores what several have asked for; what the database does not take of one fails for that one alone.
async fn together(
    store: Store,
    publishes: Vec<Publish>,
    clock: Arc<dyn Clock>,
) -> Vec<PublishOutcome> {
    match store.run(writes::publish(publishes.clone(), Arc::clone(&clock))).await {
        Ok(outcomes) => outcomes,
        Err(error) if is_of_one(&error) && publishes.len() > 1 => {
            let mut outcomes = Vec::with_capacity(publishes.len());
            for publish in publishes {
                outcomes.push(alone(&store, publish, &clock).await);
            }
            outcomes
        }
        Err(error) => vec![Err(refusal(error)); publishes.len()],
    }
}

/// Whether a fault may lie in what one of several has asked for.
fn is_of_one(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Failed { .. }
            | StoreError::Database(_)
            | StoreError::Corrupt { .. }
            | StoreError::Panicked
    )
}
