//! What the SDK stumbles over, and how the hub goes around it.

use serde_json::json;
use tradewind::domain::apps::command::ServerNamed;
use tradewind::domain::apps::console::ResultCode;

use super::{Backend, Yard};

/// An answer that is not waited for would end the SDK's process: of two requests with one key the first is answered, and
/// both are done.
#[actix_web::test]
async fn of_one_key_only_the_first_is_answered() {
    let mut yard = Yard::new(Backend::Sqlite).await;
    let (server, mut channel) = yard.new_server("one").await;
    let frame = |name: &str, stamp: i64| {
        let pm = yard.parameters(&server, json!({"gn": name, "gd": null, "dl": []}));
        format!("{}&#|", json!({"cId": 801, "st": stamp, "pm": pm}))
    };
    let sent = [frame("a", 5), frame("b", 5), frame("c", 6), frame("d", 6)].concat();
    channel.bytes(sent).await;
    for stamp in [5, 6] {
        let answer = channel.next().await;
        assert_eq!((&answer["cId"], &answer["st"]), (&json!(11_801), &json!(stamp)));
    }
    channel.nothing().await;
    let lines = yard.lines(4).await;
    let names: Vec<&str> = lines.iter().map(|line| line.split(' ').nth(6).unwrap()).collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
    drop(channel);
    yard.close().await;
}

#[actix_web::test]
async fn what_is_sent_again_is_done_once() {
    let mut yard = Yard::new(Backend::Sqlite).await;
    let (server, mut channel) = yard.new_server("one").await;
    let pm = |text: &str| yard.parameters(&server, json!({"data": text, "q": 1}));
    let frame =
        |stamp: i64, text: &str| json!({"cId": 503, "st": stamp, "pm": pm(text)}).to_string();
    // The SDK puts another delimiter behind what it sends again.
    for text in [frame(5, "a"), format!("{}&#|", frame(5, "a")), frame(6, "b"), frame(5, "a")] {
        channel.frame(text).await;
    }
    for stamp in [5, 6] {
        assert_eq!(channel.next().await["st"], stamp);
    }
    channel.nothing().await;
    // The first frame of the channel, too.
    let opening =
        json!({"cId": 403, "st": 9, "pm": {"sId": yard.app.service_id, "st": 4, "rId": server}});
    channel.frame(&opening).await;
    assert_eq!(channel.next().await["cId"], 403);
    channel.frame(&opening).await;
    channel.nothing().await;
    yard.lines(2).await;
    drop(channel);
    yard.close().await;
}

#[actix_web::test]
async fn what_means_nothing_is_passed_over() {
    let mut yard = Yard::new(Backend::Sqlite).await;
    let (server, mut channel) = yard.new_server("one").await;
    // The sender of this has the delimiter in its data: neither half is an object.
    let torn = yard.parameters(&server, json!({"data": "a&#|b", "q": 1}));
    channel.frame(json!({"cId": 503, "st": 5, "pm": torn})).await;
    let alive = yard.parameters(&server, json!({"st": 4}));
    for text in ["", "", "[]", "7", "null", "nothing", "{", "{}", "\u{0}"] {
        channel.frame(text).await;
    }
    for frame in [
        json!({"cId": 2, "st": 1, "pm": alive}),
        json!({"cId": 2, "st": 1, "pm": alive}),
        json!({"cId": 999, "st": 5, "pm": {}}),
        json!({"cId": 503, "pm": {}}),
        json!({"cId": 503, "st": "5", "pm": {}}),
        json!({"cId": 503, "rc": 1, "st": -5, "pm": {}}),
        json!([{"cId": 503, "st": 5}]),
    ] {
        channel.frame(frame).await;
    }
    channel.bytes(b"\xff\xfe{\"cId\":503,\"st\":5}&#|\xc3&#|").await;
    channel.nothing().await;
    yard.console().expect_nothing().await;
    drop(channel);
    yard.close().await;
}

/// It reads each piece of TCP as UTF-8 by itself, and splits where the delimiter stands in data: see `OwlPeer::text`,
/// which takes nothing but ASCII without `|`.
#[actix_web::test]
async fn whatever_data_holds_comes_whole() {
    let mut yard = Yard::new(Backend::Sqlite).await;
    let (_, mut channel) = yard.new_server("one").await;
    let device = yard.device(1).await;
    let long = "안녕 🦉 | &#| \u{7f}\"\\\n".repeat(2_000);
    for text in ["&#|", "a|b", "한", "🦉", "\u{2028}<script>", &long] {
        assert_eq!(yard.send_up(device, ServerNamed::Any, text).await, ResultCode::Done);
        let frame = channel.next().await;
        assert_eq!(frame["pm"]["msgs"][0]["data"], text);
    }
    // So do texts of an answer.
    let pm = json!({"sId": yard.app.service_id, "sRId": "", "gId": "g"});
    assert_eq!(channel.ask(804, pm).await["pm"]["gId"], "g");
    drop(channel);
    yard.close().await;
}

/// The SDK never connects again. A connection that is no channel in time ends; a channel does not.
#[actix_web::test]
async fn a_channel_that_is_silent_stays() {
    let timeout = |config: &mut tradewind::server::Config| config.owl.channel_timeout_ms = 300;
    let mut yard = Yard::with(Backend::Sqlite, timeout).await;
    let (server, mut channel) = yard.new_server("one").await;
    for text in ["", "{\"cId\":2}&#|", "{\"cId\":503,\"st\":5,\"pm\":{"] {
        let mut stranger = yard.connect().await;
        stranger.bytes(text).await;
        stranger.ended().await;
    }
    channel.nothing().await;
    assert_eq!(channel.open(&yard.app.service_id, &server).await["rc"], 1);
    drop(channel);
    yard.close().await;
}

#[actix_web::test]
async fn a_channel_may_be_silent_for_three_of_its_intervals() {
    let mut config = tradewind::server::Config::default();
    config.owl.keep_alive_minutes = 33;
    assert!(config.validate().is_ok());
    config.owl.keep_alive_minutes = 34;
    let fault = config.validate().unwrap_err().to_string();
    assert!(fault.contains("owl.idle_timeout_minutes"), "{fault}");
    config.owl.idle_timeout_minutes = 102;
    assert!(config.validate().is_ok());
    // Nor is a server told of an address that is none.
    for (bind, address, is_good) in [
        ("0.0.0.0:9081", "", false),
        ("[::1]:9081", "", false),
        ("0.0.0.0:9081", "hub.example:9081", true),
        ("127.0.0.1:9081", "", true),
    ] {
        (config.owl.bind, config.owl.address) = (bind.to_owned(), address.to_owned());
        assert_eq!(config.validate().is_ok(), is_good, "{bind} {address}");
    }
}
