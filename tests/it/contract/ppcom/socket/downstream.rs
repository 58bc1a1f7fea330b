//! What an app sends to devices, where these are widgets: shown in a conversation, and found there later.

use std::collections::HashSet;

use serde_json::{Value, json};
use tradewind::domain::apps::app::Level;
use tradewind::domain::id::DeviceId;
use tradewind::store::apps::lookups;

use super::on_both;
use super::shop::*;
use crate::harness::Backend;
use crate::harness::apps::Operator;

on_both!(
    it_is_shown_in_the_conversation_that_has_changed_last,
    without_a_conversation_it_waits,
    it_is_listed_among_what_is_not_acknowledged,
    whatever_the_dialect_it_is_acknowledged_once,
);

async fn operator(shop: &Shop) -> Operator {
    let bearer = format!("Bearer {}", shop.token(Level::ThirdPartyConsole).await);
    let headers = [("authorization", bearer.as_str())];
    Operator::open(shop.server.address, "/console/ws", &headers).await
}

/// Sends something to devices; it is stored by then.
async fn send(operator: &mut Operator, text: &str, devices: &[&Person]) {
    let devices: Vec<&String> = devices.iter().map(|person| &person.device).collect();
    operator.ask("sendMulticastMsg", json!({"message": text, "deviceList": devices})).await;
    let line = operator.line().await;
    assert!(line.starts_with("onSendMulticastMsgResult 1 "), "{line}");
}

/// A page of what is not acknowledged: its names, its texts, and how many there are.
async fn unacked(shop: &Shop, of: &Person, mut asked: Value) -> (Vec<String>, Vec<String>, i64) {
    asked["app_uuid"] = json!(shop.app);
    asked["user_uuid"] = json!(of.user);
    let page = shop.done(&of.token, "PP_PAGE_UNACKED_MESSAGE", asked).await;
    let names: Vec<String> = page["list"].as_array().unwrap().iter().map(text).collect();
    let body = |name: &String| {
        let message: Value = serde_json::from_str(&text(&page["message"][name])).unwrap();
        text(&message["bo"])
    };
    assert_eq!(page["return_count"], names.len());
    (names.clone(), names.iter().map(body).collect(), page["total_count"].as_i64().unwrap())
}

async fn acknowledge(shop: &Shop, by: &Person, names: &[String]) {
    shop.done(&by.token, "ACK_MESSAGE", json!({"list": names})).await;
}

/// What waits for a device, whichever dialect it comes by, oldest first.
async fn waiting(shop: &Shop, of: &Person) -> Vec<String> {
    let device = DeviceId::of_uuid(uuid(&of.device)).expect("a device");
    let look = lookups::waiting(device, HashSet::new(), shop.server.now());
    let batch = shop.server.running().store.read(look).await.expect("the store answers");
    batch.messages.into_iter().rev().map(|message| message.data).collect()
}

async fn it_is_shown_in_the_conversation_that_has_changed_last(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (ann, visitor) = (shop.agent("ann").await, shop.visitor("one").await);
    shop.agent("bob").await;
    let other = shop.visitor("two").await;
    // With both agents, and with one alone.
    let first = shop.conversation(&visitor).await;
    let body = json!({"app_uuid": shop.app, "user_uuid": visitor.user,
        "conversation_type": "P2S", "member_list": [ann.user]});
    let second = shop.done(&visitor.token, "PPCOM_CREATE_CONVERSATION", body).await;
    let second = text(&second["uuid"]);
    let mut widget = shop.socket(&visitor).await;
    let mut beside = shop.socket(&other).await;
    let mut operator = operator(&shop).await;
    let mut last = Value::Null;
    for (number, conversation) in [(1, &first), (2, &second)] {
        let sent = asked(&mut widget, visitor.send(conversation, &name(number), "hi")).await;
        assert_eq!(sent["code"], 0, "{sent}");
        send(&mut operator, "news", &[&visitor]).await;
        let msg = next(&mut widget, "MSG").await["msg"].clone();
        for (field, value) in [
            ("ft", json!("AP")),
            ("fi", json!(shop.app)),
            ("tt", json!("AP")),
            ("ti", json!(shop.app)),
            ("mt", json!("NOTI")),
            ("ms", json!("TEXT")),
            ("ct", json!("S2P")),
            ("ci", json!(conversation)),
            ("bo", json!("news")),
        ] {
            assert_eq!(msg[field], value, "{msg}");
        }
        assert_eq!(msg["from_user"]["uuid"], json!(shop.app), "{msg}");
        last = msg;
    }
    // It is found later as it was told, by its reader alone.
    let asked = json!({"app_uuid": shop.app, "user_uuid": visitor.user});
    let page = shop.done(&visitor.token, "PP_PAGE_UNACKED_MESSAGE", asked).await;
    let pid = text(&last["pid"]);
    let kept: Value = serde_json::from_str(&text(&page["message"][&pid])).unwrap();
    assert_eq!((page["total_count"].as_i64(), &kept), (Some(2), &last));
    acknowledge(&shop, &other, std::slice::from_ref(&pid)).await;
    assert_eq!(shop.unacked(&visitor).await.len(), 2);
    acknowledge(&shop, &visitor, &[pid]).await;
    assert_eq!(shop.unacked(&visitor).await.len(), 1);
    // It is no message of the conversation, and nobody else's.
    assert_eq!(shop.history(&visitor, &second).await, ["hi"]);
    let heard = drain(&mut beside).await;
    assert!(heard.iter().all(|frame| frame["type"] == "ONLINE"), "{heard:?}");
    widget.close().await;
    beside.close().await;
    operator.close().await;
    shop.stop().await;
}

async fn without_a_conversation_it_waits(backend: Backend) {
    let shop = Shop::open(backend).await;
    shop.agent("ann").await;
    let visitor = shop.visitor("one").await;
    let mut widget = shop.socket(&visitor).await;
    let mut operator = operator(&shop).await;
    send(&mut operator, "early", &[&visitor]).await;
    assert_eq!(unacked(&shop, &visitor, json!({})).await, (vec![], vec![], 0));
    let conversation = shop.conversation(&visitor).await;
    send(&mut operator, "late", &[&visitor]).await;
    // Had the first been shown, it would have been before this one.
    let msg = next(&mut widget, "MSG").await["msg"].clone();
    assert_eq!((&msg["bo"], &msg["ci"]), (&json!("late"), &json!(conversation)));
    let (names, texts, total) = unacked(&shop, &visitor, json!({})).await;
    assert_eq!((texts, total), (vec!["early".to_owned(), "late".to_owned()], 2));
    acknowledge(&shop, &visitor, &names).await;
    assert_eq!(unacked(&shop, &visitor, json!({})).await.2, 0);
    widget.close().await;
    operator.close().await;
    shop.stop().await;
}

async fn it_is_listed_among_what_is_not_acknowledged(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (ann, visitor) = (shop.agent("ann").await, shop.visitor("one").await);
    let conversation = shop.conversation(&visitor).await;
    let mut operator = operator(&shop).await;
    let say = async |number: u64, body: &str| {
        let sent = ann.message(&conversation, &name(number), body);
        shop.done(&ann.token, "PP_SEND_MESSAGE", sent).await;
    };
    say(1, "a").await;
    send(&mut operator, "b", &[&visitor]).await;
    say(2, "c").await;
    send(&mut operator, "d", &[&visitor]).await;
    let (names, texts, total) = unacked(&shop, &visitor, json!({})).await;
    assert_eq!((texts, total), (["a", "b", "c", "d"].map(str::to_owned).into(), 4));
    for (asked, expected) in [
        (json!({"min_uuid": names[1]}), &["c", "d"][..]),
        (json!({"min_uuid": names[2]}), &["d"]),
        (json!({"max_uuid": names[1]}), &["a"]),
        (json!({"max_uuid": names[2], "page_size": 1}), &["b"]),
        (json!({"page_size": 2, "page_offset": 1}), &["c", "d"]),
        (json!({"page_size": 1, "page_offset": 3}), &["d"]),
        (json!({"page_offset": 1}), &[]),
    ] {
        let found = unacked(&shop, &visitor, asked.clone()).await;
        assert_eq!(
            (found.1, found.2),
            (expected.iter().map(|one| (*one).to_owned()).collect(), 4),
            "{asked}"
        );
    }
    // Nothing of it is anybody else's.
    assert_eq!(unacked(&shop, &ann, json!({})).await.2, 0);
    operator.close().await;
    shop.stop().await;
}

async fn whatever_the_dialect_it_is_acknowledged_once(backend: Backend) {
    let shop = Shop::open(backend).await;
    shop.agent("ann").await;
    let visitor = shop.visitor("one").await;
    let beside = shop.at_device(&visitor, "box", "LIN").await;
    shop.conversation(&visitor).await;
    let mut operator = operator(&shop).await;
    send(&mut operator, "to both", &[&visitor, &beside]).await;
    send(&mut operator, "to one", &[&beside]).await;
    // However many devices it waits for, its user has it once.
    let (names, texts, total) = unacked(&shop, &visitor, json!({})).await;
    assert_eq!((texts, total), (vec!["to both".to_owned(), "to one".to_owned()], 2));
    assert_eq!(waiting(&shop, &visitor).await, ["to both"]);
    assert_eq!(waiting(&shop, &beside).await, ["to both", "to one"]);
    acknowledge(&shop, &visitor, &names[..1]).await;
    assert_eq!(waiting(&shop, &visitor).await, [] as [String; 0]);
    assert_eq!(waiting(&shop, &beside).await, ["to one"]);
    assert_eq!(unacked(&shop, &visitor, json!({})).await.0, names[1..]);
    operator.close().await;
    shop.stop().await;
}
