//! Tries at passwords: whom wrong ones keep out, and whom not; and how many log-ins one user has.

use std::net::SocketAddr;
use std::path::Path;

use futures_util::future::join_all;
use serde_json::Value;
use tradewind::auth::limits::Settings;
use tradewind::server::Config;

use super::{LOGIN, TOO_MANY, WRONG};
use crate::harness::http::{Answer, send};
use crate::harness::mail::open_account;
use crate::harness::process::Process;
use crate::harness::{Backend, Client, Server, until};

const RIGHT: &str = "correct horse battery staple";

/// Behind a proxy, which says where each one is; all limits but these are at their widest.
async fn server(backend: Backend, limits: Settings) -> Server {
    let change = |config: &mut Config| {
        config.http.trust_proxy = true;
        let (login_per_ip_per_minute, enabled) = (100_000, true);
        config.limits = Settings { login_per_ip_per_minute, enabled, ..limits };
    };
    Server::with(backend, change).await
}

async fn login_at(at: SocketAddr, from: &str, email: &str, password: &str) -> Answer {
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let body = format!("email={email}&password={}", password.replace(' ', "+"));
    send(at, ("POST", LOGIN), &[kind, ("x-forwarded-for", from)], body).await
}

async fn login(server: &Server, from: &str, email: &str, password: &str) -> Answer {
    login_at(server.address, from, email, password).await
}

#[actix_web::test]
async fn wrong_ones_keep_out_their_own_network_alone() {
    let limits = Settings { login_per_email_per_minute: 3, ..Settings::default() };
    let server = server(Backend::Sqlite, limits).await;
    let email = server.account("alice", RIGHT).await;
    for from in ["192.0.2.1", "192.0.2.2", "192.0.2.200"] {
        login(&server, from, "Alice@Test.Example", "wrong").await.expect_error(401, WRONG);
    }
    // Also the right one, and however the address is written.
    login(&server, "192.0.2.3", &email, RIGHT).await.expect_error(429, TOO_MANY);
    login(&server, "::ffff:192.0.2.9", "ALICE@test.example", RIGHT)
        .await
        .expect_error(429, TOO_MANY);
    login(&server, "192.0.2.3", "other@test.example", "x").await.expect_error(401, WRONG);
    assert_eq!(login(&server, "192.0.3.1", &email, RIGHT).await.status, 201);
    assert_eq!(login(&server, "2001:db8::1", &email, RIGHT).await.status, 201);
    server.stop().await;
}

#[actix_web::test]
async fn right_ones_do_not_count_and_those_under_way_do() {
    let limits = Settings { login_per_email_per_minute: 4, ..Settings::default() };
    let server = server(Backend::Sqlite, limits).await;
    let email = server.account("alice", RIGHT).await;
    for _ in 0..6 {
        assert_eq!(login(&server, "192.0.2.1", &email, RIGHT).await.status, 201);
    }
    let tries = (0..20).map(|_| login(&server, "192.0.2.1", &email, "wrong"));
    let answers = join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 401).count(), 4);
    assert_eq!(answers.iter().filter(|answer| answer.status == 429).count(), 16);
    server.stop().await;
}

#[actix_web::test]
async fn strangers_everywhere_do_not_keep_out_who_was_there_before() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let limits = Settings { login_elsewhere_per_email_per_hour: 6, ..Settings::default() };
        let mut server = server(backend, limits).await;
        let email = server.account("alice", RIGHT).await;
        assert_eq!(login(&server, "198.51.100.7", &email, RIGHT).await.status, 201);
        server.restart(|_| {}).await;
        for network in 0..6 {
            let from = format!("203.0.{network}.1");
            login(&server, &from, &email, "wrong").await.expect_error(401, WRONG);
        }
        // Nobody learns from it whether there is an account.
        for (from, email) in [("203.0.7.1", email.as_str()), ("2001:db8::1", &email)] {
            login(&server, from, email, RIGHT).await.expect_error(429, TOO_MANY);
        }
        let answer = login(&server, "198.51.100.200", &email, RIGHT).await;
        assert_eq!(answer.status, 201, "the same network, and after a restart");
        // Nor from what needs the password besides a token.
        let token = answer.json["payload"]["token"].as_str().expect("a token").to_owned();
        let change = async |from: &str| {
            let body = format!("{{\"old\":\"{RIGHT}\",\"new\":\"{RIGHT}\"}}");
            let auth = format!("Bearer {token}");
            let headers = [
                ("authorization", auth.as_str()),
                ("content-type", "application/json"),
                ("x-forwarded-for", from),
            ];
            send(server.address, ("PUT", "/api/v1/me/password"), &headers, body).await.status
        };
        assert_eq!(change("203.0.8.1").await, 429);
        assert_eq!(change("198.51.100.7").await, 204);
        server.stop().await;
    }
}

#[actix_web::test]
async fn an_unknown_address_is_limited_like_a_known_one() {
    let limits = Settings {
        login_per_email_per_minute: 1,
        login_elsewhere_per_email_per_hour: 2,
        ..Settings::default()
    };
    let server = server(Backend::Sqlite, limits).await;
    let email = server.account("alice", RIGHT).await;
    for email in [email.as_str(), "nobody@test.example"] {
        login(&server, "192.0.2.1", email, "x").await.expect_error(401, WRONG);
        login(&server, "192.0.2.1", email, "x").await.expect_error(429, TOO_MANY);
        login(&server, "192.0.3.1", email, "x").await.expect_error(401, WRONG);
        login(&server, "192.0.4.1", email, "x").await.expect_error(429, TOO_MANY);
    }
    server.stop().await;
}

#[actix_web::test]
async fn of_too_many_log_ins_the_one_renewed_longest_ago_ends() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let limits = Settings { logins_per_user_max: 3, ..Settings::default() };
        let server = server(backend, limits).await;
        let email = server.account("alice", RIGHT).await;
        let mut tokens = Vec::new();
        for _ in 0..3 {
            let answer = login(&server, "192.0.2.1", &email, RIGHT).await;
            tokens.push(answer.json["payload"]["token"].as_str().expect("a token").to_owned());
        }
        let api = async |token: &str, method: &str, path: &str| {
            server.api_with(token, method, path, Value::Null).await
        };
        let mut socket = Client::open(server.address, "/ws").await;
        socket.identify(&tokens[1]).await;
        // The first is not the oldest any more.
        api(&tokens[0], "POST", "/auth/refresh").await.expect(200);
        let newest = login(&server, "192.0.2.1", &email, RIGHT).await;
        let newest = newest.json["payload"]["token"].as_str().expect("a token");
        assert_eq!(socket.closed().await, (4010, "token revoked".to_owned()));
        drop(socket);
        api(&tokens[1], "GET", "/me").await.expect_problem(401, "token_invalid");
        for good in [&tokens[0], &tokens[2], newest] {
            api(good, "GET", "/me").await.expect(200);
        }
        let sessions = api(newest, "GET", "/sessions").await.expect(200)["sessions"].clone();
        assert_eq!(sessions.as_array().expect("a list").len(), 3);
        let kept = api(newest, "GET", "/me/export").await.expect(200)["sessions"].clone();
        assert_eq!(kept[0]["network"], "192.0.2.0/24");
        server.stop().await;
    }
}

#[actix_web::test]
async fn failed_and_limited_log_ins_are_logged_with_the_peer_and_no_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let set =
        ["limits.enabled=true", "limits.login_per_email_per_minute=3", "http.trust_proxy=true"];
    let server = Process::start(folder.path(), &set);
    let at = server.address;
    let outbox = Path::new(folder.path()).join("outbox");
    let email = open_account(at, &outbox, "alice", RIGHT).await;
    const MISTYPED: &str = "a-password-mistyped-and-in-no-log";
    login_at(at, "192.0.2.7", &email, MISTYPED).await.expect_error(401, WRONG);
    login_at(at, "192.0.2.8", "nobody@test.example", MISTYPED).await.expect_error(401, WRONG);
    for _ in 0..6 {
        login_at(at, "192.0.2.9", &email, MISTYPED).await;
    }
    let lines = |text: &str| server.log().lines().filter(|line| line.contains(text)).count();
    until("the log", || lines("tries more often than it may") > 0).await;
    assert_eq!(lines("a wrong password peer=192.0.2.7 user="), 1, "{}", server.log());
    assert_eq!(lines("a log-in to no account peer=192.0.2.8"), 1);
    assert_eq!(lines("a wrong password peer=192.0.2.9 user="), 2);
    assert_eq!(lines("tries more often than it may peer=192.0.2.9 what=login"), 1, "once a minute");
    assert!(!server.log().contains(MISTYPED) && !server.log().contains("nobody@"));
    server.stop();
}
