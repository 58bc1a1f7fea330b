//! The main path, on both databases: published, pulled, acknowledged, over a restart, and taken away.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{HELLO, Rest, SUBSCRIPTION, TOPIC, refused, start_with};
use crate::harness::Backend;

async fn the_main_path(backend: Backend) {
    let (mut server, rest) = start_with(backend, |_| {}).await;
    make(rest).await;
    let ids = publish(rest).await;
    let pulled = rest.pull_now(SUBSCRIPTION).await;
    assert_came(&pulled, &ids);
    assert_eq!(rest.acknowledge(SUBSCRIPTION, &pulled[..2]).await, (200, json!({})));
    assert_eq!(rest.pull_now(SUBSCRIPTION).await, Vec::<Value>::new());

    server.restart(|_| {}).await;
    let rest = Rest::of(&server);
    come_again(rest, &pulled[2]).await;
    take_away(rest).await;
    server.stop().await;
}

/// The one that was not acknowledged comes after a restart, and when it is refused.
async fn come_again(rest: Rest, pulled: &Value) {
    let again = rest.pull(SUBSCRIPTION).await;
    assert_eq!(again.len(), 1, "{again:?}");
    assert_eq!(again[0]["message"], pulled["message"]);
    assert_ne!(again[0]["ackId"], pulled["ackId"]);
    let deadline = json!({"ackIds": [again[0]["ackId"]], "ackDeadlineSeconds": 0});
    let nacked = rest.post(&format!("{SUBSCRIPTION}:modifyAckDeadline"), deadline).await;
    assert_eq!(nacked, (200, json!({})));
    let third = rest.pull(SUBSCRIPTION).await;
    assert_eq!(third[0]["message"], pulled["message"]);
    assert_eq!(rest.acknowledge(SUBSCRIPTION, &third).await, (200, json!({})));
}

async fn make(rest: Rest) {
    rest.topic(TOPIC).await;
    let made = rest.subscription(SUBSCRIPTION, json!({"topic": TOPIC})).await;
    assert_eq!(
        made,
        json!({
            "name": SUBSCRIPTION,
            "topic": TOPIC,
            "pushConfig": {},
            "ackDeadlineSeconds": 10,
            "messageRetentionDuration": "604800s",
            "expirationPolicy": {"ttl": "2678400s"},
            "state": "ACTIVE",
        })
    );
}

/// Publishes three messages; their ids, which grow.
async fn publish(rest: Rest) -> Vec<u64> {
    let messages = json!({"messages": [
        {"data": HELLO},
        {"data": "b25l", "attributes": {"kind": "x"}, "orderingKey": "k"},
        {"attributes": {"only": "this"}},
    ]});
    let (status, published) = rest.post(&format!("{TOPIC}:publish"), messages).await;
    assert_eq!(status, 200, "{published}");
    let ids = published["messageIds"].as_array().unwrap();
    let ids: Vec<u64> = ids.iter().map(|id| id.as_str().unwrap().parse().unwrap()).collect();
    assert!(ids.len() == 3 && ids.is_sorted_by(|one, next| one < next), "{ids:?}");
    ids
}

fn assert_came(pulled: &[Value], ids: &[u64]) {
    let shown: Vec<_> = pulled
        .iter()
        .map(|received| {
            let mut message = received["message"].clone();
            let time = message.as_object_mut().unwrap().remove("publishTime").unwrap();
            assert!(time.as_str().unwrap().ends_with('Z'), "{time}");
            assert!(received.get("deliveryAttempt").is_none(), "{received}");
            message
        })
        .collect();
    let id = |place: usize| ids[place].to_string();
    assert_eq!(
        shown,
        [
            json!({"data": HELLO, "messageId": id(0)}),
            json!({
                "data": "b25l", "attributes": {"kind": "x"}, "orderingKey": "k", "messageId": id(1),
            }),
            json!({"attributes": {"only": "this"}, "messageId": id(2)}),
        ]
    );
}

async fn take_away(rest: Rest) {
    assert_eq!(rest.delete(TOPIC).await, (200, json!({})));
    refused(&rest.get(TOPIC).await, 404, "NOT_FOUND");
    let (_, left) = rest.get(SUBSCRIPTION).await;
    assert_eq!(left["topic"], "_deleted-topic_");
    assert_eq!(rest.delete(SUBSCRIPTION).await, (200, json!({})));
    refused(&rest.delete(SUBSCRIPTION).await, 404, "NOT_FOUND");
}

#[actix_web::test]
async fn the_main_path_on_sqlite() {
    the_main_path(Backend::Sqlite).await;
}

#[actix_web::test]
async fn the_main_path_on_postgres() {
    the_main_path(Backend::Postgres).await;
}

/// Small publishes that come at once are one transaction.
async fn publishes_at_once(backend: Backend) {
    let (server, rest) = start_with(backend, |_| {}).await;
    rest.both().await;
    let publish = |number: usize| async move {
        let topic = if number % 5 == 4 { "projects/demo/topics/missing" } else { TOPIC };
        let message = |part: usize| json!({"attributes": {"n": format!("{number}.{part}")}});
        let messages: Vec<_> = (0..=number % 3).map(message).collect();
        (number, rest.post(&format!("{topic}:publish"), json!({"messages": messages})).await)
    };
    let mut wanted = BTreeMap::new();
    for (number, answer) in join_all((0..60).map(publish)).await {
        if number % 5 == 4 {
            refused(&answer, 404, "NOT_FOUND");
            continue;
        }
        let ids = answer.1["messageIds"].as_array().expect("ids").clone();
        assert_eq!((answer.0, ids.len()), (200, number % 3 + 1));
        assert!(ids.is_sorted_by_key(|id| id.as_str().unwrap().parse::<u64>().unwrap()));
        let texts = (0..).map(|part| format!("{number}.{part}"));
        wanted.extend(ids.iter().map(|id| id.as_str().unwrap().to_owned()).zip(texts));
    }
    let mut come = BTreeMap::new();
    while come.len() < wanted.len() {
        let pulled = rest.pull(SUBSCRIPTION).await;
        come.extend(pulled.iter().map(|received| {
            let message = &received["message"];
            let text = |value: &Value| value.as_str().expect("a text").to_owned();
            (text(&message["messageId"]), text(&message["attributes"]["n"]))
        }));
    }
    assert_eq!(come, wanted);
    server.stop().await;
}

#[actix_web::test]
async fn publishes_that_come_at_once_each_have_their_own_answer() {
    publishes_at_once(Backend::Sqlite).await;
    publishes_at_once(Backend::Postgres).await;
}
