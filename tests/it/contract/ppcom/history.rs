//! Contract 4, 5.2, D-7, D-9, D-10, D-11, R-4, R-8, R-10, R-16: messages by HTTP, their pages and acknowledgements.

use serde_json::{Value, json};

use super::on_both;
use super::shop::{Agent, Shop, Visitor};
use crate::harness::Backend;

on_both! {
    pages_of_the_history_go_both_ways,
    a_message_is_sent_in_the_order_of_faults,
    the_same_name_is_the_same_message,
    what_was_not_acknowledged_is_listed_until_it_is,
    an_operator_reads_the_history_of_the_app,
    who_blocks_somebody_reads_nothing_of_him,
}

const PAGE: &str = "PP_PAGE_HISTORY_MESSAGE";
const UNACKED: &str = "PP_PAGE_UNACKED_MESSAGE";

struct Talk {
    shop: Shop,
    ann: Agent,
    vic: Visitor,
    room: String,
}

/// A visitor and an agent with so many messages, in turns.
async fn talk(backend: Backend, messages: usize) -> Talk {
    let shop = Shop::open(backend).await;
    let (ann, vic) = (shop.agent("ann").await, shop.visitor("vic").await);
    let room = shop.conversation(&vic).await;
    for at in 1..=messages {
        let by = if at % 2 == 1 { (&vic.token, &vic.user) } else { (&ann.token, &ann.user) };
        shop.say((by.0, by.1), &room, &format!("m-{at}"), &format!("text {at}")).await;
    }
    Talk { shop, ann, vic, room }
}

impl Talk {
    async fn page(&self, more: Value) -> Value {
        let mut body = json!({"conversation_uuid": self.room});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.shop.call(&self.vic.token, PAGE, body).await
    }

    async fn unacked(&self, more: Value) -> Value {
        let mut body = json!({"app_uuid": self.shop.uuid(), "user_uuid": self.vic.user});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.shop.call(&self.vic.token, UNACKED, body).await
    }
}

/// The numbers of the messages on a page.
fn numbers(page: &Value) -> Vec<i64> {
    let list = page["list"].as_array().expect("a list");
    assert_eq!(page["return_count"], list.len());
    let number = |item: &Value| item["uuid"].as_str().unwrap()[2..].parse().unwrap();
    list.iter().map(number).collect()
}

async fn pages_of_the_history_go_both_ways(backend: Backend) {
    let talk = talk(backend, 7).await;
    for (asked, expected) in [
        (json!({}), vec![7, 6, 5, 4, 3, 2, 1]),
        (json!({"page_size": 3}), vec![7, 6, 5]),
        (json!({"page_size": 3, "page_offset": 0}), vec![7, 6, 5]),
        (json!({"page_size": 3, "page_offset": 1}), vec![4, 3, 2]),
        (json!({"page_size": 3, "page_offset": 2}), vec![1]),
        (json!({"page_size": 3, "page_offset": 3}), vec![]),
        (json!({"page_size": 3, "page_offset": 4_294_967_296_i64}), vec![]),
        (json!({"page_size": 100}), vec![7, 6, 5, 4, 3, 2, 1]),
        (json!({"max_uuid": null, "min_uuid": null, "page_size": null}), vec![7, 6, 5, 4, 3, 2, 1]),
        (json!({"max_uuid": "m-5"}), vec![4, 3, 2, 1]),
        (json!({"max_uuid": "m-5", "page_size": 2}), vec![4, 3]),
        (json!({"max_uuid": "m-5", "page_size": 2, "page_offset": 1}), vec![2, 1]),
        (json!({"max_uuid": "m-1"}), vec![]),
        (json!({"max_uuid": "m-8"}), vec![]),
        (json!({"min_uuid": "m-4"}), vec![5, 6, 7]),
        (json!({"min_uuid": "m-4", "page_size": 2}), vec![5, 6]),
        (json!({"min_uuid": "m-4", "page_size": 2, "page_offset": 1}), vec![7]),
        (json!({"min_uuid": "m-7"}), vec![]),
        // A message that the hub has never seen: the newest page, the right way round.
        (json!({"min_uuid": "m-8", "page_size": 2}), vec![6, 7]),
    ] {
        let page = talk.page(asked.clone()).await;
        assert_eq!((numbers(&page), &page["total_count"]), (expected, &json!(7)), "{asked}");
    }
    for (asked, code) in [
        (json!({"conversation_uuid": null}), 6),
        (json!({"conversation_uuid": null, "min_uuid": "a", "max_uuid": "b"}), 6),
        (json!({"min_uuid": "a", "max_uuid": "b", "page_size": 101}), 42),
        (json!({"page_size": 101}), 41),
        (json!({"page_size": 101, "conversation_uuid": "x"}), 41),
        (json!({"page_size": 0}), 44),
        (json!({"page_size": -1}), 44),
        (json!({"page_offset": -1}), 44),
        (json!({"conversation_uuid": "x"}), 26),
        (json!({"conversation_uuid": talk.vic.user}), 26),
    ] {
        assert_eq!(talk.page(asked.clone()).await["error_code"], code, "{asked}");
    }
    let page = talk.page(json!({"page_size": 1})).await;
    let item = &page["list"][0];
    let expected = json!({"uuid": "m-7", "from_uuid": talk.vic.user, "body": "text 7",
        "conversation_uuid": talk.room, "message_type": "NOTI", "message_subtype": "TEXT"});
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&item[name], value, "{name}");
    }
    let body: Value = serde_json::from_str(item["message_body"].as_str().unwrap()).unwrap();
    let (ts, from) = (body["ts"].as_f64().unwrap(), body["from_user"].clone());
    assert_eq!(item["from_user"], from);
    assert!(from["updatetime"].is_i64() && from["uuid"] == talk.vic.user, "{from}");
    assert_eq!(
        body,
        json!({"id": "m-7", "fi": talk.vic.user, "ft": "DU", "ti": talk.shop.uuid(), "tt": "AP",
            "mt": "NOTI", "ms": "TEXT", "ci": talk.room, "ct": "P2S", "tl": null, "bo": "text 7",
            "ts": ts, "from_user": from}),
        "without a pid"
    );
    let all = talk.page(json!({})).await;
    let times = all["list"].as_array().unwrap().iter().map(|item| {
        let body: Value = serde_json::from_str(item["message_body"].as_str().unwrap()).unwrap();
        body["ts"].as_f64().unwrap()
    });
    assert!(times.is_sorted_by(|one, next| one > next), "strictly");
    talk.shop.close().await;
}

async fn a_message_is_sent_in_the_order_of_faults(backend: Backend) {
    let Talk { shop, ann, vic, room } = talk(backend, 0).await;
    let wim = shop.visitor("wim").await;
    let foreign = shop.conversation(&wim).await;
    let bank = shop.other().await.id.uuid().to_string();
    let name = "PP_SEND_MESSAGE";
    let good = shop.text(&vic.user, &room, "m-1", "hi");
    let changed = |changes: Value| {
        let mut body = good.clone();
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    for field in [
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
        for none in [json!(null), json!(7), json!(""), json!({})] {
            // What is missing comes before all else that is wrong.
            let body = changed(json!({field: none, "app_uuid": bank, "device_uuid": ann.device}));
            assert_eq!(shop.code(&vic.token, name, body).await, 6, "{field} {none}");
        }
    }
    let long = "x".repeat(65_537);
    for (changes, code) in [
        (json!({"app_uuid": bank, "device_uuid": ann.device}), 4),
        (json!({"from_uuid": ann.user, "device_uuid": ann.device}), 4),
        (json!({"from_uuid": "x"}), 4),
        (json!({"device_uuid": ann.device, "conversation_uuid": foreign}), 8),
        (json!({"device_uuid": "x", "conversation_uuid": foreign}), 8),
        (json!({"conversation_uuid": foreign, "message_type": "X"}), 26),
        (json!({"conversation_uuid": "x", "message_type": "X"}), 26),
        (json!({"message_type": "SYS"}), 16),
        (json!({"message_subtype": "VIDEO"}), 16),
        (json!({"message_subtype": "text"}), 16),
        (json!({"message_body": long}), 16),
        (json!({"message_subtype": "IMAGE", "message_body": "x"}), 16),
        (
            json!({"message_subtype": "FILE", "message_body": r#"{"fid":"00000000-0000-4000-8000-000000000000"}"#}),
            16,
        ),
    ] {
        assert_eq!(shop.code(&vic.token, name, changed(changes.clone())).await, code, "{changes}");
    }
    let page = json!({"conversation_uuid": room});
    let nothing = shop.do_call(&vic.token, PAGE, page.clone()).await;
    assert_eq!(nothing, json!({"total_count": 0, "return_count": 0, "list": []}));
    // The longest text; and what is named routes nothing, nor is it believed.
    let longest = "x".repeat(65_536);
    let sent =
        changed(json!({"message_body": longest, "device_uuid": vic.device, "app_uuid": null,
        "to_type": "AP", "to_uuid": "whatever", "from_type": "AP", "conversation_type": "S2S"}));
    assert_eq!(shop.do_call(&vic.token, name, sent).await, json!({}));
    let page = shop.do_call(&ann.token, PAGE, page).await;
    let body: Value =
        serde_json::from_str(page["list"][0]["message_body"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&body["ct"], &body["ft"], &body["bo"]),
        (&json!("P2S"), &json!("DU"), &json!(longest))
    );
    shop.close().await;
}

async fn the_same_name_is_the_same_message(backend: Backend) {
    let Talk { shop, ann, vic, room } = talk(backend, 1).await;
    let name = "PP_SEND_MESSAGE";
    let same = shop.text(&vic.user, &room, "m-1", "text 1");
    assert_eq!(shop.code(&vic.token, name, same).await, 0);
    let other = shop.text(&vic.user, &room, "m-1", "text 2");
    assert_eq!(shop.code(&vic.token, name, other).await, 16);
    let others = shop.text(&ann.user, &room, "m-1", "text 1");
    assert_eq!(shop.code(&ann.token, name, others).await, 16);
    let page = shop.do_call(&vic.token, PAGE, json!({"conversation_uuid": room})).await;
    assert_eq!(page["total_count"], 1);
    // Another app may use the name.
    let bank = shop.other().await;
    shop.agent_of(&bank, "bea").await;
    let wim = shop.visitor_of(&bank, "wim").await;
    let uuid = bank.id.uuid().to_string();
    let asked = json!({"app_uuid": uuid, "user_uuid": wim.user, "device_uuid": wim.device});
    let opened = shop.do_call(&wim.token, "PPCOM_GET_DEFAULT_CONVERSATION", asked).await;
    let mut sent = shop.text(&wim.user, opened["uuid"].as_str().unwrap(), "m-1", "text 1");
    sent["app_uuid"] = json!(uuid);
    assert_eq!(shop.code(&wim.token, name, sent).await, 0);
    shop.close().await;
}

async fn what_was_not_acknowledged_is_listed_until_it_is(backend: Backend) {
    let talk = talk(backend, 10).await;
    let page = talk.unacked(json!({})).await;
    let pids: Vec<String> = page["list"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pid| pid.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(pids.len(), 5, "those of others alone");
    for (field, value) in
        [("total_count", 5), ("return_count", 5), ("page_size", 30), ("page_offset", 0)]
    {
        assert_eq!(page[field], value, "{field}");
    }
    assert_eq!(page["message"].as_object().unwrap().len(), 5);
    for (pid, number) in pids.iter().zip([2, 4, 6, 8, 10]) {
        let body: Value = serde_json::from_str(page["message"][pid].as_str().unwrap()).unwrap();
        assert_eq!((&body["id"], &body["pid"]), (&json!(format!("m-{number}")), &json!(pid)));
        assert_eq!((&body["ct"], &body["fi"]), (&json!("S2P"), &json!(talk.ann.user)));
    }
    let of = |places: &[usize]| json!(places.iter().map(|at| &pids[*at]).collect::<Vec<_>>());
    for (asked, list) in [
        (json!({"page_size": 2}), of(&[0, 1])),
        (json!({"page_size": 2, "page_offset": 2}), of(&[4])),
        (json!({"page_size": 2, "page_offset": 3}), of(&[])),
        (json!({"min_uuid": pids[2]}), of(&[3, 4])),
        (json!({"min_uuid": pids[0], "page_size": 2, "page_offset": 1}), of(&[3, 4])),
        (json!({"max_uuid": pids[3], "page_size": 2}), of(&[1, 2])),
        (json!({"max_uuid": pids[3], "page_size": 2, "page_offset": 1}), of(&[0])),
        (json!({"max_uuid": "x"}), of(&[])),
        (json!({"min_uuid": talk.room}), of(&[])),
    ] {
        let page = talk.unacked(asked.clone()).await;
        assert_eq!((&page["list"], &page["total_count"]), (&list, &json!(5)), "{asked}");
    }
    for (asked, code) in [
        (json!({"min_uuid": "a", "max_uuid": "b"}), 42),
        (json!({"page_size": 101}), 41),
        (json!({"user_uuid": null}), 6),
        (json!({"user_uuid": talk.ann.user}), 4),
        (json!({"app_uuid": null}), 4),
    ] {
        assert_eq!(talk.unacked(asked.clone()).await["error_code"], code, "{asked}");
    }
    let acknowledge = async |token: &str, list: Value| {
        talk.shop.code(token, "ACK_MESSAGE", json!({"list": list})).await
    };
    for list in [json!(null), json!("x"), json!({}), json!(7)] {
        assert_eq!(acknowledge(&talk.vic.token, list.clone()).await, 6, "{list}");
    }
    // Nobody acknowledges for another; what is unknown is passed over.
    assert_eq!(acknowledge(&talk.ann.token, json!(pids)).await, 0);
    let odd = json!(["x", 7, null, talk.room, "00000000-0000-4000-8000-000000000000"]);
    assert_eq!(acknowledge(&talk.vic.token, odd).await, 0);
    assert_eq!(talk.unacked(json!({})).await["total_count"], 5);
    assert_eq!(acknowledge(&talk.vic.token, json!([pids[1], pids[1], "x", pids[3]])).await, 0);
    let page = talk.unacked(json!({})).await;
    assert_eq!((&page["list"], &page["total_count"]), (&of(&[0, 2, 4]), &json!(3)));
    // One that is acknowledged is a place all the same.
    let page = talk.unacked(json!({"min_uuid": pids[1]})).await;
    assert_eq!(page["list"], of(&[2, 4]));
    assert_eq!(acknowledge(&talk.vic.token, json!(pids)).await, 0);
    let page = talk.unacked(json!({})).await;
    assert_eq!((&page["list"], &page["message"]), (&json!([]), &json!({})));
    // The history is whole.
    assert_eq!(numbers(&talk.page(json!({})).await).len(), 10);
    talk.shop.close().await;
}

async fn an_operator_reads_the_history_of_the_app(backend: Backend) {
    let Talk { shop, room, vic, .. } = talk(backend, 3).await;
    let page = json!({"conversation_uuid": room});
    for level in ["THIRD_PARTY_CONSOLE", "PPCONSOLE"] {
        let console = shop.token(level).await;
        let found = shop.do_call(&console, PAGE, page.clone()).await;
        assert_eq!(numbers(&found), [3, 2, 1]);
        for none in ["x", vic.user.as_str()] {
            assert_eq!(shop.code(&console, PAGE, json!({"conversation_uuid": none})).await, 26);
        }
    }
    let bank = shop.other().await;
    let console = shop.token_of(&bank, "PPCONSOLE").await;
    assert_eq!(shop.code(&console, PAGE, page).await, 26);
    shop.close().await;
}

async fn who_blocks_somebody_reads_nothing_of_him(backend: Backend) {
    use tradewind::domain::accounts::block::BlockVerb;
    use tradewind::domain::id::UserId;
    use tradewind::domain::uuid::Uuid;

    let Talk { shop, ann, vic, room } = talk(backend, 2).await;
    let id = |uuid: &str| UserId::of_uuid(Uuid::parse(uuid).unwrap()).unwrap();
    let accounts = &shop.server.running().service.accounts;
    let blocked = accounts.block(id(&ann.user), Some(id(&vic.user)), BlockVerb::Block).await;
    blocked.unwrap().unwrap();
    shop.say((&vic.token, &vic.user), &room, "m-3", "unseen").await;
    shop.say((&ann.token, &ann.user), &room, "m-4", "seen").await;
    let page = json!({"conversation_uuid": room});
    let of_ann = shop.do_call(&ann.token, PAGE, page.clone()).await;
    assert_eq!((numbers(&of_ann), &of_ann["total_count"]), (vec![4, 2, 1], &json!(3)));
    let paged = json!({"conversation_uuid": room, "page_size": 1, "page_offset": 1});
    assert_eq!(numbers(&shop.do_call(&ann.token, PAGE, paged).await), [2]);
    let asked = json!({"app_uuid": shop.uuid(), "user_uuid": ann.user});
    let unacked = shop.do_call(&ann.token, UNACKED, asked).await;
    assert_eq!(unacked["total_count"], 1, "that of before");
    // He cannot tell; and an operator sees all.
    assert_eq!(numbers(&shop.do_call(&vic.token, PAGE, page.clone()).await), [4, 3, 2, 1]);
    let console = shop.token("PPCONSOLE").await;
    assert_eq!(numbers(&shop.do_call(&console, PAGE, page).await), [4, 3, 2, 1]);
    shop.close().await;
}
