//! What a server asks on its channel, and what the consoles of its app, and devices, are told of it.

use serde_json::{Value, json};
use tradewind::domain::principal::Mailbox;
use tradewind::store::apps::lookups;

use super::{Backend, Yard, on_both};

on_both! { groups_are_kept, messages_are_sent, a_channel_is_its_registrations_alone }

const NOBODY: &str = "35d612418f354c7eba8c6492813ddf2d";
const OK: &str = "작업이 성공 했습니다.";

async fn groups_are_kept(backend: Backend) {
    let mut yard = Yard::new(backend).await;
    let (server, mut channel) = yard.new_server("one").await;
    let [a, b] = [yard.device(1).await, yard.device(2).await].map(|device| device.uuid().hex());
    let service = yard.app.service_id.clone();
    let of = |more| yard.parameters(&server, more);
    // The first frame that comes is the result: nothing was answered before it.
    let made = channel.ask(801, of(json!({"gn": "g|1", "gd": "d", "dl": [a, NOBODY]}))).await;
    let group = made["pm"]["gId"].as_str().unwrap().to_owned();
    let pm = &made["pm"];
    assert_eq!(made.get("rc"), None, "{made}");
    assert_eq!((&pm["arc"], &pm["ast"], &pm["sId"]), (&json!(1), &made["st"], &json!(service)));
    assert_eq!((&pm["ds"], &pm["fd"]), (&json!(1), &json!([NOBODY])));
    let added = channel.ask(802, of(json!({"gId": group, "dl": [a, b]}))).await;
    let pm = &added["pm"];
    assert_eq!(
        (&pm["arc"], &pm["gId"], &pm["tds"], &pm["ads"], &pm["fd"]),
        (&json!(1), &json!(group), &json!(2), &json!(1), &json!([a]))
    );
    let subtracted = channel.ask(803, of(json!({"gId": group, "dl": [a, NOBODY]}))).await;
    let pm = &subtracted["pm"];
    assert_eq!(
        (&pm["arc"], &pm["tds"], &pm["sds"], &pm["fd"]),
        (&json!(1), &json!(1), &json!(1), &json!([NOBODY]))
    );
    let none = channel.ask(803, of(json!({"gId": NOBODY, "dl": [a]}))).await;
    assert_eq!((&none["pm"]["arc"], &none["pm"]["gId"]), (&json!(-304), &json!(NOBODY)));
    let bad = channel.ask(802, of(json!({"gId": group}))).await;
    assert_eq!(bad["pm"]["arc"], -304);
    let many: Vec<String> = (0..2_001).map(|number| format!("d{number}")).collect();
    assert_eq!(channel.ask(802, of(json!({"gId": group, "dl": many}))).await["pm"]["arc"], -304);
    let fits = &many[..2_000];
    assert_eq!(channel.ask(802, of(json!({"gId": group, "dl": fits}))).await["pm"]["arc"], 1);
    assert_eq!(channel.ask(804, of(json!({"gId": group}))).await["pm"]["arc"], 1);
    assert_eq!(channel.ask(804, of(json!({"gId": group}))).await["pm"]["arc"], -304);
    let lines = yard.lines(9).await;
    let begins: Vec<&str> = lines.iter().map(|line| line.split_once(' ').unwrap().0).collect();
    let expected = [
        "onDeviceGroupCreateResult",
        "onDeviceGroupAddResult",
        "onDeviceGroupSubtractResult",
        "onDeviceGroupSubtractResult",
        "onDeviceGroupAddResult",
        "onDeviceGroupAddResult",
        "onDeviceGroupAddResult",
        "onDeviceGroupDeleteResult",
        "onDeviceGroupDeleteResult",
    ];
    assert_eq!(begins, expected);
    let made = format!("onDeviceGroupCreateResult 1 {OK} {group} g|1 1 d ['{NOBODY}'] 801");
    assert!(lines[0].starts_with(&made), "{}", lines[0]);
    channel.nothing().await;
    drop(channel);
    yard.close().await;
}

async fn messages_are_sent(backend: Backend) {
    let mut yard = Yard::new(backend).await;
    let (server, mut channel) = yard.new_server("one").await;
    let (a, b) = (yard.device(1).await, yard.device(2).await);
    let [one, two] = [a, b].map(|device| device.uuid().hex());
    let of = |more| yard.parameters(&server, more);
    let made = channel.ask(801, of(json!({"gn": "g", "gd": null, "dl": [one]}))).await;
    let group = made["pm"]["gId"].clone();
    let mut ids = Vec::new();
    for (command, more) in [
        (502, json!({"dRIds": [one, NOBODY], "data": "m", "q": 1, "nt": "제목", "nb": "b"})),
        (503, json!({"data": "b", "q": 1})),
        (561, json!({"gId": group, "data": "g", "q": 1})),
        (501, json!({"dRId": one, "data": "u", "q": 1})),
    ] {
        let sent = channel.ask(command, of(more)).await;
        assert_eq!(sent["rc"], 1, "{sent}");
        ids.push(sent["pm"]["mId"].as_str().expect("an id").to_owned());
    }
    for (command, more) in [
        (502, json!({"dRIds": [NOBODY], "data": "m", "q": 1})),
        (502, json!({"dRIds": [one], "data": "", "q": 1})),
        (503, json!({"data": "x".repeat(65_537), "q": 1})),
        (561, json!({"gId": NOBODY, "data": "g", "q": 1})),
    ] {
        let no = channel.ask(command, of(more)).await;
        assert_eq!((&no["rc"], &no["pm"]), (&json!(-304), &json!({})));
    }
    let waits = async |device| {
        let now = yard.server.now();
        let look = lookups::waiting(device, std::collections::HashSet::new(), now);
        yard.server.running().store.read(look).await.unwrap().messages
    };
    // Newest first.
    let waiting = waits(a).await;
    let data: Vec<&str> = waiting.iter().map(|message| message.data.as_str()).collect();
    assert_eq!(data, ["u", "g", "b", "m"]);
    let is: Vec<String> = waiting.iter().rev().map(|message| message.id.uuid().hex()).collect();
    assert_eq!(is, ids, "devices know a message by the same id");
    assert!(waiting.iter().all(|message| message.sender.hex() == server));
    let last = waiting.last().unwrap();
    assert_eq!((last.title.as_deref(), last.body.as_deref()), (Some("제목"), Some("b")));
    // What is not to wait is gone for those who come later.
    let sent = channel.ask(502, of(json!({"dRIds": [two], "data": "now", "q": 0}))).await;
    assert_eq!(sent["rc"], 1);
    let later = yard.server.now().after(std::time::Duration::from_secs(61));
    let look = lookups::waiting(b, std::collections::HashSet::new(), later);
    let left = yard.server.running().store.read(look).await.unwrap().messages;
    assert_eq!(left.iter().map(|message| &*message.data).collect::<Vec<_>>(), ["b"]);
    assert!(!yard.server.running().hub.is_online(Mailbox::Device(b)).await.unwrap());
    // A registration that ends takes nothing along, nor what it was.
    drop(channel);
    let mut gate = yard.connect().await;
    assert_eq!(gate.ask(302, yard.parameters(&server, json!({}))).await["rc"], 1);
    let left = waits(a).await;
    assert_eq!(left.len(), 4);
    assert!(left.iter().all(|message| message.sender.hex() == server));
    let lines = yard.lines(11).await;
    assert!(lines[1].starts_with(&format!("onSendMulticastMsgResult 1 {OK} 502")), "{}", lines[1]);
    yard.close().await;
}

async fn a_channel_is_its_registrations_alone(backend: Backend) {
    let mut yard = Yard::new(backend).await;
    let (server, other) = (yard.register("one").await, yard.register("two").await);
    let foreign = yard.server.app("other").await;
    let mut channel = yard.connect().await;
    let data =
        |server: &str| json!({"sId": yard.app.service_id, "sRId": server, "data": "x", "q": 1});
    let rc = |answer: &Value| answer["rc"].as_i64().unwrap();
    // Not yet a channel.
    assert_eq!(rc(&channel.ask(503, data(&server)).await), -101);
    let early = channel.ask(801, yard.parameters(&server, json!({"gn": "g", "dl": []}))).await;
    assert_eq!(early["pm"]["arc"], -101);
    for (service, server, code) in [
        ("", server.as_str(), -304),
        (&*yard.app.id.uuid().hex(), &server, -304),
        (&foreign.service_id, &server, -104),
        (&yard.app.service_id, NOBODY, -104),
        (&yard.app.service_id, "", -104),
        (&yard.app.service_id, &server, 1),
        // It stays what it is.
        (&yard.app.service_id, &server, 1),
        (&yard.app.service_id, &other, -104),
        (&foreign.service_id, &server, -304),
    ] {
        let answer = channel.open(service, server).await;
        assert_eq!(rc(&answer), code, "{service} {server}");
        assert_eq!(answer["pm"] == json!({"hb": 30}), code == 1);
    }
    assert_eq!(rc(&channel.ask(503, data(&server)).await), 1);
    assert_eq!(rc(&channel.ask(503, data(&other)).await), -104);
    let foreign = json!({"sId": foreign.service_id, "sRId": server, "data": "x", "q": 1});
    assert_eq!(rc(&channel.ask(503, foreign).await), -304);
    assert_eq!(rc(&channel.ask(503, json!({})).await), -304);
    // What is of another service is told nobody.
    let lines = yard.lines(2).await;
    assert!(lines[0].starts_with("onSendBroadcastMsgResult 1 "), "{lines:?}");
    assert!(lines[1].starts_with("onSendBroadcastMsgResult -104 "), "{lines:?}");
    drop(channel);
    yard.close().await;
}
