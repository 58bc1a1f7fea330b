//! How fast pushes go, and how slowly after a failure.

use std::time::Duration;

use tradewind::domain::pubsub::subscription::RetryPolicy;

use super::{is_drained, make_topic, publish, state, subscribe, until_tries};
use crate::harness::receiver::{OK, Receiver};
use crate::harness::{Server, until};

#[actix_web::test]
async fn pushes_start_with_one_and_double() {
    let server = Server::start().await;
    let mut receiver = Receiver::start().await;
    make_topic(&server).await;
    subscribe(&server, "sub", &receiver.url("/"), |_| {}).await;
    let payloads: Vec<String> = (0..127).map(|number| number.to_string()).collect();
    publish(&server, &payloads.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut tries = 0;
    for at_once in [1, 2, 4, 8, 16, 32, 64] {
        let mut pushes = Vec::new();
        for _ in 0..at_once {
            pushes.push(receiver.next().await);
        }
        assert!(receiver.try_next().is_none(), "more than {at_once} at once");
        // One success doubles; so all are noted before the next round is looked at.
        for push in pushes {
            tries += 1;
            push.answer(OK);
        }
        until_tries(&server, "sub", tries).await;
        if at_once == 2 {
            break;
        }
    }
    let mut rest = receiver.take(124).await;
    rest.sort_unstable();
    rest.dedup();
    assert_eq!(rest.len(), 124);
    until_tries(&server, "sub", 127).await;
    assert!(is_drained(&server, "sub").await);
    server.stop().await;
}

#[actix_web::test]
async fn there_are_never_more_than_a_hundred() {
    let server = Server::start().await;
    let mut receiver = Receiver::start().await;
    make_topic(&server).await;
    subscribe(&server, "sub", &receiver.url("/"), |_| {}).await;
    let payloads: Vec<String> = (0..300).map(|number| number.to_string()).collect();
    publish(&server, &payloads.iter().map(String::as_str).collect::<Vec<_>>()).await;
    receiver.take(10).await;
    until_tries(&server, "sub", 10).await;
    let mut held = Vec::new();
    for _ in 0..100 {
        held.push(receiver.next().await);
    }
    // Another subscription is not held up by this one.
    let mut other = Receiver::start().await;
    subscribe(&server, "other", &other.url("/"), |_| {}).await;
    publish(&server, &["for all"]).await;
    assert_eq!(other.take(1).await, ["for all"]);
    assert!(receiver.try_next().is_none());
    held.into_iter().for_each(|push| push.answer(OK));
    receiver.take(191).await;
    until_tries(&server, "sub", 301).await;
    assert!(is_drained(&server, "sub").await);
    server.stop().await;
}

#[actix_web::test]
async fn an_endpoint_that_fails_is_left_alone_for_longer_and_longer() {
    let server = Server::start().await;
    let mut receiver = Receiver::start().await;
    make_topic(&server).await;
    subscribe(&server, "sub", &receiver.url("/"), |_| {}).await;
    publish(&server, &["1", "2", "3"]).await;
    let mut last = None;
    for wait in [0, 100, 200, 400, 800] {
        let push = receiver.next().await;
        let since = last.map(|last| push.at.duration_since(last)).unwrap_or_default();
        assert!(since >= Duration::from_millis(wait), "{since:?} instead of {wait} ms");
        assert!(receiver.try_next().is_none(), "one at a time");
        last = Some(push.at);
        push.status(503);
    }
    let failing = state(&server, "sub").unwrap();
    assert!(failing.failing >= 4 && failing.failed_at.is_some(), "{failing:?}");
    let mut taken = receiver.take(3).await;
    taken.sort_unstable();
    assert_eq!(taken, ["1", "2", "3"]);
    until_tries(&server, "sub", 8).await;
    assert_eq!(state(&server, "sub").unwrap().failing, 0);
    // What comes after a success waits no longer than the first time.
    publish(&server, &["4"]).await;
    receiver.next().await.status(503);
    let again = receiver.next().await;
    assert_eq!(again.payload(), "4");
    again.answer(OK);
    until_tries(&server, "sub", 10).await;
    assert!(is_drained(&server, "sub").await);
    server.stop().await;
}

#[actix_web::test]
async fn with_a_policy_a_message_waits_and_others_go_on() {
    let server = Server::start().await;
    let mut receiver = Receiver::start().await;
    make_topic(&server).await;
    subscribe(&server, "sub", &receiver.url("/"), |config| {
        let backoff = Duration::from_secs(2);
        config.retry = Some(RetryPolicy { backoff_min: backoff, backoff_max: backoff });
    })
    .await;
    publish(&server, &["bad"]).await;
    let bad = receiver.next().await;
    let failed = bad.at;
    bad.status(500);
    until_tries(&server, "sub", 1).await;
    publish(&server, &["1", "2", "3"]).await;
    let mut taken = receiver.take(3).await;
    taken.sort_unstable();
    assert_eq!(taken, ["1", "2", "3"]);
    let again = receiver.next().await;
    assert_eq!(again.payload(), "bad");
    let waited = again.at.duration_since(failed);
    // 2 s, and up to a tenth less.
    assert!(waited >= Duration::from_millis(1_800), "{waited:?}");
    again.answer(OK);
    until_tries(&server, "sub", 5).await;
    assert!(is_drained(&server, "sub").await);
    server.stop().await;
}

#[actix_web::test]
async fn an_endpoint_that_is_away_is_told_on() {
    let server = Server::start().await;
    let receiver = Receiver::start().await;
    // Nobody listens there any more.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    make_topic(&server).await;
    subscribe(&server, "sub", &format!("http://{gone}/?token=secret"), |_| {}).await;
    publish(&server, &["x"]).await;
    until("a failure", || state(&server, "sub").is_some_and(|state| state.failures > 0)).await;
    let state = state(&server, "sub").unwrap();
    assert_eq!(state.last.unwrap().to_string(), "no connection");
    assert_eq!(state.endpoint, format!("http://{gone}/"));
    drop(receiver);
    server.stop().await;
}
