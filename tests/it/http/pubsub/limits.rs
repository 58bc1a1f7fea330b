//! Limits, at each and one beyond it.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::{HELLO, SUBSCRIPTION, TOPIC, refused, start, start_with};
use crate::harness::http::Answer;
use crate::harness::{Backend, soon};

const BODY_BYTES_MAX: usize = 14 << 20;
const PUBLISH: &str = "projects/demo/topics/orders:publish";

fn base64_of(bytes: usize) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.encode(vec![b'x'; bytes])
}

fn pairs(count: usize) -> Value {
    let pairs = (0..count).map(|n| (format!("k{n}"), Value::from("")));
    Value::Object(pairs.collect::<Map<_, _>>())
}

#[actix_web::test]
async fn a_publish_has_bounds() {
    let (server, rest) = start().await;
    rest.both().await;
    let long = |bytes: usize| "x".repeat(bytes);
    let one = json!({"data": "QQ=="});
    let keyed = |key: &str, value: &str| json!([{"attributes": {key: value}}]);
    for (messages, is_good) in [
        (json!([]), false),
        (json!([{}]), false),
        (json!([{"orderingKey": "k"}]), false),
        (json!([{"data": ""}]), false),
        (Value::from(vec![one.clone(); 1_000]), true),
        (Value::from(vec![one.clone(); 1_001]), false),
        (json!([{"data": base64_of(10_000_000)}]), true),
        (json!([{"data": base64_of(10_000_001)}]), false),
        (json!([{"attributes": pairs(100)}]), true),
        (json!([{"attributes": pairs(101)}]), false),
        (keyed(&long(256), &long(1_024)), true),
        (keyed(&long(257), ""), false),
        (keyed("k", &long(1_025)), false),
        (keyed("", "v"), false),
        (keyed("googx", "v"), false),
        (keyed("GOOGx", "v"), false),
        (keyed("googclient_traceparent", "v"), true),
        (json!([{"data": "QQ==", "orderingKey": long(1_024)}]), true),
        (json!([{"data": "QQ==", "orderingKey": long(1_025)}]), false),
        (json!([{"data": "QQ==", "orderingKey": "a\0b"}]), false),
        (keyed("a\0b", "a\0b"), true),
    ] {
        let shown: String = messages.to_string().chars().take(60).collect();
        let published = rest.post(PUBLISH, json!({"messages": messages})).await;
        if is_good {
            assert_eq!(published.0, 200, "{shown}: {}", published.1);
        } else {
            refused(&published, 400, "INVALID_ARGUMENT");
        }
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_subscription_has_bounds() {
    let (server, rest) = start().await;
    rest.topic(TOPIC).await;
    let filter = |bytes: usize| format!("attributes:{}", "k".repeat(bytes - 11));
    let dead = |attempts: i32| json!({"deadLetterTopic": TOPIC, "maxDeliveryAttempts": attempts});
    let retry = |min: &str, max: &str| json!({"minimumBackoff": min, "maximumBackoff": max});
    for (n, (field, value, is_good)) in [
        ("ackDeadlineSeconds", json!(0), true),
        ("ackDeadlineSeconds", json!(-1), false),
        ("ackDeadlineSeconds", json!(9), false),
        ("ackDeadlineSeconds", json!(10), true),
        ("ackDeadlineSeconds", json!(600), true),
        ("ackDeadlineSeconds", json!(601), false),
        ("messageRetentionDuration", json!("599.999s"), false),
        ("messageRetentionDuration", json!("600s"), true),
        ("messageRetentionDuration", json!("2678400s"), true),
        ("messageRetentionDuration", json!("2678400.001s"), false),
        ("expirationPolicy", json!({"ttl": "86399s"}), false),
        ("expirationPolicy", json!({"ttl": "86400s"}), true),
        ("expirationPolicy", json!({}), true),
        ("deadLetterPolicy", dead(0), true),
        ("deadLetterPolicy", dead(4), false),
        ("deadLetterPolicy", dead(5), true),
        ("deadLetterPolicy", dead(100), true),
        ("deadLetterPolicy", dead(101), false),
        ("deadLetterPolicy", json!({"maxDeliveryAttempts": 5}), false),
        ("retryPolicy", json!({}), true),
        ("retryPolicy", retry("0s", "600s"), true),
        ("retryPolicy", retry("0s", "600.001s"), false),
        ("retryPolicy", retry("2s", "1s"), false),
        ("filter", json!(filter(256)), true),
        ("filter", json!(filter(257)), false),
        ("filter", json!("attributes:a AND attributes:b OR attributes:c"), false),
        ("labels", pairs(64), true),
        ("labels", pairs(65), false),
        ("labels", json!({"A": ""}), false),
        ("pushConfig", json!({"pushEndpoint": "ftp://example.com"}), false),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("projects/demo/subscriptions/number-{n}");
        let made = rest.put(&name, json!({"topic": TOPIC, field: value})).await;
        if is_good {
            assert_eq!(made.0, 200, "{field} {value}: {}", made.1);
        } else {
            refused(&made, 400, "INVALID_ARGUMENT");
        }
    }
    server.stop().await;
}

#[actix_web::test]
async fn an_update_has_the_bounds_of_what_is_made() {
    let (server, rest) = start().await;
    rest.both().await;
    for (field, value) in [
        ("messageRetentionDuration", json!("1s")),
        ("expirationPolicy", json!({"ttl": "1s"})),
        ("retryPolicy", json!({"minimumBackoff": "601s", "maximumBackoff": "601s"})),
        ("labels", json!({"A": "b"})),
        ("pushConfig", json!({"pushEndpoint": "nowhere"})),
    ] {
        let update = json!({"subscription": {field: value}, "updateMask": field});
        refused(&rest.patch(SUBSCRIPTION, update).await, 400, "INVALID_ARGUMENT");
    }
    let update = json!({"topic": {"labels": {"A": "b"}}, "updateMask": "labels"});
    refused(&rest.patch(TOPIC, update).await, 400, "INVALID_ARGUMENT");
    server.stop().await;
}

#[actix_web::test]
async fn a_pull_brings_1000_at_most() {
    let (server, rest) = start().await;
    rest.both().await;
    let pull = format!("{SUBSCRIPTION}:pull");
    for bad in [json!({}), json!({"maxMessages": 0}), json!({"maxMessages": -1})] {
        refused(&rest.post(&pull, bad).await, 400, "INVALID_ARGUMENT");
    }
    for _ in 0..2 {
        let messages = vec![json!({"data": "QQ=="}); 600];
        assert_eq!(rest.post(PUBLISH, json!({"messages": messages})).await.0, 200);
    }
    let mut ids = Vec::new();
    while ids.len() < 1_200 {
        let (_, pulled) = rest.post(&pull, json!({"maxMessages": 2_000})).await;
        let pulled = pulled["receivedMessages"].as_array().unwrap();
        assert!(pulled.len() <= 1_000);
        ids.extend(pulled.iter().map(|received| received["ackId"].clone()));
    }
    assert_eq!(ids.len(), 1_200);
    let all = json!({"ackIds": ids});
    assert_eq!(rest.post(&format!("{SUBSCRIPTION}:acknowledge"), all).await, (200, json!({})));
    server.stop().await;
}

fn padded(bytes: usize) -> Vec<u8> {
    let mut body = json!({"messages": [{"data": HELLO}]}).to_string().into_bytes();
    body.resize(bytes, b' ');
    body
}

fn packed(bytes: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&padded(bytes)).unwrap();
    encoder.finish().unwrap()
}

#[actix_web::test]
async fn a_body_has_14_mib_packed_or_not() {
    let (server, rest) = start().await;
    rest.both().await;
    let send = async |coding: &str, body: Vec<u8>| -> Answer {
        rest.send(("POST", PUBLISH), &[("content-encoding", coding)], body).await
    };
    for (coding, body) in [
        ("identity", padded(BODY_BYTES_MAX)),
        ("gzip", packed(1_000)),
        ("GZIP", packed(BODY_BYTES_MAX)),
    ] {
        let answer = send(coding, body).await;
        assert_eq!(answer.status, 200, "{coding}: {}", answer.text);
    }
    for (coding, body) in [
        ("identity", padded(BODY_BYTES_MAX + 1)),
        ("gzip", packed(BODY_BYTES_MAX + 1)),
        ("gzip", padded(1_000)),
        ("gzip", packed(1_000)[..50].to_vec()),
        ("br", padded(1_000)),
        ("gzip, gzip", packed(1_000)),
    ] {
        let answer = send(coding, body).await;
        refused(&(answer.status, answer.json), 400, "INVALID_ARGUMENT");
    }
    server.stop().await;
}

#[actix_web::test]
async fn large_bodies_have_room_for_some_at_a_time() {
    let (server, rest) =
        start_with(Backend::Sqlite, |config| config.pubsub.bodies_bytes_max = 2 * BODY_BYTES_MAX)
            .await;
    rest.both().await;
    // One that says how long it is, and does not come, takes as much room.
    let mut slow = TcpStream::connect(rest.0).await.expect("a connection");
    let head = format!(
        "POST /v1/{PUBLISH} HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\n\
         Content-Length: {BODY_BYTES_MAX}\r\n\r\n{{"
    );
    slow.write_all(head.as_bytes()).await.expect("written");
    soon("no room", async {
        loop {
            let answer = rest.send(("POST", PUBLISH), &[], padded(100_000)).await;
            if answer.status == 429 {
                assert_eq!(answer.json["error"]["status"], "RESOURCE_EXHAUSTED");
                assert_eq!(answer.header("retry-after"), Some("1"));
                break;
            }
        }
    })
    .await;
    // Short ones need none.
    assert_eq!(rest.send(("POST", PUBLISH), &[], padded(1_000)).await.status, 200);
    drop(slow);
    soon("room", async {
        while rest.send(("POST", PUBLISH), &[], padded(100_000)).await.status != 200 {}
    })
    .await;
    server.stop().await;
}
