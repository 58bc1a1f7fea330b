//! Mails to an SMTP server that takes them, takes them later, never does, or is not there.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use tradewind::config::Secret;
use tradewind::server::Config;

use super::{queue_is, rows};
use crate::harness::mail::{PASSWORD, key, link, path};
use crate::harness::process::Process;
use crate::harness::smtp::{Mail, Sink};
use crate::harness::{Backend, Server, http, soon, until};

const FIRST_MS: u64 = 100;

/// Mail goes to a URL, and is tried again soon.
fn to(url: String) -> impl FnOnce(&mut Config) {
    move |config| {
        config.mail.url = Secret::new(url);
        config.mail.retry_first_ms = FIRST_MS;
        config.mail.retry_max_ms = 4 * FIRST_MS;
        config.mail.timeout_ms = 2_000;
    }
}

#[actix_web::test]
async fn a_link_by_mail_makes_a_user_once() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        by_mail(backend).await;
    }
}

async fn by_mail(backend: Backend) {
    let mut sink = Sink::start(&[]).await;
    let server = Server::with(backend, to(sink.url())).await;
    assert_eq!(server.register("alice").await.status, 201);
    let mail = sink.mail().await;
    expect_letter(&mail, &server);
    server.try_login("alice@test.example", PASSWORD).await.expect_error(401, WRONG);
    let verified = server.get(path(&mail.data)).await;
    assert_eq!(verified.status, 201, "{}", verified.text);
    assert_eq!(verified.json["payload"]["message"], "account successfully created.");
    let answer = server.try_login("alice@test.example", PASSWORD).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    server.get(path(&mail.data)).await.expect_error(404, GONE);
    queue_is(&server, 0).await;
    sink.expect_nothing();
    server.stop().await;
}

/// The mail to alice, as the contract has it.
fn expect_letter(mail: &Mail, server: &Server) {
    assert_eq!(mail.from, "no-reply@localhost");
    assert_eq!(mail.to, ["alice@test.example"]);
    let (head, body) = mail.data.split_once("\r\n\r\n").expect("a body");
    let head: Vec<&str> = head.split("\r\n").collect();
    for line in [
        "Subject: WIND email verification",
        "From: Tradewind <no-reply@localhost>",
        "To: alice@test.example",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 7bit",
    ] {
        assert!(head.contains(&line), "{line} is not in {head:?}");
    }
    // A sentence, and the link alone on one line: no soft break in it.
    let expected = server.url(&format!("/api/v1/auth/email_verify/{}", key(&mail.data)));
    let (about, rest) = body.split_once("\r\n\r\n").expect("a blank line");
    assert!(about.contains("an account at Tradewind with this e-mail address."), "{about}");
    assert_eq!(rest.trim_end_matches("\r\n"), expected);
    assert_eq!(link(&mail.data), expected);
}

#[actix_web::test]
async fn links_begin_with_the_public_url() {
    let mut sink = Sink::start(&[]).await;
    let change = |config: &mut Config| {
        to(sink.url())(config);
        config.http.public_url = "http://chat.example/hub/".to_owned();
    };
    let server = Server::with(Backend::Sqlite, change).await;
    assert_eq!(server.register("alice").await.status, 201);
    let mail = sink.mail().await;
    let start = "http://chat.example/hub/api/v1/auth/email_verify/";
    assert!(link(&mail.data).starts_with(start), "{}", mail.data);
    server.stop().await;
}

#[actix_web::test]
async fn a_mail_refused_for_now_is_tried_again_later_and_later() {
    let mut sink = Sink::start(&["--refuse", "2"]).await;
    let server = Server::with(Backend::Sqlite, to(sink.url())).await;
    let start = Instant::now();
    assert_eq!(server.register("alice").await.status, 201);
    queue_is(&server, 1).await;
    let mail = sink.mail().await;
    // The first wait, and the second, which is twice as long.
    assert!(start.elapsed() >= Duration::from_millis(3 * FIRST_MS), "{:?}", start.elapsed());
    queue_is(&server, 0).await;
    assert_eq!(rows(server.folder(), "jobs"), 0);
    assert_eq!(server.get(path(&mail.data)).await.status, 201);
    sink.expect_nothing();
    server.stop().await;
}

#[actix_web::test]
async fn a_mail_that_waits_holds_up_no_other() {
    let mut sink = Sink::start(&["--refuse", "1"]).await;
    let change = |config: &mut Config| {
        to(sink.url())(config);
        config.mail.retry_first_ms = 3_600_000;
        config.mail.retry_max_ms = 3_600_000;
    };
    let server = Server::with(Backend::Sqlite, change).await;
    assert_eq!(server.register("alice").await.status, 201);
    queue_is(&server, 1).await;
    assert_eq!(server.register("bob").await.status, 201);
    assert_eq!(sink.mail().await.to, ["bob@test.example"]);
    queue_is(&server, 1).await;
    server.stop().await;
}

#[actix_web::test]
async fn a_mail_refused_for_good_is_given_up_and_logged() {
    let sink = Sink::start(&["--reject"]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let set = format!("mail.url={}", sink.url());
    let server = Process::start(folder.path(), &[&set]);
    let fields = [("name", "alice"), ("email", "alice@test.example"), ("password", PASSWORD)];
    let answer = http::post_form(server.address, "/api/v1/auth/register", &fields).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let given_up = || server.log().lines().find(|it| it.contains("given up")).map(str::to_owned);
    until("the log line", || given_up().is_some()).await;
    let line = given_up().expect("a line");
    assert!(line.contains("ERROR"), "{line}");
    assert!(line.contains("given up after 1 tries: the mail server refused: 550"), "{line}");
    until("an empty queue", || rows(folder.path(), "jobs") == 0).await;
    let counted = async {
        loop {
            let metrics = http::send(server.address, ("GET", "/metrics"), &[], "").await.text;
            if metrics.lines().any(|line| line == "tradewind_mail_queue 0") {
                return;
            }
        }
    };
    soon("the queue's length", counted).await;
    // Whoever typed a wrong address can register again; the registration itself just expires.
    assert_eq!(rows(folder.path(), "registrations"), 1);
}

#[actix_web::test]
async fn a_mail_is_given_up_after_so_many_tries() {
    let sink = Sink::start(&["--refuse", "1000000"]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("mail.url={}", sink.url());
    let set = [url.as_str(), "mail.attempts_max=3", "mail.retry_first_ms=10"];
    let server = Process::start(folder.path(), &set);
    let fields = [("name", "alice"), ("email", "alice@test.example"), ("password", PASSWORD)];
    let answer = http::post_form(server.address, "/api/v1/auth/register", &fields).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    until("the log line", || server.log().contains("given up after 3 tries")).await;
    until("an empty queue", || rows(folder.path(), "jobs") == 0).await;
    assert_eq!(server.log().matches("not sent, again in").count(), 2);
}

#[actix_web::test]
async fn the_queue_survives_a_restart_and_a_missing_server() {
    // A port that nobody listens on.
    let closed =
        TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let mut server = Server::with(Backend::Sqlite, to(format!("smtp://{closed}"))).await;
    assert_eq!(server.register("alice").await.status, 201);
    queue_is(&server, 1).await;
    let mut sink = Sink::start(&[]).await;
    server.restart(to(sink.url())).await;
    let mail = sink.mail().await;
    assert_eq!(mail.to, ["alice@test.example"]);
    queue_is(&server, 0).await;
    assert_eq!(server.get(path(&mail.data)).await.status, 201);
    assert_eq!(server.try_login("alice@test.example", PASSWORD).await.status, 201);
    server.stop().await;
}

#[actix_web::test]
async fn a_server_that_never_speaks_delays_nobody() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("smtp://{}", silent.local_addr().expect("an address"));
    let server = Server::with(Backend::Sqlite, |config| {
        to(url)(config);
        // Longer than any deadline here: a stop must not wait for it.
        config.mail.timeout_ms = 600_000;
    })
    .await;
    assert_eq!(server.register("alice").await.status, 201);
    // The mail is on its way to nowhere now, and the next request is answered as well.
    queue_is(&server, 1).await;
    assert_eq!(server.register("bob").await.status, 201);
    assert_eq!(rows(server.folder(), "jobs"), 2);
    soon("the stop", server.stop()).await;
}

const WRONG: &str = "email or password incorrect.";
const GONE: &str = "The session has expired or does not exist.";
