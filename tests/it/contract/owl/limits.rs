//! Limits at their limit, and peers that mean no good.

use std::time::{Duration, Instant};

use serde_json::json;
use tradewind::domain::apps::command::ServerNamed;
use tradewind::domain::apps::console::ResultCode;
use tradewind::server::Config;

use super::{Backend, OwlPeer, Yard};
use crate::harness::{Server, until};

#[actix_web::test]
async fn nobody_listens_unless_told() {
    let server = Server::start().await;
    assert_eq!(server.running().owl_address, None);
    let answer = server.post_json("/owl/server/register/", &json!({})).await;
    assert_eq!(answer.status, 404, "{answer:?}");
    server.stop().await;
}

#[actix_web::test]
async fn a_frame_has_a_length() {
    let change = |config: &mut Config| config.owl.frame_before_channel_bytes_max = 2_048;
    let mut yard = Yard::with(Backend::Sqlite, change).await;
    let (server, mut channel) = yard.new_server("one").await;
    // Blanks before an object mean nothing.
    let padded = |bytes: usize, stamp: i64| {
        let pm = json!({"sId": yard.app.service_id, "rId": server});
        let frame = json!({"cId": 403, "st": stamp, "pm": pm}).to_string();
        " ".repeat(bytes - frame.len()) + &frame + "&#|"
    };
    let mut stranger = yard.connect().await;
    stranger.bytes(padded(2_048, 1)).await;
    assert_eq!(stranger.next().await["rc"], 1, "at the limit, and from then on a channel");
    stranger.bytes(padded(20_000, 2)).await;
    assert_eq!(stranger.next().await["rc"], 1);
    let mut stranger = yard.connect().await;
    stranger.bytes(padded(2_049, 1)).await;
    stranger.ended().await;
    // Without an end.
    let mut stranger = yard.connect().await;
    stranger.bytes(vec![b'x'; 4_096]).await;
    stranger.ended().await;
    channel.bytes(padded(4_194_304, 3)).await;
    assert_eq!(channel.next().await["rc"], 1);
    let endless = vec![b'&'; 65_536];
    for _ in 0..66 {
        if !channel.bytes(&endless).await {
            break;
        }
    }
    channel.ended().await;
    yard.close().await;
}

#[actix_web::test]
async fn slow_bytes_make_a_frame_all_the_same() {
    let mut yard = Yard::new(Backend::Sqlite).await;
    let (_, mut channel) = yard.new_server("one").await;
    let frame = json!({"cId": 301, "st": 1, "pm": {"sId": "안녕", "rn": "x"}}).to_string();
    for byte in format!("&#|{frame}&#|").bytes() {
        channel.bytes([byte]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(channel.next().await["rc"], -304);
    drop(channel);
    yard.close().await;
}

#[actix_web::test]
async fn connections_are_counted_and_those_of_an_address() {
    for (all, per_ip) in [(3, 100), (100, 3)] {
        let yard = Yard::with(Backend::Sqlite, |config| {
            config.limits.enabled = true;
            config.owl.connections_max = all;
            config.owl.connections_per_ip_max = per_ip;
        });
        let yard = yard.await;
        let mut peers = Vec::new();
        for _ in 0..3 {
            let mut peer = yard.connect().await;
            peer.nothing().await;
            peers.push(peer);
        }
        let mut more = yard.connect().await;
        more.ended().await;
        drop(peers.pop());
        let metrics = yard.server.running().metrics.clone();
        until("the end of one", || metrics.owl_connections.get() == 2).await;
        let mut next = yard.connect().await;
        next.nothing().await;
        drop((peers, next));
        yard.close().await;
    }
}

#[actix_web::test]
async fn what_comes_too_fast_waits() {
    let change = |config: &mut Config| {
        config.limits.enabled = true;
        config.owl.frames_per_second = 20;
    };
    let yard = Yard::with(Backend::Sqlite, change).await;
    let mut peer = yard.connect().await;
    let begun = Instant::now();
    for _ in 0..40 {
        peer.send(301, json!({"sId": "none", "rn": "x", "t": 4})).await;
    }
    for _ in 0..40 {
        assert_eq!(peer.next().await["rc"], -304, "nothing is lost");
    }
    assert!(begun.elapsed() > Duration::from_millis(900), "{:?}", begun.elapsed());
    drop(peer);
    yard.close().await;
}

/// Who does not read is unlinked once too much waits, and the device is told then that nobody is there.
#[actix_web::test]
async fn a_server_that_does_not_read_is_let_go() {
    let mut yard = Yard::new(Backend::Sqlite).await;
    let (_, mut channel) = yard.new_server("one").await;
    let device = yard.device(1).await;
    let text = "한".repeat(21_000);
    let mut code = ResultCode::Done;
    yard.hang_up().await;
    for _ in 0..1_000 {
        code = yard.send_up(device, ServerNamed::Any, &text).await;
        if code != ResultCode::Done {
            break;
        }
    }
    assert_eq!(code, ResultCode::NoChannel);
    channel.drain().await;
    yard.close().await;
}

#[actix_web::test]
async fn a_stop_ends_channels_at_once() {
    let mut yard = Yard::new(Backend::Sqlite).await;
    let (server, mut channel) = yard.new_server("one").await;
    let mut peers: Vec<OwlPeer> = Vec::new();
    for _ in 0..3 {
        peers.push(yard.connect().await);
    }
    let answer = channel.ask(503, yard.parameters(&server, json!({"data": "x", "q": 1}))).await;
    assert_eq!(answer["rc"], 1);
    let begun = Instant::now();
    yard.close().await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    for peer in peers.iter_mut().chain([&mut channel]) {
        peer.ended().await;
    }
}
