//! Bridges of Pub/Sub: what is said in rooms is published once and in order, and what is published comes to consoles and
//! devices of an app.

#![expect(clippy::cognitive_complexity, reason = "each assertion counts, and a story has many")]

mod customers;
mod hidden;
mod inward;
mod outward;

use std::time::Duration;

use serde_json::Value;
use tradewind::domain::accounts::user::Who;
use tradewind::domain::chat::group::{GroupStep, Title};
use tradewind::domain::chat::message::{Content, Message};
use tradewind::domain::chat::room::RoomKey;
use tradewind::domain::id::GroupId;
use tradewind::domain::pubsub::bridge::{BridgeName, BridgeRoute, BridgeSource, BridgeState};
use tradewind::domain::pubsub::message::PulledMessage;
use tradewind::domain::pubsub::name::{SubscriptionName, TopicName};
use tradewind::domain::pubsub::refusal::PubsubRefusal;
use tradewind::domain::pubsub::subscription::SubscriptionConfig;
use tradewind::domain::pubsub::topic::TopicConfig;
use tradewind::service::chat::NewMessage;
use tradewind::service::pubsub::{NewSubscription, NewTopic, Pubsub};

use crate::harness::{Account, DEADLINE, Server, soon, until};

/// Each named test, which takes a backend, on both databases.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[actix_web::test]
            async fn $name() {
                super::$name($crate::harness::Backend::Sqlite).await;
            })+
        }

        mod postgres {
            $(#[actix_web::test]
            async fn $name() {
                super::$name($crate::harness::Backend::Postgres).await;
            })+
        }
    };
}
use on_both;

fn topic() -> TopicName {
    TopicName::new("p", "chat").expect("a name")
}

fn named(id: &str) -> SubscriptionName {
    SubscriptionName::new("p", id).expect("a name")
}

fn bridge_name(name: &str) -> BridgeName {
    BridgeName::new(name).expect("a name")
}

fn pubsub(server: &Server) -> Pubsub {
    server.running().service.pubsub.clone()
}

async fn make_topic(server: &Server) {
    let new = NewTopic { name: topic(), config: TopicConfig::default() };
    pubsub(server).create_topic(new).await.expect("a topic");
}

/// Makes a subscription to the topic, in order.
async fn subscribe(server: &Server, id: &str, change: impl FnOnce(&mut SubscriptionConfig)) {
    let mut config = SubscriptionConfig { is_ordered: true, ..SubscriptionConfig::default() };
    change(&mut config);
    let new = NewSubscription { name: named(id), topic: topic(), config };
    pubsub(server).create_subscription(new).await.expect("a subscription");
}

/// Makes a topic with a subscription, and a bridge from a source; it runs.
async fn bridge_out(server: &Server, source: BridgeSource) {
    make_topic(server).await;
    subscribe(server, "all", |_| {}).await;
    add_bridge(server, "out", BridgeRoute::Out { source, topic: topic() }).await.expect("a bridge");
    until_runs(server, "out").await;
}

async fn add_bridge(server: &Server, name: &str, route: BridgeRoute) -> Result<(), PubsubRefusal> {
    pubsub(server).add_bridge(bridge_name(name), route).await.map(drop)
}

fn state(server: &Server, name: &str) -> Option<BridgeState> {
    pubsub(server).bridge_board().state(&bridge_name(name))
}

async fn until_runs(server: &Server, name: &str) {
    until("the bridge", || state(server, name) == Some(BridgeState::Running)).await;
}

async fn until_paused(server: &Server, name: &str) -> String {
    until("the pause", || matches!(state(server, name), Some(BridgeState::Paused(_)))).await;
    match state(server, name) {
        Some(BridgeState::Paused(why)) => why,
        other => panic!("{other:?}"),
    }
}

/// So many messages of a subscription, acknowledged.
async fn pull(server: &Server, id: &str, count: usize) -> Vec<PulledMessage> {
    let mut all = Vec::new();
    while all.len() < count {
        let most = count - all.len();
        let pulled = pubsub(server).pull(&named(id), most, DEADLINE).await.expect("messages");
        assert!(!pulled.is_empty(), "{} of {count} came", all.len());
        let ids = pulled.iter().map(|one| one.ack_id.clone()).collect();
        pubsub(server).acknowledge(&named(id), ids).await.expect("acknowledged");
        all.extend(pulled);
    }
    all
}

fn json(pulled: &PulledMessage) -> Value {
    serde_json::from_slice(&pulled.message.draft.data).expect("JSON")
}

/// What was done and the text, of so many messages of a subscription.
async fn told(server: &Server, id: &str, count: usize) -> Vec<(String, String)> {
    let pulled = pull(server, id, count).await;
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let one = |pulled: &PulledMessage| {
        let json = json(pulled);
        (text(&json["event"]), text(&json["content"]))
    };
    pulled.iter().map(one).collect()
}

fn events(told: &[(&str, &str)]) -> Vec<(String, String)> {
    told.iter().map(|(event, text)| ((*event).to_owned(), (*text).to_owned())).collect()
}

/// Asserts that nothing waits.
async fn nothing_waits(server: &Server, id: &str) {
    let pulled = pubsub(server).pull(&named(id), 1_000, Duration::ZERO).await.expect("an answer");
    assert_eq!(pulled.iter().map(json).collect::<Vec<_>>(), Vec::<Value>::new());
}

async fn say(server: &Server, by: &Account, room: RoomKey, text: &str) -> Message {
    let content = Content::new(text.to_owned()).expect("a text");
    let draft = NewMessage { room: Some(room), content, nonce: None };
    let chat = &server.running().service.chat;
    chat.post(by.user.id, draft).await.expect("sent").message
}

async fn edit(server: &Server, by: &Account, message: &Message, text: &str) {
    let (at, content) = ((Some(message.room), Some(message.id)), Content::new(text.to_owned()));
    let chat = &server.running().service.chat;
    chat.edit(by.user.id, at, content.expect("a text")).await.expect("edited");
}

async fn delete(server: &Server, by: &Account, message: &Message) {
    let chat = &server.running().service.chat;
    chat.remove(by.user.id, (Some(message.room), Some(message.id))).await.expect("deleted");
}

/// The room of two users.
fn direct(one: &Account, other: &Account) -> (RoomKey, BridgeSource) {
    let room = RoomKey::direct(one.user.id, other.user.id).expect("a room");
    let pair = room.pair().expect("two");
    (room, BridgeSource::Direct { low: pair.low(), high: pair.high() })
}

/// A group of somebody and friends.
async fn group(server: &Server, owner: &Account, members: &[&Account]) -> GroupId {
    let chat = &server.running().service.chat;
    let title = Title::new("group".to_owned()).expect("a title");
    let made = chat.change_group(owner.user.id, None, GroupStep::Create(title)).await;
    let group = made.expect("a group").id;
    for member in members {
        server.befriend(owner, member).await;
        let add = GroupStep::Add(Who::Id(member.user.id));
        chat.change_group(owner.user.id, Some(group), add).await.expect("added");
    }
    group
}
