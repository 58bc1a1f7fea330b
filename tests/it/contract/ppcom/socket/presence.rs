//! Who types, and who is there.

use serde_json::{Value, json};

use super::on_both;
use super::shop::*;
use crate::harness::{Backend, Client};

fn watch(conversation: &str) -> Value {
    json!({"type": "typing_watch", "conversation_uuid": conversation})
}

/// What has come to a socket that is about typing.
async fn typed(client: &mut Client) -> Vec<Value> {
    let frames = drain(client).await;
    frames.into_iter().filter(|frame| frame["type"] == "TYPING").collect()
}

async fn typing(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (agent, visitor) = (shop.agent("ann").await, shop.visitor("one").await);
    let other = shop.visitor("two").await;
    let conversation = shop.conversation(&visitor).await;
    let foreign = shop.conversation(&other).await;
    let (mut widget, mut desk) = (shop.socket(&visitor).await, shop.socket(&agent).await);
    let tablet = shop.at_device(&visitor, "tablet", "LIN").await;
    let mut second = shop.socket(&tablet).await;
    for client in [&mut widget, &mut desk, &mut second] {
        drain(client).await;
    }
    // Without a conversation it is nobody's business.
    widget.send(&json!({"type": "typing"})).await;
    for (frame, code) in [
        (json!({"type": "typing_watch"}), 4),
        (watch(""), 4),
        (watch("x"), 4),
        (watch(&shop.app), 4),
        (watch(&foreign), 4),
    ] {
        let answer = asked(&mut widget, frame).await;
        assert_eq!(answer, ack("TYPING_WATCH", code, "parameters error."));
    }
    widget.send(&watch(&conversation)).await;
    second.send(&watch(&conversation)).await;
    desk.send(&watch(&foreign)).await;
    for client in [&mut widget, &mut desk, &mut second] {
        assert_eq!(typed(client).await, Vec::<Value>::new(), "no answer");
    }
    widget.send(&json!({"type": "typing"})).await;
    drain(&mut widget).await;
    assert_eq!(typed(&mut desk).await, Vec::<Value>::new(), "watches another one");
    desk.send(&watch(&conversation)).await;
    drain(&mut desk).await;
    widget.send(&json!({"type": "Typing"})).await;
    let told = json!({"type": "TYPING", "user_uuid": visitor.user,
        "conversation_uuid": conversation});
    assert_eq!(next(&mut desk, "TYPING").await, told);
    assert_eq!(typed(&mut widget).await, Vec::<Value>::new(), "not to the typist");
    assert_eq!(typed(&mut second).await, Vec::<Value>::new());
    desk.send(&json!({"type": "typing"})).await;
    for client in [&mut widget, &mut second] {
        assert_eq!(next(client, "TYPING").await["user_uuid"], json!(agent.user));
    }
    desk.send(&json!({"type": "typing_unwatch", "conversation_uuid": conversation})).await;
    drain(&mut desk).await;
    widget.send(&json!({"type": "typing"})).await;
    drain(&mut widget).await;
    assert_eq!(typed(&mut desk).await, Vec::<Value>::new());
    for client in [widget, desk, second] {
        client.close().await;
    }
    shop.stop().await;
}

async fn typing_too_often(backend: Backend) {
    let shop = Shop::with(backend, |config| {
        config.limits.enabled = true;
        config.ppcom.typing_interval_ms = 3_600_000;
    })
    .await;
    let (agent, visitor) = (shop.agent("ann").await, shop.visitor("one").await);
    let conversation = shop.conversation(&visitor).await;
    let (mut widget, mut desk) = (shop.socket(&visitor).await, shop.socket(&agent).await);
    for client in [&mut widget, &mut desk] {
        client.send(&watch(&conversation)).await;
        drain(client).await;
    }
    for _ in 0..5 {
        widget.send(&json!({"type": "typing"})).await;
        // Watching anew does not help.
        widget.send(&watch(&conversation)).await;
    }
    drain(&mut widget).await;
    assert_eq!(typed(&mut desk).await.len(), 1);
    widget.close().await;
    desk.close().await;
    shop.stop().await;
}

/// The next frame that says whether somebody is there; its time is looked at and taken out. What is said of others may
/// come before it: who has come a moment ago is told a moment later.
async fn online(client: &mut Client, of: &Person) -> Value {
    let mut frame = next(client, "ONLINE").await;
    while frame["user_uuid"] != of.user {
        frame = next(client, "ONLINE").await;
    }
    let at = text(&frame["createtime"]);
    assert_eq!(at.len(), "2016-10-09 09:14:35".len(), "{at}");
    frame.as_object_mut().unwrap().remove("createtime");
    frame
}

fn change(of: &Person, to: &Person, (mobile, browser): (&str, &str), extra: Value) -> Value {
    json!({"type": "ONLINE", "user_uuid": of.user, "mobile": mobile, "browser": browser,
        "device_uuid": to.device, "extra_data": extra})
}

async fn presence(backend: Backend) {
    let shop = Shop::with(backend, |config| config.presence.offline_grace_ms = 50).await;
    let (agent, visitor) = (shop.agent("ann").await, shop.visitor("one").await);
    let colleague = shop.agent("bob").await;
    let other = shop.visitor("two").await;
    let (on, off, same) = ("ONLINE", "OFFLINE", "UNCHANGED");
    let mut widget = shop.socket(&visitor).await;
    let mut desk = shop.socket(&agent).await;
    // Visitors hear of agents; agents of all, with the page where a visitor is.
    assert_eq!(
        online(&mut widget, &agent).await,
        change(&agent, &visitor, (same, on), Value::Null)
    );
    let mut second = shop.socket(&colleague).await;
    assert_eq!(
        online(&mut widget, &colleague).await,
        change(&colleague, &visitor, (same, on), Value::Null)
    );
    assert_eq!(
        online(&mut desk, &colleague).await,
        change(&colleague, &agent, (same, on), Value::Null)
    );
    let stranger = shop.socket(&other).await;
    let page = json!({"title": "A lamp", "location": {"href": "https://shop.example/lamp"}});
    for (client, listener) in [(&mut desk, &agent), (&mut second, &colleague)] {
        assert_eq!(
            online(client, &other).await,
            change(&other, listener, (same, on), page.clone())
        );
    }
    // Another class.
    let phone = shop.log_in("ann@shop.example", "phone", "AND").await;
    let mobile = shop.socket(&phone).await;
    assert_eq!(
        online(&mut widget, &agent).await,
        change(&agent, &visitor, (on, same), Value::Null)
    );
    mobile.close().await;
    assert_eq!(
        online(&mut widget, &agent).await,
        change(&agent, &visitor, (off, same), Value::Null)
    );
    stranger.close().await;
    // Nobody hears of himself.
    assert_eq!(online(&mut desk, &other).await, change(&other, &agent, (same, off), Value::Null));
    for client in [widget, desk, second] {
        client.close().await;
    }
    shop.stop().await;
}

on_both!(typing, typing_too_often, presence);
