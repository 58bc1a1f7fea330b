//! The files of the database are removed, replaced, moved or written over while the hub runs.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use futures_util::future::join_all;
use serde_json::json;

use super::rows;
use crate::harness::neighbours::send;
use crate::harness::{Account, Client, Process, http, process};

/// Time enough to ask a few questions.
const GRACE: &str = "store.lost_grace_ms=1500";

/// A hub on `data/hub.db`, with two users who talk.
struct Stage {
    folder: tempfile::TempDir,
    accounts: Vec<Account>,
    alice: Client,
    bob: Client,
    server: Process,
}

impl Stage {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = url(folder.path());
        let accounts = process::accounts_with(folder.path(), &[&url], 2);
        let server = Process::start(folder.path(), &[&url, GRACE]);
        let alice = server.login(&accounts[0]).await;
        let bob = server.login(&accounts[1]).await;
        let mut stage = Self { folder, accounts, alice, bob, server };
        for content in ["one", "two"] {
            assert!(stage.sends(content).await);
        }
        let backup = stage.file("backup.db").display().to_string();
        let copied = process::run(stage.folder.path(), &[&url], &["backup", &backup]);
        assert!(copied.status.success(), "{copied:?}");
        assert!(stage.sends("three").await);
        stage
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join("data").join(name)
    }

    /// Whether a message is acknowledged; then bob has it, else he hears nothing of it.
    async fn sends(&mut self, content: &str) -> bool {
        let answer = self.alice.ask(send(&self.accounts[0], &self.accounts[1], content)).await;
        let told = self.bob.drain().await;
        if answer["type"] == "chat" {
            assert_eq!(told, [answer]);
            return true;
        }
        assert_eq!(answer["payload"]["code"], 1011, "{answer}");
        assert!(told.is_empty(), "{told:?}");
        false
    }

    /// What is stored can be looked at.
    async fn shows(&mut self, messages: usize) {
        let payload = json!({"type": "chat", "load_id": self.accounts[0].room(&self.accounts[1]),
            "datetime": "MjA5OS0wMS0wMSAwMDowMDowMC4wMDAwMDA=", "count": 50});
        self.bob.send(&json!({"type": "load", "payload": payload})).await;
        assert_eq!(self.bob.drain().await.len(), messages);
    }

    /// The answer to "are you ready", which must be no.
    async fn unready(&self) -> String {
        let answer = http::send(self.server.address, ("GET", "/readyz"), &[], "").await;
        assert_eq!(answer.status, 503, "{}", answer.text);
        assert_eq!(self.server.metric("tradewind_store_ready").await, 0.0);
        let alive = http::send(self.server.address, ("GET", "/healthz"), &[], "").await;
        assert_eq!(alive.status, 200);
        answer.text
    }
}

fn url(folder: &Path) -> String {
    format!("store.url=sqlite://{}", folder.join("data/hub.db").display())
}

fn contents(file: &Path) -> Vec<String> {
    rows::sound_messages(file).into_iter().map(|row| row.content).collect()
}

/// What is done to the files, what the hub says of it, and what is there after a new start.
type Case = (fn(&Path), &'static str, &'static [&'static str]);

const ALL: &[&str] = &["one", "two", "three"];
const BACKUP: &[&str] = &["one", "two"];

fn remove(folder: &Path, ends: &[&str]) {
    for end in ends {
        fs::remove_file(folder.join(format!("data/hub.db{end}"))).unwrap();
    }
}

fn truncate(folder: &Path, name: &str) {
    OpenOptions::new().write(true).truncate(true).open(folder.join("data").join(name)).unwrap();
}

const LOST: &[Case] = &[
    (|it| remove(it, &["", "-wal", "-shm"]), "hub.db was removed", &[]),
    (|it| remove(it, &[""]), "hub.db was removed", &[]),
    (|it| fs::remove_dir_all(it.join("data")).unwrap(), "hub.db was removed", &[]),
    (|it| remove(it, &["-wal"]), "hub.db-wal was removed", ALL),
    (|it| remove(it, &["-shm"]), "hub.db-shm was removed", ALL),
    (|it| remove(it, &["-wal", "-shm"]), "was removed", ALL),
    (
        |it| fs::rename(it.join("data/backup.db"), it.join("data/hub.db")).unwrap(),
        "hub.db was replaced",
        BACKUP,
    ),
    (
        |it| {
            remove(it, &[""]);
            drop(fs::File::create(it.join("data/hub.db")).unwrap());
        },
        "hub.db was replaced",
        &[],
    ),
    (
        |it| {
            fs::rename(it.join("data"), it.join("old")).unwrap();
            fs::create_dir(it.join("data")).unwrap();
            fs::copy(it.join("old/backup.db"), it.join("data/hub.db")).unwrap();
        },
        "hub.db was replaced",
        BACKUP,
    ),
    // The same file, and not what SQLite has written.
    (
        |it| assert!(fs::copy(it.join("data/backup.db"), it.join("data/hub.db")).unwrap() > 0),
        "hub.db was written over",
        BACKUP,
    ),
    (|it| truncate(it, "hub.db"), "hub.db was written over or cut short", &[]),
    (
        |it| fs::write(it.join("data/hub.db"), vec![7; 1 << 20]).unwrap(),
        "hub.db was written over",
        &[],
    ),
];

#[actix_web::test]
async fn what_cannot_be_undone_ends_it_and_nothing_is_acknowledged_meanwhile() {
    for some in LOST.chunks(4) {
        join_all(some.iter().map(|case| lose(*case))).await;
    }
}

async fn lose((fault, said, left): Case) {
    let mut stage = Stage::start().await;
    fault(stage.folder.path());
    if said.contains("-shm") {
        // Nothing is lost with the index of the log, so it is looked at but once a second.
        stage.server.until_metric("tradewind_store_ready", |ready| ready == 0.0).await;
    }
    assert!(!stage.sends("lost").await, "{said}");
    let text = stage.unready().await;
    assert!(text.contains(said) && text.contains("restore"), "{text}");
    let Stage { folder, accounts: _accounts, alice, mut bob, server } = stage;
    let (code, reason) = bob.closed().await;
    assert_eq!(code, 1012, "{reason}");
    drop((alice, bob));
    let status = tokio::task::spawn_blocking(move || server.wait()).await.unwrap();
    assert_eq!(status.code(), Some(1), "{said}");
    let log = fs::read_to_string(folder.path().join("stderr.log")).unwrap();
    let line = log.lines().last().unwrap();
    assert!(line.starts_with("tradewind: ") && line.contains(said), "{line}");
    assert!(line.contains("restore"), "{line}");

    // What is there now is what the next start takes, and no log of another file gets into it.
    let file = folder.path().join("data/hub.db");
    if !left.is_empty() {
        Process::start(folder.path(), &[&url(folder.path())]).stop();
        assert_eq!(contents(&file), left, "{said}");
    }
}

#[actix_web::test]
async fn files_that_were_moved_and_come_back_heal_it() {
    let mut stage = Stage::start().await;
    let folder = stage.folder.path().to_owned();
    let mut stored = vec!["one", "two", "three"];
    type Move = fn(&Path, bool);
    let moves: [(Move, &'static str); 3] = [
        (|it, back| rename(&it.join("data"), &it.join("away"), back), "four"),
        (|it, back| rename(&it.join("data/hub.db"), &it.join("data/other.db"), back), "five"),
        (|it, back| rename(&it.join("data/hub.db-wal"), &it.join("data/wal"), back), "six"),
    ];
    for (moved, content) in moves {
        moved(&folder, false);
        assert!(!stage.sends("refused").await);
        let text = stage.unready().await;
        assert!(text.contains("put it back"), "{text}");
        // What is open can still be read.
        stage.shows(stored.len()).await;
        moved(&folder, true);
        stage.server.until_metric("tradewind_store_ready", |ready| ready == 1.0).await;
        let ready = http::send(stage.server.address, ("GET", "/readyz"), &[], "").await;
        assert_eq!((ready.status, ready.text.as_str()), (200, "ready\n"));
        assert!(stage.sends(content).await);
        stored.push(content);
    }
    let file = stage.file("hub.db");
    let Stage { folder: _folder, server, .. } = stage;
    server.stop();
    assert_eq!(contents(&file), stored, "what was acknowledged, and nothing that was refused");
}

fn rename(from: &Path, to: &Path, back: bool) {
    let (from, to) = if back { (to, from) } else { (from, to) };
    fs::rename(from, to).unwrap();
}

#[actix_web::test]
async fn a_database_that_others_tidy_up_is_not_taken_for_one_that_is_cut_short() {
    let mut stage = Stage::start().await;
    let file = stage.file("hub.db");
    let mut conn = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    let fill = "CREATE TABLE filler AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n \
                WHERE i < 300) SELECT randomblob(4000) FROM n; PRAGMA wal_checkpoint(TRUNCATE)";
    conn.batch_execute(fill).unwrap();
    let large = fs::metadata(&file).unwrap().len();
    // The hub has seen it large: by a write, and once more by its own look each second.
    assert!(stage.sends("large").await);
    stage.server.until_metric("tradewind_store_ready", |ready| ready == 1.0).await;
    let tidy = "DROP TABLE filler; VACUUM; PRAGMA wal_checkpoint(TRUNCATE)";
    conn.batch_execute(tidy).unwrap();
    assert!(fs::metadata(&file).unwrap().len() < large - 1_000_000);
    // Before any message: what looks first must know it, too.
    let answer = http::send(stage.server.address, ("GET", "/readyz"), &[], "").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(stage.sends("small").await);
    stage.server.stop();
    assert_eq!(contents(&file), ["one", "two", "three", "large", "small"]);
}
