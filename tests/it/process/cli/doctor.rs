//! `doctor`, and what is said about settings that are probably wrong.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection, SqliteConnection};
use serde_json::Value;

use crate::harness::postgres::Schema;
use crate::harness::process::{command, output, run};
use crate::harness::{Process, http};

/// What the doctor finds, and whether it ended well.
fn examined(folder: &Path, set: &[&str]) -> (Value, bool) {
    let out = run(folder, set, &["doctor", "--json"]);
    let text = String::from_utf8(out.stdout.clone()).unwrap();
    let report: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{out:?}"));
    assert_eq!(report["good"], out.status.success(), "{out:?}");
    (report, out.status.success())
}

/// The verdict of a check, and all that is said.
fn verdict(report: &Value, check: &str) -> (String, String) {
    let checks = report["checks"].as_array().unwrap();
    let found = checks.iter().find(|found| found["check"] == check);
    let found = found.unwrap_or_else(|| panic!("no {check}: {report}"));
    (found["verdict"].as_str().unwrap().to_owned(), found.to_string())
}

fn assert_bad(folder: &Path, set: &[&str], check: &str, part: &str) {
    let (report, is_good) = examined(folder, set);
    let (verdict, said) = verdict(&report, check);
    assert_eq!((verdict.as_str(), is_good), ("bad", false), "{report}");
    assert!(said.contains(part), "{said} says nothing of {part}");
    assert!(said.contains(r#""do":"#), "{said} says what to do");
}

#[actix_web::test]
async fn all_is_good_before_the_first_start_beside_a_hub_and_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (report, is_good) = examined(folder, &[]);
    assert!(is_good, "{report}");
    assert_eq!(fs::read_dir(folder).unwrap().count(), 0, "nothing is made");

    let hub = Process::start(folder, &[]);
    let bind = format!("http.bind={}", hub.address);
    let (report, is_good) = examined(folder, &[&bind]);
    assert!(is_good, "{report}");
    for check in ["port", "lock"] {
        let (verdict, said) = verdict(&report, check);
        assert_eq!(verdict, "good");
        assert!(said.contains(&format!("process {}", hub.id())), "{said}");
    }
    for check in ["key file", "database file", "database", "schema", "clock", "disk sync", "mail"] {
        assert_eq!(verdict(&report, check).0, "good", "{report}");
    }
    assert!(http::metrics(hub.address).await.contains("tradewind"), "the hub goes on");
    hub.stop();
    assert!(examined(folder, &[&bind]).1);
    let people = run(folder, &[&bind], &["doctor"]);
    let text = String::from_utf8(people.stdout).unwrap();
    assert!(people.status.success() && text.contains("good     key file: "), "{text}");
}

/// A port beside the main one.
struct OtherPort {
    setting: &'static str,
    check: &'static str,
    /// What comes before its address, where the hub says who it is.
    said: &'static str,
}

const CONSOLE: OtherPort =
    OtherPort { setting: "app_server.bind", check: "console port", said: "its console at http://" };
const PUBSUB: OtherPort =
    OtherPort { setting: "pubsub.bind", check: "pubsub port", said: "Pub/Sub at http://" };

/// The port is free, another program's, or the hub's.
async fn it_is_looked_at(folder: &Path, store: &[&str], port: &OtherPort) {
    let OtherPort { setting, check, said: place } = port;
    let with = |bind: &str| {
        [store, &[bind]].concat().iter().map(|one| (*one).to_owned()).collect::<Vec<_>>()
    };
    let look = |bind: &str| {
        let set = with(bind);
        examined(folder, &set.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let (report, is_good) = look(&format!("{setting}=127.0.0.1:0"));
    assert!(is_good && verdict(&report, check).1.contains("is free"), "{report}");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let bind = format!("{setting}={}", taken.local_addr().unwrap());
    let absent = format!("{setting}=192.0.2.1:80");
    for (bind, said) in [(&*bind, "another program"), (&absent, "no such address")] {
        let (report, is_good) = look(bind);
        let (found, text) = verdict(&report, check);
        assert_eq!((found.as_str(), is_good), ("bad", false), "{report}");
        assert!(text.contains(said) && text.contains(&format!("set {setting}")), "{text}");
    }
    drop(taken);
    let set = with(&format!("{setting}=127.0.0.1:0"));
    let hub = Process::start(folder, &set.iter().map(String::as_str).collect::<Vec<_>>());
    // Where it is says the hub itself, to who has a look at the lock.
    let (report, _) = look(&format!("{setting}=127.0.0.1:0"));
    let (_, said) = verdict(&report, "lock");
    let console = said.split(place).nth(1).expect("an address");
    let console: String =
        console.chars().take_while(|c| c.is_ascii_digit() || ".:".contains(*c)).collect();
    let (report, is_good) = look(&format!("{setting}={console}"));
    let (found, said) = verdict(&report, check);
    assert!(is_good && found == "good", "{report}");
    assert!(said.contains(&format!("process {}", hub.id())), "{said}");
    hub.stop();
    let (report, _) = look(&format!("{setting}={console}"));
    assert!(verdict(&report, check).1.contains("is free"), "{report}");
}

/// On both databases, at addresses from elsewhere, too.
async fn it_is_looked_at_everywhere(port: &OtherPort) {
    const TOKEN: &str = "pubsub.api_token=hush";
    let folder = tempfile::tempdir().unwrap();
    it_is_looked_at(folder.path(), &[TOKEN], port).await;
    let (folder, schema) = (tempfile::tempdir().unwrap(), Schema::create());
    let url = format!("store.url={}", schema.url());
    it_is_looked_at(folder.path(), &[&url, TOKEN], port).await;
}

#[actix_web::test]
async fn the_console_has_a_port_that_is_looked_at() {
    it_is_looked_at_everywhere(&CONSOLE).await;
}

#[actix_web::test]
async fn pubsub_has_a_port_that_is_looked_at() {
    it_is_looked_at_everywhere(&PUBSUB).await;
}

#[test]
fn what_is_bad_is_named_and_ends_with_one() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert!(run(folder, &[], &["migrate"]).status.success());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let bind = format!("http.bind={}", taken.local_addr().unwrap());
    assert_bad(folder, &[&bind], "port", "cannot be listened on");
    assert_bad(folder, &["http.bind=192.0.2.1:80"], "port", "192.0.2.1:80");
    let port = taken.local_addr().unwrap().port();
    drop(taken);
    let smtp = format!("mail.url=smtp://127.0.0.1:{port}");
    assert_bad(folder, &[&smtp], "mail", "SMTP");
    assert_bad(folder, &["mail.url=file:///dev/null/outbox"], "mail", "/dev/null");
    assert_bad(folder, &["node.id=99"], "settings", "node.id");

    let (key, database) = (folder.join("jwt.key"), folder.join("tradewind.db"));
    fs::write(&key, "x".repeat(64)).unwrap();
    for (file, check) in [(&key, "key file"), (&database, "database file")] {
        for mode in [0o644, 0o660, 0o602] {
            fs::set_permissions(file, Permissions::from_mode(mode)).unwrap();
            assert_bad(folder, &[], check, "chmod 600");
        }
        fs::set_permissions(file, Permissions::from_mode(0o600)).unwrap();
    }
    let file = fs::read(&database).unwrap();
    let mut conn = SqliteConnection::establish(database.to_str().unwrap()).unwrap();
    conn.batch_execute(
        "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')",
    )
    .unwrap();
    drop(conn);
    assert_bad(folder, &[], "schema", "99990101000000");
    fs::write(&database, b"this is no database, and never was").unwrap();
    assert_bad(folder, &[], "database", "database");
    fs::write(&database, file).unwrap();
    let url = "store.url=postgres://nobody@127.0.0.1:1/nothing";
    assert_bad(folder, &[url], "database", "127.0.0.1:1");
    let url = "store.url=sqlite:///dev/null/tradewind.db";
    assert_bad(folder, &[url], "data folder", "/dev/null");
}

#[test]
fn a_clock_behind_the_ids_is_bad() {
    let folder = tempfile::tempdir().unwrap();
    let add = run(folder.path(), &[], &["user", "add", "--name", "ann", "--email", "a@b.example"]);
    assert!(add.status.success(), "{add:?}");
    let file = folder.path().join("tradewind.db");
    let mut conn = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    // An id of ten minutes from now.
    conn.batch_execute("PRAGMA foreign_keys = OFF; UPDATE users SET id = id + 600000 * 4096")
        .unwrap();
    drop(conn);
    assert_bad(folder.path(), &[], "clock", "behind");
}

#[test]
fn a_postgres_is_asked_for_its_time_and_its_other_users() {
    let folder = tempfile::tempdir().unwrap();
    let schema = Schema::create();
    let url = format!("store.url={}", schema.url());
    assert!(run(folder.path(), &[&url], &["migrate"]).status.success());
    let (report, is_good) = examined(folder.path(), &[&url]);
    assert!(is_good, "{report}");
    assert!(verdict(&report, "database").1.contains("PostgreSQL"));
    assert!(verdict(&report, "clock").1.contains("server"));
}

/// Autovacuum comes whenever it likes, and has neither a name nor a user; so has a client whose
/// user was dropped. A view before PostgreSQL's own shows both at every look.
#[test]
fn a_postgres_that_vacuums_is_good() {
    let folder = tempfile::tempdir().unwrap();
    let schema = Schema::create();
    let url = format!("{}%2Cpg_catalog", schema.url());
    let mut conn = PgConnection::establish(&url).unwrap();
    conn.batch_execute(
        "CREATE VIEW pg_stat_activity AS \
         SELECT current_database() AS datname, pid, NULL::name AS usename, '' AS application_name, \
         NULL::inet AS client_addr, backend_type \
         FROM (VALUES (-1, 'autovacuum worker'), (-2, 'client backend')) AS seen (pid, backend_type)",
    )
    .unwrap();
    drop(conn);
    let url = format!("store.url={url}");
    assert!(run(folder.path(), &[&url], &["migrate"]).status.success());
    let (report, is_good) = examined(folder.path(), &[&url]);
    assert!(is_good, "{report}");
    let (_, others) = verdict(&report, "other users");
    assert!(others.contains("connected: somebody at a local socket\""), "{others}");
}

/// Settings that are good each by itself, and what is said of them together.
const PROBABLY_WRONG: &[(&[&str], &str)] = &[
    (&["rewind.heartbeat_timeout_ms=45"], "rewind.heartbeat_timeout_ms"),
    (&["chatting.ping_timeout_ms=9000"], "chatting.ping_timeout_ms"),
    (&["chatting.ping_timeout_ms=10000"], "chatting.ping_timeout_ms"),
    (&["chatting.ping_timeout_ms=10999"], "hardly above"),
    (&["rewind.ping_interval_ms=45000"], "rewind.ping_interval_ms"),
    (&["rewind.ping_interval_ms=44900"], "hardly above"),
    (&["rewind.auth_timeout_ms=1"], "rewind.auth_timeout_ms"),
    (&["app_server.ping_timeout_ms=30000"], "app_server.ping_timeout_ms"),
    (&["device.ping_timeout_ms=30000"], "device.ping_timeout_ms"),
    (&["device.auth_timeout_ms=1"], "device.auth_timeout_ms"),
    (&["ppcom.ping_timeout_ms=30000"], "ppcom.ping_timeout_ms"),
    (&["ppcom.auth_timeout_ms=1"], "ppcom.auth_timeout_ms"),
    (&["app_server.bind=0.0.0.0:8000"], "app_server.bind is 0.0.0.0:8000"),
    (&["app_server.bind=[::]:8000", "http.public_url=http://chat.example"], "http.public_url"),
    (&["http.bind=127.0.0.1:8080", "app_server.bind=127.0.0.1:8080"], "only one of them"),
    (&["http.bind=127.0.0.1:8080", "app_server.bind=0.0.0.0:8080"], "only one of them"),
    (&["http.bind=127.0.0.1:8080", "pubsub.bind=127.0.0.1:8080"], "only one of them"),
    (
        &["app_server.bind=127.0.0.1:8080", "pubsub.bind=0.0.0.0:8080", "pubsub.api_token=x"],
        "only one",
    ),
    (
        &["pubsub.bind=0.0.0.0:8085", "pubsub.allow_unauthenticated=true"],
        "pubsub.api_token is not set",
    ),
    (&["http.bind=0.0.0.0:8080"], "http.public_url"),
    (&["http.bind=[::]:8080"], "http.public_url"),
    (&["http.bind=0.0.0.0:80", "http.public_url=http://chat.example"], "mail.url"),
    (&["store.pressure_ops=10000"], "store.pressure_ops"),
    (&["ws.outbox_bytes_max=1000"], "ws.outbox_bytes_max"),
    (&["limits.enabled=true", "limits.commands_burst=1"], "limits.commands_burst"),
    (&["mail.retry_first_ms=2", "mail.retry_max_ms=1"], "mail.retry_first_ms"),
    (&["chatting.login_timeout_ms=10"], "chatting.login_timeout_ms"),
];

fn texts(out: &Output) -> (String, String) {
    let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).unwrap();
    (text(&out.stdout), text(&out.stderr))
}

#[test]
fn config_check_says_what_is_probably_wrong() {
    let folder = tempfile::tempdir().unwrap();
    for (set, part) in PROBABLY_WRONG {
        let check = run(folder.path(), set, &["config", "check"]);
        let (said, warned) = texts(&check);
        assert!(check.status.success() && !said.contains("good"), "{set:?}: {said}");
        assert!(warned.starts_with("warning: ") && warned.contains(part), "{set:?}: {warned}");
        let strict = run(folder.path(), set, &["config", "check", "--strict"]);
        assert_eq!(strict.status.code(), Some(1), "{set:?}");
    }
    for set in [
        &[][..],
        &["app_server.bind=127.0.0.1:8000"],
        &["app_server.bind=0.0.0.0:8000", "http.public_url=https://chat.example"],
        &["http.bind=127.0.0.1:8080", "app_server.bind=[::1]:8080"],
        &["http.bind=127.0.0.1:0", "app_server.bind=127.0.0.1:0"],
        &["pubsub.bind=127.0.0.1:8085"],
        &["pubsub.bind=0.0.0.0:8085", "pubsub.api_token=hush"],
    ] {
        let good = run(folder.path(), set, &["config", "check", "--strict"]);
        assert!(good.status.success(), "{good:?}");
    }
}

#[test]
fn config_check_names_the_file_and_what_was_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("tradewind.toml.txt"), "").unwrap();
    let mut check = command(path, &[]);
    check.env("TRADEWIND_HTTP_BIND", "0.0.0.0:1").args(["config", "check"]);
    let (said, warned) = texts(&output(check));
    assert!(said.starts_with("no file was read"), "{said}");
    assert!(warned.contains("tradewind.toml.txt: this file is not read"), "{warned}");
    assert!(warned.contains("TRADEWIND__HTTP__BIND"), "{warned}");
    fs::write(path.join("other.toml"), "[node]\nid = 3\n").unwrap();
    let (said, warned) = texts(&run(path, &[], &["--config", "other.toml", "config", "check"]));
    assert_eq!((said.as_str(), warned.as_str()), ("read other.toml\nthe settings are good\n", ""));
}

#[actix_web::test]
async fn serve_says_it_and_starts_and_logs_json_if_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    let set = ["rewind.heartbeat_timeout_ms=20000", "log.format=json"];
    let hub = Process::start(folder.path(), &set);
    hub.signal("TERM");
    let log = folder.path().join("stderr.log");
    assert!(hub.wait().success());
    let text = fs::read_to_string(log).unwrap();
    let lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let warned = lines.iter().find(|line| line["level"] == "WARN").expect("a warning");
    assert!(warned["message"].as_str().unwrap().starts_with("rewind.heartbeat_timeout_ms"));
    assert!(lines.iter().all(|line| line["target"] != "actix_server::builder"), "{text}");
}

#[test]
fn the_limit_of_open_files_is_raised_and_what_binds_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let mut limited = Command::new("bash");
    let hub = command(folder.path(), &["ws.sessions_max=70000"]);
    let script = "ulimit -Sn 200; ulimit -Hn 1500; exec \"$@\"";
    limited.current_dir(folder.path()).env_clear();
    limited.envs(hub.get_envs().filter_map(|(key, value)| Some((key, value?))));
    limited.args(["-c", script, "bash"]).arg(hub.get_program()).args(hub.get_args());
    let (hub, _said) = Process::spawn(limited, &["serve"]);
    let log = hub.log();
    assert!(log.contains("1372 sessions at once; the limit of open files (1500"), "{log}");
    let limits = fs::read_to_string(format!("/proc/{}/limits", hub.id())).unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert_eq!(files.split_whitespace().nth(3), Some("1500"), "{files}");
    hub.stop();
}
