//! Groups over HTTP; the rules themselves are played over the socket.

use serde_json::{Value, json};

use super::rooms::socket;
use crate::harness::{Account, Backend, Server};

#[actix_web::test]
async fn a_group_lives_from_making_to_deleting() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = Server::with(backend, |_| {}).await;
        let [alice, bob, carol] =
            [server.user("alice").await, server.user("bob").await, server.user("carol").await];
        server.befriend(&alice, &bob).await;
        server.befriend(&bob, &carol).await;
        let call = async |who: &Account, method: &str, path: String, body: Value| {
            server.api(who, method, &path, body).await
        };
        let made = call(&alice, "POST", "/groups".to_owned(), json!({"title": "tea"})).await;
        let group = made.expect(201)["id"].as_str().expect("an id").to_owned();
        assert_eq!(made.json["owner"], alice.id().to_string());
        assert_eq!((&made.json["title"], &made.json["members"]), (&json!("tea"), &json!(1)));
        let at = |rest: &str| format!("/groups/{group}{rest}");
        let mut his = socket(&server, &bob).await;

        let (by_id, null) = (format!("/members/{}", bob.id()), Value::Null);
        let added = call(&alice, "PUT", at(&by_id), null.clone()).await;
        assert_eq!(added.expect(200)["members"], 2);
        assert_eq!(his.recv().await["payload"]["type"], "add");
        call(&bob, "PUT", at("/members/@carol"), null.clone()).await.expect(200);
        his.recv().await;
        let strange = call(&alice, "PUT", at("/members/nobody"), null.clone()).await;
        strange.expect_problem(404, "no_such_user");
        let renamed = call(&alice, "PATCH", at(""), json!({"title": "coffee"})).await;
        assert_eq!(renamed.expect(200)["title"], "coffee");
        assert_eq!(his.recv().await["payload"]["type"], "rename");
        let not_his = call(&bob, "PATCH", at(""), json!({"title": "beer"})).await;
        not_his.expect_problem(403, "not_allowed");
        let blank = call(&alice, "PATCH", at(""), json!({"title": " "})).await;
        blank.expect_problem(400, "title_invalid");

        let role = async |who: &Account, role: &str| {
            call(who, "PUT", at("/members/bob/role"), json!({"role": role})).await
        };
        role(&alice, "owner").await.expect_problem(400, "body_invalid");
        role(&carol, "moderator").await.expect_problem(403, "not_allowed");
        role(&alice, "moderator").await.expect(200);
        his.recv().await;
        let members = call(&carol, "GET", at("/members"), null.clone()).await;
        let roles: Vec<_> = members.expect(200)["members"]
            .as_array()
            .expect("them")
            .iter()
            .map(|one| (one["user"]["name"].clone(), one["role"].clone()))
            .collect();
        let expected = [("alice", "owner"), ("bob", "moderator"), ("carol", "member")];
        assert_eq!(roles, expected.map(|(name, role)| (json!(name), json!(role))));

        // What is written in it is in the room of the same id.
        let messages = format!("/rooms/{group}/messages");
        call(&carol, "POST", messages.clone(), json!({"content": "x"})).await.expect(201);
        assert_eq!(his.recv().await["payload"]["content"], "x");
        call(&bob, "PUT", at("/bans/carol"), null.clone()).await.expect(200);
        assert_eq!(his.recv().await["payload"]["type"], "ban");
        call(&carol, "GET", messages, null.clone()).await.expect_problem(403, "not_member");
        call(&carol, "GET", at(""), null.clone()).await.expect_problem(403, "not_member");
        let again = call(&bob, "PUT", at("/members/carol"), null.clone()).await;
        again.expect_problem(409, "banned");
        call(&bob, "DELETE", at("/bans/carol"), null.clone()).await.expect(200);
        call(&bob, "PUT", at("/members/carol"), null.clone()).await.expect(200);
        call(&bob, "DELETE", at("/members/carol"), null.clone()).await.expect(200);
        let gone = call(&bob, "DELETE", at("/members/carol"), null.clone()).await;
        gone.expect_problem(404, "no_such_member");
        his.drain().await;

        let leave = call(&alice, "POST", at("/leave"), null.clone()).await;
        leave.expect_problem(409, "owner_stays");
        let said = format!("/rooms/{group}/messages");
        call(&bob, "POST", said, json!({"content": "x"})).await.expect(201);
        assert_eq!(his.recv().await["payload"]["type"], "send");
        let owner = json!({"user": bob.id().to_string()});
        let owned = call(&alice, "PUT", at("/owner"), owner).await;
        assert_eq!(owned.expect(200)["owner"], bob.id().to_string());
        assert_eq!(his.recv().await["payload"]["type"], "transfer");
        call(&alice, "POST", at("/leave"), null.clone()).await.expect(204);
        assert_eq!(his.recv().await["payload"]["type"], "leave");
        call(&alice, "DELETE", at(""), null.clone()).await.expect_problem(403, "not_member");
        call(&bob, "DELETE", at(""), null.clone()).await.expect(204);
        assert_eq!(his.recv().await["payload"]["type"], "delete");
        call(&bob, "GET", at(""), null).await.expect_problem(403, "not_member");
        his.close().await;
        server.stop().await;
    }
}

#[actix_web::test]
async fn others_put_a_user_into_so_many_groups_a_day() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.limits.enabled = true;
        config.limits.group_additions_per_day = 2;
    })
    .await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    server.befriend(&alice, &bob).await;
    let mut hers = server.login_with(&alice, &["group"]).await;
    let mut groups = Vec::new();
    for _ in 0..3 {
        let made = server.api(&alice, "POST", "/groups", json!({"title": "x"})).await;
        groups.push(made.expect(201)["id"].as_str().expect("an id").to_owned());
    }
    hers.drain().await;
    let add = async |group: &str| {
        let path = format!("/groups/{group}/members/bob");
        server.api(&alice, "PUT", &path, Value::Null).await
    };
    for group in &groups[..2] {
        add(group).await.expect(200);
        assert_eq!(hers.recv().await["payload"]["type"], "add");
    }
    let refused = add(&groups[2]).await;
    refused.expect_problem(429, "too_many_requests");
    let wait: u64 = refused.header("retry-after").expect("a time").parse().expect("seconds");
    assert!((86_000..=86_401).contains(&wait), "{wait}");
    let again = json!({"type": "group", "payload":
        {"type": "add", "chat_id": groups[2], "name": "bob"}});
    let refused = hers.ask(again).await;
    assert_eq!(refused["payload"]["code"], 4008, "{refused}");
    assert!(refused["payload"]["retry_after_ms"].as_u64().expect("a time") > 86_000_000);
    let rooms = server.api(&bob, "GET", "/rooms", Value::Null).await;
    assert_eq!(rooms.expect(200)["rooms"].as_array().expect("rooms").len(), 2);
    hers.close().await;
    server.stop().await;
}

#[actix_web::test]
async fn who_is_blocked_cannot_tell_by_the_additions_of_a_day_nor_use_them_up() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.limits.enabled = true;
        config.limits.group_additions_per_day = 2;
    })
    .await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let carol = server.user("carol").await;
    server.befriend(&alice, &bob).await;
    server.befriend(&carol, &bob).await;
    server.api(&bob, "PUT", "/blocks/alice", Value::Null).await.expect(204);
    let add = async |maker: &Account| {
        let made = server.api(maker, "POST", "/groups", json!({"title": "x"})).await;
        let group = made.expect(201)["id"].as_str().expect("an id").to_owned();
        let path = format!("/groups/{group}/members/bob");
        server.api(maker, "PUT", &path, Value::Null).await
    };
    for maker in [&alice, &carol] {
        for _ in 0..2 {
            add(maker).await.expect(200);
        }
        add(maker).await.expect_problem(429, "too_many_requests");
    }
    let rooms = server.api(&bob, "GET", "/rooms", Value::Null).await;
    assert_eq!(rooms.expect(200)["rooms"].as_array().expect("rooms").len(), 2, "carol's");
    server.stop().await;
}
