//! Peers that would make the server hold much for them.

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::harness::neighbours::send;
use crate::harness::raw::{self, TEXT, TEXT_BEGIN};
use crate::harness::{Account, Client, Neighbours, Process, Raw, process, soon};

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
    let (server, accounts, _folder) = start(3, &[]);
    let neighbours = Neighbours::start(server.address, [&accounts[0], &accounts[1]]).await;
    let mut peers = Vec::new();
    for _ in 0..PEERS {
        let mut peer = Raw::open(server.address).await;
        // Before that they may not be so long.
        peer.identify(&accounts[2]).await;
        peers.push(peer);
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

/// Of a megabyte, each peer would have half: so much less is taken of one who is not known.
#[actix_web::test]
async fn frames_that_never_end_take_little_before_auth() {
    const PEERS: usize = 400;
    let (server, accounts, _folder) = start(2, &[]);
    let neighbours = Neighbours::start(server.address, [&accounts[0], &accounts[1]]).await;
    Raw::open(server.address).await.close().await;
    server.forget_peak();
    let before = server.memory();
    let mut peers = Vec::new();
    let letters = vec![b'a'; 8 * 1024 - 1];
    for place in 0..PEERS {
        let path = if place % 4 < 2 { "/ws" } else { "/ws/chatting/" };
        let handshake = raw::upgrade_at("GET", path, &[]);
        let mut peer = Raw::open_with(server.address, handshake.as_bytes()).await;
        // One frame, or two fragments, of which the last byte is missing.
        let mut bytes = match place % 2 {
            0 => raw::frame(TEXT, &[&letters[..], &letters, b"aa"].concat()),
            _ => [
                raw::frame(TEXT_BEGIN, &letters),
                raw::frame(raw::CONTINUATION, &[&letters[..], b"aa"].concat()),
            ]
            .concat(),
        };
        bytes.pop();
        peer.bytes(&bytes).await;
        peers.push(peer);
    }
    let mut last = Client::open(server.address, "/ws").await;
    last.identify(&accounts[0].token).await;
    let grown = server.memory_peak().saturating_sub(before);
    assert!(grown < PEERS as u64 * 80 * 1024, "{grown} bytes for {PEERS} peers");
    for peer in &mut peers {
        // They were taken in: the rest of the frame is answered, or ends what needs a token.
        peer.bytes(b"a").await;
        let frame = peer.frame().await.expect("an answer");
        assert!([TEXT, raw::CLOSE].contains(&frame.first), "{frame:?}");
    }
    last.close().await;
    neighbours.stop().await;
    drop(peers);
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

/// A request that asks for a socket where there is none.
fn export_as_socket(account: &Account) -> Vec<u8> {
    let token = format!("Bearer {}", account.token);
    let headers = [("Authorization", token.as_str())];
    raw::upgrade_at("GET", "/api/v1/me/export", &headers).into_bytes()
}

#[actix_web::test]
async fn large_answers_to_upgrades_come_whole_and_take_little_memory() {
    const PEERS: usize = 10;
    let (server, accounts, _folder) = start(4, &["ws.tcp_user_timeout_ms=60000"]);
    let [alice, bob, eve, mallory] = &accounts[..] else { unreachable!() };
    fill(&server, eve, mallory).await;
    let neighbours = Neighbours::start(server.address, [alice, bob]).await;
    server.forget_peak();
    let before = server.memory();
    let mut peers = Vec::new();
    for _ in 0..PEERS {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        let mut peer = Raw::unopened(socket.connect(server.address).await.unwrap());
        peer.bytes(&export_as_socket(mallory)).await;
        peers.push(peer);
    }
    // One that is read, to the end of the connection.
    let mut reader = tokio::net::TcpStream::connect(server.address).await.unwrap();
    reader.write_all(&export_as_socket(mallory)).await.unwrap();
    let mut answer = Vec::new();
    soon("the export", reader.read_to_end(&mut answer)).await.unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 200 ") && head.contains("connection: close"), "{head}");
    assert!(!head.contains("transfer-encoding"), "{head}");
    let export: serde_json::Value = serde_json::from_slice(&answer[end..]).unwrap();
    assert_eq!(export["rooms"][0]["messages"].as_array().unwrap().len(), PAGE);
    let grown = server.memory_peak().saturating_sub(before);
    let allowed = PEERS as u64 * (3 << 20) + (16 << 20);
    assert!(grown < allowed, "{grown} bytes for {PEERS} peers, {allowed} allowed");
    neighbours.stop().await;
    // Who takes nothing is given up, and holds nothing up.
    drop(peers);
    server.stop();
}
