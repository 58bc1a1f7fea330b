//! What is published comes to consoles and devices of an app, once.

use std::time::Instant;

use serde_json::json;
use tradewind::auth::key;
use tradewind::domain::apps::app::Level;
use tradewind::domain::apps::device::OsType;
use tradewind::domain::apps::downstream::DATA_BYTES_MAX;
use tradewind::domain::apps::token::AppToken;
use tradewind::domain::id::{AppId, DeviceGroupId, DeviceId};
use tradewind::domain::pubsub::bridge::BridgeTarget;
use tradewind::domain::pubsub::message::MessageDraft;
use tradewind::domain::pubsub::subscription::{DeadLetterPolicy, PushConfig, RetryPolicy};
use tradewind::service::apps::{ConsolesState, MadeDevice};
use tradewind::store::apps::writes;

use super::*;
use crate::harness::apps::TestApp;
use crate::harness::{Backend, Client};

on_both!(
    consoles_are_shown_what_is_published,
    devices_are_sent_what_is_published,
    what_cannot_be_sent_goes_the_subscriptions_way,
);

async fn publish_bytes(server: &Server, data: Vec<u8>) {
    publish_keyed(server, "key", data).await;
}

async fn publish_keyed(server: &Server, key: &str, data: Vec<u8>) {
    let draft = MessageDraft { data, ordering_key: key.to_owned(), ..MessageDraft::default() };
    pubsub(server).publish(&topic(), vec![draft]).await.expect("published");
}

async fn publish(server: &Server, text: &str) {
    publish_bytes(server, text.as_bytes().to_vec()).await;
}

async fn bridge_in(server: &Server, app: AppId, target: BridgeTarget) {
    let route = BridgeRoute::In { subscription: named("inward"), app, target };
    add_bridge(server, "in", route).await.expect("a bridge");
    until_runs(server, "in").await;
}

/// What a line says beyond its time.
fn said(line: &str) -> String {
    let mut fields = line.splitn(4, ' ');
    let head = [fields.next(), fields.next()].map(|field| field.expect("a field"));
    assert_eq!(head, ["onPubsubMsgReceived", "projects/p/subscriptions/inward"], "{line}");
    assert!(fields.next().is_some_and(|at| at.parse::<i64>().is_ok()), "{line}");
    fields.next().expect("a text").to_owned()
}

/// Until the bridge has taken what waits.
async fn until_held(server: &Server) {
    let (pubsub, name) = (pubsub(server), named("inward"));
    soon("the bridge takes it", async {
        loop {
            let pulled = pubsub.pull(&name, 1, Duration::ZERO).await.expect("an answer");
            let Some(first) = pulled.first() else { return };
            let back = vec![(first.ack_id.clone(), 0)];
            pubsub.modify_deadline(&name, back).await.expect("given back");
        }
    })
    .await;
}

async fn until_nothing_waits(server: &Server, id: &str) {
    let subscription = pubsub(server).subscription(&named(id)).await.expect("a subscription");
    soon("the acknowledgements", async {
        while pubsub(server).backlog(&subscription).await.expect("a number").0 > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

async fn consoles_are_shown_what_is_published(backend: Backend) {
    let mut server = Server::with(backend, |_| {}).await;
    let (shop, bank) = (server.app("shop").await, server.app("bank").await);
    make_topic(&server).await;
    subscribe(&server, "inward", |_| {}).await;
    bridge_in(&server, shop.id, BridgeTarget::Consoles).await;
    // Nobody is there, and so they wait; over a restart, too.
    publish(&server, "first\nand more").await;
    publish(&server, "second").await;
    server.restart(|_| {}).await;
    let mut other = server.console(&bank).await;
    let mut consoles = [server.console(&shop).await, server.console(&shop).await];
    let mut lines = Vec::new();
    for _ in 0..2 {
        lines.push(said(&consoles[0].line().await));
    }
    assert_eq!(lines, [r"first\nand more", "second"]);
    publish(&server, "third").await;
    assert_eq!(said(&consoles[0].line().await), "third");
    until_nothing_waits(&server, "inward").await;
    let [one, mut two] = consoles;
    // The second may have come a moment later than the first was shown.
    let seen: Vec<String> = two.drain().await.iter().map(|line| said(line)).collect();
    assert_eq!(seen.last().map(String::as_str), Some("third"));
    other.expect_nothing().await;
    for console in [one, two, other] {
        console.close().await;
    }
    let metrics = &server.running().metrics.bridges;
    assert_eq!(metrics.delivered.get(), 3);
    server.stop().await;
}

const TOKEN: &str = "the token of the owner";

/// An app with an owner of devices, and two of these.
async fn devices(server: &Server) -> (TestApp, [DeviceId; 2]) {
    let (app, owner) = (server.app("shop").await, server.user("owner").await);
    let token = AppToken {
        hash: key::hash_of(TOKEN),
        app: app.id,
        level: Level::Ppcom,
        user: Some(owner.user.id),
        expires_at: server.now().after(Duration::from_secs(3_600)),
        slides_by: Duration::ZERO,
    };
    assert!(server.running().store.run(writes::add_token(token)).await.unwrap());
    let mut devices = Vec::new();
    for terminal in [1, 2] {
        let apps = &server.running().service.apps;
        let who = (app.id, owner.user.id);
        match apps.make_device(who, [terminal; 32], OsType::Linux).await.unwrap() {
            MadeDevice::New(device) => devices.push(device.id),
            other => panic!("{other:?}"),
        }
    }
    (app, [devices[0], devices[1]])
}

async fn log_in(server: &Server, device: DeviceId) -> Client {
    let mut client = Client::open(server.address, "/device/ws").await;
    let device = device.uuid().hex();
    let auth = json!({"action": "auth", "body": {"apiToken": TOKEN, "deviceId": device}});
    assert_eq!(client.ask(auth).await["body"]["resultCode"], 1);
    client
}

/// So many messages that come to a device, by their ids, oldest first; nothing is acknowledged.
async fn came(client: &mut Client, count: usize) -> Vec<(String, String)> {
    let mut all = Vec::new();
    while all.len() < count {
        let frame = client.recv().await;
        let some = frame["body"]["msgs"].as_array().expect("messages").clone();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        all.extend(some.iter().rev().map(|one| (text(&one["msgId"]), text(&one["data"]))));
    }
    assert_eq!(all.len(), count);
    all
}

fn texts(came: &[(String, String)]) -> Vec<&str> {
    came.iter().map(|(_, text)| text.as_str()).collect()
}

async fn devices_are_sent_what_is_published(backend: Backend) {
    let mut server = Server::with(backend, |_| {}).await;
    let (app, [here, away]) = devices(&server).await;
    make_topic(&server).await;
    subscribe(&server, "inward", |_| {}).await;
    bridge_in(&server, app.id, BridgeTarget::AllDevices).await;
    let mut client = log_in(&server, here).await;
    for text in ["one", "two", "three"] {
        publish(&server, text).await;
    }
    assert_eq!(texts(&came(&mut client, 3).await), ["one", "two", "three"]);
    until_nothing_waits(&server, "inward").await;
    client.close().await;
    server.restart(|_| {}).await;
    publish(&server, "four").await;
    until_nothing_waits(&server, "inward").await;
    // One that was away gets all of it, each once.
    let mut client = log_in(&server, away).await;
    assert_eq!(texts(&came(&mut client, 4).await), ["one", "two", "three", "four"]);
    client.close().await;
    // One device alone.
    pubsub(&server).remove_bridge(bridge_name("in")).await.unwrap();
    bridge_in(&server, app.id, BridgeTarget::Devices(vec![away])).await;
    publish(&server, "only here").await;
    until_nothing_waits(&server, "inward").await;
    let mut client = log_in(&server, away).await;
    assert_eq!(texts(&came(&mut client, 5).await).last(), Some(&"only here"));
    client.close().await;
    let mut client = log_in(&server, here).await;
    assert_eq!(texts(&came(&mut client, 4).await).last(), Some(&"four"));
    client.close().await;
    server.stop().await;
}

async fn what_cannot_be_sent_goes_the_subscriptions_way(backend: Backend) {
    let server = Server::with(backend, |_| {}).await;
    let app = server.app("shop").await;
    make_topic(&server).await;
    let dead = TopicName::new("p", "dead").unwrap();
    let new = NewTopic { name: dead.clone(), config: TopicConfig::default() };
    pubsub(&server).create_topic(new).await.unwrap();
    let config = SubscriptionConfig::default();
    let new = NewSubscription { name: named("dead"), topic: dead.clone(), config };
    pubsub(&server).create_subscription(new).await.unwrap();
    let at_once = RetryPolicy { backoff_min: Duration::ZERO, backoff_max: Duration::ZERO };
    subscribe(&server, "inward", |config| {
        config.dead_letter = Some(DeadLetterPolicy { topic: dead, attempts_max: 5 });
        config.retry = Some(at_once);
    })
    .await;
    bridge_in(&server, app.id, BridgeTarget::Consoles).await;
    let mut console = server.console(&app).await;
    // Of three keys: none waits for the others, and so all fail in the same pause.
    publish_keyed(&server, "one", vec![0xFF, 0xFE]).await;
    publish_keyed(&server, "two", b"a\0b".to_vec()).await;
    publish_keyed(&server, "three", vec![b'x'; DATA_BYTES_MAX + 1]).await;
    publish_bytes(&server, vec![b'x'; DATA_BYTES_MAX]).await;
    assert_eq!(said(&console.line().await).len(), DATA_BYTES_MAX);
    assert_eq!(pull(&server, "dead", 3).await.len(), 3);
    // A group of devices that is not there.
    pubsub(&server).remove_bridge(bridge_name("in")).await.unwrap();
    let group = DeviceGroupId::new(1).unwrap();
    bridge_in(&server, app.id, BridgeTarget::DeviceGroup(group)).await;
    publish(&server, "for no group").await;
    assert_eq!(pull(&server, "dead", 1).await.len(), 1);
    assert!(until_paused(&server, "in").await.contains("none of the devices"));
    let failures = &server.running().metrics.bridges.failures;
    assert_eq!(failures.with_label_values(&["unfit"]).get(), 15);
    assert_eq!(failures.with_label_values(&["no_devices"]).get(), 5);
    console.expect_nothing().await;
    console.close().await;
    server.stop().await;
}

#[actix_web::test]
async fn what_cannot_be_sent_is_no_hot_loop_whatever_the_policy() {
    let server = Server::start().await;
    let app = server.app("shop").await;
    make_topic(&server).await;
    let at_once = RetryPolicy { backoff_min: Duration::ZERO, backoff_max: Duration::ZERO };
    subscribe(&server, "inward", |config| config.retry = Some(at_once)).await;
    bridge_in(&server, app.id, BridgeTarget::Consoles).await;
    let begun = Instant::now();
    publish_bytes(&server, vec![0xFF]).await;
    let unfit = server.running().metrics.bridges.failures.with_label_values(&["unfit"]);
    until("six tries", || unfit.get() >= 6).await;
    // 10, 20, 40, 80 and 160 ms between them.
    assert!(begun.elapsed() >= Duration::from_millis(310), "{:?}", begun.elapsed());
    server.stop().await;
}

#[actix_web::test]
async fn a_console_that_reads_late_has_all_of_a_backlog() {
    const COUNT: usize = 200;
    let server = Server::start().await;
    let app = server.app("shop").await;
    make_topic(&server).await;
    subscribe(&server, "inward", |_| {}).await;
    // Several times what may wait for a console, and what its socket takes.
    let text = |number: usize| format!("{number} {}", "x".repeat(60_000));
    for number in 0..COUNT {
        publish(&server, &text(number)).await;
    }
    let mut console = server.console(&app).await;
    bridge_in(&server, app.id, BridgeTarget::Consoles).await;
    let delivered = &server.running().metrics.bridges.delivered;
    let apps = server.running().service.apps.clone();
    soon("the pause", async {
        while apps.consoles(app.id).await.expect("an answer") != ConsolesState::Behind {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(delivered.get() < u64::try_from(COUNT).unwrap(), "the bridge waits for it");
    for number in 0..COUNT {
        assert_eq!(said(&console.line().await), text(number));
    }
    until_nothing_waits(&server, "inward").await;
    console.close().await;
    server.stop().await;
}

#[actix_web::test]
async fn a_subscription_that_pushes_or_is_gone_is_waited_for() {
    let server = Server::start().await;
    let app = server.app("shop").await;
    make_topic(&server).await;
    subscribe(&server, "inward", |_| {}).await;
    bridge_in(&server, app.id, BridgeTarget::Consoles).await;
    // Also while it holds a message, for a console that is not there.
    publish(&server, "lost with the subscription").await;
    until_held(&server).await;
    pubsub(&server).delete_subscription(&named("inward")).await.unwrap();
    assert!(until_paused(&server, "in").await.contains("not found"));
    subscribe(&server, "inward", |_| {}).await;
    until_runs(&server, "in").await;
    let mut console = server.console(&app).await;
    publish(&server, "again").await;
    assert_eq!(said(&console.line().await), "again");
    // One that begins to push is not the bridge's any more, until it is pulled from again.
    let push = PushConfig { endpoint: "https://push.invalid/".to_owned(), ..PushConfig::default() };
    pubsub(&server).modify_push(&named("inward"), Some(push)).await.unwrap();
    assert!(until_paused(&server, "in").await.contains("pushed"));
    pubsub(&server).modify_push(&named("inward"), None).await.unwrap();
    until_runs(&server, "in").await;
    publish(&server, "pulled again").await;
    assert_eq!(said(&console.line().await), "pulled again");
    // An app that is gone has no consoles; its messages stay.
    let removed = server.running().service.apps.remove(&app.name).await;
    removed.expect("removed");
    console.closed().await;
    publish(&server, "for nobody").await;
    assert!(until_paused(&server, "in").await.contains("removed"));
    server.stop().await;
}
