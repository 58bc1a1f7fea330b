//! The migrations, against what diesel believes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use diesel::connection::SimpleConnection;
use diesel::deserialize::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use diesel::{RunQueryDsl, sql_query};
use tradewind::store::Database;
use tradewind::store::accounts::mails::KIND;
use tradewind::store::accounts::registrations::{self, Mail, NewRegistration};
use tradewind::store::chat::{changes, rooms};
use tradewind::store::engine::Connection;
use tradewind::store::jobs::Lease;
use tradewind::store::jobs::queue;

use super::harness::{TestDb, at, email, id, make_users, name, on_both, pair};

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    type_name: String,
    #[diesel(sql_type = BigInt)]
    not_null: i64,
}

const SQLITE_COLUMNS: &str = "SELECT m.name AS table_name, c.name AS column_name, \
    c.type AS type_name, c.\"notnull\" AS not_null FROM sqlite_schema m, pragma_table_info(m.name) c \
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";

const POSTGRES_COLUMNS: &str = "SELECT table_name::text AS table_name, \
    column_name::text AS column_name, data_type::text AS type_name, \
    CASE is_nullable WHEN 'NO' THEN 1::bigint ELSE 0::bigint END AS not_null \
    FROM information_schema.columns WHERE table_schema = current_schema()";

type Tables = BTreeMap<String, BTreeSet<String>>;

/// Tables and columns, as `name type` or `name type?` if it can be null.
fn found(database: &Database) -> Tables {
    let columns: Vec<Column> = database
        .read(|conn| {
            Ok(match conn {
                Connection::Sqlite(sqlite) => sql_query(SQLITE_COLUMNS).load(sqlite)?,
                Connection::Postgres(postgres) => sql_query(POSTGRES_COLUMNS).load(postgres)?,
            })
        })
        .unwrap();
    let mut tables = Tables::new();
    for Column { table_name, column_name, type_name, not_null } in columns {
        let null = if not_null == 1 { "" } else { "?" };
        let column = format!("{column_name} {}{null}", type_name.to_lowercase());
        tables.entry(table_name).or_default().insert(column);
    }
    tables.remove("__diesel_schema_migrations");
    tables
}

/// What `schema.rs` says, in the words of the database.
fn declared(sqlite: bool) -> Tables {
    let (mut tables, mut table) = (Tables::new(), String::new());
    let schema = concat!(
        include_str!("../../../src/store/schema.rs"),
        include_str!("../../../src/store/schema/app_tables.rs"),
        include_str!("../../../src/store/schema/pubsub_tables.rs"),
    );
    for line in schema.lines().map(str::trim) {
        if let Some((name, "{")) = line.split_once(") ") {
            table = name.split(' ').next().unwrap().to_owned();
        } else if let Some((column, kind)) = line.trim_end_matches(',').split_once(" -> ")
            && line.ends_with(',')
        {
            let inner = kind.strip_prefix("Nullable<").map(|kind| kind.trim_end_matches('>'));
            let name = type_name(inner.unwrap_or(kind), sqlite);
            let null = if inner.is_some() { "?" } else { "" };
            tables.entry(table.clone()).or_default().insert(format!("{column} {name}{null}"));
        }
    }
    tables
}

fn type_name(kind: &str, sqlite: bool) -> &'static str {
    match (kind, sqlite) {
        ("BigInt" | "Integer" | "SmallInt" | "Bool", true) => "integer",
        ("Binary", true) => "blob",
        ("BigInt", false) => "bigint",
        ("Integer", false) => "integer",
        ("SmallInt", false) => "smallint",
        ("Bool", false) => "boolean",
        ("Binary", false) => "bytea",
        ("Text", _) => "text",
        other => panic!("{other:?}"),
    }
}

/// One way of a migration.
fn sql(db: &TestDb, name: &str, way: &str) -> String {
    let kind = if db.is_sqlite() { "sqlite" } else { "postgres" };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(kind);
    fs::read_to_string(root.join(name).join(way)).unwrap()
}

fn run(database: &Database, sql: &str) {
    database.write(|conn| Ok(conn.batch_execute(sql)?)).unwrap();
}

on_both! {
    fn the_schema_is_what_diesel_believes(db) {
        let declared = declared(db.is_sqlite());
        assert!(declared.len() >= 12, "{declared:?}");
        assert_eq!(found(&db.open()), declared);
    }

    fn a_second_migration_does_nothing(db) {
        let database = Database::open(&db.settings).unwrap();
        let all = [
            "2026-11-21-000000_foundation",
            "2026-11-22-000000_write_path",
            "2026-11-22-000001_chatting",
            "2026-11-22-000002_groups",
            "2026-11-22-000003_accounts",
            "2026-11-22-000004_deleted_users",
            "2026-11-22-000005_resets",
            "2026-11-29-000100_name_keys",
            "2026-11-29-000200_epochs",
            "2026-11-29-000400_login_networks",
            "2026-11-29-000500_quotas",
            "2026-11-29-000600_offers",
            "2026-11-29-000700_authors",
            "2026-11-30-000100_jobs",
            "2026-11-30-000200_apps",
            "2026-11-30-000300_conversations",
            "2026-11-30-000400_delivery_marks",
            "2026-11-30-000500_removed_apps",
            "2026-11-30-000600_pubsub",
            "2026-11-30-000700_received_pushes",
            "2026-12-01-000100_app_servers",
            "2026-12-01-000200_bridges",
            "2026-12-01-000300_removed_servers",
            "2026-12-01-000400_unqueued",
        ];
        assert_eq!(database.migrate().unwrap(), all);
        assert!(database.migrate().unwrap().is_empty());
        assert!(Database::open(&db.settings).unwrap().migrate().unwrap().is_empty());
    }

    fn mails_that_wait_become_jobs_and_mails_again(db) {
        let sql = |way: &str| sql(&db, "2026-11-30-000100_jobs", way);
        let database = db.open();
        run(&database, &sql("down.sql"));
        for address in ["ann@x.org", "ann@x.org", "bob@x.org"] {
            run(&database, &format!(
                "INSERT INTO registrations (name, email, password_hash, created_at, expires_at) \
                 VALUES ('somebody', '{address}', 'hash', 1, 900)"
            ));
        }
        run(&database, "INSERT INTO resets (email, expires_at) VALUES ('carol@x.org', 900)");
        run(&database, "INSERT INTO mails (registration_id, reset_id, attempts, due_at) \
                        VALUES (1, NULL, 2, 50), (2, NULL, 0, 40), (3, NULL, 0, 10), (NULL, 1, 1, 20)");
        let waiting = || {
            let lease = Lease { by: 0, until: at(60) };
            let jobs = database.write(|conn| queue::claim(conn, KIND, at(60), lease, 9)).unwrap();
            jobs.into_iter().map(|job| (job.payload, job.attempts)).collect::<Vec<_>>()
        };
        let expected = |first: &str| {
            let first = first.to_owned();
            [("registration/3".to_owned(), 0), ("reset/1".to_owned(), 1), ("registration/2".to_owned(), 0), (first, 2)]
        };
        run(&database, &sql("up.sql"));
        assert_eq!(waiting(), expected("registration/1"));
        // There is no second mail to an address while one waits.
        let new = NewRegistration {
            name: &name("ann"),
            email: &email("ann@x.org"),
            password_hash: "hash",
            created_at: at(60),
            expires_at: at(900),
        };
        database.write(|conn| registrations::create(conn, &new, Mail::One)).unwrap();
        assert_eq!(waiting(), expected("registration/4"));
        run(&database, &sql("down.sql"));
        run(&database, &sql("up.sql"));
        assert_eq!(waiting(), expected("registration/4"));
    }

    fn rooms_and_messages_survive_the_write_path(db) {
        let sql = |name: &str, way: &str| sql(&db, name, way);
        let write_path = "2026-11-22-000000_write_path";
        let later = "2026-11-22-000001_chatting";
        let database = db.open();
        make_users(&database, &[2, 4]);
        run(&database, &sql(later, "down.sql"));
        run(&database, &sql(write_path, "down.sql"));
        // Sent, sent, 1 edited, sent, 3 deleted, sent.
        run(&database, "INSERT INTO rooms (id, low, high, seq, rev, last_at) \
                        VALUES (7, 2, 4, 4, 6, 40)");
        let rows = [(1, 3, "15"), (2, 2, "NULL"), (3, 5, "35"), (4, 6, "NULL")];
        for (seq, rev, edited_at) in rows {
            let deleted = if db.is_sqlite() { "0" } else { "FALSE" };
            run(&database, &format!(
                "INSERT INTO messages (id, room_id, seq, rev, author_id, created_at, edited_at, \
                 deleted, content) VALUES ({seq}, 7, {seq}, {rev}, 2, {seq}0, {edited_at}, \
                 {deleted}, 'text')"
            ));
        }
        let check = || {
            let (room, changes) = database
                .read(|conn| {
                    let room = rooms::of_pair(conn, pair(2, 4))?.unwrap();
                    let changes = (0..=6).map(|since| changes::changes(conn, &room, id(2), since, 10));
                    Ok((room.clone(), changes.collect::<Result<Vec<_>, _>>()?))
                })
                .unwrap();
            assert_eq!((room.seq, room.rev(), room.last_at), (4, 6, Some(at(40))));
            for (since, changes) in (0..).zip(changes) {
                let revs: Vec<i64> = changes.iter().map(|message| message.rev).collect();
                let later: Vec<i64> = [2, 3, 5, 6].into_iter().filter(|rev| *rev > since).collect();
                assert_eq!(revs, later);
            }
        };
        run(&database, &sql(write_path, "up.sql"));
        run(&database, &sql(later, "up.sql"));
        check();
        run(&database, &sql(later, "down.sql"));
        run(&database, &sql(write_path, "down.sql"));
        run(&database, &sql(write_path, "up.sql"));
        run(&database, &sql(later, "up.sql"));
        check();
    }

    fn several_processes_may_migrate_at_once(db) {
        let start = |_| {
            let url = format!("store.url={}", db.settings.url.expose());
            Command::new(env!("CARGO_BIN_EXE_tradewind"))
                .args(["migrate", "--set", &url])
                .current_dir(db.dir.path())
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        };
        let others: Vec<Child> = (0..6).map(start).collect();
        for mut other in others {
            assert!(other.wait().unwrap().success());
        }
        let database = Database::open(&db.settings).unwrap();
        assert!(database.migrate().unwrap().is_empty());
    }
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |folder: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect::<BTreeSet<_>>()
    };
    assert_eq!(names("sqlite"), names("postgres"));
}
