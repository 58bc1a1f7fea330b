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
    stored(store, publish, clock).await.unwrap_or_else(|error| Err(refusal(error)))
}

async fn stored(
    store: &Store,
    publish: Publish,
    clock: &Arc<dyn Clock>,
) -> Result<PublishOutcome, StoreError> {
    let first = store.run(writes::publish(vec![publish], Arc::clone(clock))).await?.pop();
    let none = || Err(PubsubRefusal::new(PubsubStatus::Internal, "internal error"));
    Ok(first.unwrap_or_else(none))
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
            one_by_one(publishes, |publish| stored(&store, publish, &clock)).await
        }
        Err(error) => vec![Err(refusal(error)); publishes.len()],
    }
}

/// Stores each alone. If two in a row fail alike, the fault lies in none of them: the others are answered with it.
async fn one_by_one<F>(
    publishes: Vec<Publish>,
    store_one: impl Fn(Publish) -> F,
) -> Vec<PublishOutcome>
where
    F: Future<Output = Result<PublishOutcome, StoreError>>,
{
    let count = publishes.len();
    let mut outcomes = Vec::with_capacity(count);
    let mut last = None;
    for publish in publishes {
        let outcome = store_one(publish).await;
        let fault = outcome.as_ref().err().map(StoreError::to_string);
        let is_again = fault.is_some() && fault == last;
        last = fault;
        let outcome = outcome.unwrap_or_else(|error| Err(refusal(error)));
        if is_again {
            outcomes.resize(count, outcome);
            break;
        }
        outcomes.push(outcome);
    }
    outcomes
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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::domain::pubsub::name::TopicName;

    /// Publishes of topics with these letters, stored by what is done for each; which were tried, and which stored.
    async fn stored_of(
        letters: &str,
        fault: impl Fn(char) -> Option<StoreError>,
    ) -> (String, String) {
        let topic = |letter: char| TopicName::new("p", &format!("topic-{letter}")).unwrap();
        let publish = |letter| Publish { topic: topic(letter), drafts: Vec::new() };
        let publishes: Vec<Publish> = letters.chars().map(publish).collect();
        let tried = RefCell::new(String::new());
        let store_one = |publish: Publish| {
            let letter = publish.topic.to_string().chars().last().unwrap();
            tried.borrow_mut().push(letter);
            let outcome = fault(letter).map_or_else(|| Ok(Ok(Vec::new())), Err);
            async move { outcome }
        };
        let outcomes = one_by_one(publishes, store_one).await;
        assert_eq!(outcomes.len(), letters.len(), "each is answered");
        let stored = letters.chars().zip(&outcomes).filter(|(_, outcome)| outcome.is_ok());
        (tried.take(), stored.map(|(letter, _)| letter).collect())
    }

    #[tokio::test]
    async fn what_fails_twice_alike_is_not_tried_for_the_others() {
        let one = |letter| (letter == 'b').then_some(StoreError::Panicked);
        assert_eq!(stored_of("abcd", one).await, ("abcd".to_owned(), "acd".to_owned()));
        let corrupt = |value| StoreError::Corrupt { what: "a topic", value };
        let two = |letter| match letter {
            'b' => Some(corrupt(1)),
            'c' => Some(corrupt(2)),
            _ => None,
        };
        assert_eq!(stored_of("abcd", two).await, ("abcd".to_owned(), "ad".to_owned()));
        let all = |_| Some(StoreError::Panicked);
        assert_eq!(stored_of("abcdefgh", all).await, ("ab".to_owned(), String::new()));
    }
}
