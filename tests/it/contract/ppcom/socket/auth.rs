//! Who is let in, what happens before, and how a session ends.

use std::time::Duration;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tradewind::domain::apps::app::Level;
use tradewind::service::apps::AppChanges;

use super::on_both;
use super::shop::*;
use crate::harness::{Backend, Client, until};

const UNKNOWN: &str = "00000000-0000-4000-8000-000000000000";

const REASONS: [&str; 11] = [
    DONE,
    "no app_uuid/user_uuid/device_uuid.",
    "no service/portal type.",
    "no extra data for portal user.",
    "parameters error.",
    "no type provided or type is unknown.",
    "message data is not JSON.",
    "message content is illegal.",
    "no api auth token provided.",
    "token not in db.",
    "wrong api auth level.",
];

/// A frame with some members changed; `null` takes one away.
fn but(frame: &Value, changes: &[(&str, Value)]) -> Value {
    let mut frame = frame.clone();
    for (name, value) in changes {
        match value {
            Value::Null => drop(frame.as_object_mut().unwrap().remove(*name)),
            value => frame[*name] = value.clone(),
        }
    }
    frame
}

/// The frame is answered with this code, and the socket is closed.
async fn refused(shop: &Shop, auth: &Value, code: usize) {
    let mut client = shop.connect().await;
    let answer = client.ask(auth.clone()).await;
    assert_eq!(answer, ack("AUTH", code as u64, REASONS[code]), "{auth}");
    assert_eq!(client.closed().await, (4401, "not let in".to_owned()), "{auth}");
}

async fn who_is_let_in(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (visitor, agent) = (shop.visitor("one").await, shop.agent("ann").await);
    let other = shop.visitor("two").await;
    let (good, of_agent) = (visitor.auth(), agent.auth());
    let operator = shop.token(Level::ThirdPartyConsole).await;
    let unbound = shop.token(Level::Ppcom).await;
    let none = Value::Null;
    // In the order in which faults are looked for: each frame has all those that follow, too.
    let bad = but(&good, &[("app_uuid", none.clone()), ("is_service_user", none.clone())]);
    for (changes, code) in [
        (vec![("api_token", none.clone())], 8),
        (vec![("api_token", json!(""))], 8),
        (vec![("api_token", json!(7))], 8),
        (vec![("api_token", json!("unknown"))], 9),
        (vec![("api_token", json!(operator))], 10),
        (vec![], 1),
    ] {
        refused(&shop, &but(&bad, &changes), code).await;
    }
    for name in ["app_uuid", "user_uuid", "device_uuid"] {
        for value in [none.clone(), json!(""), json!(7), json!([])] {
            refused(&shop, &but(&good, &[(name, value), ("is_service_user", none.clone())]), 1)
                .await;
        }
        refused(&shop, &but(&good, &[(name, json!(UNKNOWN))]), 10).await;
        refused(&shop, &but(&good, &[(name, json!("no uuid"))]), 10).await;
    }
    for value in [none.clone(), json!("false"), json!(0), json!({})] {
        let changes = [("is_service_user", value), ("extra_data", none.clone())];
        refused(&shop, &but(&good, &changes), 2).await;
    }
    for value in [none.clone(), json!("x"), json!([1])] {
        refused(&shop, &but(&good, &[("extra_data", value)]), 3).await;
    }
    let page = |bytes: usize| json!({"title": "x".repeat(bytes - r#"{"title":""}"#.len())});
    refused(&shop, &but(&good, &[("extra_data", page(16_385))]), 4).await;
    refused(&shop, &but(&of_agent, &[("extra_data", page(16_385))]), 4).await;
    for auth in [
        but(&good, &[("api_token", json!(unbound))]),
        but(&good, &[("is_service_user", json!(true))]),
        but(&of_agent, &[("is_service_user", json!(false)), ("extra_data", page(20))]),
        but(&good, &[("user_uuid", json!(other.user))]),
        but(&good, &[("device_uuid", json!(other.device))]),
        but(&good, &[("device_uuid", json!(agent.device))]),
        but(&good, &[("user_uuid", json!(other.user)), ("device_uuid", json!(other.device))]),
    ] {
        refused(&shop, &auth, 10).await;
    }
    // Wrong in nothing.
    let longest = but(&good, &[("extra_data", page(16_384))]);
    let spelled = but(&good, &[("user_uuid", json!(visitor.user.replace('-', "").to_uppercase()))]);
    for auth in [good.clone(), longest, spelled, but(&good, &[("type", json!("AUTH"))]), of_agent] {
        let mut client = shop.connect().await;
        assert_eq!(client.ask(auth).await, ack("AUTH", 0, DONE));
        // A second one changes nothing.
        let second = json!({"type": "auth", "api_token": "x"});
        assert_eq!(client.ask(second).await, ack("AUTH", 4, REASONS[4]));
        assert_eq!(drain(&mut client).await, Vec::<Value>::new());
        client.close().await;
    }
    shop.stop().await;
}

async fn two_apps(backend: Backend) {
    let shop = Shop::open(backend).await;
    let visitor = shop.visitor("one").await;
    let bank = Shop::in_server(shop.server, "bank").await;
    let customer = bank.visitor("one").await;
    assert_ne!(visitor.user, customer.user, "the same cookie");
    refused(&bank, &but(&visitor.auth(), &[("app_uuid", json!(bank.app))]), 10).await;
    refused(&bank, &but(&visitor.auth(), &[("device_uuid", json!(customer.device))]), 10).await;
    bank.socket(&visitor).await.close().await;
    bank.stop().await;
}

async fn before_auth(backend: Backend) {
    let shop = Shop::open(backend).await;
    let visitor = shop.visitor("one").await;
    let mut client = shop.connect().await;
    for (text, code) in [
        ("", 6),
        ("hi", 6),
        ("[]", 6),
        ("null", 6),
        (r#"{"type":"auth"}}"#, 6),
        ("{}", 5),
        (r#"{"type":null}"#, 5),
        (r#"{"type":1}"#, 5),
        (r#"{"type":"subscribe"}"#, 5),
        (r#"{"type":"ACK"}"#, 5),
    ] {
        client.text(text).await;
        assert_eq!(client.recv().await, ack("WS", code, REASONS[code as usize]), "{text}");
    }
    // It is survived.
    assert_eq!(client.ask(visitor.auth()).await, ack("AUTH", 0, DONE));
    client.close().await;
    for (kind, what) in [
        ("typing", "TYPING"),
        ("typing_watch", "TYPING_WATCH"),
        ("Typing_Unwatch", "TYPING_UNWATCH"),
    ] {
        let mut client = shop.connect().await;
        assert_eq!(client.ask(json!({"type": kind})).await, ack(what, 8, REASONS[8]));
        assert_eq!(client.closed().await.0, 4401);
    }
    for (send, extra) in [
        (json!({"uuid": "u", "conversation_uuid": "c"}), json!(["u", "c"])),
        (json!({"uuid": 1}), json!([null, null])),
        (Value::Null, json!([null, null])),
    ] {
        let mut client = shop.connect().await;
        let answer = client.ask(json!({"type": "SEND", "send": send})).await;
        let extra = json!({"uuid": extra[0], "conversation_uuid": extra[1]});
        assert_eq!(sent(&answer), (8, extra));
        assert_eq!(client.closed().await.0, 4401);
    }
    let mut client = shop.connect().await;
    client.message(Message::binary(vec![1])).await;
    assert_eq!(client.closed().await, (1003, "text only".to_owned()));
    shop.stop().await;
}

async fn limits(backend: Backend) {
    let shop = Shop::with(backend, |config| {
        config.limits.enabled = true;
        config.ppcom.auth_timeout_ms = 300;
        config.ppcom.ping_interval_ms = 100;
        config.ppcom.ping_timeout_ms = 250;
    })
    .await;
    let visitor = shop.visitor("one").await;
    assert_eq!(shop.connect().await.closed().await, (4408, "no auth in time".to_owned()));
    // One who answers pings lives on, one who does not is gone.
    let mut alive = shop.socket(&visitor).await;
    for _ in 0..5 {
        alive.pinged().await;
    }
    alive.text("x".repeat(262_144)).await;
    assert_eq!(alive.recv().await["code"], 6);
    alive.text("x".repeat(262_145)).await;
    assert_eq!(alive.closed().await, (1009, "message too big".to_owned()));
    let mut binary = shop.socket(&visitor).await;
    binary.message(Message::binary(vec![1])).await;
    assert_eq!(binary.closed().await, (1003, "text only".to_owned()));
    shop.stop().await;
}

async fn a_burst(backend: Backend) {
    let shop = Shop::with(backend, |config| config.limits.enabled = true).await;
    let (_agent, visitor) = (shop.agent("ann").await, shop.visitor("one").await);
    let conversation = shop.conversation(&visitor).await;
    let mut client = shop.socket(&visitor).await;
    // The auth frame was one of them.
    for number in 1..200 {
        client.send(&json!({"type": "typing_unwatch"})).await;
        client.send(&visitor.send(&conversation, &name(number), "hi")).await;
    }
    let (mut done, mut early) = (0, 0);
    let mut names = Vec::new();
    while done + early < 199 {
        let answer = client.recv().await;
        match (answer["what"].as_str().unwrap(), answer["code"].as_u64().unwrap()) {
            ("SEND", 0) => done += 1,
            ("SEND", 4) => early += 1,
            ("WS", 4) => continue,
            other => panic!("{other:?}"),
        }
        names.push(text(&answer["extra"]["uuid"]));
    }
    assert_eq!(names, (1..200).map(name).collect::<Vec<_>>(), "each is answered by its name");
    assert!((49..=199).contains(&done) && early > 0, "{done} {early}");
    client.close().await;
    shop.stop().await;
}

async fn origins(backend: Backend) {
    let shop = Shop::open(backend).await;
    let visitor = shop.visitor("one").await;
    let apps = &shop.server.running().service.apps;
    let allowed = Some(vec!["https://shop.example".to_owned()]);
    apps.set("shop", AppChanges { allowed_origins: allowed, ..AppChanges::default() })
        .await
        .unwrap();
    for (origin, code) in
        [(Some("https://shop.example"), 0), (None, 0), (Some("https://evil.example"), 10)]
    {
        let mut client = Client::open_from(shop.server.address, "/pcsocket/WS", origin).await;
        assert_eq!(client.ask(visitor.auth()).await["code"], code, "{origin:?}");
        if code == 0 {
            client.close().await;
        }
    }
    shop.stop().await;
}

/// A kick: the new one is let in, the old one is told and ends. `closes` says whether it closes by itself.
async fn kicked(shop: &Shop, old: &Person, new: &Person, closes: bool) {
    let mut before = shop.socket(old).await;
    let after = shop.socket(new).await;
    let logout = json!({"type": "MSG", "msg": {"mt": "SYS", "ms": "LOGOUT", "bo": old.device}});
    assert_eq!(next(&mut before, "MSG").await, logout);
    if closes {
        before.close().await;
    } else {
        // Nothing that it says is heard any more.
        before.text(r#"{"type":"fence"}"#).await;
        assert_eq!(before.closed().await, (4001, "replaced".to_owned()));
    }
    after.close().await;
}

async fn kicks(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (visitor, agent) = (shop.visitor("one").await, shop.agent("ann").await);
    kicked(&shop, &visitor, &visitor, true).await;
    kicked(&shop, &visitor, &visitor, false).await;
    // Another device of an agent, of the same class.
    let desk = shop.log_in("ann@shop.example", "desk", "MAC").await;
    kicked(&shop, &agent, &desk, false).await;
    // Another class, and another device of a visitor, live beside.
    let phone = shop.log_in("ann@shop.example", "phone", "IOS").await;
    let tablet = shop.at_device(&visitor, "tablet", "LIN").await;
    for (one, other) in [(&agent, &phone), (&visitor, &tablet)] {
        let mut clients = [shop.socket(one).await, shop.socket(other).await];
        for client in &mut clients {
            assert_eq!(drain(client).await.iter().filter(|one| one["type"] == "MSG").count(), 0);
        }
        for client in clients {
            client.close().await;
        }
    }
    shop.stop().await;
}

async fn ends(backend: Backend) {
    let shop = Shop::open(backend).await;
    let visitor = shop.visitor("one").await;
    let mut client = shop.socket(&visitor).await;
    shop.server.running().service.apps.end_token(&visitor.token).await.unwrap();
    assert_eq!(client.closed().await, (4401, "token revoked".to_owned()));
    refused(&shop, &visitor.auth(), 9).await;
    let metrics = &shop.server.running().metrics;
    until("the end of the session", || metrics.sessions.get() == 0).await;
    shop.stop().await;
}

on_both!(who_is_let_in, two_apps, before_auth, limits, a_burst, origins, kicks, ends);

#[test]
fn a_second_is_the_interval_of_typing() {
    let settings = tradewind::wire::ppcom::Settings::default();
    assert_eq!(settings.typing_interval(), Duration::from_secs(1));
}
