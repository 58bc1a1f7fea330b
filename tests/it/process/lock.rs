//! Another program holds the database.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;

use super::faults::complaint;
use super::rows;
use crate::harness::neighbours::send;
use crate::harness::{Process, http, process};

#[test]
fn a_database_locked_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    assert!(process::run(folder.path(), &[], &["migrate"]).status.success());
    let file = folder.path().join("tradewind.db");
    let mut lock = rows::connect(&file);
    lock.batch_execute("BEGIN EXCLUSIVE").unwrap();
    let failed = process::run(folder.path(), &["store.busy_timeout_ms=300"], &["serve"]);
    let line = complaint(&failed);
    assert!(line.contains(&file.display().to_string()) && line.contains("locked"), "{line}");
}

#[test]
fn a_lock_shorter_than_the_patience_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    assert!(process::run(folder.path(), &[], &["migrate"]).status.success());
    let mut lock = rows::connect(&folder.path().join("tradewind.db"));
    lock.batch_execute("BEGIN EXCLUSIVE").unwrap();
    let release = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(700));
        lock.batch_execute("ROLLBACK").unwrap();
    });
    Process::start(folder.path(), &[]).stop();
    release.join().unwrap();
}

#[actix_web::test]
async fn a_database_locked_while_running() {
    const SENDS: usize = 60;
    const AUTHORS: usize = 4;
    let folder = tempfile::tempdir().unwrap();
    let accounts = process::accounts(folder.path(), AUTHORS + 1);
    let (bob, authors) = accounts.split_last().unwrap();
    let server = Process::start(folder.path(), &["store.busy_timeout_ms=400"]);
    let file = folder.path().join("tradewind.db");
    let mut reader = server.login(bob).await;
    let mut clients = Vec::new();
    for author in authors {
        let mut client = server.login(author).await;
        let echo = client.ask(send(author, bob, "before")).await;
        assert_eq!(reader.recv().await, echo);
        clients.push(client);
    }
    let ready = || http::send(server.address, ("GET", "/readyz"), &[], "");
    assert_eq!(ready().await.status, 200);
    let mut lock = rows::connect(&file);
    lock.batch_execute("BEGIN EXCLUSIVE").unwrap();
    assert_eq!(ready().await.status, 503, "nothing can be taken now");
    let start = Instant::now();
    for (client, author) in clients.iter_mut().zip(authors) {
        for number in 0..SENDS {
            client.send(&send(author, bob, &format!("locked {number}"))).await;
        }
    }
    // Every one is refused, while the lock is held; not one after another has all the patience.
    for client in &mut clients {
        for _ in 0..SENDS {
            let answer = client.recv().await;
            assert_eq!(answer["type"], "error", "{answer}");
            assert!([1011, 4009].contains(&answer["payload"]["code"].as_i64().unwrap()));
        }
    }
    let took = start.elapsed();
    assert!(took < Duration::from_secs(8), "the refusals took {took:?}");
    // What needs no write works meanwhile.
    reader.expect_nothing().await;
    let mut late = server.login(&authors[0]).await;
    let friends = serde_json::json!({"type": "load", "payload": {"type": "mutual_users"}});
    assert_eq!(late.ask(friends).await["payload"], serde_json::json!([]));

    lock.batch_execute("ROLLBACK").unwrap();
    for (client, author) in clients.iter_mut().zip(authors) {
        let echo = client.ask(send(author, bob, "after")).await;
        assert_eq!(echo["payload"]["content"], "after");
        assert_eq!(reader.recv().await, echo);
    }
    server.until_metric("tradewind_store_ready", |ready| ready == 1.0).await;
    assert_eq!(ready().await.status, 200);
    server.stop();
    let rows = rows::sound_messages(&file);
    assert_eq!(rows.len(), 2 * AUTHORS, "what was refused is not stored");
}
