//! News for many sessions at once, which go past their actors where they may.

use serde_json::{Value, json};

use crate::harness::neighbours::send;
use crate::harness::raw::TEXT;
use crate::harness::server::Backend;
use crate::harness::{Account, Client, Raw, Server};

/// More than enough for batches.
const READERS: usize = 12;
/// More than the kernel takes for a peer that does not read.
const CONTENT_BYTES: usize = 16 * 1024;
const MESSAGES: usize = 640;
/// Sent together, and so told together.
const BURST: usize = 8;

/// What a session is told, its own heartbeats aside.
async fn next(raw: &mut Raw) -> Value {
    loop {
        let frame = raw.json().await;
        if frame["type"] != "heartbeat" {
            return frame;
        }
    }
}

async fn readers(server: &Server, bob: &Account) -> Vec<Client> {
    let mut readers = Vec::new();
    for _ in 0..READERS {
        readers.push(server.login(bob).await);
    }
    readers
}

/// Sends bursts of large messages as long as more are wanted than so many; whoever reads at once has
/// all of them. Returns what they were.
async fn tell(
    (author, alice): (&mut Client, &Account),
    (readers, bob): (&mut [Client], &Account),
    more: impl Fn(usize) -> bool,
) -> Vec<Value> {
    let mut all = Vec::new();
    while more(all.len()) {
        for number in 0..BURST {
            let content = format!("{number}{}", "x".repeat(CONTENT_BYTES));
            author.send(&send(alice, bob, &content)).await;
        }
        for _ in 0..BURST {
            let echo = author.recv().await;
            for reader in readers.iter_mut() {
                assert_eq!(reader.recv().await, echo);
            }
            all.push(echo);
        }
    }
    all
}

#[actix_web::test]
async fn whoever_reads_late_is_told_all_in_order() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.ws.outbox_bytes_max = 2 * MESSAGES * CONTENT_BYTES;
        // However slow the machine is: it is not the silence that ends them.
        config.ws.tcp_user_timeout_ms = 120_000;
        config.rewind.heartbeat_timeout_ms = 120_000;
    })
    .await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let mut readers = readers(&server, &bob).await;
    let mut late = [Raw::open_narrow(server.address).await, Raw::open(server.address).await];
    for raw in &mut late {
        raw.identify(&bob).await;
    }
    let mut author = server.login(&alice).await;
    let more = |told| told < MESSAGES;
    let all = tell((&mut author, &alice), (&mut readers, &bob), more).await;
    for raw in &mut late {
        // An answer among the news, and news behind it.
        raw.text(&json!({"type": "heartbeat", "payload": 7}).to_string()).await;
        for message in &all {
            assert_eq!(&next(raw).await, message);
        }
    }
    // Now that nothing waits: past the actors again.
    let echo = author.ask(send(&alice, &bob, "the last")).await;
    for raw in &mut late {
        assert_eq!(next(raw).await, echo);
    }
    for raw in late {
        raw.close().await;
    }
    for mut reader in readers {
        assert_eq!(reader.recv().await, echo);
        reader.close().await;
    }
    author.close().await;
    server.stop().await;
}

#[actix_web::test]
async fn one_that_never_reads_is_put_out_and_the_others_miss_nothing() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.ws.outbox_bytes_max = 256 * 1024;
    })
    .await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let mut readers = readers(&server, &bob).await;
    let mut peer = Raw::open_narrow(server.address).await;
    peer.identify(&bob).await;
    let mut author = server.login(&alice).await;
    let evictions = server.running().metrics.evictions.with_label_values(&["slow_consumer"]);
    let more = |told| told < MESSAGES && evictions.get() == 0;
    let all = tell((&mut author, &alice), (&mut readers, &bob), more).await;
    assert_eq!(evictions.get(), 1);
    let mut count = 0;
    let close = loop {
        let frame = peer.frame().await.expect("a Close frame before the end");
        if frame.first != TEXT {
            break crate::harness::raw::close_of(&frame);
        }
        let frame: Value = serde_json::from_slice(&frame.payload).unwrap();
        assert_eq!(frame, all[count], "without a gap");
        count += 1;
    };
    assert_eq!(close, (1008, "slow consumer".to_owned()));
    assert!(count < all.len());
    peer.close().await;
    for reader in readers {
        reader.close().await;
    }
    author.close().await;
    server.stop().await;
}
