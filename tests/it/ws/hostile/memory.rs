//! Peers that would make the server hold much for them.

use serde_json::json;

use crate::harness::neighbours::send;
use crate::harness::raw::{self, TEXT, TEXT_BEGIN};
use crate::harness::{Account, Client, Neighbours, Process, Raw, process};

/// The base64 of "2099-01-01 00:00:00.000000".
const FAR: &str = "MjA5OS0wMS0wMSAwMDowMDowMC4wMDAwMDA=";
const PAGE: usize = 200;
const CONTENT_BYTES: usize = 64 * 1024;

fn start(users: usize, set: &[&str]) -> (Process, Vec<Account>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let accounts = process::accounts(folder.path(), users);
    (Process::start(folder.path(), set), accounts, folder)
}

#[actix_web::test]
async fn a_frame_announced_with_1_gib_is_refused_at_once() {
    let (server, accounts, _folder) = start(2, &[]);
    let neighbours = Neighbours::start(server.address, [&accounts[0], &accounts[1]]).await;
    // Whatever is made once, for the first connection.
    Raw::open(server.address).await.close().await;
    server.forget_peak();
    let before = server.memory();
    for length in [524_289, 1 << 30, 1 << 62, u64::MAX] {
        let mut peer = Raw::open(server.address).await;
        peer.bytes(&raw::head(TEXT, length)).await;
        assert_eq!(peer.closed().await.0, 1009, "{length}");
        peer.close().await;
    }
    let grown = server.memory_peak().saturating_sub(before);
    assert!(grown < 4 << 20, "{grown} bytes");
    neighbours.stop().await;
    server.stop();
}

#[actix_web::test]
async fn bytes_that_are_only_announced_are_not_reserved() {
    const PEERS: usize = 400;
    let (server, accounts, _folder) = start(2, &[]);
    let neighbours = Neighbours::start(server.address, [&accounts[0], &accounts[1]]).await;
    let mut peers = Vec::new();
    for _ in 0..PEERS {
        peers.push(Raw::open(server.address).await);
    }
    server.until_metric("tradewind_sessions", |sessions| sessions >= PEERS as f64).await;
    server.forget_peak();
    let before = server.memory();
    for (place, peer) in peers.iter_mut().enumerate() {
        let first = if place % 2 == 0 { TEXT } else { TEXT_BEGIN };
        let mut bytes = raw::head(first, 500_000);
        bytes.extend([0x37, 0xFA, 0x21, 0x3D]);
        bytes.extend([b'a'; 10]);
        peer.bytes(&bytes).await;
    }
    // Handled after all of theirs, as far as anybody can tell from outside.
    let mut last = Client::open(server.address, "/ws").await;
    last.identify(&accounts[0].token).await;
    let grown = server.memory_peak().saturating_sub(before);
    assert!(grown < PEERS as u64 * 16 * 1024, "{grown} bytes for {PEERS} peers");
    last.close().await;
    drop(peers);
    neighbours.stop().await;
    server.until_metric("tradewind_sessions", |sessions| sessions == 0.0).await;
    server.stop();
}

/// Fills a page of history with the longest messages.
async fn fill(server: &Process, from: &Account, to: &Account) {
    let mut author = server.login(from).await;
    let message = send(from, to, &"x".repeat(CONTENT_BYTES));
    for _ in 0..PAGE / 8 {
        for _ in 0..8 {
            author.send(&message).await;
        }
        for _ in 0..8 {
            assert_eq!(author.recv().await["type"], "chat");
        }
    }
    author.close().await;
}

#[actix_web::test]
async fn big_pages_asked_for_and_not_read_take_little_memory() {
    const PEERS: usize = 40;
    let (server, accounts, _folder) = start(4, &["ws.tcp_user_timeout_ms=60000"]);
    let [alice, bob, eve, mallory] = &accounts[..] else { unreachable!() };
    fill(&server, eve, mallory).await;
    let neighbours = Neighbours::start(server.address, [alice, bob]).await;
    let payload = json!({"type": "chat", "load_id": eve.room(mallory), "datetime": FAR,
        "count": PAGE});
    let load = json!({"type": "load", "payload": payload});
    let page = |mut client: Client| {
        let load = load.clone();
        async move {
            client.send(&load).await;
            assert_eq!(client.drain().await.len(), PAGE);
            client
        }
    };
    // One page that is read, so that all that is made once is there.
    let mut reader = page(server.login(mallory).await).await;
    server.forget_peak();
    let before = server.memory();

    let mut peers = Vec::new();
    for _ in 0..PEERS {
        let mut peer = Raw::open_narrow(server.address).await;
        peer.identify(mallory).await;
        for _ in 0..10 {
            peer.text(&load.to_string()).await;
        }
        peers.push(peer);
    }
    // Good readers have their pages all the same; by then the bad ones have all they will get.
    for _ in 0..2 {
        reader = page(reader).await;
    }
    let grown = server.memory_peak().saturating_sub(before);
    // A slice of 256 KiB is there at most as rows, as frames, and as bytes on their way through two
    // buffers whose room doubles; 2 MiB were measured. One whole page would be 12.8 MiB, and each
    // peer has asked for ten.
    let allowed = PEERS as u64 * (5 << 19) + (16 << 20);
    assert!(grown < allowed, "{grown} bytes for {PEERS} peers, {allowed} allowed");
    reader.close().await;
    neighbours.stop().await;
    drop(peers);
    server.until_metric("tradewind_sessions", |sessions| sessions == 0.0).await;
    server.stop();
}
