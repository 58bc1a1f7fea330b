//! What the operator reads when the database cannot be used: one clear line each.

use std::fs;

use diesel::connection::SimpleConnection;
use diesel::{Connection as _, SqliteConnection};
use tradewind::config::Secret;
use tradewind::store::accounts::users;
use tradewind::store::{Database, Durability, Settings, StoreError};

use super::harness::*;

fn open(url: &str) -> Result<Database, StoreError> {
    let database = Database::open(&Settings {
        url: Secret::new(url.to_owned()),
        busy_timeout_ms: 500,
        ..Settings::default()
    })?;
    database.migrate()?;
    Ok(database)
}

/// Checks that it is one line that names the place and the cause.
fn assert_line(error: &StoreError, place: &str, cause: &str) {
    let line = error.to_string();
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(line.contains(place) && line.contains(cause), "{line}");
}

#[test]
fn a_folder_is_made_but_not_the_one_above() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().display();
    open(&format!("sqlite://{path}/data/test.db")).unwrap();
    let error = open(&format!("sqlite://{path}/missing/data/test.db")).unwrap_err();
    let cause = format!("folder {path}/missing does not exist");
    assert_line(&error, "missing/data/test.db", &cause);
    assert!(!dir.path().join("missing").exists());
}

#[test]
fn a_file_may_have_any_name() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a?b.db", "a#b.db", "50%25.db", "a b&mode=ro.db", "é.db"] {
        let file = dir.path().join(name);
        let database = open(&format!("sqlite://{}", file.display())).unwrap();
        make_users(&database, &[2]);
        assert!(file.exists(), "{name}");
    }
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("letter.txt");
    let letter = "Dear reader, ".repeat(1_000);
    fs::write(&file, &letter).unwrap();
    let error = open(&format!("sqlite://{}", file.display())).unwrap_err();
    assert_line(&error, "letter.txt", "file is not a database");
    assert_eq!(fs::read_to_string(&file).unwrap(), letter);
    let error = open(&format!("sqlite://{}", dir.path().display())).unwrap_err();
    assert_line(&error, &dir.path().display().to_string(), "directory");
}

/// The kernel's own files cannot be written, not even by root, whom no mode stops.
#[test]
#[cfg(target_os = "linux")]
fn a_read_only_file_is_named() {
    let error = open("sqlite:///sys/kernel/uevent_seqnum").unwrap_err();
    let line = error.to_string().to_lowercase();
    assert_line(&error, "/sys/kernel/uevent_seqnum", "os error");
    assert!(line.contains("read-only file system") || line.contains("permission denied"), "{line}");
}

#[test]
fn a_locked_file_is_named() {
    let db = TestDb::sqlite();
    let path = db.dir.path().join("test.db");
    let mut other = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    other.batch_execute("BEGIN EXCLUSIVE; CREATE TABLE t (x)").unwrap();
    let error = open(db.settings.url.expose()).unwrap_err();
    assert_line(&error, "test.db", "database is locked");
    other.batch_execute("ROLLBACK").unwrap();
    let database = open(db.settings.url.expose()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let error = database.write(|_| Ok(())).unwrap_err();
    assert_line(&error, "test.db", "database is locked");
    database.read(users::count).unwrap();
}

#[test]
fn a_full_disk_is_named_and_forgotten_once_there_is_room() {
    let db = TestDb::sqlite();
    let database = db.open();
    let fill = |conn: &mut tradewind::store::engine::Connection| {
        conn.batch_execute("PRAGMA max_page_count = 40")?;
        let blob = "CREATE TABLE big AS SELECT randomblob(1000000) AS x";
        Ok(conn.batch_execute(blob)?)
    };
    let error = database.write(fill).unwrap_err();
    assert_line(&error, "test.db", "database or disk is full");
    make_users(&database, &[2]);
    assert_eq!(database.read(users::count).unwrap(), 1);
}

#[test]
fn an_unreachable_server_is_named_without_its_password() {
    let error = open("postgres://tradewind:hush@127.0.0.1:1/chat").unwrap_err();
    assert_line(&error, "postgres://127.0.0.1:1/chat", "refused");
    assert!(!error.to_string().contains("hush"));
}

#[test]
fn a_backup_is_a_database_with_the_same_content() {
    let db = TestDb::sqlite();
    let database = db.open();
    make_users(&database, &[2, 4, 6]);
    let copy = db.dir.path().join("copy.db");
    database.backup(&copy).unwrap();
    make_users(&database, &[8]);
    let opened = open(&format!("sqlite://{}", copy.display())).unwrap();
    for id in [2, 4, 6, 8].map(id) {
        let user = |database: &Database| database.read(|conn| users::by_id(conn, id)).unwrap();
        assert_eq!(user(&opened), user(&database).filter(|user| user.id.get() < 8));
    }
    let before = fs::read(&copy).unwrap();
    let error = database.backup(&copy).unwrap_err();
    assert_line(&error, "copy.db", "exists");
    assert_eq!(fs::read(&copy).unwrap(), before);
    let nowhere = db.dir.path().join("missing").join("copy.db");
    assert_line(&database.backup(&nowhere).unwrap_err(), "missing/copy.db", "No such file");
}

#[test]
fn postgres_has_its_own_backup() {
    let db = TestDb::postgres();
    let copy = db.dir.path().join("copy.db");
    let error = db.open().backup(&copy).unwrap_err();
    assert!(matches!(error, StoreError::Unsupported(_)) && error.to_string().contains("pg_dump"));
    assert!(!copy.exists());
}

on_both! {
    fn both_durabilities_work(db) {
        for durability in [Durability::Synced, Durability::Relaxed] {
            let settings = Settings { durability, ..db.settings.clone() };
            let database = Database::open(&settings).unwrap();
            database.migrate().unwrap();
            assert_eq!(database.read(users::count).unwrap(), 0);
        }
    }

    fn a_lost_connection_is_replaced(db) {
        let database = db.open();
        make_users(&database, &[2]);
        let lost = database.write(|conn| -> Result<(), StoreError> {
            match conn {
                tradewind::store::engine::Connection::Sqlite(sqlite) => sqlite.batch_execute("ROLLBACK")?,
                tradewind::store::engine::Connection::Postgres(postgres) => {
                    postgres.batch_execute("SELECT pg_terminate_backend(pg_backend_pid())")?;
                }
            }
            Ok(())
        });
        assert!(lost.is_err());
        make_users(&database, &[4]);
        assert_eq!(database.read(users::count).unwrap(), 2);
    }
}
