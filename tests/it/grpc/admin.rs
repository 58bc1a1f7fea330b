//! Topics, subscriptions and snapshots: made, read, changed, listed and deleted.

use std::collections::BTreeMap;

use prost_types::{Duration, FieldMask};
use tonic::Code;

use super::wire::seek_request::Target;
use super::wire::*;
use super::{Hub, SUBSCRIPTION, TOPIC, first, refused};
use crate::harness::soon;

const SNAPSHOT: &str = "projects/test/snapshots/snapshot";
const NOWHERE: &str = "projects/test/topics/nowhere";

fn mask(path: &str) -> Option<FieldMask> {
    Some(FieldMask { paths: vec![path.to_owned()] })
}

fn labels(colour: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("colour".to_owned(), colour.to_owned())])
}

fn seconds(seconds: i64) -> Option<Duration> {
    Some(Duration { seconds, nanos: 0 })
}

#[actix_web::test]
async fn a_topic_lives() {
    let mut hub = Hub::start().await;
    let new = Topic {
        name: TOPIC.to_owned(),
        labels: labels("red"),
        message_retention_duration: seconds(600),
        kms_key_name: "a key".to_owned(),
        message_storage_policy: Some(MessageStoragePolicy {
            allowed_persistence_regions: vec!["here".to_owned()],
            enforce_in_transit: true,
        }),
        ..Topic::default()
    };
    let made = hub.publisher.create_topic(new.clone()).await.unwrap().into_inner();
    assert_eq!(made, Topic { state: topic::State::Active.into(), ..new.clone() });
    let get = GetTopicRequest { topic: TOPIC.to_owned() };
    assert_eq!(hub.publisher.get_topic(get.clone()).await.unwrap().into_inner(), made);
    assert_eq!(refused(hub.publisher.create_topic(new).await), Code::AlreadyExists);

    let change = Topic { name: TOPIC.to_owned(), labels: labels("blue"), ..Topic::default() };
    let update = UpdateTopicRequest { topic: Some(change), update_mask: mask("labels") };
    let updated = hub.publisher.update_topic(update.clone()).await.unwrap().into_inner();
    assert_eq!((updated.labels, updated.kms_key_name), (labels("blue"), "a key".to_owned()));
    for path in ["name", "colour", ""] {
        let update = UpdateTopicRequest { update_mask: mask(path), ..update.clone() };
        assert_eq!(refused(hub.publisher.update_topic(update).await), Code::InvalidArgument);
    }
    let update = UpdateTopicRequest { update_mask: None, ..update };
    assert_eq!(refused(hub.publisher.update_topic(update).await), Code::InvalidArgument);
    let update = UpdateTopicRequest { topic: None, update_mask: mask("labels") };
    assert_eq!(refused(hub.publisher.update_topic(update).await), Code::InvalidArgument);

    let delete = DeleteTopicRequest { topic: TOPIC.to_owned() };
    hub.publisher.delete_topic(delete.clone()).await.unwrap();
    assert_eq!(refused(hub.publisher.delete_topic(delete).await), Code::NotFound);
    assert_eq!(refused(hub.publisher.get_topic(get).await), Code::NotFound);
    hub.stop().await;
}

#[actix_web::test]
async fn a_subscription_lives() {
    let mut hub = Hub::start().await;
    hub.topic(TOPIC).await.unwrap();
    let dead = "projects/test/topics/dead-letters";
    hub.topic(dead).await.unwrap();
    let plain = hub.subscription(SUBSCRIPTION, |_| {}).await.unwrap();
    assert_eq!(plain.ack_deadline_seconds, 10);
    assert_eq!(plain.message_retention_duration, seconds(604_800));
    assert_eq!(plain.expiration_policy.unwrap().ttl, seconds(2_678_400));
    assert_eq!(plain.push_config, Some(PushConfig::default()));
    let again = hub.subscription(SUBSCRIPTION, |_| {}).await;
    assert_eq!(refused(again), Code::AlreadyExists);

    let everything = |new: &mut Subscription| {
        new.ack_deadline_seconds = 42;
        new.retain_acked_messages = true;
        new.message_retention_duration = seconds(1_200);
        new.labels = labels("red");
        new.enable_message_ordering = true;
        new.expiration_policy = Some(ExpirationPolicy::default());
        new.filter = "attributes:x".to_owned();
        new.dead_letter_policy =
            Some(DeadLetterPolicy { dead_letter_topic: dead.to_owned(), max_delivery_attempts: 7 });
        new.retry_policy =
            Some(RetryPolicy { minimum_backoff: seconds(1), maximum_backoff: seconds(2) });
        new.enable_exactly_once_delivery = true;
    };
    let name = "projects/test/subscriptions/everything";
    let made = hub.subscription(name, everything).await.unwrap();
    let mut expected = Subscription { name: name.to_owned(), ..plain };
    everything(&mut expected);
    assert_eq!(made, expected);
    let get = GetSubscriptionRequest { subscription: name.to_owned() };
    let read = hub.subscriber.get_subscription(get.clone()).await.unwrap().into_inner();
    assert_eq!(read, made);

    let change = Subscription {
        name: name.to_owned(),
        ack_deadline_seconds: 600,
        ..Subscription::default()
    };
    let update = UpdateSubscriptionRequest {
        subscription: Some(change),
        update_mask: mask("ack_deadline_seconds"),
    };
    let updated = hub.subscriber.update_subscription(update.clone()).await.unwrap().into_inner();
    assert_eq!(updated, Subscription { ack_deadline_seconds: 600, ..made });
    for path in ["filter", "topic", "enable_message_ordering", "name", "x"] {
        let update = UpdateSubscriptionRequest { update_mask: mask(path), ..update.clone() };
        let answer = hub.subscriber.update_subscription(update).await;
        assert_eq!(refused(answer), Code::InvalidArgument, "{path}");
    }
    let delete = DeleteSubscriptionRequest { subscription: name.to_owned() };
    hub.subscriber.delete_subscription(delete.clone()).await.unwrap();
    assert_eq!(refused(hub.subscriber.delete_subscription(delete).await), Code::NotFound);
    assert_eq!(refused(hub.subscriber.get_subscription(get).await), Code::NotFound);
    hub.stop().await;
}

#[actix_web::test]
async fn what_is_wrong_with_a_subscription_is_told() {
    let mut hub = Hub::with(|_| {}).await;
    let mut refused_with = async |change: fn(&mut Subscription)| {
        let name = "projects/test/subscriptions/wrong";
        refused(hub.subscription(name, change).await)
    };
    for change in [
        (|new| new.ack_deadline_seconds = 9) as fn(&mut Subscription),
        |new| new.ack_deadline_seconds = 601,
        |new| new.ack_deadline_seconds = -1,
        |new| new.filter = "colour".to_owned(),
        |new| new.message_retention_duration = seconds(599),
        |new| new.message_retention_duration = seconds(-1),
        |new| new.expiration_policy = Some(ExpirationPolicy { ttl: seconds(86_399) }),
        |new| new.labels = labels("RED"),
        |new| new.topic = "nowhere".to_owned(),
        |new| new.name = "projects/test/subscriptions/s1".to_owned(),
    ] {
        assert_eq!(refused_with(change).await, Code::InvalidArgument);
    }
    for change in [
        (|new| new.bigquery_config = Some(BigQueryConfig::default())) as fn(&mut Subscription),
        |new| new.message_transforms = vec![MessageTransform::default()],
    ] {
        assert_eq!(refused_with(change).await, Code::Unimplemented);
    }
    assert_eq!(refused_with(|new| new.topic = NOWHERE.to_owned()).await, Code::NotFound);
    // What is wrong comes before what is there, and that before what is missing.
    let existing = |change: fn(&mut Subscription)| {
        move |new: &mut Subscription| {
            new.name = SUBSCRIPTION.to_owned();
            change(new);
        }
    };
    let answer = hub.subscription(SUBSCRIPTION, existing(|new| new.ack_deadline_seconds = 9)).await;
    assert_eq!(refused(answer), Code::InvalidArgument);
    let answer =
        hub.subscription(SUBSCRIPTION, existing(|new| new.topic = NOWHERE.to_owned())).await;
    assert_eq!(refused(answer), Code::AlreadyExists);
    hub.stop().await;
}

#[actix_web::test]
async fn names_that_are_missing_are_picked() {
    let mut hub = Hub::with(|_| {}).await;
    let mut names = Vec::new();
    for _ in 0..2 {
        names.push(hub.subscription("", |_| {}).await.unwrap().name);
        let new = CreateSnapshotRequest {
            subscription: SUBSCRIPTION.to_owned(),
            ..CreateSnapshotRequest::default()
        };
        names.push(hub.subscriber.create_snapshot(new).await.unwrap().into_inner().name);
    }
    assert!(names[0].starts_with("projects/test/subscriptions/"), "{names:?}");
    assert!(names[1].starts_with("projects/test/snapshots/"), "{names:?}");
    assert!(names[0] != names[2] && names[1] != names[3], "{names:?}");
    hub.stop().await;
}

#[actix_web::test]
async fn lists_have_pages() {
    let mut hub = Hub::start().await;
    let names: Vec<String> = (0..5).map(|n| format!("projects/test/topics/topic-{n}")).collect();
    for name in &names {
        hub.topic(name).await.unwrap();
    }
    hub.topic("projects/other/topics/topic").await.unwrap();
    let (mut listed, mut page_token) = (Vec::new(), String::new());
    for size in [2, 2, 1] {
        let project = "projects/test".to_owned();
        let request = ListTopicsRequest { project, page_size: 2, page_token };
        let page = hub.publisher.list_topics(request).await.unwrap().into_inner();
        assert_eq!(page.topics.len(), size);
        listed.extend(page.topics.into_iter().map(|topic| topic.name));
        page_token = page.next_page_token;
    }
    assert_eq!((listed, page_token.as_str()), (names, ""));
    let request = ListTopicsRequest {
        project: "projects/test".to_owned(),
        page_size: -1,
        page_token: String::new(),
    };
    assert_eq!(refused(hub.publisher.list_topics(request).await), Code::InvalidArgument);
    let request = ListTopicsRequest { project: "test".to_owned(), ..ListTopicsRequest::default() };
    assert_eq!(refused(hub.publisher.list_topics(request).await), Code::InvalidArgument);
    hub.stop().await;
}

#[actix_web::test]
async fn a_topic_tells_what_hangs_on_it() {
    let mut hub = Hub::with(|_| {}).await;
    let new = CreateSnapshotRequest {
        name: SNAPSHOT.to_owned(),
        subscription: SUBSCRIPTION.to_owned(),
        ..CreateSnapshotRequest::default()
    };
    hub.subscriber.create_snapshot(new).await.unwrap();
    let request = ListTopicSubscriptionsRequest { topic: TOPIC.to_owned(), ..Default::default() };
    let listed = hub.publisher.list_topic_subscriptions(request).await.unwrap().into_inner();
    assert_eq!(listed.subscriptions, [SUBSCRIPTION]);
    let request = ListTopicSnapshotsRequest { topic: TOPIC.to_owned(), ..Default::default() };
    let listed = hub.publisher.list_topic_snapshots(request).await.unwrap().into_inner();
    assert_eq!(listed.snapshots, [SNAPSHOT]);
    let project = "projects/test".to_owned();
    let request = ListSubscriptionsRequest { project: project.clone(), ..Default::default() };
    let listed = hub.subscriber.list_subscriptions(request).await.unwrap().into_inner();
    assert_eq!(listed.subscriptions.len(), 1);
    let request = ListSnapshotsRequest { project, ..Default::default() };
    let listed = hub.subscriber.list_snapshots(request).await.unwrap().into_inner();
    assert_eq!(listed.snapshots.len(), 1);

    // Without its topic a subscription goes on.
    let delete = DeleteTopicRequest { topic: TOPIC.to_owned() };
    hub.publisher.delete_topic(delete).await.unwrap();
    let get = GetSubscriptionRequest { subscription: SUBSCRIPTION.to_owned() };
    let left = hub.subscriber.get_subscription(get).await.unwrap().into_inner();
    assert_eq!(left.topic, "_deleted-topic_");
    hub.stop().await;
}

#[actix_web::test]
async fn a_snapshot_lives() {
    let mut hub = Hub::with(|_| {}).await;
    let new = CreateSnapshotRequest {
        name: SNAPSHOT.to_owned(),
        subscription: SUBSCRIPTION.to_owned(),
        labels: labels("red"),
        ..CreateSnapshotRequest::default()
    };
    let made = hub.subscriber.create_snapshot(new.clone()).await.unwrap().into_inner();
    assert_eq!((made.topic.as_str(), &made.labels), (TOPIC, &labels("red")));
    assert!(made.expire_time.is_some());
    assert_eq!(refused(hub.subscriber.create_snapshot(new).await), Code::AlreadyExists);
    let get = GetSnapshotRequest { snapshot: SNAPSHOT.to_owned() };
    let read = hub.subscriber.get_snapshot(get.clone()).await.unwrap().into_inner();
    assert_eq!(read, made);
    let change = Snapshot { labels: labels("blue"), ..made.clone() };
    let update = UpdateSnapshotRequest { snapshot: Some(change), update_mask: mask("labels") };
    let updated = hub.subscriber.update_snapshot(update.clone()).await.unwrap().into_inner();
    assert_eq!(updated, Snapshot { labels: labels("blue"), ..made });
    let update = UpdateSnapshotRequest { update_mask: mask("topic"), ..update };
    assert_eq!(refused(hub.subscriber.update_snapshot(update).await), Code::InvalidArgument);
    let seek = SeekRequest {
        subscription: SUBSCRIPTION.to_owned(),
        target: Some(Target::Snapshot(SNAPSHOT.to_owned())),
    };
    hub.subscriber.seek(seek.clone()).await.unwrap();
    let delete = DeleteSnapshotRequest { snapshot: SNAPSHOT.to_owned() };
    hub.subscriber.delete_snapshot(delete.clone()).await.unwrap();
    assert_eq!(refused(hub.subscriber.delete_snapshot(delete).await), Code::NotFound);
    assert_eq!(refused(hub.subscriber.get_snapshot(get).await), Code::NotFound);
    assert_eq!(refused(hub.subscriber.seek(seek).await), Code::NotFound);
    let nowhere = SeekRequest { subscription: SUBSCRIPTION.to_owned(), target: None };
    assert_eq!(refused(hub.subscriber.seek(nowhere).await), Code::InvalidArgument);
    hub.stop().await;
}

#[actix_web::test]
async fn pushes_are_set_and_taken_off() {
    let mut hub = Hub::with(|_| {}).await;
    let push = PushConfig {
        push_endpoint: "http://127.0.0.1:9/push?token=abc".to_owned(),
        wrapper: Some(push_config::Wrapper::NoWrapper(push_config::NoWrapper {
            write_metadata: true,
        })),
        authentication_method: Some(push_config::AuthenticationMethod::OidcToken(
            push_config::OidcToken {
                service_account_email: "a@example.org".to_owned(),
                audience: "somebody".to_owned(),
            },
        )),
        ..PushConfig::default()
    };
    let modify = |push: PushConfig| ModifyPushConfigRequest {
        subscription: SUBSCRIPTION.to_owned(),
        push_config: Some(push),
    };
    let get = GetSubscriptionRequest { subscription: SUBSCRIPTION.to_owned() };
    hub.subscriber.modify_push_config(modify(push.clone())).await.unwrap();
    let read = hub.subscriber.get_subscription(get.clone()).await.unwrap().into_inner();
    assert_eq!(read.push_config, Some(push.clone()));
    let pulled = hub.subscriber.pull(super::pull_request(1)).await;
    assert_eq!(refused(pulled), Code::FailedPrecondition);
    let bad = PushConfig { push_endpoint: "ftp://example.org".to_owned(), ..push };
    let answer = hub.subscriber.modify_push_config(modify(bad)).await;
    assert_eq!(refused(answer), Code::InvalidArgument);
    hub.subscriber.modify_push_config(modify(PushConfig::default())).await.unwrap();
    let read = hub.subscriber.get_subscription(get).await.unwrap().into_inner();
    assert_eq!(read.push_config, Some(PushConfig::default()));
    hub.stop().await;
}

#[actix_web::test]
async fn who_is_detached_gets_nothing() {
    let mut hub = Hub::with(|_| {}).await;
    let mut stream = hub.stream().await;
    let detach = DetachSubscriptionRequest { subscription: SUBSCRIPTION.to_owned() };
    hub.publisher.detach_subscription(detach).await.unwrap();
    assert_eq!(stream.end().await, Code::FailedPrecondition);
    assert_eq!(hub.open(first()).await.end().await, Code::FailedPrecondition);
    let pulled = soon("an answer", hub.subscriber.pull(super::pull_request(1))).await;
    assert_eq!(refused(pulled), Code::FailedPrecondition);
    let get = GetSubscriptionRequest { subscription: SUBSCRIPTION.to_owned() };
    assert!(hub.subscriber.get_subscription(get).await.unwrap().into_inner().detached);
    drop(stream);
    hub.stop().await;
}
