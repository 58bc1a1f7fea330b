//! StreamingPull: its rules, its flow, and how it ends.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tonic::Code;

use super::wire::{DeleteSubscriptionRequest, PubsubMessage, StreamingPullRequest};
use super::{Hub, Pulling, SUBSCRIPTION, first, message, texts};
use crate::harness::http::{metric, metrics};
use crate::harness::soon;

const NOTHING: StreamingPullRequest = StreamingPullRequest {
    subscription: String::new(),
    ack_ids: Vec::new(),
    modify_deadline_seconds: Vec::new(),
    modify_deadline_ack_ids: Vec::new(),
    stream_ack_deadline_seconds: 0,
    client_id: String::new(),
    max_outstanding_messages: 0,
    max_outstanding_bytes: 0,
    protocol_version: 0,
};

/// A request that sets the time one message may be held.
fn lease(ack_id: &str, seconds: i32) -> StreamingPullRequest {
    StreamingPullRequest {
        modify_deadline_ack_ids: vec![ack_id.to_owned()],
        modify_deadline_seconds: vec![seconds],
        ..NOTHING
    }
}

#[actix_web::test]
async fn messages_come_as_they_are_published() {
    let mut hub = Hub::with(|_| {}).await;
    hub.publish(&["before"]).await;
    let mut stream = hub.stream().await;
    assert_eq!(texts(&stream.messages().await), ["before"]);
    hub.publish(&["after"]).await;
    let start = Instant::now();
    assert_eq!(texts(&stream.messages().await), ["after"]);
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    drop(stream);
    hub.stop().await;
}

#[actix_web::test]
async fn headers_come_before_anything_else() {
    let mut hub = Hub::with(|_| {}).await;
    // That `open` returns is what is tried: nothing was published.
    let mut stream = hub.stream().await;
    assert!(stream.is_quiet().await);
    drop(stream);
    hub.stop().await;
}

#[actix_web::test]
async fn a_first_request_must_say_what_it_wants() {
    let mut hub = Hub::with(|_| {}).await;
    let nowhere = "projects/test/subscriptions/nowhere";
    for (bad, code) in [
        (StreamingPullRequest { subscription: String::new(), ..first() }, Code::InvalidArgument),
        (StreamingPullRequest { subscription: "s".to_owned(), ..first() }, Code::InvalidArgument),
        (StreamingPullRequest { stream_ack_deadline_seconds: 0, ..first() }, Code::InvalidArgument),
        (StreamingPullRequest { stream_ack_deadline_seconds: 9, ..first() }, Code::InvalidArgument),
        (
            StreamingPullRequest { stream_ack_deadline_seconds: 601, ..first() },
            Code::InvalidArgument,
        ),
        (
            StreamingPullRequest { modify_deadline_seconds: vec![1], ..first() },
            Code::InvalidArgument,
        ),
        (StreamingPullRequest { subscription: nowhere.to_owned(), ..first() }, Code::NotFound),
        (NOTHING, Code::InvalidArgument),
    ] {
        assert_eq!(hub.open(bad.clone()).await.end().await, code, "{bad:?}");
    }
    hub.stop().await;
}

#[actix_web::test]
async fn what_was_said_first_is_not_said_again() {
    let mut hub = Hub::with(|_| {}).await;
    for bad in [
        StreamingPullRequest { subscription: SUBSCRIPTION.to_owned(), ..NOTHING },
        StreamingPullRequest { client_id: "c".to_owned(), ..NOTHING },
        StreamingPullRequest { max_outstanding_messages: 5, ..NOTHING },
        StreamingPullRequest { max_outstanding_bytes: 5, ..NOTHING },
        StreamingPullRequest { protocol_version: 1, ..NOTHING },
        StreamingPullRequest { stream_ack_deadline_seconds: 9, ..NOTHING },
        StreamingPullRequest { modify_deadline_seconds: vec![10], ..NOTHING },
        StreamingPullRequest { ack_ids: vec!["malformed".to_owned()], ..NOTHING },
        lease("malformed", 10),
        lease("malformed", -1),
    ] {
        let mut stream = hub.stream().await;
        stream.say(bad.clone()).await;
        assert_eq!(stream.end().await, Code::InvalidArgument, "{bad:?}");
    }
    hub.stop().await;
}

#[actix_web::test]
async fn heartbeats_are_taken_and_answered_by_those_who_wait_for_that() {
    let mut hub = Hub::with(|_| {}).await;
    let mut stream = hub.stream().await;
    stream.say(NOTHING).await;
    stream.say(StreamingPullRequest { stream_ack_deadline_seconds: 20, ..NOTHING }).await;
    assert!(stream.is_quiet().await);
    let mut waiting = hub.open(StreamingPullRequest { protocol_version: 1, ..first() }).await;
    assert!(waiting.is_quiet().await);
    for _ in 0..3 {
        waiting.say(NOTHING).await;
        let answer = waiting.response().await.unwrap().unwrap();
        assert_eq!(answer.received_messages, []);
    }
    drop((stream, waiting));
    hub.stop().await;
}

#[actix_web::test]
async fn a_stream_acknowledges_extends_and_nacks() {
    let mut hub = Hub::with(|_| {}).await;
    let mut stream = hub.stream().await;
    hub.publish(&["one", "two", "three"]).await;
    let came = stream.gather(3).await;
    stream.acknowledge(&came[..1]).await;
    stream.say(lease(&came[1].ack_id, 0)).await;
    stream.say(lease(&came[2].ack_id, 1)).await;
    assert_eq!(texts(&stream.messages().await), ["two"]);
    let start = Instant::now();
    assert_eq!(texts(&stream.messages().await), ["three"]);
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    drop(stream);
    hub.stop().await;
}

#[actix_web::test]
async fn what_came_on_a_stream_may_be_acknowledged_elsewhere() {
    let mut hub = Hub::with(|_| {}).await;
    let mut stream = hub.stream().await;
    hub.publish(&["one", "two"]).await;
    let came = stream.gather(2).await;
    hub.acknowledge(&[&came[0]]).await.unwrap();
    let other = hub.stream().await;
    other.acknowledge(&came[1..]).await;
    // A half-closed stream ends when all is done that it has asked for.
    let Pulling { requests, responses } = other;
    drop(requests);
    let (requests, _) = tokio::sync::mpsc::channel(1);
    assert_eq!(Pulling { requests, responses }.end().await, Code::Ok);
    hub.extend(&came[1], 0).await.unwrap();
    assert!(stream.is_quiet().await);
    drop(stream);
    hub.stop().await;
}

#[actix_web::test]
async fn no_more_is_outstanding_than_a_client_wants() {
    let mut hub = Hub::with(|_| {}).await;
    hub.publish(&["1", "2", "3", "4", "5"]).await;
    let two = StreamingPullRequest { max_outstanding_messages: 2, ..first() };
    let mut stream = hub.open(two).await;
    let mut came = stream.gather(2).await;
    assert!(stream.is_quiet().await);
    // What does not fit is others' to have.
    assert_eq!(hub.pull_now().await.len(), 3);
    hub.publish(&["6"]).await;
    assert!(stream.is_quiet().await);
    stream.acknowledge(&came[..1]).await;
    came.extend(stream.gather(1).await);
    assert_eq!(texts(&came), ["1", "2", "6"]);
    drop(stream);
    hub.stop().await;
}

#[actix_web::test]
async fn a_message_over_the_bound_of_bytes_goes_alone() {
    let mut hub = Hub::with(|_| {}).await;
    let of = |bytes: usize| PubsubMessage { data: vec![b'x'; bytes], ..PubsubMessage::default() };
    hub.publish_messages(vec![of(400), of(400), of(5_000), of(1)]).await.unwrap();
    let bound = StreamingPullRequest { max_outstanding_bytes: 1_000, ..first() };
    let mut stream = hub.open(bound).await;
    let two = stream.gather(2).await;
    assert!(stream.is_quiet().await);
    stream.acknowledge(&two).await;
    let large = stream.gather(1).await;
    assert_eq!(large[0].message.as_ref().unwrap().data.len(), 5_000);
    assert!(stream.is_quiet().await);
    stream.acknowledge(&large).await;
    stream.gather(1).await;
    drop(stream);
    hub.stop().await;
}

#[actix_web::test]
async fn two_streams_share_what_comes() {
    let mut hub = Hub::with(|_| {}).await;
    let few = StreamingPullRequest { max_outstanding_messages: 5, ..first() };
    let mut streams = [hub.open(few.clone()).await, hub.open(few).await];
    let names: Vec<String> = (0..40).map(|n| n.to_string()).collect();
    hub.publish(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let (mut all, mut shares) = (BTreeSet::new(), [0, 0]);
    while all.len() < 40 {
        for (stream, share) in streams.iter_mut().zip(&mut shares) {
            let came = match soon_or_not(stream).await {
                Some(came) => came,
                None => continue,
            };
            stream.acknowledge(&came).await;
            *share += came.len();
            for text in texts(&came) {
                assert!(all.insert(text), "it came twice");
            }
        }
    }
    assert!(shares.iter().all(|share| *share >= 5), "{shares:?}");
    drop(streams);
    hub.stop().await;
}

/// The next messages, if they come soon.
async fn soon_or_not(stream: &mut Pulling) -> Option<Vec<super::wire::ReceivedMessage>> {
    let wait = Duration::from_millis(200);
    tokio::time::timeout(wait, stream.messages()).await.ok()
}

#[actix_web::test]
async fn keys_come_in_order_and_to_one_stream_at_a_time() {
    let mut hub = Hub::with(|new| new.enable_message_ordering = true).await;
    let mut stream = hub.stream().await;
    let messages = (0..30).map(|n| message(&n.to_string(), ["a", "b", "c"][n % 3])).collect();
    hub.publish_messages(messages).await.unwrap();
    let properties = stream.response().await.unwrap().unwrap();
    assert!(properties.subscription_properties.unwrap().message_ordering_enabled);
    let mut came = properties.received_messages;
    if came.len() < 30 {
        came.extend(stream.gather(30 - came.len()).await);
    }
    for key in ["a", "b", "c"] {
        let of_key = came.iter().filter(|it| it.message.as_ref().unwrap().ordering_key == key);
        let of_key: Vec<_> = of_key.cloned().collect();
        let numbers: Vec<u32> = texts(&of_key).iter().map(|text| text.parse().unwrap()).collect();
        assert!(numbers.is_sorted() && numbers.len() == 10, "{key}: {numbers:?}");
    }
    // The first of a key is nacked: it comes again, and all that followed.
    let of_a =
        |it: &&super::wire::ReceivedMessage| it.message.as_ref().unwrap().ordering_key == "a";
    let of_a: Vec<_> = came.iter().filter(of_a).cloned().collect();
    stream.say(lease(&of_a[0].ack_id, 0)).await;
    let again = stream.gather(10).await;
    assert_eq!(texts(&again), texts(&of_a));
    drop(stream);
    hub.stop().await;
}

#[actix_web::test]
async fn responses_stay_below_what_clients_take() {
    let mut hub = Hub::with(|_| {}).await;
    let of = |bytes: usize| PubsubMessage { data: vec![b'x'; bytes], ..PubsubMessage::default() };
    for bytes in [1_000_000, 1_000_000, 1_000_000, 1_000_000, 4_190_000] {
        hub.publish_messages(vec![of(bytes)]).await.unwrap();
    }
    // Many small ones, too: what is around them counts.
    for _ in 0..20 {
        hub.publish_messages(vec![of(1); 1_000]).await.unwrap();
    }
    let all =
        StreamingPullRequest { max_outstanding_messages: 0, max_outstanding_bytes: 0, ..first() };
    let mut stream = hub.open(all).await;
    assert_eq!(stream.gather(20_005).await.len(), 20_005);
    drop(stream);
    hub.stop().await;
}

#[actix_web::test]
async fn a_client_that_does_not_read_is_heard() {
    let mut hub = Hub::with(|_| {}).await;
    let mut stream = hub.open(StreamingPullRequest { max_outstanding_bytes: 0, ..first() }).await;
    hub.publish(&["first"]).await;
    let came = stream.gather(1).await;
    let large = PubsubMessage { data: vec![b'x'; 3_000_000], ..PubsubMessage::default() };
    for _ in 0..10 {
        hub.publish_messages(vec![large.clone()]).await.unwrap();
    }
    stream.acknowledge(&came).await;
    // Once that is done a nack has no effect.
    let address = hub.server.address;
    soon("the acknowledgement", async {
        let name = "tradewind_pubsub_acknowledged_total";
        while metric(&metrics(address).await, name) < 1.0 {}
    })
    .await;
    hub.extend(&came[0], 0).await.unwrap();
    let rest = stream.gather(10).await;
    assert!(rest.iter().all(|it| it.message.as_ref().unwrap().data.len() == 3_000_000));
    assert!(stream.is_quiet().await);
    drop(stream);
    hub.stop().await;
}

#[actix_web::test]
async fn a_subscription_that_is_deleted_ends_its_streams() {
    let mut hub = Hub::with(|_| {}).await;
    let mut stream = hub.stream().await;
    hub.publish(&["last"]).await;
    stream.gather(1).await;
    let delete = DeleteSubscriptionRequest { subscription: SUBSCRIPTION.to_owned() };
    hub.subscriber.delete_subscription(delete).await.unwrap();
    let start = Instant::now();
    assert_eq!(stream.end().await, Code::NotFound);
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    hub.stop().await;
}

#[actix_web::test]
async fn what_a_stream_held_comes_again_after_its_lease() {
    let mut hub = Hub::with(|_| {}).await;
    hub.publish(&["held"]).await;
    let mut stream = hub.stream().await;
    let came = stream.gather(1).await;
    let Pulling { requests, mut responses } = stream;
    drop(requests);
    assert_eq!(soon("the end", responses.message()).await.unwrap(), None);
    assert_eq!(hub.pull_now().await, []);
    hub.extend(&came[0], 0).await.unwrap();
    assert_eq!(texts(&hub.pull().await), ["held"]);
    hub.stop().await;
}
