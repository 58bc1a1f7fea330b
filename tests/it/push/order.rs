//! Ordering keys: one push of a key at a time, and keys do not wait for each other.

use super::{draft, is_drained, make_topic, pubsub, subscribe, topic, until_tries};
use crate::harness::Server;
use crate::harness::receiver::{OK, Receiver};

#[actix_web::test]
async fn a_key_has_one_push_at_a_time_in_order() {
    let server = Server::start().await;
    let mut receiver = Receiver::start().await;
    make_topic(&server).await;
    subscribe(&server, "sub", &receiver.url("/"), |config| config.is_ordered = true).await;
    // Warm, so that more than one could go.
    let warm = (0..8).map(|number| draft(&number.to_string(), "")).collect();
    pubsub(&server).publish(&topic(), warm).await.unwrap();
    receiver.take(8).await;
    until_tries(&server, "sub", 8).await;
    let messages = ["a1", "a2", "a3", "b1", "b2"].map(|payload| draft(payload, &payload[..1]));
    pubsub(&server).publish(&topic(), messages.to_vec()).await.unwrap();
    let (one, other) = (receiver.next().await, receiver.next().await);
    assert!(receiver.try_next().is_none());
    let (a, b) = if one.payload() == "a1" { (one, other) } else { (other, one) };
    assert_eq!((a.payload().as_str(), b.payload().as_str()), ("a1", "b1"));
    assert_eq!(a.json()["message"]["orderingKey"], "a");
    // While a1 is held, b goes on.
    b.answer(OK);
    let b = receiver.next().await;
    assert_eq!(b.payload(), "b2");
    b.answer(OK);
    until_tries(&server, "sub", 10).await;
    assert!(receiver.try_next().is_none(), "a2 waits for a1");
    a.status(500);
    assert_eq!(receiver.take(3).await, ["a1", "a2", "a3"]);
    until_tries(&server, "sub", 14).await;
    assert!(is_drained(&server, "sub").await);
    server.stop().await;
}
