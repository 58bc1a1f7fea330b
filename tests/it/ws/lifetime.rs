//! When sessions end by themselves: silence, expiry, the server's stop.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::harness::neighbours::send;
use crate::harness::raw::{self, PING};
use crate::harness::server::Backend;
use crate::harness::{Client, Raw, Server, soon};

/// The contract: at most so late. Plus what a slow machine needs.
const LATE_MAX: Duration = Duration::from_millis(1_000 + 1_500);

async fn with_heartbeats(timeout_ms: u64) -> Server {
    Server::with(Backend::Sqlite, |config| config.rewind.heartbeat_timeout_ms = timeout_ms).await
}

fn assert_in_time(start: Instant, timeout: Duration) {
    let took = start.elapsed();
    assert!(took >= timeout, "{took:?} is too early");
    assert!(took < timeout + LATE_MAX, "{took:?} is too late");
}

#[actix_web::test]
async fn a_session_that_never_says_anything_ends_after_the_opening() {
    let server = with_heartbeats(700).await;
    let start = Instant::now();
    let mut peer = Raw::open(server.address).await;
    let reason = "Heartbeat missing. Websocket session closed.";
    assert_eq!(peer.closed().await, (4003, reason.to_owned()));
    assert_in_time(start, Duration::from_millis(700) - Duration::from_millis(1));
    peer.close().await;
    server.stop().await;
}

#[actix_web::test]
async fn only_heartbeats_count() {
    let timeout = Duration::from_millis(1_000);
    let server = with_heartbeats(1_000).await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let mut peer = Raw::open(server.address).await;
    peer.identify(&alice).await;
    let start = Instant::now();
    // All the while: pings, pongs, messages, friend requests, look-ups, nonsense.
    let mut busy = raw::frame(PING, b"a");
    busy.extend(raw::frame(raw::PONG, b"a"));
    for frame in [
        send(&alice, &bob, "busy"),
        json!({"type": "load", "payload": {"type": "mutual_users"}}),
        json!({"type": "auth", "payload": {"auth": alice.token}}),
        json!({"type": "nonsense"}),
    ] {
        busy.extend(raw::frame(raw::TEXT, frame.to_string().as_bytes()));
    }
    let mut pace = tokio::time::interval(Duration::from_millis(100));
    let (code, _) = soon("the end", async {
        loop {
            tokio::select! {
                _ = pace.tick() => drop(
                    tokio::io::AsyncWriteExt::write_all(peer.stream(), &busy).await),
                frame = next(&mut peer) => {
                    if frame.first == raw::CLOSE {
                        return raw::close_of(&frame);
                    }
                }
            }
        }
    })
    .await;
    assert_eq!(code, 4003);
    // The heartbeat was a little before `start`.
    assert_in_time(start, timeout - Duration::from_millis(300));
    peer.close().await;
    server.stop().await;
}

async fn next(peer: &mut Raw) -> raw::Frame {
    peer.frame().await.expect("a Close frame before the end")
}

#[actix_web::test]
async fn a_session_with_heartbeats_lives_on() {
    let server = with_heartbeats(1_000).await;
    let alice = server.user("alice").await;
    let mut client = server.login(&alice).await;
    let start = Instant::now();
    let mut pace = tokio::time::interval(Duration::from_millis(200));
    while start.elapsed() < Duration::from_millis(3_500) {
        pace.tick().await;
        let beat = json!({"type": "heartbeat", "payload": start.elapsed().as_millis() as u64});
        assert_eq!(client.ask(beat.clone()).await, beat);
    }
    let last = Instant::now();
    client.ask(json!({"type": "heartbeat", "payload": null})).await;
    assert_eq!(client.closed().await.0, 4003);
    assert_in_time(last, Duration::from_millis(1_000) - Duration::from_millis(1));
    server.stop().await;
}

#[actix_web::test]
async fn a_session_ends_with_its_token() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    let bob = server.user("bob").await;
    let mut other = server.login(&alice).await;
    let mut client = server.connect().await;
    let token = server.short_token(&alice, Duration::from_secs(2)).await;
    client.identify(&token).await;
    let echo = client.ask(send(&alice, &bob, "while it lasts")).await;
    assert_eq!(other.recv().await, echo);
    assert_eq!(client.closed().await.0, 4010);
    // The user's other session has a token of its own.
    other.ask(send(&alice, &bob, "still here")).await;
    let mut late = server.connect().await;
    let beat = json!({"type": "heartbeat", "payload": 1});
    assert_eq!(late.ask(beat.clone()).await, beat);
    let refused = late.ask(json!({"type": "auth", "payload": {"auth": token}})).await;
    assert_eq!(refused["payload"]["code"], 4000, "{refused}");
    late.close().await;
    other.close().await;
    server.stop().await;
}

#[actix_web::test]
async fn a_fresh_token_prolongs_a_session() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    let mut client = server.connect().await;
    let start = Instant::now();
    client.identify(&server.short_token(&alice, Duration::from_secs(2)).await).await;
    let again = json!({"type": "auth", "payload": {"auth": alice.token}});
    assert_eq!(client.ask(again).await["type"], "auth");
    let mut pace = tokio::time::interval(Duration::from_millis(100));
    while start.elapsed() < Duration::from_millis(3_500) {
        pace.tick().await;
        client.expect_nothing().await;
    }
    // And a shorter one shortens it.
    let shorter = server.short_token(&alice, Duration::from_secs(1)).await;
    let again = json!({"type": "auth", "payload": {"auth": shorter}});
    assert_eq!(client.ask(again).await["type"], "auth");
    assert_eq!(client.closed().await.0, 4010);
    server.stop().await;
}

/// Takes frames until the end of the socket; gives the answers to sends, and the Close frame.
async fn to_the_end(mut client: Client) -> (Vec<String>, (u16, String)) {
    let (mut stored, mut close) = (Vec::new(), None);
    while let Some(message) = client.next().await {
        match message {
            Message::Text(text) => {
                let frame: serde_json::Value = serde_json::from_str(&text).unwrap();
                if frame["type"] == "chat" {
                    stored.push(frame["payload"]["content"].as_str().unwrap().to_owned());
                } else {
                    assert_eq!(frame["payload"]["code"], 4009, "{frame}");
                }
                assert_eq!(close, None, "nothing follows the Close frame");
            }
            Message::Close(Some(frame)) => {
                close = Some((frame.code.into(), frame.reason.to_string()));
            }
            other => panic!("{other:?}"),
        }
    }
    (stored, close.expect("a Close frame"))
}

#[actix_web::test]
async fn a_stop_answers_what_is_under_way_and_sends_everybody_home() {
    const SENDS: usize = 200;
    let server = Server::start().await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let (address, file) = (server.address, server.folder().join("tradewind.db"));
    let mut idle = Vec::new();
    for _ in 0..10 {
        idle.push(server.connect().await);
    }
    let mut author = server.login(&alice).await;
    let reader = server.login(&bob).await;
    for number in 0..SENDS {
        author.send(&send(&alice, &bob, &number.to_string())).await;
    }
    // Some are answered, others not.
    assert_eq!(author.recv().await["payload"]["content"], "0");
    let folder = server.keep_folder();
    let (gone, (acknowledged, close), (delivered, _), homes) = tokio::join!(
        server.stop_under_way(),
        to_the_end(author),
        to_the_end(reader),
        futures_util::future::join_all(idle.into_iter().map(to_the_end)),
    );
    assert!(gone, "all went in time");
    let mut delays = vec![close];
    delays.extend(homes.into_iter().map(|(_, close)| close));
    for (code, reason) in &delays {
        assert_eq!(*code, 1012);
        let delay: u32 = reason.strip_prefix("retry_after_ms=").unwrap().parse().unwrap();
        assert!((1..=60_000).contains(&delay), "{delay}");
    }
    delays.sort();
    delays.dedup();
    assert!(delays.len() > 5, "each has a delay of its own: {delays:?}");

    // What was stored is what was acknowledged, and what the other was told.
    let stored = contents(&file);
    assert_eq!(stored[1..], acknowledged[..]);
    assert_eq!(stored, delivered);
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "it listens no more");
    drop(folder);
}

/// All messages of a database, in the order of their ids.
fn contents(file: &std::path::Path) -> Vec<String> {
    use diesel::{Connection as _, QueryableByName, RunQueryDsl as _};

    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        content: String,
    }
    let mut conn = diesel::SqliteConnection::establish(&file.display().to_string()).unwrap();
    let rows: Vec<Row> =
        diesel::sql_query("SELECT content FROM messages ORDER BY id").load(&mut conn).unwrap();
    rows.into_iter().map(|row| row.content).collect()
}

#[actix_web::test]
async fn a_stop_does_not_wait_for_a_peer_that_never_reads() {
    let server = Server::with(Backend::Sqlite, |config| config.hub.drain_timeout_ms = 500).await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let mut author = server.login(&alice).await;
    let mut deaf = Raw::open_narrow(server.address).await;
    deaf.identify(&bob).await;
    for _ in 0..30 {
        author.ask(send(&alice, &bob, &"x".repeat(16 * 1024))).await;
    }
    let start = Instant::now();
    let (gone, (_, close)) = tokio::join!(server.stop_under_way(), to_the_end(author));
    assert!(!gone);
    assert_eq!(close.0, 1012, "the others are sent home in good order");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}
