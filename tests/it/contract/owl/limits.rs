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
        more.send(301, json!({"sId": "none", "rn": "x", "t": 4})).await;
        more.dismissed().await;
        drop(peers.pop());
        let metrics = yard.server.running().metrics.clone();
        until("the end of one", || metrics.owl_connections.get() == 2).await;
        let mut next = yard.connect().await;
        next.nothing().await;
        drop((peers, next));
        yard.close().await;
    }
}

/// Who does not read misses what is beyond the bound, and the device is told then that nobody has heard it. The channel
/// stays: the SDK would not open another.
#[actix_web::test]
async fn a_server_that_does_not_read_misses_some() {
    let mut yard = Yard::new(Backend::Sqlite).await;
    let (_, mut channel) = yard.new_server("one").await;
    let device = yard.device(1).await;
    let text = "한".repeat(21_000);
    yard.hang_up().await;
    let mut told = 0;
    while yard.send_up(device, ServerNamed::Any, &text).await == ResultCode::Done {
        told += 1;
        assert!(told < 1_000, "there is a bound");
    }
    let mut heard = 0;
    while heard < told {
        heard += channel.next().await["pm"]["msgs"].as_array().unwrap().len();
    }
    assert_eq!(heard, told);
    assert_eq!(yard.send_up(device, ServerNamed::Any, "again").await, ResultCode::Done);
    assert_eq!(channel.next().await["pm"]["msgs"][0]["data"], "again");
    channel.nothing().await;
    drop(channel);
    yard.close().await;
}

/// A console hears what a server misses, so the device is told that it was heard.
#[actix_web::test]
async fn what_a_server_misses_a_console_hears() {
    let change = |config: &mut Config| config.owl.outbox_bytes_max = 66_560;
    let mut yard = Yard::with(Backend::Sqlite, change).await;
    let (_, channel) = yard.new_server("one").await;
    let device = yard.device(1).await;
    let text = "x".repeat(65_536);
    for _ in 0..150 {
        assert_eq!(yard.send_up(device, ServerNamed::Any, &text).await, ResultCode::Done);
        assert!(yard.console().line().await.starts_with("onUpstreamMsgReceived "));
    }
    drop(channel);
    yard.close().await;
}

#[actix_web::test]
async fn a_peer_that_takes_nothing_is_let_go() {
    let change = |config: &mut Config| config.ws.tcp_user_timeout_ms = 500;
    let mut yard = Yard::with(Backend::Sqlite, change).await;
    let (_, channel) = yard.new_server("one").await;
    let device = yard.device(1).await;
    let text = "한".repeat(21_000);
    yard.hang_up().await;
    while yard.send_up(device, ServerNamed::Any, &text).await == ResultCode::Done {}
    let metrics = yard.server.running().metrics.clone();
    until("the end of the channel", || metrics.owl_connections.get() == 0).await;
    drop(channel);
    yard.close().await;
}

#[actix_web::test]
async fn a_frame_that_has_begun_has_its_time() {
    let change = |config: &mut Config| config.owl.frame_timeout_ms = 300;
    let mut yard = Yard::with(Backend::Sqlite, change).await;
    let (server, mut channel) = yard.new_server("one").await;
    let mut slow = yard.channel(&server).await;
    let begun = Instant::now();
    slow.frame("whole").await;
    slow.bytes("{\"cId\":").await;
    // Further bytes give it no more time.
    let slow_end = async {
        while slow.bytes(" ").await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    crate::harness::soon("the end of the slow one", slow_end).await;
    assert!(begun.elapsed() >= Duration::from_millis(300));
    channel.nothing().await;
    drop(channel);
    yard.close().await;
}

#[actix_web::test]
async fn few_frames_are_large_at_once() {
    let change = |config: &mut Config| {
        config.owl.large_frames_max = 1;
        config.owl.frame_timeout_ms = 1_000;
    };
    let mut yard = Yard::with(Backend::Sqlite, change).await;
    let (server, mut first) = yard.new_server("one").await;
    let mut second = yard.channel(&server).await;
    let device = yard.device(1).await;
    first.bytes(vec![b' '; 100_000]).await;
    // It is read beside what it is told, so after some of that it is read.
    for _ in 0..60 {
        assert_eq!(yard.send_up(device, ServerNamed::Any, "x").await, ResultCode::Done);
        for channel in [&mut first, &mut second] {
            assert_eq!(channel.next().await["cId"], 512);
        }
    }
    let pm = json!({"sId": yard.app.service_id, "rId": server});
    let frame = json!({"cId": 403, "st": 7, "pm": pm}).to_string();
    let end = async {
        first.ended().await;
        Instant::now()
    };
    let answer = async {
        second.bytes(format!("{}{frame}&#|", " ".repeat(400_000))).await;
        assert_eq!(second.next().await["rc"], 1);
        Instant::now()
    };
    let (ended, answered) = tokio::join!(end, answer);
    assert!(ended <= answered, "it waited for the place of the first");
    drop(second);
    yard.close().await;
}

/// What was answered before is not lost with what is not read any more.
#[actix_web::test]
async fn an_end_takes_nothing_along() {
    let mut yard = Yard::new(Backend::Sqlite).await;
    let (server, mut channel) = yard.new_server("one").await;
    channel.send(503, yard.parameters(&server, json!({"data": "x", "q": 1}))).await;
    channel.bytes(vec![b'x'; 8_000_000]).await;
    assert_eq!(channel.next().await["rc"], 1);
    channel.dismissed().await;
    drop(channel);
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
