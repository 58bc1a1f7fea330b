//! A disk that is full.
//!
//! One test, since there is one small file system (`scripts/with-servers` mounts it).

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::faults::complaint;
use super::rows;
use crate::harness::neighbours::send;
use crate::harness::{Account, Client, Process, http, process, soon};

/// What else is on the disk.
struct Ballast {
    file: File,
    path: PathBuf,
}

impl Ballast {
    fn new(disk: &Path) -> Self {
        let path = disk.join("ballast");
        let file = OpenOptions::new().append(true).create(true).open(&path).unwrap();
        Self { file, path }
    }

    /// Takes all room there is.
    fn fill(&mut self) {
        for size in [64 * 1024, 1_024, 1] {
            let bytes = vec![0xA5; size];
            loop {
                match self.file.write(&bytes) {
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }

    fn free(self) {
        fs::remove_file(&self.path).unwrap();
    }
}

/// Sends until something is refused; gives the contents acknowledged, in order.
async fn send_until_refused(
    client: &mut Client,
    from: &Account,
    to: &Account,
    mut each: impl FnMut(usize),
) -> Vec<String> {
    let mut acknowledged = Vec::new();
    loop {
        let number = acknowledged.len();
        let content = format!("{number} {}", "x".repeat(4_000));
        let answer = client.ask(send(from, to, &content)).await;
        if answer["type"] == "error" {
            assert_eq!(answer["payload"]["code"], 1011, "{answer}");
            return acknowledged;
        }
        assert_eq!(answer["payload"]["content"], content);
        acknowledged.push(content);
        assert!(number < 10_000, "the disk does not get full");
        each(number);
    }
}

/// Starts a server on a full disk: it may start, or must say why it cannot.
fn started_or_full(folder: &Path, set: &[&str], file: &Path) {
    let migrated = process::run(folder, set, &["migrate"]);
    if migrated.status.success() {
        Process::start(folder, set).stop();
    } else {
        let line = complaint(&migrated);
        assert!(line.contains(&file.display().to_string()) && line.contains("full"), "{line}");
    }
}

#[actix_web::test]
async fn a_full_disk_refuses_and_loses_nothing() {
    let disk = std::env::var_os("TRADEWIND_TEST_FULL_DISK")
        .expect("no small disk for this test: run scripts/test, or scripts/with-servers");
    // A folder of its own, so that nothing of an earlier test counts.
    let disk = tempfile::tempdir_in(disk).unwrap();
    let file = disk.path().join("tradewind.db");
    let folder = tempfile::tempdir().unwrap();
    let url = format!("store.url=sqlite://{}", file.display());
    let set = [url.as_str()];
    let accounts = process::accounts_with(folder.path(), &set, 2);
    let [alice, bob] = &accounts[..] else { unreachable!() };
    let server = Process::start(folder.path(), &set);
    let (mut a, mut b) = (server.login(alice).await, server.login(bob).await);

    // Somebody else takes the room while alice writes.
    let mut ballast = Ballast::new(disk.path());
    let mut stored = send_until_refused(&mut a, alice, bob, |number| {
        if number == 100 {
            ballast.fill();
        }
    })
    .await;
    assert!(stored.len() > 100);
    // It goes on refusing, and lives; what needs no room works.
    for _ in 0..20 {
        let answer = a.ask(send(alice, bob, &"y".repeat(60_000))).await;
        assert_eq!(answer["payload"]["code"], 1011, "{answer}");
    }
    let delivered = b.drain().await;
    let contents: Vec<&str> =
        delivered.iter().map(|frame| frame["payload"]["content"].as_str().unwrap()).collect();
    assert_eq!(contents, stored, "delivered is what was acknowledged");
    let payload = serde_json::json!({"type": "chat", "load_id": alice.room(bob),
        "datetime": "MjA5OS0wMS0wMSAwMDowMDowMC4wMDAwMDA=", "count": 50});
    b.send(&serde_json::json!({"type": "load", "payload": payload})).await;
    assert_eq!(b.drain().await.len(), 50, "history can be read");
    let mut late = server.login(bob).await;
    late.expect_nothing().await;

    let readiness = || http::send(server.address, ("GET", "/readyz"), &[], "");
    let unready = readiness().await;
    assert_eq!(unready.status, 503);
    assert!(unready.text.contains("full") || unready.text.contains("room"), "{}", unready.text);
    assert_eq!(server.metric("tradewind_store_ready").await, 0.0);

    // With room again it is ready again, without a write of anybody, in the same process and sessions.
    ballast.free();
    server.until_metric("tradewind_store_ready", |ready| ready == 1.0).await;
    assert_eq!(readiness().await.status, 200);
    let said = server.log();
    assert_eq!(said.matches("the store cannot write").count(), 1, "{said}");
    assert_eq!(said.matches("the store writes again").count(), 1, "{said}");
    let echo = soon("an acknowledgement", async {
        loop {
            let answer = a.ask(send(alice, bob, "room again")).await;
            if answer["type"] == "chat" {
                return answer;
            }
        }
    })
    .await;
    stored.push("room again".to_owned());
    assert_eq!(b.recv().await, echo);

    // Full once more, killed, and started with no room at all.
    let mut ballast = Ballast::new(disk.path());
    let more = send_until_refused(&mut a, alice, bob, |number| {
        if number == 10 {
            ballast.fill();
        }
    })
    .await;
    stored.extend(more);
    server.kill();
    ballast.fill();
    // Whether the little that a start of an old database writes finds room is a matter of luck; if
    // not, it says so.
    started_or_full(folder.path(), &set, &file);
    ballast.free();

    let server = Process::start(folder.path(), &set);
    let mut a = server.login(alice).await;
    a.ask(send(alice, bob, "after all")).await;
    stored.push("after all".to_owned());
    server.stop();
    let rows = rows::sound_messages(&file);
    let contents: Vec<&str> = rows.iter().map(|row| row.content.as_str()).collect();
    assert_eq!(contents, stored, "what was acknowledged, and nothing that was refused");

    // A first start without room.
    let fresh = disk.path().join("fresh.db");
    let mut ballast = Ballast::new(disk.path());
    ballast.fill();
    let url = format!("store.url=sqlite://{}", fresh.display());
    let line = complaint(&process::run(folder.path(), &[&url], &["serve"]));
    assert!(line.contains(&fresh.display().to_string()) && line.contains("full"), "{line}");
    ballast.free();
    Process::start(folder.path(), &[&url]).stop();
}
