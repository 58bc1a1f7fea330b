//! Peers that vanish without a word.

use std::time::Duration;

use crate::harness::server::Backend;
use crate::harness::{Neighbours, Raw, Server, until};

#[actix_web::test]
async fn a_half_open_socket_ends_at_the_heartbeat_deadline() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.rewind.heartbeat_timeout_ms = 2_000;
        config.ws.close_timeout_ms = 300;
    })
    .await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let eve = server.user("eve").await;
    // To the server this is what a vanished peer looks like: a connection that says nothing, not
    // even that it has ended.
    let mut peer = Raw::open(server.address).await;
    peer.identify(&eve).await;
    let metrics = server.running().metrics.clone();
    let neighbours = Neighbours::start(server.address, [&alice, &bob]).await;
    until("the eviction", || {
        metrics.evictions.with_label_values(&["heartbeat_missing"]).get() == 1
    })
    .await;
    assert_eq!((metrics.sessions.get(), metrics.users_online.get()), (2, 2), "out of the tables");
    until("the end of the socket", || !server.has_socket_of(peer.address())).await;
    neighbours.stop().await;
    // What a peer that comes back would find.
    let heartbeat_missing = "Heartbeat missing. Websocket session closed.";
    assert_eq!(peer.closed().await, (4003, heartbeat_missing.to_owned()));
    peer.ended().await;
    server.stop().await;
}

#[actix_web::test]
async fn many_sockets_that_say_nothing_all_end() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.rewind.heartbeat_timeout_ms = 500;
        config.ws.close_timeout_ms = 200;
    })
    .await;
    let mut peers = Vec::new();
    for _ in 0..200 {
        peers.push(Raw::open(server.address).await);
    }
    for mut peer in peers {
        assert_eq!(peer.closed().await.0, 4003);
        peer.ended().await;
    }
    tokio::time::timeout(Duration::from_secs(5), server.stop()).await.expect("nothing is left");
}
