//! What the server's end is for those who wait for messages.

use std::time::{Duration, Instant};

use tonic::Code;

use super::{Hub, pull_request, refused};
use crate::harness::soon;

#[actix_web::test]
async fn streams_and_pulls_end_with_the_server_and_may_come_again() {
    let mut hub = Hub::with(|_| {}).await;
    let mut stream = hub.stream().await;
    hub.publish(&["held"]).await;
    stream.gather(1).await;
    let mut subscriber = hub.subscriber.clone();
    let pull = actix_web::rt::spawn(async move { subscriber.pull(pull_request(1)).await });
    let Hub { mut server, publisher, subscriber } = hub;
    let start = Instant::now();
    server.restart(|_| {}).await;
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!(stream.end().await, Code::Unavailable);
    assert_eq!(refused(soon("the end", pull).await.unwrap()), Code::Unavailable);
    // What was held is forgotten: it is there at once.
    let channel = super::channel(&server).await;
    drop((publisher, subscriber));
    let mut hub = Hub {
        server,
        publisher: super::PublisherClient::new(channel.clone()),
        subscriber: super::SubscriberClient::new(channel),
    };
    assert_eq!(super::texts(&hub.pull_now().await), ["held"]);
    hub.stop().await;
}
