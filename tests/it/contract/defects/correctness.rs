//! Defects 16 to 28 and 31: correctness on the wire.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tradewind::server::Base;

use super::*;
use crate::harness::server;

const OK: &str = r#"{"type":"ok","payload":null}"#;
const HTTP_ERROR: &str = r#"= 400 {"type":"error","payload":{"message":"#;

fn ok() -> Value {
    serde_json::from_str(OK).expect("JSON")
}

async fn friends(client: &mut Client) -> Vec<String> {
    let list = client.ask(json!({"type": "load", "payload": {"type": "mutual_users"}})).await;
    let users = list["payload"].as_array().expect("a list").iter();
    users.map(|user| user["name"].as_str().expect("a name").to_owned()).collect()
}

#[actix_web::test]
async fn defect_16_delete_removes_one_friendship_and_no_other() {
    let server = Server::start().await;
    let mut sockets = Vec::new();
    for name in ["alice", "bob", "carol", "dave"] {
        sockets.push(server.login(&server.user(name).await).await);
    }
    // alice: bob, carol; bob: alice, dave.
    for (from, to, names) in
        [(0, 1, ["bob", "alice"]), (0, 2, ["carol", "alice"]), (1, 3, ["dave", "bob"])]
    {
        assert_eq!(sockets[from].ask(befriend("request", names[0])).await, ok());
        sockets[to].recv().await;
        assert_eq!(sockets[to].ask(befriend("response", names[1])).await, ok());
        sockets[from].recv().await;
    }
    assert_eq!(sockets[0].ask(befriend("delete", "bob")).await, ok());
    assert_eq!(sockets[1].recv().await["payload"]["type"], "delete");
    for (place, expected) in
        [vec!["carol"], vec!["dave"], vec!["alice"], vec!["bob"]].into_iter().enumerate()
    {
        assert_eq!(friends(&mut sockets[place]).await, expected);
    }
    end(server, sockets).await;
}

#[actix_web::test]
async fn defect_17_a_stranger_cannot_be_unfriended_and_is_not_told() {
    let (server, _, [mut a, mut b]) = pair().await;
    let refused = error(4004, "select named user was not friend.");
    assert_eq!(a.ask(befriend("delete", "bob")).await, refused);
    // A request is no friendship either, and it stays.
    assert_eq!(b.ask(befriend("request", "alice")).await, ok());
    a.recv().await;
    assert_eq!(a.ask(befriend("delete", "bob")).await, refused);
    b.expect_nothing().await;
    assert_eq!(a.ask(befriend("response", "bob")).await, ok());
    b.recv().await;
    end(server, [a, b]).await;
}

#[actix_web::test]
async fn defect_18_unauthenticated_sockets_harm_nobody() {
    let (server, users, [mut a, mut b]) = pair().await;
    let mut silent = server.connect().await;
    let mut alive = server.connect().await;
    alive.expect_nothing().await;
    let mut refused = server.connect().await;
    refused.expect_nothing().await;
    let auth = json!({"type": "auth", "payload": {"auth": "nonsense"}});
    assert_eq!(refused.ask(auth).await["type"], "error");

    let room = users[0].room(&users[1]);
    let echo = a.ask(send(&room, "hello")).await;
    assert_eq!(echo["payload"]["content"], "hello");
    assert_eq!(b.recv().await, echo);
    for (verb, from_a) in [
        ("request", true),
        ("remove", false),
        ("request", true),
        ("response", false),
        ("delete", true),
    ] {
        let (actor, other, name) =
            if from_a { (&mut a, &mut b, "bob") } else { (&mut b, &mut a, "alice") };
        assert_eq!(actor.ask(befriend(verb, name)).await, ok(), "{verb}");
        assert_eq!(other.recv().await["payload"]["type"], verb);
    }
    for client in [&mut a, &mut b, &mut silent, &mut alive, &mut refused] {
        client.expect_nothing().await;
    }
    end(server, [a, b, silent, alive, refused]).await;
}

#[actix_web::test]
async fn defect_19_a_blank_edit_deletes() {
    let (server, users, [mut a, mut b]) = pair().await;
    let room = users[0].room(&users[1]);
    for content in [json!({"content": ""}), json!({"content": null}), json!({})] {
        let mut sent = a.ask(send(&room, "x")).await;
        b.recv().await;
        let mut payload = content;
        payload["type"] = json!("edit");
        payload["id"] = sent["payload"]["id"].clone();
        payload["chat_id"] = json!(room);
        sent["payload"]["type"] = json!("edit");
        sent["payload"]["content"] = json!("");
        assert_eq!(a.ask(json!({"type": "chat", "payload": payload})).await, sent);
        assert_eq!(b.recv().await, sent);
        assert_eq!(page(&mut b, &room, FUTURE, 9).await, Vec::<Value>::new());
    }
    end(server, [a, b]).await;
}

#[actix_web::test]
async fn defect_20_edits_reach_the_peer_under_the_same_id() {
    let (server, users, [mut a, mut b]) = pair().await;
    let room = users[0].room(&users[1]);
    let mut expected = a.ask(send(&room, "one")).await;
    b.recv().await;
    for content in ["two", "three", "four"] {
        let edit = json!({"type": "edit", "id": expected["payload"]["id"], "chat_id": room, "content": content});
        expected["payload"]["type"] = json!("edit");
        expected["payload"]["content"] = json!(content);
        assert_eq!(a.ask(json!({"type": "chat", "payload": edit})).await, expected);
        assert_eq!(b.recv().await, expected);
    }
    end(server, [a, b]).await;
}

#[actix_web::test]
async fn defect_21_malformed_requests_are_answered() {
    let (server, _, [mut a, b]) = pair().await;
    for text in [
        r#"{"type":"auth"}"#,
        r#"{"type":"auth","payload":null}"#,
        r#"{"type":"auth","payload":{"auth":"a.b"}}"#,
        r#"{"type":"auth","payload":{"auth":{}}}"#,
        r#"{"type":"chat","payload":null}"#,
        r#"{"type":"chat","payload":{"type":"send","content":"x"}}"#,
        r#"{"type":"chat","payload":{"type":"send","chat_id":"x","content":"x"}}"#,
        r#"{"type":"chat","payload":{"type":"edit"}}"#,
        r#"{"type":"load"}"#,
        r#"{"type":"load","payload":{"type":"chat"}}"#,
        r#"{"type":"load","payload":{"type":"chat","load_id":"2","datetime":"!","count":1}}"#,
        r#"{"type":"load","payload":{"type":"chat","load_id":"2","datetime":"eA==","count":1}}"#,
        r#"{"type":"mutual_users","payload":{"type":{}}}"#,
        r#"{"type":"mutual_users","payload":{}}"#,
        r#"{"payload":{}}"#,
        r#"{"type":{}}"#,
        "null",
        "",
    ] {
        a.text(text).await;
        let answer = a.recv().await;
        assert_eq!(answer["type"], "error", "{text}");
        assert!(answer["payload"]["code"].is_u64() && answer["payload"]["reason"].is_string());
        a.expect_nothing().await;
    }
    end(server, [a, b]).await;
}

#[actix_web::test]
async fn defect_22_a_malformed_address_is_the_clients_fault() {
    let request = format!("POST {REGISTER} form name=a&password=pass+word&email=");
    let answer = format!("{HTTP_ERROR}\"Invalid email address.\"}}}}\n");
    let addresses = ["nothing", "%40", "a%40", "a%40b%00", "%E3%85%A4%40x.example"];
    let lines = addresses.map(|address| format!("{request}{address}\n{answer}"));
    transcript(&lines.concat()).await;
}

#[actix_web::test]
async fn defect_23_the_error_of_a_missing_name_has_the_common_envelope() {
    let answer = format!("{HTTP_ERROR}\"kimino namae wa..!\"}}}}");
    transcript(&format!("POST {REGISTER} form email=a%40x.example&password=pass+word\n{answer}"))
        .await;
}

#[actix_web::test]
async fn defect_24_the_live_time_is_a_cursor() {
    let (server, users, [mut a, b]) = pair().await;
    let room = users[0].room(&users[1]);
    let first = a.ask(send(&room, "one")).await;
    let second = a.ask(send(&room, "two")).await;
    let cursor = second["payload"]["created_at"].as_str().expect("a time");
    assert_eq!(page(&mut a, &room, cursor, 9).await, [first]);
    end(server, [a, b]).await;
}

#[actix_web::test]
async fn defect_25_times_strictly_increase_in_a_burst() {
    let (server, users, [mut a, mut b]) = pair().await;
    let room = users[0].room(&users[1]);
    for n in 0..150 {
        a.send(&send(&room, &format!("a{n}"))).await;
        b.send(&send(&room, &format!("b{n}"))).await;
    }
    let mut live = Vec::new();
    while live.len() < 300 {
        live.push(b.recv().await);
    }
    let times: Vec<&str> =
        live.iter().map(|frame| frame["payload"]["created_at"].as_str().expect("a time")).collect();
    assert!(times.is_sorted_by(|one, next| one < next), "{times:?}");
    // Page by page, with the oldest time as cursor, every message comes once, in the same order.
    let mut paged: Vec<Value> = Vec::new();
    let mut before = FUTURE.to_owned();
    loop {
        let mut older = page(&mut b, &room, &before, 7).await;
        let Some(oldest) = older.first() else { break };
        before = oldest["payload"]["created_at"].as_str().expect("a time").to_owned();
        older.append(&mut paged);
        paged = older;
    }
    assert_eq!(paged, live);
    end(server, [a, b]).await;
}

#[actix_web::test]
async fn defect_27_ids_stay_exact_beyond_any_count() {
    // More ids than the original had before they passed 2^63; the clock's share of an id is what it
    // is at any count, so this also bounds those of years to come.
    let folder = tempfile::tempdir().expect("a folder");
    let base = Base::open(&server::config(folder.path())).expect("the database");
    let mut last = 0;
    for _ in 0..33_000 {
        let id = base.mint.message().expect("an id").get();
        assert!(id > last && id < 1 << 53, "{id} after {last}");
        last = id;
    }
    let (server, users, [mut a, b]) = pair().await;
    let room = users[0].room(&users[1]);
    let mut ids = BTreeSet::new();
    for _ in 0..200 {
        a.send(&send(&room, "x")).await;
    }
    for frame in a.drain().await {
        let id: i64 =
            frame["payload"]["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
        assert!(id > 0 && id < 1 << 53 && ids.last().is_none_or(|last| id > *last));
        ids.insert(id);
    }
    assert_eq!(ids.len(), 200);
    end(server, [a, b]).await;
}

#[actix_web::test]
async fn defect_28_the_deadline_counts_from_the_last_heartbeat() {
    let timeout = Duration::from_millis(700);
    let server =
        Server::with(Backend::Sqlite, |config| config.rewind.heartbeat_timeout_ms = 700).await;
    let alice = server.user("alice").await;
    let mut a = server.login(&alice).await;
    let start = Instant::now();
    let mut last = start;
    // Much longer than one timeout, with heartbeats all the time.
    while start.elapsed() < 2 * timeout {
        last = Instant::now();
        a.expect_nothing().await;
    }
    let (code, reason) = a.closed().await;
    assert_eq!((code, reason.as_str()), (4003, "Heartbeat missing. Websocket session closed."));
    let silence = last.elapsed();
    assert!(silence >= timeout && silence < timeout + Duration::from_secs(1), "{silence:?}");
    drop(a);
    server.stop().await;
}

#[actix_web::test]
async fn defect_31_nobody_asks_himself() {
    let (server, users, [mut a, b]) = pair().await;
    let mut a2 = server.login(&users[0]).await;
    let refused = error(4000, "could not send to friend request.");
    assert_eq!(a.ask(befriend("request", "alice")).await, refused);
    a.expect_nothing().await;
    a2.expect_nothing().await;
    assert_eq!(number(&server, "SELECT COUNT(*) FROM friendships"), 0);
    end(server, [a, b, a2]).await;
}
