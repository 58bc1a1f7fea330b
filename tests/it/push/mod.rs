//! Pushes of Pub/Sub, out of the hub and into it.

mod answers;
mod identity;
mod inbound;
mod order;
mod pace;
mod page;
mod reach;
mod restart;

use std::time::Duration;

use tradewind::domain::pubsub::message::MessageDraft;
use tradewind::domain::pubsub::name::{SubscriptionName, TopicName};
use tradewind::domain::pubsub::refusal::{PubsubRefusal, PubsubStatus};
use tradewind::domain::pubsub::subscription::{PushConfig, Subscription, SubscriptionConfig};
use tradewind::domain::pubsub::topic::TopicConfig;
use tradewind::service::pubsub::{NewSubscription, NewTopic, Pubsub, PushState};

use crate::harness::{Server, soon, until};

/// The name of the one topic.
fn topic() -> TopicName {
    TopicName::new("p", "topic").expect("a name")
}

/// The name of a subscription to it.
fn name(id: &str) -> SubscriptionName {
    SubscriptionName::new("p", id).expect("a name")
}

fn pubsub(server: &Server) -> Pubsub {
    server.running().service.pubsub.clone()
}

/// Makes the topic.
async fn make_topic(server: &Server) {
    let new = NewTopic { name: topic(), config: TopicConfig::default() };
    pubsub(server).create_topic(new).await.expect("a topic");
}

/// Makes a subscription that pushes to an endpoint.
async fn try_subscribe(
    server: &Server,
    id: &str,
    endpoint: &str,
    change: impl FnOnce(&mut SubscriptionConfig),
) -> Result<Subscription, PubsubRefusal> {
    let push = PushConfig { endpoint: endpoint.to_owned(), ..PushConfig::default() };
    let mut config = SubscriptionConfig { push: Some(push), ..SubscriptionConfig::default() };
    change(&mut config);
    let new = NewSubscription { name: name(id), topic: topic(), config };
    pubsub(server).create_subscription(new).await
}

async fn subscribe(
    server: &Server,
    id: &str,
    endpoint: &str,
    change: impl FnOnce(&mut SubscriptionConfig),
) {
    try_subscribe(server, id, endpoint, change).await.expect("a subscription");
}

fn draft(payload: &str, key: &str) -> MessageDraft {
    MessageDraft {
        data: payload.as_bytes().to_vec(),
        ordering_key: key.to_owned(),
        ..MessageDraft::default()
    }
}

/// Publishes payloads.
async fn publish(server: &Server, payloads: &[&str]) {
    let messages = payloads.iter().map(|payload| draft(payload, "")).collect();
    pubsub(server).publish(&topic(), messages).await.expect("published");
}

/// How pushes of a subscription go.
fn state(server: &Server, id: &str) -> Option<PushState> {
    let all = server.running().service.push_states.all();
    all.into_iter().find(|(found, _)| *found == name(id)).map(|(_, state)| state)
}

/// Waits until the pushes of a subscription have gone so many times.
async fn until_tries(server: &Server, id: &str, tries: u64) {
    until("the pushes", || state(server, id).is_some_and(|state| state.tries >= tries)).await;
}

/// Whether nothing waits for a subscription: it is made one that is pulled from, and has nothing.
async fn is_drained(server: &Server, id: &str) -> bool {
    let pubsub = pubsub(server);
    pubsub.modify_push(&name(id), None).await.expect("changed");
    until("the end of pushes", || state(server, id).is_none()).await;
    soon("a pull", async {
        loop {
            match pubsub.pull(&name(id), 10, Duration::ZERO).await {
                Ok(pulled) => return pulled.is_empty(),
                // It is heard of a moment later.
                Err(refusal) => assert_eq!(refusal.status, PubsubStatus::FailedPrecondition),
            }
        }
    })
    .await
}
