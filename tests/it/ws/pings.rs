//! Sessions with features live by pongs, too; those without do not.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::raw::{self, CLOSE, PING, PONG, close_of, frame};
use crate::harness::server::Backend;
use crate::harness::{Account, Raw, Server, until};

const TIMEOUT: Duration = Duration::from_millis(1_000);

async fn start() -> Server {
    Server::with(Backend::Sqlite, |config| {
        config.rewind.heartbeat_timeout_ms = 1_000;
        config.rewind.ping_interval_ms = 400;
    })
    .await
}

/// Opens a session that asks for features, or for none.
async fn open(server: &Server, account: &Account, features: Option<&[&str]>) -> Raw {
    let mut peer = Raw::open(server.address).await;
    peer.text(r#"{"type":"heartbeat","payload":0}"#).await;
    peer.json().await;
    let mut payload = json!({"auth": account.token});
    if let Some(features) = features {
        payload["features"] = json!(features);
    }
    peer.text(&json!({"type": "auth", "payload": payload}).to_string()).await;
    assert_eq!(peer.json().await["type"], "auth");
    peer
}

/// Lives for so long, answering pings or not; gives how many came, and the code if it was closed.
async fn live(peer: &mut Raw, answers: bool, span: Duration) -> (usize, Option<u16>) {
    let (until, mut pings) = (Instant::now() + span, 0);
    loop {
        let Ok(came) = tokio::time::timeout_at(until.into(), peer.frame()).await else {
            return (pings, None);
        };
        let came = came.expect("a Close frame before the end");
        match came.first {
            PING => {
                pings += 1;
                if answers {
                    peer.bytes(&frame(PONG, &came.payload)).await;
                }
            }
            CLOSE => return (pings, Some(close_of(&came).0)),
            _ => {}
        }
    }
}

#[actix_web::test]
async fn a_session_with_features_lives_by_pongs_alone() {
    let server = start().await;
    let alice = server.user("alice").await;
    for features in [&["sync"][..], &["presence", "typing"], &["group"]] {
        let mut peer = open(&server, &alice, Some(features)).await;
        let (pings, closed) = live(&mut peer, true, 3 * TIMEOUT).await;
        assert_eq!(closed, None, "{features:?}");
        assert!((4..=9).contains(&pings), "{pings} in {:?}", 3 * TIMEOUT);
        let last = Instant::now();
        let (_, closed) = live(&mut peer, false, 5 * TIMEOUT).await;
        assert_eq!(closed, Some(4003), "neither pongs nor heartbeats");
        assert!(last.elapsed() >= TIMEOUT / 2, "{:?}", last.elapsed());
        peer.close().await;
    }
    server.stop().await;
}

#[actix_web::test]
async fn heartbeats_alone_do_as_well_and_other_frames_do_not() {
    let server = start().await;
    let alice = server.user("alice").await;
    let mut peer = open(&server, &alice, Some(&["sync"])).await;
    for _ in 0..12 {
        peer.text(r#"{"type":"heartbeat","payload":0}"#).await;
        assert_eq!(live(&mut peer, false, TIMEOUT / 4).await.1, None);
    }
    let start = Instant::now();
    let closed = loop {
        peer.text(r#"{"type":"load","payload":{"type":"mutual_users"}}"#).await;
        if let (_, Some(code)) = live(&mut peer, false, TIMEOUT / 4).await {
            break code;
        }
        assert!(start.elapsed() < 5 * TIMEOUT);
    };
    assert_eq!(closed, 4003);
    peer.close().await;
    server.stop().await;
}

#[actix_web::test]
async fn a_session_without_features_is_not_pinged_and_needs_heartbeats() {
    let server = start().await;
    let alice = server.user("alice").await;
    for features in [None, Some(&[][..]), Some(&["magic"][..])] {
        let mut peer = open(&server, &alice, features).await;
        let start = Instant::now();
        let mut closed = None;
        while closed.is_none() {
            peer.bytes(&frame(PONG, b"")).await;
            let (pings, code) = live(&mut peer, true, TIMEOUT / 4).await;
            assert_eq!(pings, 0, "{features:?}");
            closed = code;
            assert!(start.elapsed() < 5 * TIMEOUT);
        }
        assert_eq!(closed, Some(4003), "{features:?}");
        peer.close().await;
    }
    // It is the last auth that counts.
    let mut peer = open(&server, &alice, Some(&["sync"])).await;
    let again: Value = json!({"type": "auth", "payload": {"auth": alice.token}});
    peer.text(&again.to_string()).await;
    assert_eq!(peer.json().await["type"], "auth");
    assert_eq!(live(&mut peer, true, 5 * TIMEOUT).await, (0, Some(4003)));
    peer.close().await;
    server.stop().await;
}

#[actix_web::test]
async fn a_socket_has_its_time_for_auth_however_it_beats() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.rewind.auth_timeout_ms = 900;
        // On a busy machine beats come late; what counts here is that they do not prolong it.
        config.rewind.heartbeat_timeout_ms = 20_000;
    })
    .await;
    let alice = server.user("alice").await;
    let mut peer = Raw::open(server.address).await;
    let mut known = open(&server, &alice, None).await;
    let start = Instant::now();
    let bad = json!({"type": "auth", "payload": {"auth": "no token"}}).to_string();
    let closed = loop {
        for peer in [&mut peer, &mut known] {
            peer.text(r#"{"type":"heartbeat","payload":0}"#).await;
        }
        // Trying does not prolong it.
        peer.text(&bad).await;
        if let (_, Some(code)) = live(&mut peer, false, Duration::from_millis(100)).await {
            break code;
        }
        assert!(start.elapsed() < 5 * TIMEOUT);
    };
    assert_eq!(closed, 4003);
    assert!(start.elapsed() >= Duration::from_millis(800), "{:?}", start.elapsed());
    let evictions = &server.running().metrics.evictions;
    // The hub hears of an end after the peer does.
    until("the end is counted", || evictions.with_label_values(&["not_identified"]).get() == 1)
        .await;
    peer.close().await;
    known.text(r#"{"type":"heartbeat","payload":"last"}"#).await;
    while known.json().await["payload"] != "last" {}
    known.bytes(&raw::frame(CLOSE, &1000_u16.to_be_bytes())).await;
    while known.frame().await.is_some() {}
    server.stop().await;
}
