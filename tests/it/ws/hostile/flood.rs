//! Peers that send more than anybody can handle at once.

use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::tcp::OwnedWriteHalf;

use crate::harness::neighbours::send;
use crate::harness::raw::{self, BINARY, PING, TEXT};
use crate::harness::{Neighbours, Process, Raw, Server, process};

/// How long all of a flood may take to be answered.
const POUR_MAX: Duration = Duration::from_secs(60);

/// Sends frames as fast as they go. Gives the socket back: its end would be the session's.
async fn pour(mut peer: OwnedWriteHalf, frames: Vec<u8>) -> OwnedWriteHalf {
    let sent = tokio::time::timeout(POUR_MAX, peer.write_all(&frames)).await;
    sent.expect("in time").expect("sent");
    peer
}

/// What has no answer must not hold up what comes behind it, however they arrive together.
#[actix_web::test]
async fn a_look_up_without_answers_and_a_blank_send_hold_nothing_up() {
    let server = Server::start().await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let mut peer = Raw::open(server.address).await;
    peer.identify(&alice).await;
    let cursor = "MjA5OS0wMS0wMSAwMDowMDowMC4wMDAwMDA=";
    let load = json!({"type": "load", "payload":
        {"type": "chat", "load_id": alice.room(&bob), "datetime": cursor, "count": 50}});
    let blank = send(&alice, &bob, "");
    for round in 0..50 {
        let beat = json!({"type": "heartbeat", "payload": round});
        let frames =
            [&load, &blank, &beat].map(|frame| raw::frame(TEXT, frame.to_string().as_bytes()));
        peer.bytes(&frames.concat()).await;
        assert_eq!(peer.json().await, beat);
    }
    peer.close().await;
    server.stop().await;
}

#[actix_web::test]
async fn a_flood_of_good_frames_is_answered_in_order() {
    const FRAMES: usize = 3_000;
    let folder = tempfile::tempdir().unwrap();
    let accounts = process::accounts(folder.path(), 4);
    let [alice, bob, eve, mallory] = &accounts[..] else { unreachable!() };
    let server = Process::start(folder.path(), &[]);
    let neighbours = Neighbours::start(server.address, [alice, bob]).await;
    let mut peer = Raw::open(server.address).await;
    peer.identify(eve).await;
    server.forget_peak();
    let before = server.memory();

    // Messages, echoes, and a look-up, which must wait for all before it.
    let load = json!({"type": "load", "payload": {"type": "mutual_users"}});
    let mut frames = Vec::new();
    for number in 0..FRAMES {
        let frame = match number % 3 {
            0 => send(eve, mallory, &format!("{number} {}", "x".repeat(2_000))),
            1 => json!({"type": "heartbeat", "payload": {"number": number}}),
            _ => load.clone(),
        };
        frames.extend(raw::frame(TEXT, frame.to_string().as_bytes()));
    }
    let (read, write) = peer.split();
    let pouring = actix_web::rt::spawn(pour(write, frames));
    let mut peer = read;
    for number in 0..FRAMES {
        let answer: Value = peer.json().await;
        match number % 3 {
            0 => {
                let content = answer["payload"]["content"].as_str().unwrap();
                assert!(content.starts_with(&format!("{number} ")), "{number}: {answer}");
            }
            1 => assert_eq!(answer["payload"]["number"], number),
            _ => assert_eq!(answer, json!({"type": "mutual_users", "payload": []}), "{number}"),
        }
    }
    let write = pouring.await.unwrap();
    let grown = server.memory_peak().saturating_sub(before);
    assert!(grown < 12 << 20, "{grown} bytes");
    neighbours.stop().await;
    drop((peer, write));
    server.until_metric("tradewind_sessions", |sessions| sessions == 0.0).await;
    server.stop();
}

#[actix_web::test]
async fn a_flood_of_bad_frames_is_answered_one_by_one() {
    const FRAMES: usize = 3_000;
    let server = Server::start().await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let neighbours = Neighbours::start(server.address, [&alice, &bob]).await;
    let eve = server.user("eve").await;
    let mut peer = Raw::open(server.address).await;
    peer.identify(&eve).await;
    let bad: [(&[u8], u8, u64); 8] = [
        (b"", TEXT, 1007),
        (b"{", TEXT, 1007),
        (b"[]", TEXT, 1007),
        (b"{}", TEXT, 4000),
        (br#"{"type":"nonsense","payload":{}}"#, TEXT, 4000),
        (br#"{"type":"chat","payload":null}"#, TEXT, 4000),
        (br#"{"type":"load","payload":{"type":"chat","load_id":"+5"}}"#, TEXT, 4000),
        (b"\x00\xFF", BINARY, 1003),
    ];
    let mut frames = Vec::new();
    for (payload, first, _) in bad.iter().cycle().take(FRAMES) {
        frames.extend(raw::frame(*first, payload));
    }
    let (mut peer, write) = peer.split();
    let pouring = actix_web::rt::spawn(pour(write, frames));
    for (payload, _, code) in bad.iter().cycle().take(FRAMES) {
        let answer = peer.json().await;
        assert_eq!(answer["type"], "error");
        assert_eq!(answer["payload"]["code"], *code, "{payload:?}: {answer}");
    }
    let write = pouring.await.unwrap();
    neighbours.stop().await;
    drop((peer, write));
    server.stop().await;
}

/// A peer sends much and takes nothing back: it is not read any further, so the server holds no
/// more than the connection's buffers.
#[actix_web::test]
async fn a_flood_whose_answers_are_not_read_takes_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = process::accounts(folder.path(), 3);
    let [alice, bob, eve] = &accounts[..] else { unreachable!() };
    let server = Process::start(folder.path(), &["ws.tcp_user_timeout_ms=60000"]);
    let neighbours = Neighbours::start(server.address, [alice, bob]).await;
    let heartbeat = format!(r#"{{"type":"heartbeat","payload":"{}"}}"#, "x".repeat(4_000));
    let floods = [raw::frame(TEXT, heartbeat.as_bytes()), raw::frame(PING, &[b'a'; 125])];
    for flood in floods {
        let mut peer = Raw::open_narrow(server.address).await;
        peer.identify(eve).await;
        server.forget_peak();
        let before = server.memory();
        let frames = flood.repeat(64);
        let mut sent = 0;
        // Until nothing more goes in for a while, which is what is wanted.
        while let Ok(written) =
            tokio::time::timeout(Duration::from_secs(1), peer.stream().write(&frames)).await
        {
            sent += written.expect("sent");
            assert!(sent < 64 << 20, "the server reads on and on");
        }
        let grown = server.memory_peak().saturating_sub(before);
        assert!(grown < 8 << 20, "{grown} bytes");
    }
    neighbours.stop().await;
    server.until_metric("tradewind_sessions", |sessions| sessions == 0.0).await;
    server.stop();
}

/// Whatever is answered at once must wait for the answers before it; while those wait for the
/// database, it must not pile up.
#[actix_web::test]
async fn a_flood_behind_a_waiting_write_takes_little_memory() {
    const WRITE: &str = "tradewind_store_pending_ops";
    let folder = tempfile::tempdir().unwrap();
    let accounts = process::accounts(folder.path(), 2);
    let [eve, mallory] = &accounts[..] else { unreachable!() };
    // Which keeps nothing of who has gone while the test holds the lock.
    let server = Process::start(
        folder.path(),
        &["store.busy_timeout_ms=20000", "presence.offline_grace_ms=600000"],
    );
    let file = folder.path().join("tradewind.db").display().to_string();
    let mut lock = SqliteConnection::establish(&file).unwrap();
    for flood in [raw::frame(BINARY, b"x"), raw::frame(TEXT, b"x"), raw::frame(TEXT, b"{}")] {
        let mut peer = Raw::open(server.address).await;
        peer.identify(eve).await;
        lock.batch_execute("BEGIN IMMEDIATE").unwrap();
        peer.text(&send(eve, mallory, "waits").to_string()).await;
        server.until_metric(WRITE, |pending| pending == 1.0).await;
        server.forget_peak();
        let before = server.memory();
        let frames = flood.repeat(1_024);
        let mut sent = 0;
        while sent < 16 << 20 {
            let writing = peer.stream().write(&frames);
            match tokio::time::timeout(Duration::from_millis(500), writing).await {
                Ok(written) => sent += written.expect("sent"),
                Err(_) => break,
            }
        }
        let grown = server.memory_peak().saturating_sub(before);
        lock.batch_execute("ROLLBACK").unwrap();
        assert!(grown < 8 << 20, "{grown} bytes for {sent} sent");
        assert_eq!(peer.json().await["payload"]["content"], "waits", "its answer comes first");
        assert_eq!(peer.json().await["type"], "error");
    }
    server.until_metric("tradewind_sessions", |sessions| sessions == 0.0).await;
    server.stop();
}
