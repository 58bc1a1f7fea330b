//! Contract 4, D-12, R-14, R-15, R-17: conversations, who is in them, and who waits.

use serde_json::{Value, json};

use super::on_both;
use super::shop::{Agent, Shop, Visitor};
use crate::harness::Backend;

on_both! {
    the_default_conversation_is_with_all_agents,
    without_agents_a_visitor_waits_and_is_served_by_the_first,
    a_conversation_with_one_agent_is_made_once,
    agents_talk_among_themselves,
    lists_show_open_conversations_with_their_newest_message,
    whoever_waits_may_stop_waiting,
}

fn of(shop: &Shop, visitor: &Visitor) -> Value {
    json!({"app_uuid": shop.uuid(), "user_uuid": visitor.user, "device_uuid": visitor.device,
        "conversation_type": "P2S"})
}

fn of_agent(shop: &Shop, agent: &Agent) -> Value {
    json!({"app_uuid": shop.uuid(), "user_uuid": agent.user, "device_uuid": agent.device,
        "conversation_type": "S2S"})
}

fn with(mut body: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// `YYYY-MM-DD HH:MM:SS ffffff`.
fn is_time(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    shape == "0000-00-00 00:00:00 000000"
}

async fn the_default_conversation_is_with_all_agents(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (ann, bob) = (shop.agent("ann").await, shop.agent("bob").await);
    shop.agent_of(&shop.other().await, "eve").await;
    let vic = shop.visitor("vic").await;
    let name = "PPCOM_GET_DEFAULT_CONVERSATION";
    for (left_out, code) in [("user_uuid", 6), ("device_uuid", 6), ("app_uuid", 4)] {
        let body = with(of(&shop, &vic), json!({left_out: null}));
        assert_eq!(shop.code(&vic.token, name, body).await, code, "{left_out}");
    }
    let foreign = with(of(&shop, &vic), json!({"device_uuid": ann.device}));
    assert_eq!(shop.code(&vic.token, name, foreign).await, 8);
    let opened = shop.do_call(&vic.token, name, of(&shop, &vic)).await;
    for (field, value) in [
        ("app_uuid", json!(shop.uuid())),
        ("user_uuid", json!(vic.user)),
        ("assigned_uuid", json!(null)),
        ("group_uuid", json!(null)),
        ("conversation_type", json!("P2S")),
        ("status", json!("NEW")),
        ("conversation_name", json!("shop")),
        ("conversation_icon", json!(null)),
        ("app_name", json!("shop")),
        ("app_welcome", json!("")),
    ] {
        assert_eq!(opened[field], value, "{field}: {opened}");
    }
    assert!(is_time(&opened["createtime"]) && is_time(&opened["updatetime"]), "{opened}");
    let users = opened["user_list"].as_array().unwrap();
    let mut there: Vec<&Value> = users.iter().map(|user| &user["uuid"]).collect();
    there.sort_by_key(|uuid| uuid.to_string());
    let mut all = [json!(ann.user), json!(bob.user)];
    all.sort_by_key(Value::to_string);
    assert_eq!(there, all.iter().collect::<Vec<_>>(), "agents of this app alone");
    let ann_row = users.iter().find(|user| user["uuid"] == ann.user).unwrap();
    let updated = ann_row["updatetime"].as_i64().unwrap();
    assert!(updated > 1_700_000_000);
    assert_eq!(
        ann_row,
        &json!({"uuid": ann.user, "user_fullname": "ann", "user_icon": null,
            "user_email": ann.email, "user_signature": null, "updatetime": updated,
            "is_browser_online": false, "is_mobile_online": false, "group": null,
            "is_service_user": true})
    );
    let again = shop.do_call(&vic.token, name, of(&shop, &vic)).await;
    assert_eq!(again["uuid"], opened["uuid"]);
    let created = shop.do_call(&vic.token, "PPCOM_CREATE_CONVERSATION", of(&shop, &vic)).await;
    assert_eq!(created["uuid"], opened["uuid"]);
    // An agent who comes later is in new conversations, not in old ones.
    let cat = shop.agent("cat").await;
    let users = json!({"app_uuid": shop.uuid(), "conversation_uuid": opened["uuid"]});
    let listed = shop.do_call(&vic.token, "PP_GET_CONVERSATION_USER_LIST", users.clone()).await;
    assert_eq!(listed["list"].as_array().unwrap().len(), 3, "the visitor, too");
    assert_eq!(shop.code(&cat.token, "PP_GET_CONVERSATION_USER_LIST", users).await, 26);
    let wim = shop.visitor("wim").await;
    let opened = shop.do_call(&wim.token, name, of(&shop, &wim)).await;
    assert_eq!(opened["user_list"].as_array().unwrap().len(), 3);
    shop.close().await;
}

async fn without_agents_a_visitor_waits_and_is_served_by_the_first(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (vic, wim) = (shop.visitor("vic").await, shop.visitor("wim").await);
    let queue = async |visitor: &Visitor| {
        shop.do_call(&visitor.token, "PP_GET_AMD_QUEUE_LENGTH", of(&shop, visitor)).await
    };
    let place = |visitor: &Visitor, length: i64, position: i64, result: &str, room: Value| {
        json!({"app_uuid": shop.uuid(), "user_uuid": visitor.user, "length": length,
            "position": position, "result": result, "conversation_uuid": room})
    };
    assert_eq!(queue(&vic).await, place(&vic, 0, 0, "NONE", json!(null)));
    for name in ["PPCOM_GET_DEFAULT_CONVERSATION", "PPCOM_CREATE_CONVERSATION"] {
        for visitor in [&vic, &wim] {
            let waits = shop.do_call(&visitor.token, name, of(&shop, visitor)).await;
            assert_eq!(waits, json!({}), "nothing but the three fields");
        }
    }
    assert_eq!(queue(&vic).await, place(&vic, 2, 1, "WAITING", json!(null)));
    assert_eq!(queue(&wim).await, place(&wim, 2, 2, "WAITING", json!(null)));
    // An agent of another app serves nobody here.
    shop.agent_of(&shop.other().await, "eve").await;
    assert_eq!(queue(&wim).await["result"], "WAITING");
    let ann = shop.agent("ann").await;
    for visitor in [&vic, &wim] {
        let found = queue(visitor).await;
        let room = found["conversation_uuid"].clone();
        assert_eq!(found, place(visitor, 0, 0, "SUCCESS", room.clone()));
        let info = with(of(&shop, visitor), json!({"conversation_uuid": room}));
        let info = shop.do_call(&visitor.token, "PP_GET_CONVERSATION_INFO", info).await;
        assert_eq!((&info["uuid"], &info["assigned_uuid"]), (&room, &json!(ann.user)));
        assert_eq!(
            info["conversation_data"],
            json!({"conversation_name": "ann", "conversation_icon": null})
        );
        let name = "PPCOM_GET_DEFAULT_CONVERSATION";
        let opened = shop.do_call(&visitor.token, name, of(&shop, visitor)).await;
        assert_eq!(opened["uuid"], room);
        // One that was granted stays.
        let name = "PP_CANCEL_WAITING_CREATE_CONVERSATION";
        assert_eq!(shop.do_call(&visitor.token, name, of(&shop, visitor)).await, json!({}));
        assert_eq!(queue(visitor).await["conversation_uuid"], room);
    }
    shop.close().await;
}

async fn whoever_waits_may_stop_waiting(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (vic, wim) = (shop.visitor("vic").await, shop.visitor("wim").await);
    let cancel = "PP_CANCEL_WAITING_CREATE_CONVERSATION";
    assert_eq!(
        shop.do_call(&vic.token, cancel, of(&shop, &vic)).await,
        json!({}),
        "nothing queued"
    );
    for visitor in [&vic, &wim] {
        shop.do_call(&visitor.token, "PPCOM_GET_DEFAULT_CONVERSATION", of(&shop, visitor)).await;
    }
    shop.do_call(&vic.token, cancel, of(&shop, &vic)).await;
    for (visitor, length, position, result) in [(&vic, 1, 0, "NONE"), (&wim, 1, 1, "WAITING")] {
        let name = "PP_GET_AMD_QUEUE_LENGTH";
        let found = shop.do_call(&visitor.token, name, of(&shop, visitor)).await;
        let found = (&found["length"], &found["position"], &found["result"]);
        assert_eq!(found, (&json!(length), &json!(position), &json!(result)));
    }
    shop.agent("ann").await;
    let name = "PP_GET_AMD_QUEUE_LENGTH";
    let found = shop.do_call(&vic.token, name, of(&shop, &vic)).await;
    assert_eq!((&found["result"], &found["conversation_uuid"]), (&json!("NONE"), &json!(null)));
    shop.close().await;
}

async fn a_conversation_with_one_agent_is_made_once(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (ann, vic) = (shop.agent("ann").await, shop.visitor("vic").await);
    let eve = shop.agent_of(&shop.other().await, "eve").await;
    let wim = shop.visitor("wim").await;
    let name = "PPCOM_CREATE_CONVERSATION";
    let list = |list: Value| with(of(&shop, &vic), json!({"member_list": list}));
    for (members, code) in [
        (json!("x"), 31),
        (json!({}), 31),
        (json!([]), 34),
        (json!([7]), 34),
        (json!(["x"]), 34),
        (json!([wim.user]), 34),
        (json!([vic.user]), 34),
        (json!([eve.user]), 34),
        (json!([ann.user, ann.user]), 34),
    ] {
        assert_eq!(shop.code(&vic.token, name, list(members.clone())).await, code, "{members}");
    }
    for (kind, code) in [(json!(null), 6), (json!("S2S"), 36), (json!("X"), 36)] {
        let body = with(of(&shop, &vic), json!({"conversation_type": kind}));
        assert_eq!(shop.code(&vic.token, name, body).await, code, "{kind}");
    }
    // The only agent's default conversation is the one with him.
    let default = shop.conversation(&vic).await;
    let same = shop.do_call(&vic.token, name, list(json!([ann.user]))).await;
    assert_eq!((&same["uuid"], &same["assigned_uuid"]), (&json!(default), &json!(ann.user)));
    assert_eq!(same["conversation_name"], "ann");
    let bob = shop.agent("bob").await;
    let with_bob = shop.do_call(&vic.token, name, list(json!([bob.user]))).await;
    assert_ne!(with_bob["uuid"], default);
    assert_eq!(with_bob["assigned_uuid"], bob.user);
    let again = shop.do_call(&vic.token, name, list(json!([bob.user.to_uppercase()]))).await;
    assert_eq!(again["uuid"], with_bob["uuid"]);
    let users = json!({"app_uuid": shop.uuid(), "conversation_uuid": with_bob["uuid"]});
    assert_eq!(shop.code(&ann.token, "PP_GET_CONVERSATION_USER_LIST", users.clone()).await, 26);
    let users = shop.do_call(&bob.token, "PP_GET_CONVERSATION_USER_LIST", users).await;
    assert_eq!(users["list"].as_array().unwrap().len(), 2);
    shop.close().await;
}

async fn agents_talk_among_themselves(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (ann, bob) = (shop.agent("ann").await, shop.agent("bob").await);
    let vic = shop.visitor("vic").await;
    let name = "PPCOM_CREATE_CONVERSATION";
    let asked =
        |agent: &Agent, list: Value| with(of_agent(&shop, agent), json!({"member_list": list}));
    for (body, code) in [
        (of_agent(&shop, &ann), 34),
        (asked(&ann, json!([ann.user])), 34),
        (asked(&ann, json!([vic.user])), 34),
        (with(asked(&ann, json!([bob.user])), json!({"conversation_type": "P2S"})), 36),
    ] {
        assert_eq!(shop.code(&ann.token, name, body.clone()).await, code, "{body}");
    }
    let opened = shop.do_call(&ann.token, name, asked(&ann, json!([bob.user]))).await;
    let other = shop.do_call(&bob.token, name, asked(&bob, json!([ann.user]))).await;
    assert_eq!(opened["uuid"], other["uuid"]);
    let fields = |of: &Value| (of["conversation_type"].clone(), of["user_uuid"].clone());
    assert_eq!(fields(&opened), (json!("S2S"), json!(null)));
    // Each sees the other.
    assert_eq!(opened["conversation_name"], "bob");
    assert_eq!(other["conversation_name"], "ann");
    let room = opened["uuid"].as_str().unwrap();
    shop.say((&ann.token, &ann.user), room, "s2s-1", "coffee?").await;
    let page = json!({"conversation_uuid": room});
    let page = shop.do_call(&bob.token, "PP_PAGE_HISTORY_MESSAGE", page).await;
    let body: Value =
        serde_json::from_str(page["list"][0]["message_body"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&body["ct"], &body["tt"], &body["ti"]),
        (&json!("S2S"), &json!("AP"), &json!(shop.uuid()))
    );
    shop.close().await;
}

async fn lists_show_open_conversations_with_their_newest_message(backend: Backend) {
    let shop = Shop::open(backend).await;
    let (ann, vic) = (shop.agent("ann").await, shop.visitor("vic").await);
    let room = shop.conversation(&vic).await;
    let name = "PP_GET_USER_CONVERSATION_LIST";
    // Nothing has been said: it is not open yet.
    assert_eq!(shop.do_call(&vic.token, name, of(&shop, &vic)).await, json!({"list": []}));
    let info = with(of(&shop, &vic), json!({"conversation_uuid": room}));
    let new = shop.do_call(&vic.token, "PP_GET_CONVERSATION_INFO", info.clone()).await;
    assert_eq!((&new["status"], &new["latest_message"]), (&json!("NEW"), &json!(null)));
    shop.say((&vic.token, &vic.user), &room, "m-1", "hi").await;
    shop.say((&ann.token, &ann.user), &room, "m-2", "hello").await;
    let named = |shown: &str| json!({"conversation_name": shown, "conversation_icon": null});
    let shown =
        shop.call(&ann.token, "GET_YVOBJECT_DETAIL", json!({"type": "DU", "uuid": vic.user})).await;
    let of_vic = shown["fullname"].as_str().unwrap().to_owned();
    for (token, body, data) in [
        (&vic.token, of(&shop, &vic), named("ann")),
        (&ann.token, of_agent(&shop, &ann), named(&of_vic)),
    ] {
        let list = shop.do_call(token, name, body).await;
        let list = list["list"].as_array().unwrap();
        assert_eq!(list.len(), 1);
        let one = &list[0];
        assert_eq!((&one["uuid"], &one["status"]), (&json!(room), &json!("OPEN")));
        assert_eq!(one["conversation_data"], data);
        assert!(is_time(&one["createtime"]) && is_time(&one["updatetime"]), "{one}");
        assert!(one["updatetime"].as_str() > one["createtime"].as_str());
        assert_eq!(one["from_user"]["uuid"], vic.user);
        assert!(one["from_user"]["updatetime"].is_i64());
        let latest = &one["latest_message"];
        assert_eq!((&latest["uuid"], &latest["from_uuid"]), (&json!("m-2"), &json!(ann.user)));
        assert_eq!(
            (&latest["body"], &latest["conversation_uuid"]),
            (&json!("hello"), &json!(room))
        );
    }
    // The conversation that has changed last comes first, and is the default one.
    let bob = shop.agent("bob").await;
    let second = with(of(&shop, &vic), json!({"member_list": [bob.user]}));
    let second = shop.do_call(&vic.token, "PPCOM_CREATE_CONVERSATION", second).await;
    let second = second["uuid"].as_str().unwrap();
    shop.say((&vic.token, &vic.user), second, "m-3", "you, too").await;
    let list = shop.do_call(&vic.token, name, of(&shop, &vic)).await;
    let uuids: Vec<&str> =
        list["list"].as_array().unwrap().iter().map(|one| one["uuid"].as_str().unwrap()).collect();
    assert_eq!(uuids, [second, &room]);
    shop.say((&ann.token, &ann.user), &room, "m-4", "still here").await;
    assert_eq!(shop.conversation(&vic).await, room);
    shop.close().await;
}
