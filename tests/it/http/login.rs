//! Who may register and log in, and what a stranger can learn by trying.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use diesel::SqliteConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde_json::json;

use super::{LOGIN, REGISTER, WRONG};
use crate::harness::http::Answer;
use crate::harness::{Backend, Server};

#[derive(QueryableByName)]
struct Kept {
    #[diesel(sql_type = Text)]
    hash: String,
}

fn hashes(folder: &Path, table: &str) -> Vec<String> {
    let file = folder.join("tradewind.db").display().to_string();
    let mut connection = SqliteConnection::establish(&file).expect("the database opens");
    let query = diesel::sql_query(format!("SELECT password_hash AS hash FROM {table}"));
    let rows: Vec<Kept> = query.load(&mut connection).expect("the table");
    rows.into_iter().map(|row| row.hash).collect()
}

#[actix_web::test]
async fn a_password_is_kept_as_argon2id_alone() {
    const PASSWORD: &str = "kept-nowhere-in-clear-0815";
    let server = Server::start().await;
    server.register("carol").await;
    let email = server.account("alice", PASSWORD).await;
    assert_eq!(server.account("bob", PASSWORD).await, "bob@test.example");
    assert_eq!(server.try_login(&email, PASSWORD).await.status, 201);
    let users = hashes(server.folder(), "users");
    assert_eq!(users.len(), 2);
    for hash in users.iter().chain(&hashes(server.folder(), "registrations")) {
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    }
    assert_ne!(users[0], users[1], "each has a salt of its own");
    for name in ["tradewind.db", "tradewind.db-wal"] {
        let bytes = fs::read(server.folder().join(name)).expect("a database file");
        let found = bytes.windows(PASSWORD.len()).any(|window| window == PASSWORD.as_bytes());
        assert!(!found, "the password is in {name}");
    }
    server.stop().await;
}

/// All of an answer but its time.
fn timeless(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let headers = answer.headers.iter().filter(|(name, _)| name.as_str() != "date");
    let text = |value: &awc::http::header::HeaderValue| value.to_str().expect("text").to_owned();
    let mut headers: Vec<_> =
        headers.map(|(name, value)| (name.to_string(), text(value))).collect();
    headers.sort();
    (answer.status, headers, answer.text.clone())
}

#[actix_web::test]
async fn an_unknown_address_is_answered_like_a_wrong_password() {
    const ROUNDS: usize = 7;
    let server = Server::start().await;
    let email = server.account("alice", "right one").await;
    let (mut wrong, mut unknown, mut malformed) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let mut answers = Vec::new();
        for (email, times) in [
            (email.as_str(), &mut wrong),
            ("nobody@test.example", &mut unknown),
            ("no address", &mut malformed),
        ] {
            let start = Instant::now();
            answers.push(server.try_login(email, "wrong").await);
            times.push(start.elapsed());
        }
        answers[0].expect_error(401, WRONG);
        assert_eq!(timeless(&answers[0]), timeless(&answers[1]));
        assert_eq!(timeless(&answers[0]), timeless(&answers[2]));
    }
    let median = |mut times: Vec<Duration>| {
        times.sort();
        times[ROUNDS / 2]
    };
    let (wrong, unknown, malformed) = (median(wrong), median(unknown), median(malformed));
    // A hash takes tens of milliseconds, everything else about one. The bound is loose, for
    // machines with other work, and still far from what an answer without hash would take.
    for other in [unknown, malformed] {
        assert!(other * 3 > wrong && wrong * 3 > other, "{wrong:?} against {other:?}");
    }
    server.stop().await;
}

#[actix_web::test]
async fn addresses_are_told_apart_without_case() {
    let server = Server::start().await;
    server.account("alice", "right one").await;
    assert_eq!(server.try_login("ALICE@TEST.EXAMPLE", "right one").await.status, 201);
    let json = json!({"email": "Alice@test.EXAMPLE", "password": "right one"});
    assert_eq!(server.post_json(LOGIN, &json).await.status, 201);
    let fields = [("name", "alice2"), ("email", "Alice@Test.example"), ("password", "long enough")];
    server.post_form(REGISTER, &fields).await.expect_error(400, "email is already exist.");
    server.try_login("alice@test.example", "Right one").await.expect_error(401, WRONG);
    server.try_login("alice@test.example", "right one ").await.expect_error(401, WRONG);
    server.stop().await;
}

#[actix_web::test]
async fn only_allowed_domains_may_register() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.auth.allowed_email_domains =
            vec!["School.example".to_owned(), "b.example".to_owned()];
    })
    .await;
    let register = async |name: &str, email: &str| {
        let fields = [("name", name), ("email", email), ("password", "long enough")];
        server.post_form(REGISTER, &fields).await
    };
    for (name, email) in [
        ("a", "a@school.example"),
        ("b", "b@SCHOOL.Example"),
        ("c", "c@b.example"),
        ("d", " d@b.example\t"),
    ] {
        assert_eq!(register(name, email).await.status, 201, "{email}");
    }
    for email in [
        "d@school.example.evil",
        "d@sub.school.example",
        "d@xschool.example",
        "d@school.exampl",
        "d@school.example-evil.com",
        "d@school.example@evil.example",
        "d@evil.example@school.example",
        "d@evil.example,e@school.example",
        "\"d@evil.example\"@school.example",
        "d@school.example\r\n",
        "d@school.example\r\nBcc: e@evil.example",
        "d@",
        "@school.example",
        "school.example",
    ] {
        register("d", email).await.expect_error(400, "Invalid email address.");
    }
    server.stop().await;
}
