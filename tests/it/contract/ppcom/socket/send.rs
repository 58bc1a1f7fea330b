//! What is sent, to whom it comes, and how it is acknowledged.

use serde_json::{Value, json};
use tradewind::domain::id::UserId;
use tradewind::service::apps::AppChanges;

use super::on_both;
use super::shop::*;
use crate::harness::{Account, Backend, Client};

/// A visitor and an agent who have sockets, and their conversation.
struct Talk {
    shop: Shop,
    visitor: Person,
    agent: Person,
    conversation: String,
}

impl Talk {
    async fn begin(backend: Backend) -> (Self, Client, Client) {
        let shop = Shop::open(backend).await;
        let (agent, visitor) = (shop.agent("ann").await, shop.visitor("one").await);
        let conversation = shop.conversation(&visitor).await;
        let sockets = (shop.socket(&visitor).await, shop.socket(&agent).await);
        (Self { shop, visitor, agent, conversation }, sockets.0, sockets.1)
    }

    async fn end(self, sockets: impl IntoIterator<Item = Client>) {
        for socket in sockets {
            socket.close().await;
        }
        self.shop.stop().await;
    }

    /// The status of the conversation.
    async fn status(&self) -> String {
        let body = json!({"app_uuid": self.shop.app, "user_uuid": self.visitor.user,
            "conversation_uuid": self.conversation});
        let info = self.shop.done(&self.visitor.token, "PP_GET_CONVERSATION_INFO", body).await;
        text(&info["status"])
    }
}

async fn both_ways(backend: Backend) {
    let (talk, mut widget, mut desk) = Talk::begin(backend).await;
    let Talk { shop, visitor, agent, conversation } = &talk;
    assert_eq!(talk.status().await, "NEW");
    widget.send(&visitor.send(conversation, &name(1), "hi")).await;
    let answer = next(&mut widget, "ACK").await;
    let extra = json!({"uuid": name(1), "conversation_uuid": conversation});
    assert_eq!(
        answer,
        json!({"type": "ACK", "what": "SEND", "code": 0, "reason": DONE,
        "extra": extra})
    );
    assert_eq!(talk.status().await, "OPEN");
    let msg = next(&mut desk, "MSG").await["msg"].clone();
    let at = msg["ts"].as_f64().unwrap();
    let expected = json!({"id": name(1), "fi": visitor.user, "ft": "DU", "ti": shop.app, "tt": "AP",
        "mt": "NOTI", "ms": "TEXT", "ci": conversation, "ct": "P2S", "tl": null, "bo": "hi",
        "ts": msg["ts"], "pid": msg["pid"], "from_user": msg["from_user"]});
    assert_eq!(msg, expected);
    assert!((at - shop.server.now().micros() as f64 / 1e6).abs() < 60.0, "{at}");
    assert_eq!(msg["from_user"]["uuid"], json!(visitor.user));
    assert!(
        msg["from_user"]["user_fullname"].is_string() && msg["from_user"]["updatetime"].is_i64()
    );
    assert_eq!(shop.unacked(agent).await, [text(&msg["pid"])]);
    assert_eq!(shop.unacked(visitor).await, [""; 0], "the sender's own");
    // Others' pushes are passed over, one's own count.
    for (who, left) in [(visitor, 1), (agent, 0)] {
        shop.done(&who.token, "ACK_MESSAGE", json!({"list": [msg["pid"], "x", name(7)]})).await;
        assert_eq!(shop.unacked(agent).await.len(), left);
    }
    desk.send(&agent.send(conversation, &name(2), "hello")).await;
    let msg = next(&mut widget, "MSG").await["msg"].clone();
    let said = json!([msg["ct"], msg["ti"], msg["tt"], msg["fi"], msg["bo"]]);
    assert_eq!(said, json!(["S2P", shop.app, "AP", agent.user, "hello"]));
    assert_eq!(msg["from_user"]["user_fullname"], "ann");
    assert!(msg["ts"].as_f64().unwrap() > at, "times grow");
    assert_eq!(shop.history(visitor, conversation).await, ["hello", "hi"]);
    talk.end([widget, desk]).await;
}

async fn faults(backend: Backend) {
    let (talk, mut widget, desk) = Talk::begin(backend).await;
    let Talk { shop, visitor, agent, conversation } = &talk;
    let other = shop.visitor("two").await;
    let foreign = shop.conversation(&other).await;
    let good = visitor.message(conversation, &name(1), "hi");
    for name in [
        "uuid",
        "to_type",
        "to_uuid",
        "from_type",
        "from_uuid",
        "conversation_uuid",
        "message_type",
        "message_subtype",
        "message_body",
    ] {
        for value in [Value::Null, json!(""), json!(1), json!({})] {
            let mut send = good.clone();
            send[name] = value;
            let answer = asked(&mut widget, json!({"type": "send", "send": send})).await;
            let (code, extra) = sent(&answer);
            assert_eq!(code, 4, "{send}");
            let keys: Vec<&String> = extra.as_object().unwrap().keys().collect();
            assert_eq!(keys, ["conversation_uuid", "uuid"], "{answer}");
        }
    }
    for send in [Value::Null, json!([]), json!("x"), json!(1)] {
        let answer = asked(&mut widget, json!({"type": "send", "send": send})).await;
        assert_eq!(sent(&answer), (4, json!({"uuid": null, "conversation_uuid": null})));
    }
    for (field, value, code) in [
        ("from_uuid", json!(agent.user), 4),
        ("app_uuid", json!(visitor.user), 4),
        ("app_uuid", json!(7), 4),
        ("app_uuid", Value::Null, 0),
        ("conversation_uuid", json!("x"), 4),
        ("conversation_uuid", json!(shop.app), 4),
        ("conversation_uuid", json!(foreign), 4),
        ("uuid", json!("x".repeat(129)), 4),
        ("message_type", json!("SYS"), 7),
        ("message_subtype", json!("VIDEO"), 7),
        ("message_subtype", json!("text"), 7),
        ("message_body", json!("a\0b"), 7),
        ("message_body", json!("x".repeat(65_537)), 7),
        ("message_body", json!("x".repeat(65_536)), 0),
        ("message_subtype", json!("TXT"), 7),
        ("message_subtype", json!("IMAGE"), 7),
        ("message_subtype", json!("FILE"), 7),
        ("message_subtype", json!("AUDIO"), 7),
    ] {
        let mut send = good.clone();
        send["uuid"] = json!(name(code + 10 + field.len() as u64));
        send[field] = value;
        let answer = asked(&mut widget, json!({"type": "send", "send": send})).await;
        assert_eq!(sent(&answer).0, code, "{field}");
    }
    // A conversation that one is not in comes before an illegal body.
    let mut send = good.clone();
    send["conversation_uuid"] = json!(foreign);
    send["message_subtype"] = json!("VIDEO");
    let answer = asked(&mut widget, json!({"type": "send", "send": send})).await;
    assert_eq!(sent(&answer).0, 4);
    assert_eq!(shop.history(visitor, conversation).await.len(), 2);
    talk.end([widget, desk]).await;
}

async fn once(backend: Backend) {
    let (talk, mut widget, mut desk) = Talk::begin(backend).await;
    let Talk { shop, visitor, agent, conversation } = &talk;
    let first = visitor.message(conversation, &name(1), "hi");
    for (by_http, changes, code) in [
        (false, vec![], 0),
        (false, vec![], 0),
        (true, vec![], 0),
        (false, vec![("message_body", json!("ho"))], 7),
        (true, vec![("message_body", json!("ho"))], 16),
        (false, vec![("message_subtype", json!("TXT"))], 7),
    ] {
        let mut send = first.clone();
        for (name, value) in changes {
            send[name] = value;
        }
        let got = match by_http {
            true => shop.call(&visitor.token, "PP_SEND_MESSAGE", send).await["error_code"].clone(),
            false => {
                asked(&mut widget, json!({"type": "send", "send": send})).await["code"].clone()
            }
        };
        assert_eq!(got, json!(code));
    }
    // Somebody else's is another message.
    let answer = asked(&mut desk, agent.send(conversation, &name(1), "hi")).await;
    assert_eq!(answer["code"], 7);
    assert_eq!(shop.history(visitor, conversation).await, ["hi"]);
    assert_eq!(shop.unacked(agent).await.len(), 1);
    talk.end([widget, desk]).await;
}

async fn devices(backend: Backend) {
    let (talk, mut widget, mut desk) = Talk::begin(backend).await;
    let Talk { shop, visitor, agent, conversation } = &talk;
    let tablet = shop.at_device(visitor, "tablet", "LIN").await;
    let (bob, away) = (shop.at_device(agent, "phone", "IOS").await, shop.agent("cat").await);
    let (mut second, mut phone) = (shop.socket(&tablet).await, shop.socket(&bob).await);
    // The sender's other device gets a copy, the one that it is sent from none; both of the agent get it.
    widget.send(&visitor.send(conversation, &name(1), "one")).await;
    assert_eq!(next(&mut widget, "ACK").await["code"], 0);
    let copies = [next(&mut second, "MSG").await, next(&mut desk, "MSG").await];
    assert_eq!(next(&mut phone, "MSG").await, copies[1], "the same push");
    assert_ne!(copies[0]["msg"]["pid"], copies[1]["msg"]["pid"], "each has his own");
    assert_eq!(shop.unacked(visitor).await, [""; 0]);
    // By HTTP, without a socket of that device: its other sessions get it.
    let message = visitor.message(conversation, &name(2), "two");
    shop.done(&visitor.token, "PP_SEND_MESSAGE", message).await;
    for client in [&mut second, &mut desk, &mut phone] {
        assert_eq!(next(client, "MSG").await["msg"]["bo"], "two");
    }
    let of_tablet = tablet.message(conversation, &name(3), "three");
    shop.done(&visitor.token, "PP_SEND_MESSAGE", of_tablet).await;
    assert_eq!(next(&mut widget, "MSG").await["msg"]["bo"], "three");
    let is_message = |frame: &&Value| frame["type"] == "MSG";
    assert_eq!(drain(&mut second).await.iter().filter(is_message).count(), 0);
    // An agent who came later is in no conversation from before.
    assert_eq!(shop.unacked(&away).await, [""; 0]);
    talk.end([widget, desk, second, phone]).await;
}

/// Frames that follow `auth` at once wait for it, and keep their order.
async fn in_order(backend: Backend) {
    let (talk, widget, desk) = Talk::begin(backend).await;
    let Talk { shop, visitor, conversation, .. } = &talk;
    widget.close().await;
    let mut eager = shop.connect().await;
    eager.send(&visitor.auth()).await;
    for number in 1..=20 {
        eager.send(&visitor.send(conversation, &name(number), &number.to_string())).await;
    }
    assert_eq!(eager.recv().await, ack("AUTH", 0, DONE));
    for number in 1..=20 {
        assert_eq!(sent(&next(&mut eager, "ACK").await).1["uuid"], name(number));
    }
    let mut seen = shop.history(visitor, conversation).await;
    seen.reverse();
    assert_eq!(seen, (1..=20).map(|number| number.to_string()).collect::<Vec<_>>());
    talk.end([eager, desk]).await;
}

/// The agent's account, with a token of REWIND.
async fn account(shop: &Shop, agent: &Person) -> Account {
    let id = UserId::of_uuid(uuid(&agent.user)).unwrap();
    let user = shop.server.running().service.accounts.by_id(id).await.unwrap().unwrap();
    let token = shop.server.token_of(&user).await;
    Account { user, token }
}

async fn with_rewind(backend: Backend) {
    let (talk, mut widget, desk) = Talk::begin(backend).await;
    let Talk { shop, visitor, agent, conversation } = &talk;
    desk.close().await;
    let ann = account(shop, agent).await;
    let mut page = shop.server.login_with(&ann, &["sync", "group"]).await;
    widget.send(&visitor.send(conversation, &name(1), "hi")).await;
    assert_eq!(next(&mut widget, "ACK").await["code"], 0);
    let chat = next(&mut page, "chat").await["payload"].clone();
    assert_eq!((&chat["content"], &chat["seq"]), (&json!("hi"), &json!(1)));
    // The answer is written in REWIND, and comes to the widget as a message with a push.
    let send =
        json!({"type": "send", "chat_id": chat["chat_id"], "content": "hello", "nonce": "n"});
    page.send(&json!({"type": "chat", "payload": send})).await;
    let msg = next(&mut widget, "MSG").await["msg"].clone();
    assert_eq!(
        (&msg["bo"], &msg["ct"], &msg["fi"]),
        (&json!("hello"), &json!("S2P"), &json!(agent.user))
    );
    assert_eq!(shop.unacked(visitor).await, [text(&msg["pid"])]);
    let path = format!("/api/v1/rooms/{}/messages", text(&chat["chat_id"]));
    let auth = format!("Bearer {}", ann.token);
    let body = json!({"content": "again"}).to_string();
    let answer =
        shop.server.request_as(Some(&auth), ("POST", &path), "application/json", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(next(&mut widget, "MSG").await["msg"]["bo"], "again");
    assert_eq!(shop.history(visitor, conversation).await, ["again", "hello", "hi"]);
    // A group that is no conversation is none of the widget's.
    assert_eq!(shop.unacked(visitor).await.len(), 2);
    talk.end([widget, page]).await;
}

async fn nobody_there(backend: Backend) {
    let (talk, mut widget, desk) = Talk::begin(backend).await;
    let Talk { shop, visitor, agent, conversation } = &talk;
    let apps = &shop.server.running().service.apps;
    let text_of = |text: &str| AppChanges {
        return_offline: Some(true),
        offline_text: Some(text.to_owned()),
        ..AppChanges::default()
    };
    apps.set("shop", text_of("Later")).await.unwrap();
    // All have heard that the agent is there: gone is who has gone, whatever others are told and when.
    while next(&mut widget, "ONLINE").await["user_uuid"] != agent.user.as_str() {}
    // With an agent there, nothing is said.
    assert_eq!(asked(&mut widget, visitor.send(conversation, &name(1), "1")).await["code"], 0);
    desk.close().await;
    let gone = agent.user.clone();
    let id = UserId::of_uuid(uuid(&gone)).unwrap();
    while shop.server.running().hub.is_online(id).await.unwrap() {}
    widget.send(&visitor.send(conversation, &name(2), "2")).await;
    let msg = next(&mut widget, "MSG").await["msg"].clone();
    let said = json!([msg["ft"], msg["fi"], msg["ct"], msg["bo"], msg["mt"], msg["ms"]]);
    assert_eq!(said, json!(["AP", shop.app, "S2P", "Later", "NOTI", "TEXT"]));
    // Once an hour.
    widget.send(&visitor.send(conversation, &name(3), "3")).await;
    let rest = drain(&mut widget).await;
    assert_eq!(rest.iter().filter(|frame| frame["type"] == "MSG").count(), 0, "{rest:?}");
    assert_eq!(shop.history(visitor, conversation).await, ["3", "Later", "2", "1"]);
    talk.end([widget]).await;
}

on_both!(both_ways, faults, once, devices, in_order, with_rewind, nobody_there);
