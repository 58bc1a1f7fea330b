//! Sockets of which it is not known yet whose they are: short frames, and few of one address.

use serde_json::json;

use crate::harness::raw::{
    self, CONTINUATION, TEXT, TEXT_BEGIN, answer, frame, upgrade, upgrade_at,
};
use crate::harness::server::Backend;
use crate::harness::{Account, Raw, Server, until};

const FRAME_BYTES_MAX: usize = 16 * 1024;

async fn open(server: &Server, path: &str) -> Raw {
    Raw::open_with(server.address, upgrade_at("GET", path, &[]).as_bytes()).await
}

/// A heartbeat of so many bytes.
fn beat(bytes: usize) -> String {
    let (begin, end) = (r#"{"type":"heartbeat","payload":""#, r#""}"#);
    format!("{begin}{}{end}", "x".repeat(bytes - begin.len() - end.len()))
}

#[actix_web::test]
async fn frames_are_short_before_auth() {
    let server = Server::start().await;
    let mut peer = Raw::open(server.address).await;
    peer.text(&beat(FRAME_BYTES_MAX)).await;
    assert_eq!(peer.json().await["type"], "heartbeat");
    let (half, rest) = (FRAME_BYTES_MAX / 2, FRAME_BYTES_MAX - FRAME_BYTES_MAX / 2);
    let text = beat(FRAME_BYTES_MAX).into_bytes();
    peer.bytes(&frame(TEXT_BEGIN, &text[..half])).await;
    peer.bytes(&frame(CONTINUATION, &text[half..])).await;
    assert_eq!(peer.json().await["type"], "heartbeat");
    peer.close().await;
    for path in ["/ws", "/ws/chatting/"] {
        let mut peer = open(&server, path).await;
        // Its head is enough.
        peer.bytes(&raw::head(TEXT, FRAME_BYTES_MAX as u64 + 1)).await;
        assert_eq!(peer.closed().await.0, 1009, "{path}");
        peer.close().await;
        let mut peer = open(&server, path).await;
        peer.bytes(&frame(TEXT_BEGIN, &vec![b'x'; half])).await;
        peer.bytes(&raw::head(CONTINUATION, rest as u64 + 1)).await;
        assert_eq!(peer.closed().await.0, 1009, "{path}, in two");
        peer.close().await;
    }
    server.stop().await;
}

/// The first words of a socket, all of them in one write.
async fn say_all(peer: &mut Raw, frames: &[String]) {
    let bytes = frames.iter().map(|text| frame(TEXT, text.as_bytes()));
    peer.bytes(&bytes.collect::<Vec<_>>().concat()).await;
}

#[actix_web::test]
async fn frames_may_be_long_after_auth_even_if_they_come_with_it() {
    let server = Server::start().await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let content = "x".repeat(60 * 1024);
    for _ in 0..5 {
        let mut peer = Raw::open(server.address).await;
        let auth = json!({"type": "auth", "payload": {"auth": alice.token}}).to_string();
        let chat = json!({"type": "chat", "payload":
            {"type": "send", "chat_id": alice.room(&bob), "content": content}});
        say_all(&mut peer, &[beat(100), auth, chat.to_string()]).await;
        assert_eq!(peer.json().await["type"], "heartbeat");
        assert_eq!(peer.json().await["type"], "auth");
        assert_eq!(peer.json().await["payload"]["content"], content);
        peer.close().await;

        let mut peer = open(&server, "/ws/chatting/").await;
        let chat = json!({"target_id": alice.id(), "message": content}).to_string();
        say_all(&mut peer, &[json!({"token": alice.token}).to_string(), chat]).await;
        assert_eq!(peer.json().await["type"], "system_message");
        assert_eq!(peer.json().await["message"], content);
        peer.close().await;
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_refused_log_in_keeps_frames_short_and_holds_nothing_up() {
    let server = Server::start().await;
    let mut peer = Raw::open(server.address).await;
    let auth = json!({"type": "auth", "payload": {"auth": "no token"}}).to_string();
    say_all(&mut peer, &[beat(100), auth.clone(), auth, beat(100)]).await;
    for kind in ["heartbeat", "error", "error", "heartbeat"] {
        assert_eq!(peer.json().await["type"], kind);
    }
    peer.bytes(&raw::head(TEXT, FRAME_BYTES_MAX as u64 + 1)).await;
    assert_eq!(peer.closed().await.0, 1009);
    peer.close().await;
    server.stop().await;
}

async fn with_limit(max: usize, trust_proxy: bool) -> Server {
    Server::with(Backend::Sqlite, |config| {
        config.limits.enabled = true;
        config.limits.sockets_before_auth_per_ip_max = max;
        config.http.trust_proxy = trust_proxy;
    })
    .await
}

/// The status of a handshake that is not accepted.
async fn refused(server: &Server, path: &str, headers: &[(&str, &str)]) -> String {
    let head = answer(server.address, &upgrade_at("GET", path, headers)).await;
    head.split(' ').nth(1).expect("a status").to_owned()
}

async fn fill(server: &Server, max: usize) -> Vec<Raw> {
    let mut peers = Vec::new();
    for place in 0..max {
        peers.push(open(server, ["/ws", "/ws/chatting/"][place % 2]).await);
    }
    for path in ["/ws", "/ws/chatting/"] {
        assert_eq!(refused(server, path, &[]).await, "429");
    }
    peers
}

#[actix_web::test]
async fn one_address_has_so_many_sockets_before_auth() {
    const MAX: usize = 4;
    let server = with_limit(MAX, false).await;
    let alice: Account = server.user("alice").await;
    let mut peers = fill(&server, MAX).await;
    let metrics = server.running().metrics.clone();
    assert_eq!(metrics.refusals.with_label_values(&["sockets_before_auth"]).get(), 2);
    // What is known counts no more, whatever becomes of it.
    let mut known = Vec::new();
    for _ in 0..3 {
        let mut peer = peers.remove(0);
        peer.identify(&alice).await;
        known.push(peer);
        peers.push(open(&server, "/ws").await);
        assert_eq!(refused(&server, "/ws", &[]).await, "429");
        let mut peer = peers.remove(0);
        peer.text(&json!({"token": alice.token}).to_string()).await;
        assert_eq!(peer.json().await["type"], "system_message");
        known.push(peer);
        peers.push(open(&server, "/ws/chatting").await);
        assert_eq!(refused(&server, "/ws/chatting", &[]).await, "429");
    }
    // Who goes makes room; a handshake that fails takes none.
    peers.pop().expect("one").close().await;
    until("room", || metrics.sessions.get() == 9).await;
    for _ in 0..MAX {
        assert_eq!(refused(&server, "/ws", &[("Sec-WebSocket-Key", "x")]).await, "400");
    }
    peers.push(open(&server, "/ws").await);
    assert_eq!(refused(&server, "/ws", &[]).await, "429");
    for peer in peers.into_iter().chain(known) {
        peer.close().await;
    }
    server.stop().await;
}

#[actix_web::test]
async fn behind_a_proxy_the_address_it_names_counts() {
    let server = with_limit(1, true).await;
    let mut peers = Vec::new();
    for address in ["192.0.2.1", "192.0.2.2", "2001:db8::1"] {
        let named = [("X-Forwarded-For", address)];
        let handshake = upgrade("GET", &named);
        peers.push(Raw::open_with(server.address, handshake.as_bytes()).await);
        assert_eq!(refused(&server, "/ws", &named).await, "429", "{address}");
    }
    assert_eq!(refused(&server, "/ws", &[("X-Forwarded-For", "2001:db8::2")]).await, "429");
    for peer in peers {
        peer.close().await;
    }
    server.stop().await;
}

#[actix_web::test]
async fn without_limits_any_number_is_open_and_frames_are_short_all_the_same() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.limits.sockets_before_auth_per_ip_max = 1;
    })
    .await;
    let mut peers = Vec::new();
    for _ in 0..10 {
        peers.push(open(&server, "/ws").await);
    }
    for mut peer in peers {
        peer.bytes(&raw::head(TEXT, FRAME_BYTES_MAX as u64 + 1)).await;
        assert_eq!(peer.closed().await.0, 1009);
        peer.close().await;
    }
    server.stop().await;
}
