//! Passwords and the end of an account.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::mail::{PASSWORD, letters};
use crate::harness::{Account, Backend, Server};

/// Registers and logs in, as people do.
async fn person(server: &Server, name: &str) -> Account {
    let email = server.account(name, PASSWORD).await;
    log_in(server, &email, PASSWORD).await
}

async fn log_in(server: &Server, email: &str, password: &str) -> Account {
    let answer = server.try_login(email, password).await;
    let token = answer.expect(201)["payload"]["token"].as_str().expect("a token").to_owned();
    let claims = server.tokens.verify(&token, server.now()).expect("a good token");
    let name = email.split('@').next().expect("a name").to_owned();
    let user = tradewind::domain::accounts::user::User { id: claims.user, name, profile: None };
    Account { user, token }
}

#[actix_web::test]
async fn a_new_password_ends_all_other_log_ins() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = Server::with(backend, |_| {}).await;
        let alice = person(&server, "alice").await;
        let email = "alice@test.example";
        let other = log_in(&server, email, PASSWORD).await;
        let foreign = server.short_token(&alice, Duration::from_secs(1_000)).await;
        let mut here = server.login(&alice).await;
        let (mut there, mut third) = (server.log_in(&other).await, server.connect().await);
        third.identify(&foreign).await;

        let change = async |who: &Account, old: &str, new: &str| {
            server.api(who, "PUT", "/me/password", json!({"old": old, "new": new})).await
        };
        change(&alice, "wrong", "new one 1").await.expect_problem(403, "password_wrong");
        for bad in ["", "7 chars", &"x".repeat(1_025)] {
            change(&alice, PASSWORD, bad).await.expect_problem(400, "password_invalid");
        }
        change(&alice, PASSWORD, "new one 1").await.expect(204);
        assert_eq!(there.closed().await, (3401, "token revoked".to_owned()));
        assert_eq!(third.closed().await, (4010, "token revoked".to_owned()));
        here.expect_nothing().await;
        for token in [&other.token, &foreign] {
            let gone = server.api_with(token, "GET", "/me", Value::Null).await;
            gone.expect_problem(401, "token_invalid");
        }
        server.api(&alice, "GET", "/me", Value::Null).await.expect(200);
        assert_eq!(server.try_login(email, PASSWORD).await.status, 401);
        let again = log_in(&server, email, "new one 1").await;
        server.api(&again, "GET", "/me", Value::Null).await.expect(200);
        change(&alice, PASSWORD, "new one 2").await.expect_problem(403, "password_wrong");
        here.close().await;
        drop((there, third));
        server.stop().await;
    }
}

#[actix_web::test]
async fn tries_at_the_password_are_limited_like_log_ins() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.limits.enabled = true;
        config.limits.login_per_email_per_minute = 2;
    })
    .await;
    let alice = person(&server, "alice").await;
    let delete = async || server.api(&alice, "DELETE", "/me", json!({"password": "x"})).await;
    for _ in 0..2 {
        delete().await.expect_problem(403, "password_wrong");
    }
    delete().await.expect_problem(429, "too_many_requests");
    server.stop().await;
}

#[actix_web::test]
async fn a_deleted_account_is_gone_at_once_and_its_history_stays() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = Server::with(backend, |_| {}).await;
        let (alice, bob) = (person(&server, "alice").await, server.user("bob").await);
        server.befriend(&alice, &bob).await;
        let block = format!("/blocks/{}", alice.id());
        server.api(&bob, "PUT", &block, Value::Null).await.expect(204);
        server.api(&bob, "DELETE", &block, Value::Null).await.expect(204);
        let foreign = server.short_token(&alice, Duration::from_secs(1_000)).await;
        let mut friend = server.log_in(&bob).await;
        let mut reader = server.login(&bob).await;
        let (mut rewind, mut chatting) = (server.login(&alice).await, server.log_in(&alice).await);
        assert_eq!(friend.recv().await["status"], "online");
        let send = json!({"type": "chat", "payload":
            {"type": "send", "chat_id": alice.room(&bob), "content": "farewell"}});
        assert_eq!(rewind.ask(send).await, reader.recv().await);
        assert_eq!(friend.recv().await["message"], "farewell");
        chatting.recv().await;

        let delete = async |password: &str| {
            server.api(&alice, "DELETE", "/me", json!({"password": password})).await
        };
        delete("wrong").await.expect_problem(403, "password_wrong");
        let start = Instant::now();
        delete(PASSWORD).await.expect(204);
        assert_eq!(rewind.closed().await, (4010, "token revoked".to_owned()));
        assert_eq!(chatting.closed().await, (3401, "token revoked".to_owned()));
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
        assert_eq!(friend.recv().await["status"], "offline");
        drop((rewind, chatting));

        // Neither he himself nor anybody else finds him.
        for token in [&alice.token, &foreign] {
            let gone = server.api_with(token, "GET", "/me", Value::Null).await;
            gone.expect_problem(401, "token_invalid");
        }
        assert_eq!(server.try_login("alice@test.example", PASSWORD).await.status, 401);
        for user in [alice.id().to_string(), "alice".to_owned()] {
            let path = format!("/blocks/{user}");
            let gone = server.api(&bob, "PUT", &path, Value::Null).await;
            gone.expect_problem(404, "no_such_user");
        }
        let friends = server.api(&bob, "GET", "/friends", Value::Null).await;
        assert_eq!(friends.expect(200), &json!({"users": []}));

        // What he wrote is still there, and what was his is free.
        let mut again = server.login(&bob).await;
        let load = json!({"type": "load", "payload": {"type": "chat", "count": 5,
            "load_id": bob.room(&alice), "datetime": "MzAwMC0wMS0wMSAwMDowMDowMA=="}});
        assert_eq!(again.ask(load).await["payload"]["content"], "farewell");
        letters(&server.outbox()).into_iter().for_each(|it| fs::remove_file(it).expect("removed"));
        let next = person(&server, "alice").await;
        assert_ne!(next.id(), alice.id());
        for client in [friend, reader, again] {
            client.close().await;
        }
        server.stop().await;
    }
}

#[actix_web::test]
async fn all_that_is_kept_of_one_can_be_taken_along() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = Server::with(backend, |config| config.store.history_slice_bytes = 64).await;
        let (alice, bob) = (server.user("alice").await, server.user("bob").await);
        let export = async || server.api(&alice, "GET", "/me/export", Value::Null).await;
        let empty = export().await;
        assert_eq!(empty.expect(200)["rooms"], json!([]));
        let disposition = empty.header("content-disposition").expect("a file");
        assert!(disposition.starts_with("attachment;"), "{disposition}");

        server.befriend(&alice, &bob).await;
        let post = async |who: &Account, room: &str, content: &str| {
            let path = format!("/rooms/{room}/messages");
            server.api(who, "POST", &path, json!({"content": content})).await.expect(201);
        };
        let group = server.api(&alice, "POST", "/groups", json!({"title": "tea"})).await;
        let group = group.expect(201)["id"].as_str().expect("an id").to_owned();
        let room = alice.room(&bob);
        for number in 0..5 {
            post(&alice, &room, &format!("{number:0>40}")).await;
        }
        let block = format!("/blocks/{}", bob.id());
        server.api(&alice, "PUT", &block, Value::Null).await.expect(204);
        post(&bob, &room, "hidden").await;

        let all = export().await;
        let all = all.expect(200);
        assert_eq!(all["account"]["name"], "alice");
        assert_eq!(
            (&all["friends"][0]["name"], &all["blocked"][0]["name"]),
            (&json!("bob"), &json!("bob"))
        );
        assert_eq!(all["sessions"][0]["agent"], "the harness");
        let rooms = all["rooms"].as_array().expect("rooms");
        let of = |id: &str| rooms.iter().find(|room| room["id"] == id).expect("the room");
        assert_eq!((&of(&group)["title"], &of(&group)["messages"]), (&json!("tea"), &json!([])));
        let texts = of(&room)["messages"].as_array().expect("messages").iter();
        let seqs: Vec<_> = texts.map(|message| message["seq"].as_i64().expect("a seq")).collect();
        assert_eq!(seqs, [1, 2, 3, 4, 5]);
        assert!(!all.to_string().contains("hidden\""));
        server.stop().await;
    }
}

#[actix_web::test]
async fn the_members_of_groups_hear_that_an_account_is_deleted() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = Server::with(backend, |_| {}).await;
        let (alice, bob) = (person(&server, "alice").await, server.user("bob").await);
        server.befriend(&alice, &bob).await;
        let made = server.api(&alice, "POST", "/groups", json!({"title": "tea"})).await;
        let group = made.expect(201)["id"].as_str().expect("an id").to_owned();
        let path = format!("/groups/{group}/members/bob");
        server.api(&alice, "PUT", &path, Value::Null).await.expect(200);
        // One without others ends, and nobody is left to be told.
        server.api(&alice, "POST", "/groups", json!({"title": "alone"})).await.expect(201);
        let mut his = super::rooms::socket(&server, &bob).await;
        let delete = server.api(&alice, "DELETE", "/me", json!({"password": PASSWORD})).await;
        delete.expect(204);
        let told = &his.recv().await["payload"];
        assert_eq!((&told["type"], &told["user"]["name"]), (&json!("leave"), &json!("alice")));
        assert_eq!((&told["group"]["id"], &told["group"]["members"]), (&json!(group), &json!(1)));
        assert_eq!(told["group"]["owner"], bob.id().to_string());
        let now = server.api(&bob, "GET", &format!("/groups/{group}"), Value::Null).await;
        assert_eq!(now.expect(200)["owner"], bob.id().to_string());
        his.expect_nothing().await;
        his.close().await;
        server.stop().await;
    }
}
