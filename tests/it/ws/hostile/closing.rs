//! Ends of connections, good and bad.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt as _;

use crate::harness::raw::{self, CLOSE, TEXT};
use crate::harness::server::Backend;
use crate::harness::{Neighbours, Raw, Server, soon, until};

#[actix_web::test]
async fn the_peers_code_is_echoed() {
    let server = Server::start().await;
    for code in [1000_u16, 1001, 1011, 3000, 4999] {
        let mut peer = Raw::open(server.address).await;
        let payload = [&code.to_be_bytes()[..], b"so long"].concat();
        peer.bytes(&raw::frame(CLOSE, &payload)).await;
        assert_eq!(peer.closed().await.0, code);
        peer.ended().await;
    }
    let mut peer = Raw::open(server.address).await;
    peer.bytes(&raw::frame(CLOSE, b"")).await;
    let empty = raw::Frame { first: CLOSE, payload: Vec::new() };
    assert_eq!(peer.frame().await, Some(empty), "no code for no code");
    peer.ended().await;
    server.stop().await;
}

#[actix_web::test]
async fn what_follows_a_close_frame_is_not_read() {
    let server = Server::start().await;
    let mut peer = Raw::open(server.address).await;
    let mut bytes = raw::frame(CLOSE, &1000_u16.to_be_bytes());
    bytes.extend(raw::frame(TEXT, br#"{"type":"heartbeat","payload":1}"#));
    peer.bytes(&bytes).await;
    assert_eq!(peer.closed().await.0, 1000);
    peer.ended().await;
    server.stop().await;
}

#[actix_web::test]
async fn the_close_frame_arrives_although_the_peer_goes_on_sending() {
    let server = Server::with(Backend::Sqlite, |config| config.ws.close_timeout_ms = 500).await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let neighbours = Neighbours::start(server.address, [&alice, &bob]).await;
    let attacks = [
        (1009, raw::head(TEXT, 1 << 30)),
        (1002, raw::unmasked(TEXT, b"{}")),
        (1007, { raw::frame(TEXT, b"\xFF") }),
    ];
    for (code, attack) in attacks {
        let mut peer = Raw::open(server.address).await;
        peer.bytes(&attack).await;
        // Much more than all buffers on the way hold: had the server closed its end with this
        // unread, a reset would have overtaken the Close frame.
        let junk = vec![0xA5; 64 * 1024];
        let start = Instant::now();
        let mut sent = 0;
        while start.elapsed() < Duration::from_millis(400) {
            if soon("sending", peer.stream().write_all(&junk)).await.is_err() {
                break;
            }
            sent += junk.len();
        }
        assert!(sent > 1024 * 1024, "the server takes what it throws away");
        assert_eq!(peer.closed().await.0, code);
        // It may go on for ever: after the time to answer the Close frame it is cut off.
        soon("the cut", async { while peer.stream().write_all(&junk).await.is_ok() {} }).await;
    }
    neighbours.stop().await;
    server.stop().await;
}

#[actix_web::test]
async fn a_peer_that_never_answers_our_close_is_cut_off() {
    let timeout = Duration::from_millis(300);
    let server = Server::with(Backend::Sqlite, |config| config.ws.close_timeout_ms = 300).await;
    let mut peer = Raw::open(server.address).await;
    peer.bytes(&raw::frame(TEXT, b"\xFF")).await;
    assert_eq!(peer.closed().await.0, 1007);
    let start = Instant::now();
    peer.ended().await;
    assert!(start.elapsed() > timeout / 2, "it was given time: {:?}", start.elapsed());
    until("the end of the socket", || !server.has_socket_of(peer.address())).await;
    server.stop().await;
}

#[actix_web::test]
async fn a_cut_in_the_middle_of_a_frame_is_the_end_of_one_session() {
    let server = Server::start().await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let (eve, sessions) = (server.user("eve").await, server.running().metrics.sessions.clone());
    let neighbours = Neighbours::start(server.address, [&alice, &bob]).await;
    let whole = raw::frame(TEXT, br#"{"type":"heartbeat","payload":1}"#);
    for length in [1, 2, 4, 6, 7, whole.len() - 1] {
        for reset in [false, true] {
            let mut peer = Raw::open(server.address).await;
            peer.identify(&eve).await;
            peer.bytes(&whole[..length]).await;
            if reset {
                socket2::SockRef::from(&*peer.stream()).set_linger(Some(Duration::ZERO)).unwrap();
            }
            drop(peer);
        }
    }
    until("the end of the cut sessions", || sessions.get() == 2).await;
    neighbours.stop().await;
    server.stop().await;
}
