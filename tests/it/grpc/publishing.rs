//! What is published, and what is not.

use std::collections::BTreeMap;

use tonic::Code;
use tonic::codec::CompressionEncoding;

use super::wire::{PublishRequest, PubsubMessage};
use super::{Hub, TOPIC, message, refused, texts};
use crate::harness::soon;

#[actix_web::test]
async fn ids_grow_and_what_is_published_comes_as_it_was() {
    let mut hub = Hub::with(|_| {}).await;
    let odd = PubsubMessage {
        data: vec![0, 159, 146, 150],
        attributes: BTreeMap::from([("clé".to_owned(), "valeur".to_owned())]),
        message_id: "mine".to_owned(),
        ordering_key: "key".to_owned(),
        ..PubsubMessage::default()
    };
    let bare = PubsubMessage {
        attributes: BTreeMap::from([("a".to_owned(), String::new())]),
        ..PubsubMessage::default()
    };
    let ids = hub.publish_messages(vec![odd.clone(), bare.clone()]).await.unwrap();
    let numbers: Vec<u64> = ids.iter().map(|id| id.parse().unwrap()).collect();
    assert!(numbers[0] < numbers[1], "{numbers:?}");
    let pulled = hub.pull().await;
    for ((received, sent), id) in pulled.iter().zip([odd, bare]).zip(ids) {
        let received = received.message.clone().unwrap();
        assert!(received.publish_time.is_some());
        let expected =
            PubsubMessage { message_id: id, publish_time: received.publish_time, ..sent };
        assert_eq!(received, expected);
    }
    hub.stop().await;
}

#[actix_web::test]
async fn what_is_wrong_with_a_message_is_told() {
    let mut hub = Hub::with(|_| {}).await;
    let with = |key: &str, value: &str| PubsubMessage {
        attributes: BTreeMap::from([(key.to_owned(), value.to_owned())]),
        ..PubsubMessage::default()
    };
    let many = (0..101).map(|n| (n.to_string(), String::new())).collect();
    for messages in [
        vec![],
        vec![PubsubMessage::default()],
        vec![message("x", ""); 1_001],
        vec![with("goog-x", "")],
        vec![with("GOOG", "")],
        vec![with("", "")],
        vec![with(&"x".repeat(257), "")],
        vec![with("x", &"x".repeat(1_025))],
        vec![PubsubMessage { attributes: many, ..PubsubMessage::default() }],
        vec![message("x", &"k".repeat(1_025))],
        vec![PubsubMessage { data: vec![0; 10_000_001], ..PubsubMessage::default() }],
    ] {
        assert_eq!(refused(hub.publish_messages(messages).await), Code::InvalidArgument);
    }
    assert_eq!(hub.pull_now().await, []);
    let traced = with("googclient_traceparent", "00-1-1-00");
    hub.publish_messages(vec![traced]).await.unwrap();
    for (topic, code) in
        [("projects/test/topics/nowhere", Code::NotFound), ("nowhere", Code::InvalidArgument)]
    {
        let request = PublishRequest { topic: topic.to_owned(), messages: vec![message("x", "")] };
        assert_eq!(refused(hub.publisher.publish(request).await), code);
    }
    hub.stop().await;
}

#[actix_web::test]
async fn ten_megabytes_are_taken_packed_or_not() {
    let hub = Hub::with(|_| {}).await;
    let large = || PublishRequest {
        topic: TOPIC.to_owned(),
        messages: vec![PubsubMessage { data: vec![b'x'; 10_000_000], ..PubsubMessage::default() }],
    };
    let mut plain = hub.publisher.clone();
    soon("an id", plain.publish(large())).await.unwrap();
    let mut packing = hub.publisher.clone().send_compressed(CompressionEncoding::Gzip);
    soon("an id", packing.publish(large())).await.unwrap();
    // A request that is over 14 MiB once it is unpacked is no request.
    let mut bomb = large();
    bomb.messages[0].data = vec![b'x'; 15 << 20];
    let code = refused(soon("an answer", packing.publish(bomb.clone())).await);
    assert_eq!(code, Code::ResourceExhausted);
    let code = refused(soon("an answer", plain.publish(bomb)).await);
    assert!(matches!(code, Code::OutOfRange | Code::ResourceExhausted), "{code:?}");
    drop((plain, packing));
    hub.stop().await;
}

#[actix_web::test]
async fn filters_hold() {
    let mut hub = Hub::with(|new| new.filter = "attributes.text = \"red\"".to_owned()).await;
    hub.publish(&["blue", "red", "green"]).await;
    assert_eq!(texts(&hub.pull().await), ["red"]);
    assert_eq!(hub.pull_now().await, []);
    hub.stop().await;
}
