//! Log-ins over HTTP: seen, renewed, ended.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Account, Backend, Server};

async fn sessions(server: &Server, who: &Account) -> Vec<Value> {
    let answer = server.api(who, "GET", "/sessions", Value::Null).await;
    answer.expect(200)["sessions"].as_array().expect("a list").clone()
}

#[actix_web::test]
async fn log_ins_are_listed_with_their_sockets_and_ended() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = Server::with(backend, |_| {}).await;
        let (alice, bob) = (server.user("alice").await, server.user("bob").await);
        let phone = Account { token: server.token_of(&alice.user).await, ..alice.clone() };
        let mut rewind = server.login(&phone).await;
        let mut chatting = server.log_in(&phone).await;
        let here = server.login(&alice).await;

        let list = sessions(&server, &alice).await;
        assert_eq!(list.len(), 2);
        let find = |current: bool| list.iter().find(|it| it["current"] == current).expect("it");
        assert_eq!((&find(true)["sockets"], &find(false)["sockets"]), (&json!(1), &json!(2)));
        assert_eq!(find(true)["agent"], "the harness");
        for time in ["created_at", "renewed_at", "expires_at"] {
            let text = find(true)[time].as_str().expect("a time");
            assert!(text.len() == 27 && text.ends_with('Z'), "{text}");
        }
        let other = format!("/sessions/{}", find(false)["id"].as_str().expect("an id"));
        let delete = async |who| server.api(who, "DELETE", &other, Value::Null).await;
        delete(&bob).await.expect_problem(404, "no_such_session");
        delete(&alice).await.expect(204);
        assert_eq!(rewind.closed().await, (4010, "token revoked".to_owned()));
        assert_eq!(chatting.closed().await, (3401, "token revoked".to_owned()));
        delete(&alice).await.expect_problem(404, "no_such_session");
        delete(&phone).await.expect_problem(401, "token_invalid");
        assert_eq!(sessions(&server, &alice).await.len(), 1);
        here.close().await;
        drop((rewind, chatting));
        server.stop().await;
    }
}

#[actix_web::test]
async fn logging_out_ends_this_log_in_only() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    let other = Account { token: server.token_of(&alice.user).await, ..alice.clone() };
    let mut socket = server.login(&alice).await;
    server.api(&alice, "POST", "/auth/logout", Value::Null).await.expect(204);
    assert_eq!(socket.closed().await.0, 4010);
    drop(socket);
    let again = server.api(&alice, "POST", "/auth/logout", Value::Null).await;
    again.expect_problem(401, "token_invalid");
    assert_eq!(sessions(&server, &other).await.len(), 1);
    server.stop().await;
}

#[actix_web::test]
async fn a_renewed_token_belongs_to_the_same_log_in() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    let refreshed = server.api(&alice, "POST", "/auth/refresh", Value::Null).await;
    let token = refreshed.expect(200)["token"].as_str().expect("a token").to_owned();
    let renewed = Account { token, ..alice.clone() };
    let list = sessions(&server, &renewed).await;
    assert_eq!(list.len(), 1);
    assert_eq!((&list[0]["current"], &list[0]["agent"]), (&json!(true), &json!("the harness")));
    assert_eq!(list[0]["expires_at"], refreshed.json["expires_at"]);
    let (mut old, mut new) = (server.login(&alice).await, server.login(&renewed).await);
    server.api(&alice, "POST", "/auth/logout", Value::Null).await.expect(204);
    for socket in [&mut old, &mut new] {
        assert_eq!(socket.closed().await.0, 4010);
    }
    drop((old, new));
    for who in [&alice, &renewed] {
        let answer = server.api(who, "POST", "/auth/refresh", Value::Null).await;
        answer.expect_problem(401, "token_invalid");
    }
    server.stop().await;
}

/// Of a program that has our secret, or of a log-in that a sweep has taken.
#[actix_web::test]
async fn a_token_that_no_table_knows_is_good_for_nothing() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    let token = server.unknown_token(&alice, Duration::from_secs(1_000));
    let foreign = Account { token, ..alice.clone() };
    for (method, path) in
        [("GET", "/sessions"), ("POST", "/auth/refresh"), ("POST", "/auth/logout"), ("GET", "/me")]
    {
        let gone = server.api(&foreign, method, path, Value::Null).await;
        gone.expect_problem(401, "token_invalid");
    }
    assert_eq!(sessions(&server, &alice).await.len(), 1);
    server.stop().await;
}
