//! The main path, on both databases: published, pulled, acknowledged, over a restart, and taken away.

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
