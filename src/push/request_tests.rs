//! Requests, byte by byte where it matters.

use std::collections::BTreeMap;
use std::sync::Arc;

use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use super::*;
use crate::domain::id::{PublishedId, SubscriptionId, TopicId};
use crate::domain::pubsub::message::MessageDraft;
use crate::domain::pubsub::name::SubscriptionName;
use crate::domain::pubsub::subscription::SubscriptionConfig;

fn subscription() -> Subscription {
    Subscription {
        id: SubscriptionId::new(1).unwrap(),
        name: SubscriptionName::new("p", "sub").unwrap(),
        topic: TopicId::new(2).unwrap(),
        topic_name: None,
        topic_retention: None,
        detached: false,
        config: SubscriptionConfig::default(),
    }
}

fn pulled(attributes: &[(&str, &str)], key: &str, attempt: Option<u32>) -> PulledMessage {
    let attributes = attributes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let draft = MessageDraft {
        data: b"Hello, World!".to_vec(),
        attributes: attributes.collect::<BTreeMap<_, _>>(),
        ordering_key: key.to_owned(),
    };
    let id = PublishedId::new(1_795_298_021_339_000).unwrap();
    let message = Arc::new(PublishedMessage { id, draft: Arc::new(draft) });
    PulledMessage { ack_id: "a".to_owned(), message, delivery_attempt: attempt }
}

fn push(endpoint: &str, wrapping: Wrapping) -> PushConfig {
    PushConfig { endpoint: endpoint.to_owned(), wrapping, ..PushConfig::default() }
}

async fn body(request: Request<Full<Bytes>>) -> Vec<u8> {
    request.into_body().collect().await.unwrap().to_bytes().to_vec()
}

#[actix_web::test]
async fn a_wrapped_push_has_both_spellings() {
    let push = push("https://a.example:8443/p/x?token=a%20b&c", Wrapping::Default);
    let message = pulled(&[("kind", "x")], "k1", Some(1));
    let request = request((&subscription(), &push), &message, Some("x.y.z")).unwrap();
    assert_eq!(request.method(), Method::POST);
    assert_eq!(request.uri().to_string(), push.endpoint);
    let header = |name: &str| request.headers().get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("accept"), "*/*");
    assert_eq!(header("authorization"), "Bearer x.y.z");
    assert!(header("user-agent").ends_with(" (compatible; CloudPubSub-Google)"));
    let said: Value = serde_json::from_slice(&body(request).await).unwrap();
    let expected = json!({
        "message": {
            "attributes": {"kind": "x"}, "data": "SGVsbG8sIFdvcmxkIQ==",
            "messageId": "1795298021339000", "message_id": "1795298021339000", "orderingKey": "k1",
            "publishTime": "2026-11-21T21:53:41.339000Z", "publish_time": "2026-11-21T21:53:41.339000Z",
        },
        "subscription": "projects/p/subscriptions/sub", "deliveryAttempt": 1,
    });
    assert_eq!(said, expected);
}

#[actix_web::test]
async fn what_is_not_there_is_left_out() {
    let push = push("http://a.example", Wrapping::Wrapped);
    let request = request((&subscription(), &push), &pulled(&[], "", None), None).unwrap();
    assert!(request.headers().get("authorization").is_none());
    let said: Value = serde_json::from_slice(&body(request).await).unwrap();
    assert_eq!(said.as_object().unwrap().keys().collect::<Vec<_>>(), ["message", "subscription"]);
    let message = said["message"].as_object().unwrap();
    let keys = ["data", "messageId", "message_id", "publishTime", "publish_time"];
    assert_eq!(message.keys().collect::<Vec<_>>(), keys);
}

#[actix_web::test]
async fn a_bare_push_is_the_data_and_says_more_only_if_asked() {
    let plain = push("http://a.example/", Wrapping::Bare { writes_metadata: false });
    let message = pulled(&[("kind", "x")], "k1", None);
    let request = request((&subscription(), &plain), &message, None).unwrap();
    let names: Vec<_> = request.headers().keys().map(HeaderName::as_str).collect();
    assert_eq!(names, ["content-type", "user-agent", "accept"]);
    assert_eq!(request.headers()["content-type"], "application/octet-stream");
    assert_eq!(body(request).await, b"Hello, World!");
}

#[test]
fn attributes_become_headers_unless_they_must_not() {
    let push = push("http://a.example/", Wrapping::Bare { writes_metadata: true });
    let attributes = [
        ("Kind", "x"),
        ("x-other", "y z"),
        ("host", "evil.example"),
        ("Authorization", "Bearer evil"),
        ("content-type", "text/html"),
        ("Content-Length", "1"),
        ("cookie", "a=b"),
        ("transfer-encoding", "chunked"),
        ("connection", "close"),
        ("user-agent", "evil"),
        ("x-goog-pubsub-message-id", "0"),
        ("with space", "x"),
        ("ä", "x"),
        ("broken", "a\r\nx-evil: 1"),
        ("korean", "안녕"),
        ("latin", "\u{e9}"),
    ];
    let request =
        request((&subscription(), &push), &pulled(&attributes, "k1", None), None).unwrap();
    let mut found: Vec<_> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .collect();
    found.sort_unstable();
    let expected = [
        ("accept", "*/*"),
        ("content-type", "application/octet-stream"),
        ("kind", "x"),
        ("user-agent", AGENT),
        ("x-goog-ordering-key", "k1"),
        ("x-goog-pubsub-message-id", "1795298021339000"),
        ("x-goog-pubsub-publish-time", "2026-11-21T21:53:41.339000Z"),
        ("x-goog-pubsub-subscription-name", "projects/p/subscriptions/sub"),
        ("x-other", "y z"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn endpoints_that_need_it_are_put_into_the_form_of_the_wire() {
    assert_eq!(uri("http://a.example/%7Ex?b=%2F").unwrap(), "http://a.example/%7Ex?b=%2F");
    assert_eq!(
        uri("http://bücher.example/ä b").unwrap(),
        "http://xn--bcher-kva.example/%C3%A4%20b"
    );
    assert!(uri("no address").is_none());
}
