//! What must never be seen: passwords, tokens, keys, the signing secret.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use super::{LOGIN, REGISTER};
use crate::harness::http::{post_form, send};
use crate::harness::mail::{key, path};
use crate::harness::process::Process;
use crate::harness::smtp::Sink;
use crate::harness::{Client, Server, until};

const PASSWORD: &str = "a-password-that-is-in-no-log-4711";
const MISTYPED: &str = "a-password-mistyped-and-in-no-log";

#[actix_web::test]
async fn no_secret_is_logged_even_when_everything_is() {
    let mut sink = Sink::start(&[]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let set = [format!("mail.url={}", sink.url()), "log.filter=trace".to_owned()];
    let server = Process::start(folder.path(), &[&set[0], &set[1]]);
    let at = server.address;
    let fields = [("name", "alice"), ("email", "alice@test.example"), ("password", PASSWORD)];
    assert_eq!(post_form(at, REGISTER, &fields).await.status, 201);
    let mail = sink.mail().await.data;
    assert_eq!(send(at, ("GET", path(&mail)), &[], "").await.status, 201);
    let login = |password| [("email", "alice@test.example"), ("password", password)];
    assert_eq!(post_form(at, LOGIN, &login(MISTYPED)).await.status, 401);
    let answer = post_form(at, LOGIN, &login(PASSWORD)).await;
    let token = answer.json["payload"]["token"].as_str().expect("a token").to_owned();

    let mut client = Client::open(at, "/ws").await;
    client.identify(&token).await;
    let broken = format!("{}x", &token[..token.len() - 2]);
    let refused = client.ask(json!({"type": "auth", "payload": {"auth": broken}})).await;
    assert_eq!(refused["type"], "error");
    client.close().await;
    until("the log of it all", || server.log().contains("logged in")).await;
    server.signal("TERM");
    let secret = fs::read_to_string(folder.path().join("jwt.key")).expect("the secret");
    until("the last line", || server.log().contains("SIGTERM")).await;

    let log = server.log();
    assert!(log.contains("TRACE"), "everything is logged");
    let signature = token.rsplit('.').next().expect("a signature");
    for (what, text) in [
        ("password", PASSWORD),
        ("mistyped password", MISTYPED),
        ("token", token.as_str()),
        ("signature", signature),
        ("broken token", broken.as_str()),
        ("secret", secret.trim_end()),
        ("key", key(&mail)),
        ("password hash", "$argon2id$"),
    ] {
        assert!(text.len() > 8);
        let line = log.lines().find(|line| line.contains(text));
        assert_eq!(line, None, "the {what} is in the log");
    }
    assert!(server.wait().success());
}

#[actix_web::test]
async fn passwords_in_urls_are_neither_logged_nor_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    let set = ["mail.url=smtp://tom:hushhush@127.0.0.1:9", "log.filter=trace"];
    let server = Process::start(folder.path(), &set);
    let fields = [("name", "alice"), ("email", "alice@test.example"), ("password", PASSWORD)];
    assert_eq!(post_form(server.address, REGISTER, &fields).await.status, 201);
    until("a try", || server.log().contains("not sent, again in")).await;
    assert!(!server.log().contains("hushhush"), "{}", server.log());
    let metrics = send(server.address, ("GET", "/metrics"), &[], "").await.text;
    assert!(!metrics.contains("hushhush"));
}

#[actix_web::test]
async fn the_secret_is_made_for_its_owner_only_and_kept() {
    let mut server = Server::start().await;
    let file = server.folder().join("jwt.key");
    let mode = fs::metadata(&file).expect("the secret").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let secret = fs::read(&file).expect("the secret");
    let alice = server.user("alice").await;
    // The token is as good after a restart.
    server.restart(|_| {}).await;
    assert_eq!(fs::read(&file).expect("the secret"), secret);
    server.login(&alice).await.close().await;
    server.stop().await;
}
