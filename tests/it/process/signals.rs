//! SIGTERM, SIGINT and SIGHUP.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tokio_tungstenite::tungstenite::Message;

use super::rows;
use crate::harness::neighbours::send;
use crate::harness::{Process, Raw, http, process};

const STOP_MAX: Duration = Duration::from_secs(10);

/// Whoever runs the tests may ignore SIGHUP, as `nohup` has it; a server would, too.
const HEARING: &[&str] = &["/usr/bin/env", "--default-signal=HUP"];

/// A server that is started by another program.
fn by(folder: &Path, starter: &[&str]) -> Process {
    let program = process::command(folder, &[]);
    let mut command = Command::new(starter[0]);
    command.args(&starter[1..]).arg(program.get_program()).args(program.get_args());
    command.current_dir(folder).env_clear();
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Process::spawn(command, &["serve"]).0
}

#[actix_web::test]
async fn each_signal_ends_it_well_with_clients_connected() {
    for signal in ["TERM", "INT", "HUP"] {
        let folder = tempfile::tempdir().unwrap();
        let accounts = process::accounts(folder.path(), 2);
        let server = by(folder.path(), HEARING);
        let mut author = server.login(&accounts[0]).await;
        let reader = server.login(&accounts[1]).await;
        let address = server.address;
        for number in 0..100 {
            author.send(&send(&accounts[0], &accounts[1], &number.to_string())).await;
        }
        assert_eq!(author.recv().await["type"], "chat");
        let start = Instant::now();
        server.signal(signal);
        let waiting = tokio::task::spawn_blocking(move || server.wait());
        let mut acknowledged = 1;
        for (mut client, is_author) in [(author, true), (reader, false)] {
            let close = loop {
                match client.next().await {
                    Some(Message::Text(text)) if is_author && text.contains("\"chat\"") => {
                        acknowledged += 1;
                    }
                    Some(Message::Text(_)) => {}
                    Some(Message::Close(close)) => break close.expect("a code"),
                    other => panic!("{other:?} before the Close frame"),
                }
            };
            assert_eq!(u16::from(close.code), 1012);
            assert!(close.reason.starts_with("retry_after_ms="), "{close}");
            assert!(client.next().await.is_none());
        }
        let status = waiting.await.unwrap();
        assert_eq!(status.code(), Some(0), "{signal}");
        assert!(start.elapsed() < STOP_MAX, "{signal} took {:?}", start.elapsed());
        assert!(tokio::net::TcpStream::connect(address).await.is_err());
        let stored = rows::sound_messages(&folder.path().join("tradewind.db"));
        assert_eq!(stored.len(), acknowledged, "all that is stored was acknowledged");
    }
}

#[actix_web::test]
async fn a_peer_that_never_reads_cannot_keep_it_alive() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = process::accounts(folder.path(), 2);
    // The patience of the defaults.
    let server = Process::start(folder.path(), &[]);
    let mut author = server.login(&accounts[0]).await;
    let mut deaf = Raw::open_narrow(server.address).await;
    deaf.identify(&accounts[1]).await;
    for _ in 0..30 {
        let message = send(&accounts[0], &accounts[1], &"x".repeat(16 * 1024));
        assert_eq!(author.ask(message).await["type"], "chat");
    }
    author.close().await;
    let start = Instant::now();
    server.signal("TERM");
    let status = tokio::task::spawn_blocking(move || server.wait()).await.unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(start.elapsed() < STOP_MAX, "{:?}", start.elapsed());
}

/// In the very moment in which it says that it is there, too.
#[test]
fn an_idle_server_ends_at_once() {
    let folder = tempfile::tempdir().unwrap();
    for signal in ["TERM", "INT", "HUP"].repeat(3) {
        let server = by(folder.path(), HEARING);
        let start = Instant::now();
        server.signal(signal);
        assert_eq!(server.wait().code(), Some(0), "{signal}");
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    }
}

#[actix_web::test]
async fn who_starts_it_deaf_to_hangups_gets_it_so() {
    let folder = tempfile::tempdir().unwrap();
    let server = by(folder.path(), &["/bin/sh", "-c", r#"trap '' HUP; exec "$@""#, "sh"]);
    server.signal("HUP");
    // Signals are handled in turn: had that one ended it, this would not be answered.
    let ready = http::send(server.address, ("GET", "/readyz"), &[], "").await;
    assert_eq!(ready.status, 200);
    server.stop();
}
