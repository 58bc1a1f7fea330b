//! A new password by mail: who gets one, what it ends, and what a stranger can learn by asking.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tradewind::domain::clock::Clock;

use super::{queue_is, rows};
use crate::harness::clock::TurnedClock;
use crate::harness::http::Answer;
use crate::harness::mail::{PASSWORD, letter_to, letters};
use crate::harness::{Backend, Server};

const ASK: &str = "/api/v1/auth/reset";

async fn ask(server: &Server, email: &str) -> Answer {
    server.post_json(ASK, &json!({"email": email})).await
}

/// Asks, and gives the key that comes.
async fn key_for(server: &Server, email: &str) -> String {
    letters(&server.outbox()).into_iter().for_each(|it| fs::remove_file(it).expect("removed"));
    assert_eq!(ask(server, email).await.status, 202);
    let letter = letter_to(&server.outbox(), email).await;
    assert!(letter.contains("Subject: Tradewind: a new password\r\n"), "{letter}");
    let start = format!("{}/reset/", server.public_url());
    let link = letter.lines().find_map(|line| line.strip_prefix(start.as_str()));
    queue_is(server, 0).await;
    link.expect("a link on a line of its own").to_owned()
}

async fn redeem(server: &Server, key: &str, password: &str) -> Answer {
    server.post_json(&format!("{ASK}/{key}"), &json!({"password": password})).await
}

#[actix_web::test]
async fn a_key_by_mail_sets_a_new_password_once_and_ends_all_log_ins() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = Server::with(backend, |_| {}).await;
        let email = server.account("alice", PASSWORD).await;
        let login = server.try_login(&email, PASSWORD).await;
        let token = login.json["payload"]["token"].as_str().expect("a token");
        let mut socket = server.connect().await;
        socket.identify(token).await;

        let (first, second) = (key_for(&server, &email).await, key_for(&server, &email).await);
        assert_ne!(first, second);
        for bad in ["", "7 chars", "\u{1112}\u{1161}\u{11AB}\u{1112}\u{1161}"] {
            redeem(&server, &first, bad).await.expect_problem(400, "password_invalid");
        }
        redeem(&server, "nonsense", "new one 1").await.expect_problem(404, "no_such_key");
        redeem(&server, &first, "new one 1").await.expect(204);
        assert_eq!(socket.closed().await, (4010, "token revoked".to_owned()));
        drop(socket);
        for key in [&first, &second] {
            redeem(&server, key, "another one").await.expect_problem(404, "no_such_key");
        }
        server.api_with(token, "GET", "/me", Value::Null).await.expect(401);
        assert_eq!(server.try_login(&email, PASSWORD).await.status, 401);
        let login = server.try_login(&email, "new one 1").await;
        let token = login.expect(201)["payload"]["token"].as_str().expect("a token").to_owned();
        // At once, though the times in tokens are whole seconds.
        server.api_with(&token, "GET", "/me", Value::Null).await.expect(200);

        // A password that was changed with the old one ends keys, too.
        let key = key_for(&server, &email).await;
        let change = json!({"old": "new one 1", "new": "third one"});
        server.api_with(&token, "PUT", "/me/password", change).await.expect(204);
        redeem(&server, &key, "fourth one").await.expect_problem(404, "no_such_key");
        server.stop().await;
    }
}

#[actix_web::test]
async fn the_page_behind_the_link_sets_it_without_a_script() {
    let server = Server::start().await;
    let email = server.account("alice", PASSWORD).await;
    let path = format!("/reset/{}", key_for(&server, &email).await);
    let page = server.get(&path).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("<form method=\"post\">") && !page.text.contains("<script"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    let set = async |password: &str| server.post_form(&path, &[("password", password)]).await;
    assert_eq!((set("").await.status, set("7 chars").await.status), (400, 400));
    let done = set("new one 1").await;
    assert!(done.status == 200 && done.text.contains("You can log in with it."), "{}", done.text);
    let again = set("another one").await;
    assert!(again.status == 404 && again.text.contains("does not work any more"));
    assert_eq!(server.try_login(&email, "new one 1").await.status, 201);
    let put = server.request("PUT", &path, "text/plain", String::new()).await;
    assert_eq!((put.status, put.header("allow")), (405, Some("GET, POST")));
    server.stop().await;
}

#[actix_web::test]
async fn an_unknown_address_is_answered_like_a_known_one() {
    const ROUNDS: usize = 15;
    let server = Server::start().await;
    let email = server.account("alice", PASSWORD).await;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let stranger = format!("nobody{round}@test.example");
        let mut answers = Vec::new();
        for (email, times) in [(&email, &mut known), (&stranger, &mut unknown)] {
            let start = Instant::now();
            answers.push(ask(&server, email).await);
            times.push(start.elapsed());
        }
        assert_eq!((answers[0].status, answers[0].text.as_str()), (202, ""));
        assert_eq!((answers[1].status, answers[1].text.as_str()), (202, ""));
        let names = |answer: &Answer| {
            let mut names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
            names.sort();
            names
        };
        assert_eq!(names(&answers[0]), names(&answers[1]));
    }
    let median = |mut times: Vec<Duration>| {
        times.sort();
        times[ROUNDS / 2]
    };
    let (known, unknown) = (median(known), median(unknown));
    // Both wait for one commit. The bound is loose, for machines with other work.
    assert!(known < unknown * 3 && unknown < known * 3, "{known:?} against {unknown:?}");
    queue_is(&server, 0).await;
    assert_eq!(rows(server.folder(), "resets"), 1, "strangers are forgotten");
    for none in ["no address", "", " ", "a@", "@b.example", "alice@test.example\r\n"] {
        ask(&server, none).await.expect_problem(400, "email_invalid");
    }
    let typed = format!(" {}\t", email.to_uppercase());
    assert_eq!(ask(&server, &typed).await.status, 202);
    server.stop().await;
}

#[actix_web::test]
async fn a_key_expires() {
    let clock = Arc::new(TurnedClock::start());
    let shared: Arc<dyn Clock> = clock.clone();
    let server =
        Server::with_clock(Backend::Sqlite, shared, |config| config.auth.reset_minutes = 10).await;
    let email = server.account("alice", PASSWORD).await;
    let key = key_for(&server, &email).await;
    clock.turn(9 * 60 + 50);
    let late = key_for(&server, &email).await;
    clock.turn(11);
    redeem(&server, &key, "new one 1").await.expect_problem(404, "no_such_key");
    redeem(&server, &late, "new one 1").await.expect(204);
    clock.turn(600);
    assert_eq!(server.register("bob").await.status, 201);
    letter_to(&server.outbox(), "bob@test.example").await;
    assert_eq!(rows(server.folder(), "reset_keys"), 0);
    server.stop().await;
}

#[actix_web::test]
async fn asking_is_limited_by_peer_and_by_address() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.limits.enabled = true;
        config.limits.reset_per_ip_per_hour = 3;
        config.limits.reset_per_email_per_hour = 1;
    })
    .await;
    assert_eq!(ask(&server, "a@test.example").await.status, 202);
    ask(&server, "A@Test.Example").await.expect_problem(429, "too_many_requests");
    assert_eq!(ask(&server, "b@test.example").await.status, 202);
    ask(&server, "c@test.example").await.expect_problem(429, "too_many_requests");
    assert_eq!(server.running().metrics.refusals.with_label_values(&["reset"]).get(), 2);
    server.stop().await;
}
