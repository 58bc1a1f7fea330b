//! How fast may be asked, and what costs nothing of that.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tradewind::server::Config;

use super::{Backend, Yard};

/// A yard with limits, changed further.
async fn limited(change: impl FnOnce(&mut Config)) -> Yard {
    let change = |config: &mut Config| {
        config.limits.enabled = true;
        change(config);
    };
    Yard::with(Backend::Sqlite, change).await
}

#[actix_web::test]
async fn what_comes_too_fast_waits() {
    let yard = limited(|config| {
        config.owl.frames_per_second = 20;
        config.limits.app_key_wrong_per_ip_per_minute = 1_000;
    });
    let yard = yard.await;
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

/// The SDK sends all that it has sent once more when its socket drains. What is new behind it does not wait for that.
#[actix_web::test]
async fn what_comes_again_costs_no_pace() {
    let mut yard = limited(|config| config.owl.frames_per_second = 5).await;
    let (server, mut channel) = yard.new_server("one").await;
    let of = |text: &str| yard.parameters(&server, json!({"data": text, "q": 1}));
    let frame =
        |stamp: i64, text: &str| format!("{}&#|", json!({"cId": 503, "st": stamp, "pm": of(text)}));
    let alive = format!("{}&#|", json!({"cId": 2, "st": 1, "pm": {}}));
    channel.bytes(frame(5, "a")).await;
    channel.bytes(frame(5, "a").repeat(4_000) + &alive.repeat(500) + &frame(6, "b")).await;
    let begun = Instant::now();
    for stamp in [5, 6] {
        assert_eq!(channel.next().await["st"], stamp);
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    yard.lines(2).await;
    drop(channel);
    yard.close().await;
}

#[actix_web::test]
async fn even_what_is_passed_over_has_a_pace() {
    let yard = limited(|config| config.owl.repeats_per_second = 100).await;
    let mut peer = yard.connect().await;
    let begun = Instant::now();
    peer.bytes("{\"cId\":2}&#|nothing&#|".repeat(100)).await;
    peer.nothing().await;
    assert!(begun.elapsed() > Duration::from_millis(900), "{:?}", begun.elapsed());
    drop(peer);
    yard.close().await;
}

/// Of 2,048 requests it is known whether they have come; what is older is counted, so that a clock that was set back is
/// seen.
#[actix_web::test]
async fn what_is_too_old_is_counted() {
    let mut yard = Yard::new(Backend::Sqlite).await;
    let (server, mut channel) = yard.new_server("one").await;
    let pm = json!({"sId": yard.app.service_id, "rId": server});
    let frame = |stamp: i64| format!("{}&#|", json!({"cId": 403, "st": stamp, "pm": pm}));
    let stamps = channel.stamp + 1..=channel.stamp + 2_048;
    channel.bytes(stamps.clone().map(frame).collect::<String>()).await;
    for stamp in stamps {
        assert_eq!(channel.next().await["st"], stamp);
        channel.stamp = stamp;
    }
    channel.bytes(frame(5) + &frame(6)).await;
    channel.nothing().await;
    let refusals = &yard.server.running().metrics.refusals;
    assert_eq!(refusals.with_label_values(&["owl_old_requests"]).get(), 2);
    drop(channel);
    yard.close().await;
}

/// Over TCP and HTTP together: there it waits, here it is told to.
#[actix_web::test]
async fn an_app_has_a_rate() {
    let mut yard = limited(|config| config.limits.app_calls_per_second = 5).await;
    let (server, mut channel) = yard.new_server("one").await;
    let begun = Instant::now();
    for _ in 0..8 {
        channel.send(804, yard.parameters(&server, json!({"gId": "none"}))).await;
    }
    for _ in 0..8 {
        assert_eq!(channel.next().await["pm"]["arc"], -304);
    }
    assert!(begun.elapsed() > Duration::from_millis(700), "{:?}", begun.elapsed());
    let call = json!({"serviceId": yard.app.service_id, "serverRegId": server, "groupId": "none"});
    let post = async |body: &Value| yard.server.post_json("/owl/deviceGroup/remove/", body).await;
    let mut too_fast = None;
    for _ in 0..50 {
        let answer = post(&call).await;
        if answer.status != 404 {
            too_fast = Some(answer);
            break;
        }
    }
    let too_fast = too_fast.expect("a bound");
    assert_eq!((too_fast.status, too_fast.header("retry-after")), (429, Some("1")));
    // Another app has its own.
    let other = yard.server.app("other").await;
    let name = json!({"serviceId": other.service_id, "registerName": "x"});
    assert_eq!(yard.server.post_json("/owl/server/register/", &name).await.status, 200);
    drop(channel);
    yard.close().await;
}

/// By whatever way it is shown.
#[actix_web::test]
async fn a_service_is_not_guessed_for_long() {
    let yard = limited(|config| config.limits.app_key_wrong_per_ip_per_minute = 3).await;
    let name = |service: &str| json!({"serviceId": service, "registerName": "x"});
    let post = async |service: &str| {
        yard.server.post_json("/owl/server/register/", &name(service)).await.status
    };
    let right = yard.app.service_id.as_str();
    let mut gate = yard.connect().await;
    for _ in 0..5 {
        assert_eq!(post(right).await, 200, "right ones do not count");
    }
    assert_eq!(post("none").await, 403);
    assert_eq!(gate.ask(301, json!({"sId": "none", "rn": "x", "t": 4})).await["rc"], -304);
    assert_eq!(gate.open("none", "").await["rc"], -304);
    for service in ["none", right] {
        assert_eq!(post(service).await, 429);
        assert_eq!(gate.ask(301, json!({"sId": service, "rn": "x", "t": 4})).await["rc"], -1);
        assert_eq!(gate.open(service, "").await["rc"], -1);
    }
    drop(gate);
    yard.close().await;
}
