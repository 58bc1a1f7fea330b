//! Rooms and messages over HTTP: the same as on the sockets, which hear of it.

use std::ops::RangeInclusive;

use serde_json::{Value, json};
use tradewind::domain::accounts::user::UserPair;
use tradewind::domain::chat::message::Message;
use tradewind::domain::chat::room::RoomKey;
use tradewind::domain::clock::Timestamp;
use tradewind::domain::id::{MessageId, RoomId};
use tradewind::store::chat::{messages, rooms};

use crate::harness::{Account, Backend, Server};

/// A socket with all features.
pub async fn socket(server: &Server, who: &Account) -> crate::harness::Client {
    let mut client = server.connect().await;
    client.ask(json!({"type": "heartbeat", "payload": {}})).await;
    let features = ["sync", "presence", "typing", "read", "group"];
    let auth = json!({"auth": who.token, "features": features});
    client.ask(json!({"type": "auth", "payload": auth})).await;
    assert_eq!(client.recv().await["type"], "presence");
    client
}

async fn post(server: &Server, who: &Account, room: &str, body: Value) -> (u16, Value) {
    let path = format!("/rooms/{room}/messages");
    let answer = server.api(who, "POST", &path, body).await;
    (answer.status, answer.json.clone())
}

async fn texts(server: &Server, who: &Account, room: &str, query: &str) -> (Vec<String>, bool) {
    let path = format!("/rooms/{room}/messages{query}");
    let answer = server.api(who, "GET", &path, Value::Null).await;
    let page = answer.expect(200);
    let text = |message: &Value| message["content"].as_str().expect("a text").to_owned();
    let messages = page["messages"].as_array().expect("messages").iter().map(text).collect();
    (messages, page["more"].as_bool().expect("more"))
}

#[actix_web::test]
async fn what_is_sent_edited_deleted_and_read_is_told_to_sockets() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = Server::with(backend, |_| {}).await;
        let (alice, bob) = (server.user("alice").await, server.user("bob").await);
        let room = alice.room(&bob);
        let (mut hers, mut his) = (socket(&server, &alice).await, socket(&server, &bob).await);
        let draft = json!({"content": "안녕", "nonce": "n1"});
        let (status, sent) = post(&server, &alice, &room, draft.clone()).await;
        assert_eq!(
            (status, &sent["duplicate"], &sent["nonce"]),
            (201, &json!(false), &json!("n1"))
        );
        assert_eq!(
            (&sent["seq"], &sent["rev"], &sent["room"]),
            (&json!(1), &json!(1), &json!(room))
        );
        for (socket, nonce) in [(&mut hers, json!("n1")), (&mut his, Value::Null)] {
            let push = socket.recv().await;
            assert_eq!(
                (&push["payload"]["content"], &push["payload"]["id"]),
                (&sent["content"], &sent["id"])
            );
            assert_eq!(push["payload"]["nonce"], nonce);
        }
        let (status, again) = post(&server, &alice, &room, draft).await;
        assert_eq!((status, &again["duplicate"], &again["id"]), (200, &json!(true), &sent["id"]));

        let message = format!("/rooms/{room}/messages/{}", sent["id"].as_str().expect("an id"));
        let edit = json!({"content": "안녕 bob"});
        let edited = server.api(&alice, "PATCH", &message, edit.clone()).await;
        assert_eq!(edited.expect(200)["content"], "안녕 bob");
        assert!(edited.json["edited_at"].is_string() && edited.json["rev"] == 2);
        assert_eq!(his.recv().await["payload"]["type"], "edit");
        assert_eq!(hers.recv().await["payload"]["type"], "edit");
        let foreign = server.api(&bob, "PATCH", &message, edit).await;
        foreign.expect_problem(404, "no_such_message");

        let rooms = server.api(&bob, "GET", "/rooms", Value::Null).await;
        let entry = &rooms.expect(200)["rooms"][0];
        assert_eq!((&entry["id"], &entry["kind"]), (&json!(room), &json!("dm")));
        assert_eq!((&entry["unread"], &entry["read_seq"]), (&json!(1), &json!(0)));
        assert_eq!(entry["user"]["name"], "alice");
        let read = async |seq: Value| {
            server.api(&bob, "PUT", &format!("/rooms/{room}/read"), json!({"seq": seq})).await
        };
        assert_eq!(read(json!(9)).await.expect(200), &json!({"seq": 1}));
        assert_eq!(hers.recv().await["type"], "read");
        assert_eq!(his.recv().await["type"], "read");
        assert_eq!(read(json!(0)).await.expect(200), &json!({"seq": 1}));
        read(json!(-1)).await.expect_problem(400, "body_invalid");

        server
            .api(&bob, "DELETE", &message, Value::Null)
            .await
            .expect_problem(404, "no_such_message");
        server.api(&alice, "DELETE", &message, Value::Null).await.expect(204);
        assert_eq!(his.recv().await["payload"]["content"], "");
        assert_eq!(hers.recv().await["payload"]["content"], "");
        server
            .api(&alice, "DELETE", &message, Value::Null)
            .await
            .expect_problem(404, "no_such_message");
        his.expect_nothing().await;
        for client in [hers, his] {
            client.close().await;
        }
        server.stop().await;
    }
}

/// Stores messages of a user in the room with another, numbered from `first`.
async fn fill(server: &Server, author: &Account, peer: &Account, seqs: RangeInclusive<i64>) {
    let pair = UserPair::new(author.user.id, peer.user.id).expect("two");
    let (by, new) = (author.user.id, RoomId::new(9).expect("an id"));
    let write = move |conn: &mut _| {
        let room = match rooms::of_pair(conn, pair)? {
            Some(room) => room.id,
            None => rooms::create(conn, new, pair)?.id,
        };
        let message = |seq: i64| Message {
            id: MessageId::new(10 + seq).expect("an id"),
            room: RoomKey::Direct(pair),
            author: by,
            seq,
            rev: seq,
            content: "x".to_owned(),
            created_at: Timestamp::from_micros(seq),
            edited_at: None,
            deleted: false,
            hidden: false,
            nonce: None,
        };
        let all: Vec<_> = seqs.clone().map(|seq| (room, message(seq))).collect();
        messages::insert_many(conn, &all)
    };
    server.database().write(write).expect("stored");
}

#[actix_web::test]
async fn unread_messages_are_counted_up_to_999() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = Server::with(backend, |_| {}).await;
        let (alice, bob) = (server.user("alice").await, server.user("bob").await);
        let room = alice.room(&bob);
        let counted = async |unread: i64, more: Value| {
            let rooms = server.api(&bob, "GET", "/rooms", Value::Null).await;
            let mut socket = server.connect().await;
            let (welcome, _) = socket.identify_with(&bob.token, &["sync"]).await;
            for entry in [&rooms.json["rooms"][0], &welcome["rooms"][0]] {
                assert_eq!((&entry["unread"], &entry["unread_more"]), (&json!(unread), &more));
            }
            socket.close().await;
        };
        fill(&server, &alice, &bob, 1..=999).await;
        counted(999, Value::Null).await;
        fill(&server, &alice, &bob, 1000..=1001).await;
        counted(999, json!(true)).await;
        for (seq, unread, more) in
            [(1, 999, json!(true)), (2, 999, Value::Null), (3, 998, Value::Null)]
        {
            let read = json!({"seq": seq});
            server.api(&bob, "PUT", &format!("/rooms/{room}/read"), read).await.expect(200);
            counted(unread, more).await;
        }
        server.stop().await;
    }
}

#[actix_web::test]
async fn history_is_paged_by_seq_and_shows_what_one_may_see() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = Server::with(backend, |_| {}).await;
        let (alice, bob) = (server.user("alice").await, server.user("bob").await);
        let room = alice.room(&bob);
        assert_eq!(texts(&server, &bob, &room, "").await, (vec![], false));
        for number in 1..=5 {
            let body = json!({"content": number.to_string(), "nonce": format!("n{number}")});
            post(&server, &alice, &room, body).await;
        }
        let expect = async |query: &str, numbers: &[u8], more: bool| {
            let expected: Vec<String> = numbers.iter().map(u8::to_string).collect();
            assert_eq!(texts(&server, &bob, &room, query).await, (expected, more), "{query}");
        };
        expect("", &[1, 2, 3, 4, 5], false).await;
        expect("?limit=2", &[4, 5], true).await;
        expect("?limit=2&before_seq=4", &[2, 3], true).await;
        expect("?limit=2&before_seq=3", &[1, 2], false).await;
        expect("?limit=2&after_seq=0", &[1, 2], true).await;
        expect("?limit=2&after_seq=3", &[4, 5], false).await;
        expect("?after_seq=1&before_seq=4", &[2, 3], false).await;
        expect("?after_seq=1&before_seq=4&limit=1", &[2], true).await;
        expect("?after_seq=3&before_seq=2", &[], false).await;
        expect("?after_seq=5", &[], false).await;
        expect("?before_seq=0", &[], false).await;
        let own = server.api(&alice, "GET", &format!("/rooms/{room}/messages"), Value::Null).await;
        assert_eq!(own.expect(200)["messages"][0]["nonce"], "n1");
        let his = server.api(&bob, "GET", &format!("/rooms/{room}/messages"), Value::Null).await;
        assert_eq!(his.expect(200)["messages"][0]["nonce"], Value::Null);

        let block = format!("/blocks/{}", alice.id());
        server.api(&bob, "PUT", &block, Value::Null).await.expect(204);
        post(&server, &alice, &room, json!({"content": "6"})).await;
        server.api(&bob, "DELETE", &block, Value::Null).await.expect(204);
        expect("?after_seq=3", &[4, 5], false).await;
        assert_eq!(texts(&server, &alice, &room, "?after_seq=5").await.0, ["6"]);

        for bad in ["before_seq=-1", "limit=0", "limit=501", "limit=x", "after_seq=-1"] {
            let path = format!("/rooms/{room}/messages?{bad}");
            let answer = server.api(&bob, "GET", &path, Value::Null).await;
            answer.expect_problem(400, "parameter_invalid");
        }
        server.stop().await;
    }
}

#[actix_web::test]
async fn pages_of_long_texts_are_shorter() {
    let server =
        Server::with(Backend::Sqlite, |config| config.store.history_slice_bytes = 150_000).await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let room = alice.room(&bob);
    for _ in 0..5 {
        let (status, _) =
            post(&server, &alice, &room, json!({"content": "x".repeat(65_536)})).await;
        assert_eq!(status, 201);
    }
    for query in ["", "?after_seq=0"] {
        let (texts, more) = texts(&server, &bob, &room, query).await;
        assert_eq!((texts.len(), more), (2, true), "{query}");
    }
    let (status, problem) =
        post(&server, &alice, &room, json!({"content": "x".repeat(65_537)})).await;
    assert_eq!((status, &problem["code"]), (400, &json!("content_invalid")));
    let (status, problem) =
        post(&server, &alice, &room, json!({"content": "x".repeat(200_000)})).await;
    assert_eq!((status, &problem["code"]), (413, &json!("body_too_large")));
    server.stop().await;
}

#[actix_web::test]
async fn what_is_nowhere_or_no_message_is_refused() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.dm.audience = tradewind::domain::accounts::friendship::DmPolicy::Friends;
    })
    .await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let room = alice.room(&bob);
    for (body, code) in [
        (json!({"content": ""}), "content_invalid"),
        (json!({"content": "a\u{0}"}), "content_invalid"),
        (json!({"content": "x", "nonce": ""}), "nonce_invalid"),
        (json!({"content": "x", "nonce": "a\n"}), "nonce_invalid"),
        (json!({"content": null}), "body_invalid"),
        (json!({}), "body_invalid"),
    ] {
        let (status, problem) = post(&server, &alice, &room, body).await;
        assert_eq!((status, &problem["code"]), (400, &json!(code)));
    }
    // `dm.audience`: no friend, no room.
    for nowhere in [room.as_str(), "0", "x", "-4", "99999999999999999999", &alice.id().to_string()]
    {
        let (status, problem) = post(&server, &alice, nowhere, json!({"content": "x"})).await;
        assert_eq!((status, &problem["code"]), (404, &json!("no_such_room")), "{nowhere}");
        let path = format!("/rooms/{nowhere}/messages");
        let answer = server.api(&alice, "GET", &path, Value::Null).await;
        answer.expect_problem(404, "no_such_room");
        let path = format!("/rooms/{nowhere}/read");
        let read = server.api(&alice, "PUT", &path, json!({"seq": 0})).await;
        read.expect_problem(404, "no_such_room");
    }
    let (status, problem) = post(&server, &alice, "7", json!({"content": "x"})).await;
    assert_eq!((status, &problem["code"]), (403, &json!("not_member")));
    server.stop().await;
}
