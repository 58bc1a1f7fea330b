//! Peers that do not read what they are sent.

use std::time::Duration;

use serde_json::Value;
use tradewind::session::AdapterChoice;

use crate::harness::neighbours::send;
use crate::harness::server::Backend;
use crate::harness::{Account, Client, Neighbours, Raw, Server, process, until};

const EVICTIONS: &str = r#"tradewind_evictions_total{reason="slow_consumer"}"#;

/// Sends messages until something is so, some at once; every one of them is acknowledged.
async fn flood(
    from: &mut Client,
    (author, peer): (&Account, &Account),
    (bytes, at_once): (usize, usize),
    mut until: impl FnMut() -> bool,
) -> usize {
    let message = send(author, peer, &"x".repeat(bytes));
    let mut sent = 0;
    while !until() {
        for _ in 0..at_once {
            from.send(&message).await;
        }
        for _ in 0..at_once {
            assert_eq!(from.recv().await["type"], "chat");
        }
        sent += at_once;
        assert!(sent * bytes < 256 << 20, "the server never gives up a peer that does not read");
    }
    sent
}

#[actix_web::test]
async fn a_peer_that_never_reads_is_put_out_and_cut_off() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.ws.outbox_bytes_max = 256 * 1024;
        config.ws.tcp_user_timeout_ms = 1_000;
    })
    .await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let (eve, victim) = (server.user("eve").await, server.user("victim").await);
    let neighbours = Neighbours::start(server.address, [&alice, &bob]).await;
    let mut peer = Raw::open_narrow(server.address).await;
    peer.identify(&victim).await;
    let mut sender = server.login(&eve).await;
    let metrics = server.running().metrics.clone();
    let evictions = metrics.evictions.with_label_values(&["slow_consumer"]);

    flood(&mut sender, (&eve, &victim), (16 * 1024, 16), || evictions.get() == 1).await;
    assert_eq!((metrics.sessions.get(), metrics.users_online.get()), (3, 3), "out of the tables");
    // Those who write to it do not notice, and the server does not collect for it any more.
    sender.ask(send(&eve, &victim, "still stored")).await;
    until("the end of the socket", || !server.has_socket_of(peer.address())).await;
    assert_eq!(evictions.get(), 1);
    neighbours.stop().await;
    sender.close().await;
    server.stop().await;
}

/// Floods a peer that does not read, then lets it read: it must find what was queued for it, in
/// order, and at last the reason of its end, however its queue was full.
async fn put_out_then_told(at_once: usize, change: impl FnOnce(&mut tradewind::server::Config)) {
    let server = Server::with(Backend::Sqlite, change).await;
    let (eve, victim) = (server.user("eve").await, server.user("victim").await);
    let mut peer = Raw::open_narrow(server.address).await;
    peer.identify(&victim).await;
    let mut sender = server.login(&eve).await;
    let metrics = server.running().metrics.clone();
    let evictions = metrics.evictions.with_label_values(&["slow_consumer"]);
    let sent =
        flood(&mut sender, (&eve, &victim), (16 * 1024, at_once), || evictions.get() == 1).await;

    let (mut count, mut last) = (0, 0);
    let close = loop {
        let frame = peer.frame().await.expect("a Close frame before the end");
        if frame.first != crate::harness::raw::TEXT {
            break crate::harness::raw::close_of(&frame);
        }
        let frame: Value = serde_json::from_slice(&frame.payload).unwrap();
        let id: i64 = frame["payload"]["id"].as_str().unwrap().parse().unwrap();
        assert!(id > last);
        (count, last) = (count + 1, id);
    };
    assert_eq!(close, (1008, "slow consumer".to_owned()));
    assert!(count < sent, "{count} of {sent}");
    peer.close().await;
    sender.close().await;
    server.stop().await;
}

#[actix_web::test]
async fn a_peer_put_out_for_bytes_is_told_when_it_reads_again() {
    put_out_then_told(16, |config| config.ws.outbox_bytes_max = 64 * 1024).await;
}

#[actix_web::test]
async fn a_peer_put_out_for_messages_is_told_when_it_reads_again() {
    // The sender has as little room: answers must not come faster than its actor, on a loaded machine, takes them.
    put_out_then_told(1, |config| {
        // Its actor sleeps while the peer does not read; the other adapter's takes what comes.
        config.ws.adapter = AdapterChoice::Actors;
        config.ws.mailbox_max = 2;
        config.ws.outbox_bytes_max = 1 << 30;
    })
    .await;
}

#[actix_web::test]
async fn many_peers_that_never_read_take_little_memory() {
    const PEERS: usize = 20;
    const OUTBOX: usize = 256 * 1024;
    let folder = tempfile::tempdir().unwrap();
    let accounts = process::accounts(folder.path(), 4);
    let [alice, bob, eve, victim] = &accounts[..] else { unreachable!() };
    let outbox = format!("ws.outbox_bytes_max={OUTBOX}");
    let set = [outbox.as_str(), "ws.tcp_user_timeout_ms=1500"];
    let server = process::Process::start(folder.path(), &set);
    let neighbours = Neighbours::start(server.address, [alice, bob]).await;
    let mut sender = server.login(eve).await;
    let sockets = server.sockets();

    let mut peers = Vec::new();
    for _ in 0..PEERS {
        let mut peer = Raw::open_narrow(server.address).await;
        peer.identify(victim).await;
        peers.push(peer);
    }
    server.forget_peak();
    let before = server.memory();
    let mut rounds = 0;
    while server.metric(EVICTIONS).await < PEERS as f64 {
        flood(&mut sender, (eve, victim), (16 * 1024, 16), {
            let mut first = true;
            move || !std::mem::take(&mut first)
        })
        .await;
        rounds += 1;
        assert!(rounds < 1_000, "not all are put out");
    }
    let grown = server.memory_peak().saturating_sub(before);
    // Each: what the hub may queue, the same again on its way through the session and the
    // connection's buffer, and room for the messages in flight.
    let allowed = (PEERS * 3 * OUTBOX + (24 << 20)) as u64;
    assert!(grown < allowed, "{grown} bytes for {PEERS} peers, {allowed} allowed");
    // The neighbours' two and the sender's are in `sockets`.
    until("the end of their sockets", || server.sockets() <= sockets).await;
    neighbours.stop().await;
    sender.close().await;
    server.until_metric("tradewind_sessions", |sessions| sessions == 0.0).await;
    drop(peers);
    server.stop();
}

#[actix_web::test]
async fn a_peer_that_reads_now_and_then_loses_nothing() {
    let server = Server::start().await;
    let (eve, victim) = (server.user("eve").await, server.user("victim").await);
    let mut peer = Raw::open_narrow(server.address).await;
    peer.identify(&victim).await;
    let mut sender = server.login(&eve).await;
    for round in 0..10 {
        for number in 0..20 {
            let content = format!("{round} {number} {}", "x".repeat(8 * 1024));
            sender.ask(send(&eve, &victim, &content)).await;
        }
        for number in 0..20 {
            let frame = peer.json().await;
            let content = frame["payload"]["content"].as_str().unwrap();
            assert!(content.starts_with(&format!("{round} {number} ")));
        }
    }
    tokio::time::timeout(Duration::from_secs(5), peer.close()).await.unwrap();
    sender.close().await;
    server.stop().await;
}
