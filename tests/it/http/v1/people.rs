//! One's account, and those one knows: `/me`, `/friends`, `/friend-requests`, `/presence`, `/blocks`.

use serde_json::{Value, json};

use crate::harness::{Account, Backend, Server};

fn face(who: &Account) -> Value {
    json!({"id": who.id().to_string(), "name": who.user.name, "profile": null})
}

/// The same, as his friend sees him.
fn friend(who: &Account, me: &Account) -> Value {
    let mut face = face(who);
    face["room"] = me.room(who).into();
    face
}

fn names(list: &Value) -> Vec<&str> {
    let users = list.as_array().expect("a list").iter();
    users.map(|user| user["name"].as_str().expect("a name")).collect()
}

#[actix_web::test]
async fn the_account_is_shown_and_changed() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = Server::with(backend, |_| {}).await;
        let (alice, bob) = (server.user("alice").await, server.user("bob").await);
        let me = server.api(&alice, "GET", "/me", Value::Null).await;
        let me = me.expect(200);
        assert_eq!((&me["id"], &me["name"]), (&json!(alice.id().to_string()), &json!("alice")));
        assert_eq!(me["email"], format!("u{}@test.example", alice.id()));
        assert!(me["created_at"].is_string() && me["profile"].is_null());

        let change = async |body: Value| server.api(&alice, "PATCH", "/me", body).await;
        let changed = change(json!({"name": "앨리스", "profile": "cat.png"})).await;
        let changed = changed.expect(200);
        assert_eq!((&changed["name"], &changed["profile"]), (&json!("앨리스"), &json!("cat.png")));
        assert_eq!(changed["email"], me["email"]);
        // What is not said stays.
        assert_eq!(change(json!({})).await.expect(200), changed);
        assert_eq!(change(json!({"profile": null})).await.expect(200)["profile"], Value::Null);
        assert_eq!(change(json!({"name": "앨리스"})).await.expect(200)["name"], "앨리스");
        let mut socket = server.connect().await;
        assert_eq!(socket.identify(&alice.token).await["self_user"]["name"], "앨리스");
        socket.close().await;

        for (body, status, code) in [
            (json!({"name": bob.user.name}), 409, "name_taken"),
            (json!({"name": "bob", "profile": "x"}), 409, "name_taken"),
            (json!({"name": " "}), 400, "name_invalid"),
            (json!({"name": "x".repeat(33)}), 400, "name_invalid"),
            (json!({"name": null}), 400, "body_invalid"),
            (json!({"name": 7}), 400, "body_invalid"),
            (json!({"nickname": "x"}), 400, "body_invalid"),
            (json!({"profile": "a\u{0}"}), 400, "profile_invalid"),
            (json!({"profile": "x".repeat(501)}), 400, "profile_invalid"),
            (json!(["x", "y"]), 400, "body_invalid"),
        ] {
            change(body).await.expect_problem(status, code);
        }
        // Nothing of a refused change was done.
        let me = server.api(&alice, "GET", "/me", Value::Null).await;
        assert_eq!((&me.json["name"], &me.json["profile"]), (&json!("앨리스"), &Value::Null));
        // The name is free again.
        server.api(&bob, "PATCH", "/me", json!({"name": "alice"})).await.expect(200);
        server.stop().await;
    }
}

#[actix_web::test]
async fn bodies_are_json_and_not_too_large() {
    let server = Server::with(Backend::Sqlite, |config| config.http.body_bytes_max = 200).await;
    let alice = server.user("alice").await;
    let bearer = format!("Bearer {}", alice.token);
    let send = async |auth: &str, kind: &str, body: String| {
        server.request_as(Some(auth), ("PATCH", "/api/v1/me"), kind, body).await
    };
    let sized = |bytes: usize| format!("{{\"profile\":\"{}\"}}", "x".repeat(bytes - 14));
    assert_eq!(send(&bearer, "application/json; charset=utf-8", sized(200)).await.status, 200);
    send(&bearer, "application/json", sized(201)).await.expect_problem(413, "body_too_large");
    send(&bearer, "text/plain", sized(20)).await.expect_problem(415, "not_json");
    send(&bearer, "application/json", "{".to_owned()).await.expect_problem(400, "body_invalid");
    // Who may not ask is told that first.
    send("Bearer x", "text/plain", sized(300)).await.expect_problem(401, "token_invalid");
    server.stop().await;
}

#[actix_web::test]
async fn friends_and_requests_are_listed() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = Server::with(backend, |_| {}).await;
        let [alice, bob, carol, dave] = [
            server.user("alice").await,
            server.user("bob").await,
            server.user("carol").await,
            server.user("dave").await,
        ];
        server.befriend(&alice, &bob).await;
        for (from, to) in [(&carol, &alice), (&alice, &dave)] {
            server.ask_friendship(from, to).await;
        }
        let friends = server.api(&alice, "GET", "/friends", Value::Null).await;
        assert_eq!(friends.expect(200), &json!({"users": [friend(&bob, &alice)]}));
        let requests = server.api(&alice, "GET", "/friend-requests", Value::Null).await;
        let expected = json!({"incoming": [face(&carol)], "outgoing": [face(&dave)]});
        assert_eq!(requests.expect(200), &expected);
        let requests = server.api(&dave, "GET", "/friend-requests", Value::Null).await;
        assert_eq!(names(&requests.expect(200)["incoming"]), ["alice"]);
        server.stop().await;
    }
}

#[actix_web::test]
async fn presence_is_told_of_friends_only() {
    let server = Server::start().await;
    let [alice, bob, carol, stranger] = [
        server.user("alice").await,
        server.user("bob").await,
        server.user("carol").await,
        server.user("stranger").await,
    ];
    server.befriend(&alice, &bob).await;
    server.befriend(&alice, &carol).await;
    let (here, there) = (server.log_in(&bob).await, server.login(&stranger).await);
    let ask = async |query: String| {
        let mut answer = server.api(&alice, "GET", &format!("/presence{query}"), Value::Null).await;
        for user in answer.json["users"].as_array_mut().into_iter().flatten() {
            // Now for those who are there, unknown of those who never were.
            let seen = user.as_object_mut().and_then(|user| user.remove("last_seen"));
            assert_eq!(seen.expect("a time or null").is_null(), user["status"] == "offline");
        }
        answer
    };
    let is = |who: &Account, status: &str| json!({"id": who.id().to_string(), "status": status});
    let (online, offline) = (is(&bob, "online"), is(&carol, "offline"));
    assert_eq!(ask(String::new()).await.expect(200), &json!({"users": [online, offline]}));
    let some = ask(format!("?users={},{},7", bob.id(), stranger.id())).await;
    assert_eq!(some.expect(200), &json!({"users": [online]}));
    let mut hers = super::rooms::socket(&server, &carol).await;
    hers.ask(json!({"type": "presence", "payload": {"type": "set", "status": "away"}})).await;
    let away = ask(format!("?users={}", carol.id())).await;
    assert_eq!(away.expect(200), &json!({"users": [is(&carol, "away")]}));
    hers.close().await;
    assert_eq!(ask("?users=".to_owned()).await.expect(200), &json!({"users": []}));
    ask("?users=bob".to_owned()).await.expect_problem(400, "parameter_invalid");
    let many = vec!["2"; 101].join(",");
    ask(format!("?users={}", &many[2..])).await.expect(200);
    ask(format!("?users={many}")).await.expect_problem(400, "parameter_invalid");
    here.close().await;
    there.close().await;
    server.stop().await;
}

#[actix_web::test]
async fn blocks_are_made_and_lifted_and_hold_everywhere() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = Server::with(backend, |_| {}).await;
        let (alice, bob) = (server.user("alice").await, server.user("bob/7 ü").await);
        let block = async |method: &str, user: &str| {
            server.api(&alice, method, &format!("/blocks/{user}"), Value::Null).await
        };
        let by_id = bob.id().to_string();
        block("GET", &by_id).await.expect_problem(404, "not_blocked");
        block("DELETE", &by_id).await.expect_problem(404, "not_blocked");
        block("PUT", "@bob%2F7%20%C3%BC").await.expect(204);
        block("PUT", "bob%2F7%20%C3%BC").await.expect(204);
        assert_eq!(block("GET", &by_id).await.expect(200), &face(&bob));
        let list = server.api(&alice, "GET", "/blocks", Value::Null).await;
        assert_eq!(list.expect(200), &json!({"users": [face(&bob)]}));
        for nobody in ["7", "0", "@nobody", "99999999999999999999"] {
            block("PUT", nobody).await.expect_problem(404, "no_such_user");
        }
        block("PUT", "alice").await.expect_problem(400, "oneself");

        let (mut reader, mut writer) = (server.login(&alice).await, server.login(&bob).await);
        let send = json!({"type": "chat", "payload":
            {"type": "send", "chat_id": alice.room(&bob), "content": "x"}});
        assert_eq!(writer.ask(send).await["type"], "chat");
        reader.expect_nothing().await;
        block("DELETE", &by_id).await.expect(204);
        let list = server.api(&alice, "GET", "/blocks", Value::Null).await;
        assert_eq!(list.expect(200), &json!({"users": []}));
        reader.close().await;
        writer.close().await;
        server.stop().await;
    }
}

#[actix_web::test]
async fn friendships_are_made_and_ended_and_sessions_hear_of_it() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = Server::with(backend, |_| {}).await;
        let (alice, bob) = (server.user("alice").await, server.user("bob/7 ü").await);
        let (mut hers, mut his) = (server.login(&alice).await, server.login(&bob).await);
        let call = async |who: &Account, method: &str, path: &str| {
            server.api(who, method, path, Value::Null).await
        };
        let told = |kind: &str, by: &str| {
            json!({"type": "mutual_users", "payload":
            {"type": kind, "name": by}})
        };
        let of = |frame: Value| {
            json!({"type": frame["type"], "payload": {
            "type": frame["payload"]["type"], "name": frame["payload"]["user"]["name"]}})
        };

        call(&bob, "PUT", "/friends/alice").await.expect_problem(404, "not_requested");
        call(&alice, "PUT", "/friend-requests/@bob%2F7%20%C3%BC").await.expect(204);
        assert_eq!(of(his.recv().await), told("request", "alice"));
        call(&alice, "PUT", &format!("/friend-requests/{}", bob.id())).await.expect(204);
        let crossing = call(&bob, "PUT", "/friend-requests/alice").await;
        crossing.expect_problem(409, "already_requested");
        call(&alice, "DELETE", &format!("/friend-requests/{}", bob.id()))
            .await
            .expect_problem(404, "not_requested");
        call(&bob, "DELETE", "/friend-requests/alice").await.expect(204);
        assert_eq!(of(hers.recv().await), told("remove", "bob/7 ü"));
        call(&bob, "PUT", "/friend-requests/alice").await.expect(204);
        assert_eq!(of(hers.recv().await), told("request", "bob/7 ü"));
        call(&alice, "PUT", &format!("/friends/{}", bob.id())).await.expect(204);
        assert_eq!(of(his.recv().await), told("response", "alice"));
        let again = call(&alice, "PUT", &format!("/friend-requests/{}", bob.id())).await;
        again.expect_problem(409, "already_friend");
        call(&bob, "DELETE", &format!("/friends/{}", alice.id())).await.expect(204);
        assert_eq!(of(hers.recv().await), told("delete", "bob/7 ü"));
        let again = call(&bob, "DELETE", "/friends/alice").await;
        again.expect_problem(404, "not_friend");
        call(&alice, "PUT", "/friend-requests/alice").await.expect_problem(400, "oneself");
        for nobody in ["7", "nobody", "@", "99999999999999999999"] {
            let path = format!("/friend-requests/{nobody}");
            call(&alice, "PUT", &path).await.expect_problem(404, "no_such_user");
        }
        hers.expect_nothing().await;
        his.close().await;
        hers.close().await;
        server.stop().await;
    }
}

/// Whose block is lifted by whom, at each door that lifts blocks.
#[actix_web::test]
async fn a_request_of_one_who_is_blocked_is_hidden_until_the_block_is_lifted() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = Server::with(backend, |_| {}).await;
        for chatting in [false, true] {
            let name = |who: &str| format!("{who} {chatting}");
            let (alice, bob) = (server.user(&name("alice")).await, server.user(&name("bob")).await);
            let (to_alice, to_bob) = (alice.id(), bob.id());
            let call = async |who: &Account, method: &str, path: &str| {
                server.api(who, method, path, Value::Null).await
            };
            let block = async |lift: bool| match chatting {
                true => assert!(server.block(&alice, &bob, lift).await.status < 300),
                false => {
                    let method = if lift { "DELETE" } else { "PUT" };
                    call(&alice, method, &format!("/blocks/{to_bob}")).await.expect(204);
                }
            };
            let mut hers = server.login(&alice).await;
            block(false).await;
            call(&bob, "PUT", &format!("/friend-requests/{to_alice}")).await.expect(204);
            let lists = call(&alice, "GET", "/friend-requests").await;
            assert_eq!(lists.expect(200), &json!({"incoming": [], "outgoing": []}));
            let lists = call(&bob, "GET", "/friend-requests").await;
            assert_eq!(lists.expect(200), &json!({"incoming": [], "outgoing": [face(&alice)]}));
            let export = call(&alice, "GET", "/me/export").await;
            assert_eq!(export.expect(200)["requests_incoming"], json!([]));
            for (method, path) in [("PUT", "/friends"), ("DELETE", "/friend-requests")] {
                let answer = call(&alice, method, &format!("{path}/{to_bob}")).await;
                answer.expect_problem(404, "not_requested");
            }
            let outgoing = format!("/friend-requests/outgoing/{to_alice}");
            call(&bob, "DELETE", &outgoing).await.expect(204);
            call(&bob, "DELETE", &outgoing).await.expect_problem(404, "not_requested");
            call(&bob, "PUT", &format!("/friend-requests/{to_alice}")).await.expect(204);
            hers.expect_nothing().await;
            block(true).await;
            let told = hers.recv().await;
            assert_eq!(told["payload"], json!({"type": "request", "user": face(&bob)}));
            let lists = call(&alice, "GET", "/friend-requests").await;
            assert_eq!(lists.expect(200), &json!({"incoming": [face(&bob)], "outgoing": []}));
            // Hidden again, the blocker's own takes its place.
            block(false).await;
            call(&alice, "PUT", &format!("/friend-requests/{to_bob}")).await.expect(204);
            call(&bob, "PUT", &format!("/friends/{to_alice}")).await.expect(204);
            assert_eq!(hers.recv().await["payload"]["type"], "response");
            hers.close().await;
        }
        server.stop().await;
    }
}

#[actix_web::test]
async fn a_day_has_so_many_requests_at_every_door() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.limits.enabled = true;
        config.limits.friend_requests_per_day = 2;
    })
    .await;
    let alice = server.user("alice").await;
    for name in ["bob", "carol", "dave"] {
        server.user(name).await;
    }
    let mut socket = server.login(&alice).await;
    let ask = |name: &str| {
        json!({"type": "mutual_users", "payload":
        {"type": "request", "name": name}})
    };
    server.api(&alice, "PUT", "/friend-requests/bob", Value::Null).await.expect(204);
    assert_eq!(socket.ask(ask("carol")).await["type"], "ok");
    let refused = socket.ask(ask("dave")).await;
    assert_eq!(refused["payload"]["code"], 4008);
    let wait = refused["payload"]["retry_after_ms"].as_u64().expect("a time");
    assert!((86_000_000..=86_400_001).contains(&wait), "{wait}");
    let refused = server.api(&alice, "PUT", "/friend-requests/dave", Value::Null).await;
    refused.expect_problem(429, "too_many_requests");
    let wait: u64 = refused.header("retry-after").expect("a time").parse().expect("seconds");
    assert!((86_000..=86_401).contains(&wait), "{wait}");
    // What was asked can be asked again, since it changes nothing.
    assert_eq!(socket.ask(ask("carol")).await["type"], "ok");
    socket.close().await;
    server.stop().await;
}
