//! Keys of verification links: how long they work, and where they are never seen.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use futures_util::future::join_all;
use sha2::{Digest as _, Sha256};
use tradewind::config::Secret;
use tradewind::domain::clock::Clock;

use super::{forgetful, queue_is, rows};
use crate::harness::clock::TurnedClock;
use crate::harness::mail::{PASSWORD, key, letter_to, letters, path};
use crate::harness::process::Process;
use crate::harness::smtp::Sink;
use crate::harness::{Backend, Server, http, until};

const GONE: &str = "The session has expired or does not exist.";

#[actix_web::test]
async fn every_key_that_was_sent_works_until_one_is_used() {
    const TRIES: usize = 3;
    for used in 0..TRIES {
        let mail_server = forgetful::start(TRIES - 1).await;
        let server = Server::with(Backend::Sqlite, |config| {
            config.mail.url = Secret::new(mail_server.url.clone());
            config.mail.retry_first_ms = 10;
        })
        .await;
        assert_eq!(server.register("alice").await.status, 201);
        let mut mails = Vec::new();
        until("all tries", || {
            mails.extend(mail_server.mails.try_iter());
            mails.len() == TRIES
        })
        .await;
        queue_is(&server, 0).await;
        let keys: Vec<&str> = mails.iter().map(|mail| key(mail)).collect();
        assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2], "{keys:?}");
        assert_eq!(rows(server.folder(), "verification_keys"), 3);
        assert_eq!(server.get(path(&mails[used])).await.status, 201);
        for mail in &mails {
            server.get(path(mail)).await.expect_error(404, GONE);
        }
        assert_eq!(rows(server.folder(), "verification_keys"), 0);
        assert_eq!(server.try_login("alice@test.example", PASSWORD).await.status, 201);
        server.stop().await;
    }
}

#[actix_web::test]
async fn a_key_is_nowhere_but_in_its_mail() {
    let mut sink = Sink::start(&[]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let set = [format!("mail.url={}", sink.url()), "log.filter=trace".to_owned()];
    let server = Process::start(folder.path(), &[&set[0], &set[1]]);
    let fields = [("name", "alice"), ("email", "alice@test.example"), ("password", PASSWORD)];
    let answer = http::post_form(server.address, "/api/v1/auth/register", &fields).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let mail = sink.mail().await.data;
    let (key, hash) = (key(&mail), Sha256::digest(key(&mail)));
    until("the log line", || server.log().contains("mail 1 sent")).await;

    let stored = database_bytes(folder.path());
    assert!(!contains(&stored, key.as_bytes()), "the key is in the database");
    assert!(contains(&stored, hash.as_slice()), "its hash is not");
    // Also when it was tried, in vain and with success.
    let other = if key.ends_with('x') { 'y' } else { 'x' };
    let wrong = format!("/api/v1/auth/email_verify/{}{other}", &key[..31]);
    assert_eq!(http::send(server.address, ("GET", &wrong), &[], "").await.status, 404);
    assert_eq!(http::send(server.address, ("GET", path(&mail)), &[], "").await.status, 201);
    until("the log line", || server.log().contains("registered")).await;
    assert!(!contains(&database_bytes(folder.path()), key.as_bytes()));
    assert!(!server.log().contains(key), "the key is in the log");
}

#[actix_web::test]
async fn a_key_used_twice_at_once_works_once() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = Server::with(backend, |_| {}).await;
        assert_eq!(server.register("alice").await.status, 201);
        let letter = letter_to(&server.outbox(), "alice@test.example").await;
        let answers = join_all((0..8).map(|_| server.get(path(&letter)))).await;
        let (good, late): (Vec<_>, Vec<_>) = answers.iter().partition(|it| it.status == 201);
        assert_eq!(good.len(), 1, "{backend:?}");
        late.iter().for_each(|answer| answer.expect_error(404, GONE));
        server.stop().await;
    }
}

/// All that SQLite has written.
fn database_bytes(folder: &Path) -> Vec<u8> {
    ["tradewind.db", "tradewind.db-wal"]
        .into_iter()
        .flat_map(|name| fs::read(folder.join(name)).expect("a database file"))
        .collect()
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[actix_web::test]
async fn a_key_expires_and_its_registration_is_forgotten() {
    const DAY: i64 = 24 * 60 * 60;
    let clock = Arc::new(TurnedClock::start());
    let shared: Arc<dyn Clock> = clock.clone();
    let server = Server::with_clock(Backend::Sqlite, shared, |_| {}).await;
    let mut paths = Vec::new();
    for name in ["alice", "bob"] {
        assert_eq!(server.register(name).await.status, 201);
        let letter = letter_to(&server.outbox(), &format!("{name}@test.example")).await;
        paths.push(path(&letter).to_owned());
    }
    queue_is(&server, 0).await;
    clock.turn(DAY - 60);
    assert_eq!(server.get(&paths[0]).await.status, 201);
    clock.turn(61);
    server.get(&paths[1]).await.expect_error(404, GONE);
    assert_eq!(server.try_login("bob@test.example", PASSWORD).await.status, 401);
    // The queue sweeps each time it looks for mails.
    assert_eq!(server.register("carol").await.status, 201);
    letter_to(&server.outbox(), "carol@test.example").await;
    queue_is(&server, 0).await;
    assert_eq!(rows(server.folder(), "registrations"), 1);
    assert_eq!(rows(server.folder(), "verification_keys"), 1);
    // The name and the address are free again, with a link of their own.
    letters(&server.outbox()).into_iter().for_each(|file| fs::remove_file(file).expect("removed"));
    assert_eq!(server.account("bob", PASSWORD).await, "bob@test.example");
    server.stop().await;
}
