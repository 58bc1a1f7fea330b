//! `serve`, with and without `--demo`.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::mpsc::Receiver;

use crate::harness::neighbours::send;
use crate::harness::process::{self, bare, command};
use crate::harness::{Account, Client, DEADLINE, Process};

/// Lines up to the one in which `last` is.
fn lines(said: &Receiver<String>, last: &str) -> Vec<String> {
    let mut lines = Vec::new();
    while lines.last().is_none_or(|line: &String| !line.contains(last)) {
        lines.push(said.recv_timeout(DEADLINE).expect("the demonstration is announced"));
    }
    lines
}

/// The users in the announcement.
fn demo_users(lines: &[String]) -> Vec<Account> {
    let heads = lines.iter().filter_map(|line| line.trim().split_once(" (id "));
    let tokens = lines.iter().filter_map(|line| line.split_once(r#"{"auth":""#));
    heads
        .zip(tokens)
        .map(|((name, rest), (_, token))| {
            let id = rest.split_once(',').unwrap().0.parse().unwrap();
            let id = tradewind::domain::id::UserId::new(id).unwrap();
            let token = token.split_once('"').unwrap().0.to_owned();
            let user = tradewind::domain::accounts::user::User {
                id,
                name: name.to_owned(),
                profile: None,
            };
            Account { user, token }
        })
        .collect()
}

#[actix_web::test]
async fn the_demonstration_works_as_printed_and_twice() {
    let folder = tempfile::tempdir().unwrap();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let (server, said) = Process::spawn(command(folder.path(), &[]), &["serve", "--demo"]);
        let lines = lines(&said, r#""type":"send""#);
        let users = demo_users(&lines);
        let [alice, bob] = &users[..] else { panic!("{lines:?}") };
        assert_eq!((alice.user.name.as_str(), bob.user.name.as_str()), ("alice", "bob"));
        ids.push((alice.id(), bob.id()));
        let (mut a, mut b) = (server.login(alice).await, Client::open(server.address, "/ws").await);
        let welcome = b.identify(&bob.token).await;
        assert_eq!(welcome["mutual_users"][0]["name"], "alice", "they are friends");
        // The frames as they are printed.
        let printed = |part: &str| {
            let line = lines.iter().find(|line| line.contains(part)).expect("it is printed");
            line.trim().to_owned()
        };
        a.text(printed(r#""type":"heartbeat""#)).await;
        assert_eq!(a.recv().await["type"], "heartbeat");
        a.text(printed(r#""type":"send""#)).await;
        let echo = a.recv().await;
        assert_eq!(b.recv().await, echo);
        assert_eq!(echo["payload"]["chat_id"], alice.room(bob));
        let answer = b.ask(send(bob, alice, "hello back")).await;
        assert_eq!(a.recv().await, answer);
        // The printed password opens the door.
        assert!(lines.iter().any(|line| line.contains("password tradewind")));
        let login = format!("http://{}/api/v1/auth/login", server.address);
        let form = [("email", "alice@demo.example"), ("password", "tradewind")];
        let login = awc::Client::default().post(login).send_form(&form).await.unwrap();
        assert_eq!(login.status().as_u16(), 201);
        server.stop();
    }
    assert_eq!(ids[0], ids[1], "they are made once");
}

#[test]
fn the_demonstration_takes_nobodys_name() {
    let folder = tempfile::tempdir().unwrap();
    let add = ["user", "add", "--name", "bob", "--email", "bob@example.com"];
    assert!(process::run(folder.path(), &[], &add).status.success());
    let refused = process::run(folder.path(), &[], &["serve", "--demo"]);
    assert!(!refused.status.success());
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("--demo cannot make the user bob"), "{said}");
}

#[test]
fn serve_is_the_default_and_a_first_start_needs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = bare(folder.path());
    first.env("TRADEWIND__HTTP__BIND", "127.0.0.1:0");
    let (server, said) = Process::spawn(first, &[]);
    let lines = lines(&said, "mail");
    assert!(lines.iter().any(|line| line.contains("data/tradewind.db")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("data/outbox")), "{lines:?}");
    let mode = |path: &str| {
        let made = std::fs::metadata(folder.path().join(path)).expect(path);
        made.permissions().mode() & 0o777
    };
    // What is in there is nobody else's business.
    for (made, wanted) in [
        ("data", 0o700),
        ("data/outbox", 0o700),
        ("data/tradewind.db", 0o600),
        ("data/tradewind.db-wal", 0o600),
        ("data/jwt.key", 0o600),
    ] {
        assert_eq!(mode(made), wanted, "{made}");
    }
    server.stop();
    assert_eq!(said.recv_timeout(DEADLINE).as_deref(), Ok("stopped"));
}
