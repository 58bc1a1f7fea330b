//! What an endpoint answers, and what becomes of the message.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{is_drained, make_topic, publish, pubsub, state, subscribe, topic, until_tries};
use crate::harness::receiver::{OK, PROCESSING, Receiver};
use crate::harness::{Server, http, until};

#[actix_web::test]
async fn a_push_is_what_google_sends() {
    let server = Server::start().await;
    let mut receiver = Receiver::start().await;
    make_topic(&server).await;
    subscribe(&server, "sub", &receiver.url("/push/x?token=a%20b"), |_| {}).await;
    let mut message = super::draft("Hello, World!", "");
    message.attributes.insert("kind".to_owned(), "x".to_owned());
    let ids = pubsub(&server).publish(&topic(), vec![message]).await.unwrap();
    let push = receiver.next().await;
    assert_eq!((push.method.as_str(), push.target.as_str()), ("POST", "/push/x?token=a%20b"));
    let host = receiver.address.to_string();
    for (name, value) in [
        ("host", Some(host.as_str())),
        ("content-type", Some("application/json")),
        ("accept", Some("*/*")),
    ] {
        assert_eq!(push.header(name), value, "{name}");
    }
    assert!(push.header("user-agent").unwrap().contains("CloudPubSub-Google"));
    assert_eq!(push.header("authorization"), None);
    let json = push.json();
    let id = ids[0].to_string();
    assert_eq!(json["subscription"], "projects/p/subscriptions/sub");
    assert_eq!(json["message"]["messageId"], json!(id));
    assert_eq!(json["message"]["message_id"], json!(id));
    assert_eq!(json["message"]["data"], "SGVsbG8sIFdvcmxkIQ==");
    assert_eq!(json["message"]["attributes"], json!({"kind": "x"}));
    push.answer(OK);
    until_tries(&server, "sub", 1).await;
    assert!(is_drained(&server, "sub").await);
    server.stop().await;
}

#[actix_web::test]
async fn success_is_one_of_five() {
    let server = Server::start().await;
    let mut receiver = Receiver::start().await;
    make_topic(&server).await;
    subscribe(&server, "sub", &receiver.url("/"), |_| {}).await;
    for status in [200, 201, 202, 204] {
        publish(&server, &["x"]).await;
        receiver.next().await.status(status);
        until("the answer", || state(&server, "sub").is_some_and(|state| state.failing == 0)).await;
    }
    until_tries(&server, "sub", 4).await;
    for status in [203, 206, 301, 302, 307, 400, 404, 429, 500, 503] {
        publish(&server, &["y"]).await;
        let push = receiver.next().await;
        let location = receiver.url("/elsewhere");
        push.answer(&format!(
            "HTTP/1.1 {status} X\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n"
        ));
        // The same message again, at the same place: no redirect is followed.
        let again = receiver.next().await;
        assert_eq!((again.target.as_str(), again.payload().as_str()), ("/", "y"), "{status}");
        let state = state(&server, "sub").unwrap();
        assert_eq!((state.failing, state.last.unwrap().to_string()), (1, status.to_string()));
        again.answer(OK);
        until("the success", || {
            super::state(&server, "sub").is_some_and(|state| state.failing == 0)
        })
        .await;
    }
    let metrics = http::metrics(server.address).await;
    let failures = http::metric(&metrics, "tradewind_push_failures_total{reason=\"status\"}");
    assert!((failures - 10.0).abs() < 0.1, "{failures}");
    assert!(is_drained(&server, "sub").await);
    server.stop().await;
}

#[actix_web::test]
async fn after_102_a_final_status_decides_and_an_end_is_a_success() {
    let server = Server::start().await;
    let mut receiver = Receiver::start().await;
    make_topic(&server).await;
    subscribe(&server, "sub", &receiver.url("/"), |_| {}).await;
    for (answer, ends, last, failing) in [
        (PROCESSING.to_owned(), true, "102", 0),
        (format!("{PROCESSING}{OK}"), false, "200", 0),
        (format!("{PROCESSING}HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n"), false, "500", 1),
        ("HTTP/1.1 103 Early Hints\r\n\r\n".to_owned(), true, "no answer", 1),
        (String::new(), true, "no answer", 1),
        (format!("HTTP/1.1 100 Continue\r\n\r\n{OK}"), false, "200", 0),
    ] {
        let tries = state(&server, "sub").map_or(0, |state| state.tries);
        publish(&server, &["x"]).await;
        let push = receiver.next().await;
        if ends {
            push.end(&answer)
        } else {
            push.answer(&answer)
        }
        until_tries(&server, "sub", tries + 1).await;
        let state = state(&server, "sub").unwrap();
        assert_eq!(
            (state.last.unwrap().to_string().as_str(), state.failing),
            (last, failing),
            "{answer:?}"
        );
        if failing > 0 {
            assert_eq!(receiver.take(1).await, ["x"]);
            until_tries(&server, "sub", tries + 2).await;
        }
    }
    assert!(is_drained(&server, "sub").await);
    server.stop().await;
}

#[actix_web::test]
async fn what_is_late_has_failed_unless_102_has_come() {
    let server = Server::start().await;
    let [mut silent, mut processing] = [Receiver::start().await, Receiver::start().await];
    make_topic(&server).await;
    subscribe(&server, "silent", &silent.url("/"), |_| {}).await;
    subscribe(&server, "processing", &processing.url("/"), |_| {}).await;
    publish(&server, &["x"]).await;
    let (began, late) = (Instant::now(), silent.next().await);
    processing.next().await.hang(PROCESSING);
    let again = silent.next().await;
    assert!(began.elapsed() >= Duration::from_secs(10), "{:?}", began.elapsed());
    // Too late: it has been sent again.
    late.answer(OK);
    assert_eq!(state(&server, "silent").unwrap().last.unwrap().to_string(), "no answer in time");
    again.answer(OK);
    until_tries(&server, "silent", 2).await;
    until_tries(&server, "processing", 1).await;
    let state = state(&server, "processing").unwrap();
    assert_eq!((state.failures, state.last.unwrap().to_string().as_str()), (0, "102"));
    assert!(is_drained(&server, "silent").await);
    assert!(is_drained(&server, "processing").await);
    assert!(processing.try_next().is_none());
    server.stop().await;
}

#[actix_web::test]
async fn an_endpoint_that_changes_or_goes_is_followed() {
    let server = Server::start().await;
    let [mut old, mut new] = [Receiver::start().await, Receiver::start().await];
    make_topic(&server).await;
    subscribe(&server, "sub", &old.url("/"), |_| {}).await;
    publish(&server, &["1"]).await;
    assert_eq!(old.take(1).await, ["1"]);
    let push = |endpoint: String| {
        Some(tradewind::domain::pubsub::subscription::PushConfig { endpoint, ..Default::default() })
    };
    pubsub(&server).modify_push(&super::name("sub"), push(new.url("/n?token=s"))).await.unwrap();
    until("the new endpoint", || {
        state(&server, "sub").is_some_and(|state| state.endpoint == new.url("/n"))
    })
    .await;
    publish(&server, &["2"]).await;
    assert_eq!(new.take(1).await, ["2"]);
    pubsub(&server).modify_push(&super::name("sub"), None).await.unwrap();
    until("the end of pushes", || state(&server, "sub").is_none()).await;
    publish(&server, &["3"]).await;
    let pulled =
        pubsub(&server).pull(&super::name("sub"), 1, Duration::from_secs(10)).await.unwrap();
    assert_eq!(pulled[0].message.draft.data, b"3");
    pubsub(&server)
        .modify_deadline(&super::name("sub"), vec![(pulled[0].ack_id.clone(), 0)])
        .await
        .unwrap();
    pubsub(&server).modify_push(&super::name("sub"), push(old.url("/"))).await.unwrap();
    assert_eq!(old.take(1).await, ["3"]);
    pubsub(&server).delete_subscription(&super::name("sub")).await.unwrap();
    until("the end of pushes", || state(&server, "sub").is_none()).await;
    assert!(old.try_next().is_none() && new.try_next().is_none());
    server.stop().await;
}

#[actix_web::test]
async fn tries_are_counted_only_with_a_topic_for_dead_letters() {
    use tradewind::domain::pubsub::name::TopicName;
    use tradewind::domain::pubsub::subscription::DeadLetterPolicy;
    use tradewind::domain::pubsub::topic::TopicConfig;
    use tradewind::service::pubsub::NewTopic;
    let server = Server::start().await;
    let mut receiver = Receiver::start().await;
    make_topic(&server).await;
    let dead = TopicName::new("p", "dead").unwrap();
    let new = NewTopic { name: dead.clone(), config: TopicConfig::default() };
    pubsub(&server).create_topic(new).await.unwrap();
    subscribe(&server, "plain", &receiver.url("/plain"), |_| {}).await;
    subscribe(&server, "counted", &receiver.url("/counted"), |config| {
        config.dead_letter = Some(DeadLetterPolicy { topic: dead, attempts_max: 5 });
    })
    .await;
    publish(&server, &["x"]).await;
    let mut counted = Vec::new();
    while counted.len() < 5 {
        let push = receiver.next().await;
        let attempt = push.json()["deliveryAttempt"].clone();
        if push.target == "/counted" {
            counted.push(attempt);
        } else {
            assert_eq!(attempt, serde_json::Value::Null);
        }
        push.status(500);
    }
    assert_eq!(counted, [1, 2, 3, 4, 5]);
    server.stop().await;
}
