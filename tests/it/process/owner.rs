//! One hub owns its database: a second one is turned away, and a newer schema is not touched.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Output;

use diesel::connection::SimpleConnection as _;
use diesel::dsl::sql;
use diesel::sql_types::{Bool, Integer};
use diesel::{Connection as _, PgConnection, RunQueryDsl as _, select};

use super::faults::complaint;
use super::rows;
use crate::harness::neighbours::send;
use crate::harness::postgres::Schema;
use crate::harness::process::{self, command, output, run};
use crate::harness::{Process, http, soon};

/// A second hub on the database at `url`, which must end.
fn second(folder: &Path, url: &str) -> String {
    complaint(&run(folder, &[&format!("store.url={url}")], &["serve"]))
}

#[actix_web::test]
async fn a_second_hub_on_one_file_is_refused_by_whatever_path() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let accounts = process::accounts(folder, 2);
    let hub = Process::start(folder, &[]);
    fs::create_dir(folder.join("elsewhere")).unwrap();
    symlink(folder.join("tradewind.db"), folder.join("elsewhere/link.db")).unwrap();
    symlink(folder, folder.join("way")).unwrap();
    let url = |path: &str| format!("sqlite://{}", folder.join(path).display());
    for path in
        ["tradewind.db", "elsewhere/../tradewind.db", "elsewhere/link.db", "way/tradewind.db"]
    {
        let line = second(folder, &url(path));
        assert!(line.contains(&format!("process {}, since 20", hub.id())), "{line}");
        assert!(line.contains(&format!("at http://{}", hub.address)), "{line}");
    }
    assert!(second(folder, "sqlite://tradewind.db").contains("a hub has it"), "a relative path");
    fs::hard_link(folder.join("tradewind.db"), folder.join("elsewhere/other.db")).unwrap();
    let line = second(folder, &url("elsewhere/other.db"));
    assert!(line.contains("2 names (hard links)"), "{line}");
    fs::remove_file(folder.join("elsewhere/other.db")).unwrap();
    // The first has not noticed anything.
    let mut alice = hub.login(&accounts[0]).await;
    assert_eq!(alice.ask(send(&accounts[0], &accounts[1], "hello")).await["type"], "chat");
    alice.close().await;

    // The lock is the system's: it does not outlive its holder, whatever the file says.
    hub.kill();
    let hub = Process::start(folder, &[]);
    assert!(second(folder, "sqlite://tradewind.db").contains(&format!("process {},", hub.id())));
    hub.stop();
    Process::start(folder, &[]).stop();
}

#[test]
fn hubs_on_two_files_do_not_meet() {
    let folder = tempfile::tempdir().unwrap();
    let other = format!("store.url=sqlite://{}", folder.path().join("other.db").display());
    let (one, two) = (Process::start(folder.path(), &[]), Process::start(folder.path(), &[&other]));
    one.stop();
    two.stop();
}

/// What the test itself says to PostgreSQL.
fn ask<T>(url: &str, query: &str) -> T
where
    T: diesel::deserialize::FromSqlRow<Integer, diesel::pg::Pg> + 'static,
{
    let mut conn = PgConnection::establish(url).unwrap();
    diesel::dsl::select(sql::<Integer>(query)).get_result(&mut conn).unwrap()
}

/// The connection that has the lock.
const KEEPER: &str = "pid FROM pg_stat_activity WHERE application_name LIKE 'tradewind %' AND \
                      pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted)";

#[actix_web::test]
async fn a_second_hub_on_one_schema_is_refused() {
    let (folder, schema, other) =
        (tempfile::tempdir().unwrap(), Schema::create(), Schema::create());
    let url = format!("store.url={}", schema.url());
    let hub = Process::start(folder.path(), &[&url]);
    let elsewhere = tempfile::tempdir().unwrap();
    let line = second(elsewhere.path(), &schema.url());
    assert!(line.contains(&format!("process {}, since 20", hub.id())), "{line}");
    assert!(line.contains(&format!("at http://{}", hub.address)), "{line}");
    // Another schema of the same database is another hub's.
    Process::start(elsewhere.path(), &[&format!("store.url={}", other.url())]).stop();
    hub.kill();
    Process::start(elsewhere.path(), &[&url]).stop();
}

#[actix_web::test]
async fn a_hub_whose_lock_was_cut_off_takes_it_again_or_ends() {
    let (folder, schema) = (tempfile::tempdir().unwrap(), Schema::create());
    let url = schema.url();
    let hub = Process::start(folder.path(), &[&format!("store.url={url}")]);
    let ready = || http::send(hub.address, ("GET", "/readyz"), &[], "");
    let own = format!("{KEEPER} AND application_name LIKE '% {}'", hub.address);
    let before: i32 = ask(&url, &own);
    ask::<i32>(&url, &format!("1 FROM pg_terminate_backend({before})"));
    soon("the lock is held again", async {
        while !hub.log().contains("the lock is held again\n") {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await;
    assert_eq!(ready().await.status, 200);
    assert!(second(folder.path(), &url).contains("a hub has it"));

    // Now somebody is faster.
    let mut thief = PgConnection::establish(&url).unwrap();
    let now: i32 = ask(&url, &own);
    ask::<i32>(&url, &format!("1 FROM pg_terminate_backend({now})"));
    let take =
        "pg_advisory_lock(hashtext('tradewind hub'), hashtext(current_schema())) IS NOT NULL";
    assert!(select(sql::<Bool>(take)).get_result::<bool>(&mut thief).unwrap());
    let log = folder.path().join("stderr.log");
    assert_eq!(hub.wait().code(), Some(1));
    let said = fs::read_to_string(log).unwrap();
    let last = said.lines().last().unwrap();
    assert!(last.starts_with("tradewind: ") && last.contains("has it"), "{last}");
}

/// All commands that write, on a database whose schema is newer, must refuse.
fn all_refuse(run: impl Fn(&[&str]) -> Output) {
    for args in [
        &["serve"][..],
        &["serve", "--demo"],
        &["migrate"],
        &["user", "add", "--name", "a", "--email", "a@b.example"],
        &["user", "token", "--name", "u"],
        &["service-key", "add", "--name", "s"],
        &["service-key", "list"],
        &["service-key", "remove", "--name", "s"],
        &["seed", "--users", "2", "--out", "seeded.json"],
    ] {
        let line = complaint(&run(args));
        assert!(line.contains("the schema is newer than this release"), "{args:?}: {line}");
        assert!(line.contains("99990101"), "{args:?}: {line}");
    }
}

const NEWER: &str = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')";

#[test]
fn a_newer_schema_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let in_folder = |args: &[&str]| {
        let mut command = command(folder.path(), &[]);
        command.args(args);
        output(command)
    };
    assert!(in_folder(&["migrate"]).status.success());
    rows::connect(&folder.path().join("tradewind.db")).batch_execute(NEWER).unwrap();
    all_refuse(in_folder);
}

#[test]
fn a_newer_schema_on_postgresql_is_refused() {
    let (folder, schema) = (tempfile::tempdir().unwrap(), Schema::create());
    let set = format!("store.url={}", schema.url());
    let on_schema = |args: &[&str]| run(folder.path(), &[&set], args);
    assert!(on_schema(&["migrate"]).status.success());
    PgConnection::establish(&schema.url()).unwrap().batch_execute(NEWER).unwrap();
    all_refuse(on_schema);
}
