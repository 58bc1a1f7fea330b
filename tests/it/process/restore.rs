//! A backup put back: another history, of which every client is told.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use diesel::connection::SimpleConnection as _;
use serde_json::{Value, json};

use super::faults::complaint;
use super::rows::{self, sound_messages};
use crate::harness::neighbours::send;
use crate::harness::postgres::Schema;
use crate::harness::process::{accounts, accounts_with, run};
use crate::harness::{Account, Client, Process};

fn text(done: Output) -> String {
    assert!(done.status.success() && done.stderr.is_empty(), "{done:?}");
    String::from_utf8(done.stdout).unwrap()
}

/// A session with the feature "sync", and the name of the history that it was welcomed to.
async fn open(hub: &Process, account: &Account) -> (Client, String) {
    let mut client = Client::open(hub.address, "/ws").await;
    client.ask(json!({"type": "heartbeat", "payload": {}})).await;
    let auth = json!({"auth": account.token, "features": ["sync"]});
    let welcome = client.ask(json!({"type": "auth", "payload": auth})).await;
    let epoch = welcome["payload"]["epoch"].as_str().expect("an epoch").to_owned();
    (client, epoch)
}

/// Asks what has changed; gives the contents that came, and the end.
async fn sync(
    client: &mut Client,
    room: &str,
    rev: i64,
    epoch: Option<&str>,
) -> (Vec<String>, Value) {
    let mut payload = json!({"rooms": {room: rev}});
    if let Some(epoch) = epoch {
        payload["epoch"] = epoch.into();
    }
    client.send(&json!({"type": "sync", "payload": payload})).await;
    let mut contents = Vec::new();
    loop {
        let frame = client.recv().await;
        if frame["type"] == "sync" {
            return (contents, frame["payload"].clone());
        }
        contents.push(frame["payload"]["content"].as_str().unwrap().to_owned());
    }
}

async fn say(client: &mut Client, [from, to]: [&Account; 2], contents: &[&str]) {
    for content in contents {
        assert_eq!(client.ask(send(from, to, content)).await["payload"]["content"], *content);
    }
}

#[actix_web::test]
async fn a_client_from_before_a_restore_starts_over_and_converges() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let users = accounts(folder, 2);
    let [alice, bob] = [&users[0], &users[1]];
    let room = alice.room(bob);
    let hub = Process::start(folder, &[]);
    let (mut a, old) = open(&hub, alice).await;
    say(&mut a, [alice, bob], &["1", "2", "3"]).await;
    let copy = folder.join("copy.db").display().to_string();
    assert_eq!(text(run(folder, &[], &["backup", &copy])), format!("backed up to {copy}\n"));
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    say(&mut a, [alice, bob], &["4", "5"]).await;
    let (_, end) = sync(&mut a, &room, 5, Some(&old)).await;
    assert_eq!(end, json!({"rooms": {&room: 5}, "complete": true, "epoch": old}));
    // Nothing is put under a hub that lives.
    let refused = complaint(&run(folder, &[], &["restore", &copy]));
    assert!(refused.contains("a hub has it"), "{refused}");
    a.close().await;
    hub.stop();

    let said = text(run(folder, &[], &["restore", &copy]));
    let (first, second) = said.trim_end().split_once('\n').unwrap();
    assert_eq!(first, format!("restored from {copy}"));
    let aside = second.strip_prefix("what was there before is in ").unwrap();
    assert_eq!(sound_messages(Path::new(aside)).len(), 5);
    assert_eq!(sound_messages(&folder.join("tradewind.db")).len(), 3);
    let hub = Process::start(folder, &[]);
    let (mut a, new) = open(&hub, alice).await;
    assert_ne!(new, old);
    let reset = json!({"epoch": new, "reset": true});
    // By its name, whatever the revs; or by a rev that is not reached here.
    for (rev, epoch) in [(5, Some(&*old)), (0, Some(&*old)), (5, None), (4, Some(&*new)), (4, None)]
    {
        let (contents, end) = sync(&mut a, &room, rev, epoch).await;
        assert_eq!((contents, end), (vec![], reset.clone()), "{rev} {epoch:?}");
    }
    let (contents, end) = sync(&mut a, &room, 0, Some(&new)).await;
    assert_eq!(contents, ["1", "2", "3"]);
    assert_eq!(end, json!({"rooms": {&room: 3}, "complete": true, "epoch": new}));
    // The revs go on to where the old history was: only its name tells them apart.
    say(&mut a, [alice, bob], &["vier", "fünf"]).await;
    let (contents, end) = sync(&mut a, &room, 5, Some(&old)).await;
    assert_eq!((contents, end), (vec![], reset));
    a.close().await;
    hub.stop();
    // A restart is no other history.
    let hub = Process::start(folder, &[]);
    let (mut a, again) = open(&hub, alice).await;
    assert_eq!(again, new);
    assert_eq!(sync(&mut a, &room, 3, Some(&new)).await.0, ["vier", "fünf"]);
    // Bad names are refused, and none is fine.
    for epoch in [json!(7), json!([]), json!({})] {
        let payload = json!({"rooms": {&room: 5}, "epoch": epoch});
        let answer = a.ask(json!({"type": "sync", "payload": payload})).await;
        assert_eq!(answer["payload"]["code"], 4000, "{answer}");
    }
    let payload = json!({"rooms": {&room: 5}, "epoch": null});
    let answer = a.ask(json!({"type": "sync", "payload": payload})).await;
    assert_eq!(answer["payload"]["complete"], true);
    a.close().await;
    hub.stop();
}

#[actix_web::test]
async fn each_copy_becomes_a_history_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let users = accounts(folder, 2);
    let url = |name: &str| format!("store.url=sqlite://{}", folder.join(name).display());
    let copy = |set: &[&str], name: &str| {
        text(run(folder, set, &["backup", &folder.join(name).display().to_string()]));
    };
    let epoch = async |set: &[&str]| {
        let hub = Process::start(folder, set);
        let (client, epoch) = open(&hub, &users[0]).await;
        client.close().await;
        hub.stop();
        epoch
    };
    let mut seen = vec![epoch(&[]).await];
    copy(&[], "one.db");
    copy(&[], "two.db");
    copy(&[&url("one.db")], "three.db");
    for name in ["one.db", "two.db", "three.db"] {
        seen.push(epoch(&[&url(name)]).await);
        assert_eq!(epoch(&[&url(name)]).await, *seen.last().unwrap());
    }
    // Another tool's copy says nothing of being one: it is told.
    fs::copy(folder.join("one.db"), folder.join("tool.db")).unwrap();
    let told = run(folder, &[&url("tool.db")], &["restore", "--new-epoch"]);
    assert_eq!(text(told), "a new history begins with the next start\n");
    seen.push(epoch(&[&url("tool.db")]).await);
    // Where nothing was.
    text(run(
        folder,
        &[&url("new.db")],
        &["restore", &folder.join("one.db").display().to_string()],
    ));
    seen.push(epoch(&[&url("new.db")]).await);
    let all = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), all);
    // The schema of a release that knew no epochs can be copied, too.
    let old = "DROP TABLE epochs; DELETE FROM __diesel_schema_migrations WHERE version = '20261129000200'";
    rows::connect(&folder.join("two.db")).batch_execute(old).unwrap();
    copy(&[&url("two.db")], "old.db");
    epoch(&[&url("old.db")]).await;
}

#[actix_web::test]
async fn a_new_epoch_on_postgresql() {
    let (folder, schema) = (tempfile::tempdir().unwrap(), Schema::create());
    let set = [&*format!("store.url={}", schema.url())];
    let users = accounts_with(folder.path(), &set, 1);
    let mut seen = Vec::new();
    for _ in 0..2 {
        let hub = Process::start(folder.path(), &set);
        let refused = complaint(&run(folder.path(), &set, &["restore", "--new-epoch"]));
        assert!(refused.contains("a hub has it"), "{refused}");
        let (client, epoch) = open(&hub, &users[0]).await;
        client.close().await;
        hub.stop();
        seen.push(epoch);
        text(run(folder.path(), &set, &["restore", "--new-epoch"]));
    }
    assert_ne!(seen[0], seen[1]);
    let file = complaint(&run(folder.path(), &set, &["restore", "copy.db"]));
    assert!(file.contains("pg_restore"), "{file}");
}

#[test]
fn what_is_no_good_copy_is_refused_and_nothing_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert!(run(folder, &[], &["migrate"]).status.success());
    let path = |name: &str| folder.join(name).display().to_string();
    text(run(folder, &[], &["backup", &path("newer.db")]));
    text(run(folder, &[], &["backup", &path("damaged.db")]));
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')";
    rows::connect(&folder.join("newer.db")).batch_execute(newer).unwrap();
    let mut bytes = fs::read(path("damaged.db")).unwrap();
    bytes[5_000..].fill(0xA5);
    fs::write(path("damaged.db"), bytes).unwrap();
    fs::write(path("letter.db"), "This is a letter to my aunt.\n".repeat(400)).unwrap();
    fs::write(path("empty.db"), "").unwrap();
    rows::connect(&folder.join("foreign.db")).batch_execute("CREATE TABLE users (a)").unwrap();
    let before = fs::read(path("tradewind.db")).unwrap();
    for (args, about) in [
        (&["restore"][..], "--new-epoch"),
        (&["restore", &path("missing.db")], "No such file"),
        (&["restore", &path("")], "is no file"),
        (&["restore", &path("letter.db")], "not a database"),
        (&["restore", &path("empty.db")], "no database of Tradewind"),
        (&["restore", &path("foreign.db")], "no database of Tradewind"),
        (&["restore", &path("damaged.db")], "malformed"),
        (&["restore", &path("newer.db")], "newer than this release"),
        (&["restore", &path("tradewind.db")], "the database itself"),
    ] {
        let line = complaint(&run(folder, &[], args));
        assert!(line.contains(about), "{args:?}: {line}");
    }
    assert_eq!(fs::read(path("tradewind.db")).unwrap(), before);
    assert!(!fs::exists(path("tradewind.db.restoring")).unwrap());
    let nowhere =
        complaint(&run(folder, &["store.url=sqlite://no.db"], &["restore", "--new-epoch"]));
    assert!(nowhere.contains("no.db") && !folder.join("no.db").exists(), "{nowhere}");
}

#[actix_web::test]
async fn a_restore_that_was_cut_off_makes_no_empty_database() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    accounts(folder, 2);
    let [file, copy] = ["tradewind.db", "copy.db"].map(|name| folder.join(name));
    text(run(folder, &[], &["backup", copy.to_str().unwrap()]));
    // As a kill between the two renames leaves it.
    fs::rename(&file, folder.join("tradewind.db.before-1")).unwrap();
    fs::copy(&copy, folder.join("tradewind.db.restoring")).unwrap();
    for args in [&["serve"][..], &["user", "add", "--name", "eve", "--email", "e@x.example"]] {
        let line = complaint(&run(folder, &[], args));
        assert!(line.contains("a restore was cut off: run it again"), "{line}");
    }
    assert!(!file.exists());
    text(run(folder, &[], &["restore", copy.to_str().unwrap()]));
    Process::start(folder, &[]).stop();
    assert!(fs::metadata(&file).unwrap().len() > 0);
}
