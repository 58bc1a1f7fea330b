//! Pull, acknowledge, leases and what comes again.

use std::time::{Duration, Instant};

use prost_types::Timestamp;
use tonic::{Code, Request};

use super::wire::seek_request::Target;
use super::wire::{AcknowledgeRequest, DeadLetterPolicy, ModifyAckDeadlineRequest, SeekRequest};
use super::{Hub, SUBSCRIPTION, TOPIC, message, pull_request, refused, texts};
use crate::harness::soon;

#[actix_web::test]
async fn what_is_acknowledged_never_comes_again() {
    let mut hub = Hub::with(|_| {}).await;
    let ids = hub.publish(&["one", "two"]).await;
    let pulled = hub.pull().await;
    assert_eq!(texts(&pulled), ["one", "two"]);
    assert_eq!(pulled[0].message.as_ref().unwrap().message_id, ids[0]);
    assert_eq!(pulled[0].delivery_attempt, 0);
    hub.acknowledge(&[&pulled[0]]).await.unwrap();
    hub.extend(&pulled[1], 0).await.unwrap();
    let again = hub.pull().await;
    assert_eq!(texts(&again), ["two"]);
    assert_ne!(again[0].ack_id, pulled[1].ack_id);
    hub.acknowledge(&[&again[0]]).await.unwrap();
    // Late and repeated acknowledgements change nothing.
    hub.acknowledge(&[&pulled[0], &pulled[1], &again[0]]).await.unwrap();
    assert_eq!(hub.pull_now().await, []);
    hub.stop().await;
}

#[actix_web::test]
async fn a_pull_waits_for_a_message_and_no_longer_than_its_client() {
    let mut hub = Hub::with(|_| {}).await;
    // The answer comes a tenth of a second before the client gives up, which on a loaded machine may be too late.
    for left in (0..5).rev() {
        let start = Instant::now();
        let mut request = Request::new(pull_request(10));
        request.set_timeout(Duration::from_millis(1_000));
        match soon("an answer", hub.subscriber.pull(request)).await {
            Ok(nothing) => {
                assert_eq!(nothing.into_inner().received_messages, []);
                assert!(start.elapsed() >= Duration::from_millis(800), "{:?}", start.elapsed());
                break;
            }
            Err(given_up) => assert!(left > 0, "never in time: {given_up}"),
        }
    }
    let mut waiting = hub.subscriber.clone();
    let waiting = actix_web::rt::spawn(async move { waiting.pull(pull_request(10)).await });
    hub.publish(&["late"]).await;
    let pulled = soon("a message", waiting).await.unwrap().unwrap().into_inner();
    assert_eq!(texts(&pulled.received_messages), ["late"]);
    hub.stop().await;
}

#[actix_web::test]
async fn a_lease_that_runs_out_wakes_a_pull() {
    let mut hub = Hub::with(|_| {}).await;
    hub.publish(&["again"]).await;
    let first = hub.pull().await;
    hub.extend(&first[0], 1).await.unwrap();
    let start = Instant::now();
    let second = hub.pull().await;
    assert_eq!(texts(&second), ["again"]);
    assert!((900..2_500).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    hub.stop().await;
}

#[actix_web::test]
async fn what_is_asked_wrongly_is_refused() {
    let mut hub = Hub::with(|_| {}).await;
    let here = SUBSCRIPTION.to_owned();
    for max_messages in [0, -1] {
        let pulled = hub.subscriber.pull(pull_request(max_messages)).await;
        assert_eq!(refused(pulled), Code::InvalidArgument);
    }
    for (subscription, ack_ids) in [
        (here.clone(), vec![]),
        (here.clone(), vec!["malformed".to_owned()]),
        ("malformed".to_owned(), vec!["malformed".to_owned()]),
    ] {
        let request =
            AcknowledgeRequest { subscription: subscription.clone(), ack_ids: ack_ids.clone() };
        let answer = hub.subscriber.acknowledge(request).await;
        assert_eq!(refused(answer), Code::InvalidArgument, "{subscription} {ack_ids:?}");
        let request = ModifyAckDeadlineRequest { subscription, ack_ids, ack_deadline_seconds: 10 };
        let answer = hub.subscriber.modify_ack_deadline(request).await;
        assert_eq!(refused(answer), Code::InvalidArgument);
    }
    hub.publish(&["held"]).await;
    let pulled = hub.pull().await;
    for seconds in [-1, 601] {
        assert_eq!(refused(hub.extend(&pulled[0], seconds).await), Code::InvalidArgument);
    }
    let nowhere = "projects/test/subscriptions/nowhere".to_owned();
    let request = AcknowledgeRequest {
        subscription: nowhere.clone(),
        ack_ids: vec![pulled[0].ack_id.clone()],
    };
    assert_eq!(refused(hub.subscriber.acknowledge(request).await), Code::NotFound);
    let mut request = pull_request(1);
    request.subscription = nowhere;
    assert_eq!(refused(hub.subscriber.pull(request).await), Code::NotFound);
    hub.stop().await;
}

#[actix_web::test]
async fn the_last_failure_is_a_dead_letter() {
    let mut hub = Hub::start().await;
    let letters = "projects/test/topics/dead-letters";
    hub.topic(TOPIC).await.unwrap();
    hub.topic(letters).await.unwrap();
    let policy =
        DeadLetterPolicy { dead_letter_topic: letters.to_owned(), max_delivery_attempts: 5 };
    hub.subscription(SUBSCRIPTION, |new| new.dead_letter_policy = Some(policy)).await.unwrap();
    let mailbox = "projects/test/subscriptions/mailbox";
    hub.subscription(mailbox, |new| new.topic = letters.to_owned()).await.unwrap();
    hub.publish(&["doomed"]).await;
    for attempt in 1..=5 {
        let pulled = hub.pull().await;
        assert_eq!(pulled[0].delivery_attempt, attempt);
        hub.extend(&pulled[0], 0).await.unwrap();
    }
    let mut request = pull_request(10);
    request.subscription = mailbox.to_owned();
    let letter = soon("a letter", hub.subscriber.pull(request)).await.unwrap().into_inner();
    let letter = letter.received_messages[0].message.clone().unwrap();
    assert_eq!(letter.data, b"doomed");
    let attribute =
        |key: &str| letter.attributes[&format!("CloudPubSubDeadLetterSource{key}")].as_str();
    assert_eq!(attribute("Subscription"), "subscription");
    assert_eq!(attribute("SubscriptionProject"), "test");
    assert_eq!(attribute("DeliveryCount"), "5");
    assert!(attribute("TopicPublishTime").ends_with('Z'));
    assert_eq!(hub.pull_now().await, []);
    hub.stop().await;
}

#[actix_web::test]
async fn a_subscription_is_sought_back_and_forth() {
    let mut hub = Hub::with(|new| new.retain_acked_messages = true).await;
    hub.publish(&["one"]).await;
    let pulled = hub.pull().await;
    hub.acknowledge(&[&pulled[0]]).await.unwrap();
    let seek = |seconds| SeekRequest {
        subscription: SUBSCRIPTION.to_owned(),
        target: Some(Target::Time(Timestamp { seconds, nanos: 0 })),
    };
    hub.subscriber.seek(seek(1)).await.unwrap();
    assert_eq!(texts(&hub.pull().await), ["one"]);
    hub.subscriber.seek(seek(253_402_300_799)).await.unwrap();
    assert_eq!(hub.pull_now().await, []);
    assert_eq!(refused(hub.subscriber.seek(seek(i64::MAX)).await), Code::InvalidArgument);
    hub.stop().await;
}

#[actix_web::test]
async fn a_pull_brings_no_more_than_its_client_takes() {
    let mut hub = Hub::with(|_| {}).await;
    let large = "x".repeat(1_000_000);
    for _ in 0..6 {
        let mut one = message("large", "");
        one.data = large.clone().into_bytes();
        hub.publish_messages(vec![one]).await.unwrap();
    }
    // The client of these tests takes 4 MiB, as official ones do.
    let mut count = 0;
    while count < 6 {
        let pulled = hub.pull().await;
        count += pulled.len();
        assert!(pulled.len() <= 3);
    }
    assert_eq!(count, 6);
    hub.stop().await;
}
