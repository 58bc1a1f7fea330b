//! Starts that must fail: each with one clear line, and a status that is not 0.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use crate::harness::process::{self, bare, command, output};

/// The one line on standard error of a command that must fail.
pub fn complaint(failed: &Output) -> String {
    assert!(!failed.status.success(), "{failed:?}");
    assert!(failed.status.code().is_some(), "it was not killed: {failed:?}");
    let text = String::from_utf8(failed.stderr.clone()).expect("text");
    let lines: Vec<&str> = text.lines().collect();
    let [line] = &lines[..] else { panic!("not one line: {text:?}") };
    assert!(line.starts_with("tradewind: "), "{line}");
    assert_eq!(failed.stdout, b"", "nothing is announced");
    (*line).to_owned()
}

/// Starts a server that must complain of all of `about`.
fn refuses(folder: &Path, set: &[&str], about: &[&str]) {
    let line = complaint(&process::run(folder, set, &["serve"]));
    for word in about {
        assert!(line.contains(word), "{word:?} is not in {line:?}");
    }
}

fn migrated() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    assert!(process::run(folder.path(), &[], &["migrate"]).status.success());
    folder
}

#[test]
fn unknown_keys_and_bad_values_in_every_source() {
    let folder = tempfile::tempdir().unwrap();
    for (key, value) in [
        ("ws.frame_bytes", "1"),
        ("nonsense.key", "1"),
        ("ws.frame_bytes_max", "many"),
        ("ws.frame_bytes_max", "-1"),
        ("ws.frame_bytes_max", "1"),
        ("node.id", "32"),
        ("http.bind", "localhost"),
        ("store.url", "mysql://host/name"),
        ("store.durability", "sometimes"),
        ("dm.audience", "enemies"),
        ("rewind.default_compat", "rewind"),
        ("log.filter", "loud"),
        ("limits.enabled", "perhaps"),
        ("mail.url", "gopher://host"),
        ("auth.secret", "short"),
    ] {
        let flag = format!("{key}={value}");
        refuses(folder.path(), &[&flag], &[key, "command line"]);

        let variable = format!("TRADEWIND__{}", key.to_uppercase().replace('.', "__"));
        let mut by_env = command(folder.path(), &[]);
        by_env.env(&variable, value).arg("serve");
        let line = complaint(&output(by_env));
        assert!(line.contains(key) && line.contains(&variable), "{line}");

        let (section, name) = key.split_once('.').unwrap();
        let file = folder.path().join("bad.toml");
        let quoted = value.parse::<i64>().map_or(format!("{value:?}"), |number| number.to_string());
        fs::write(&file, format!("[{section}]\n{name} = {quoted}\n")).unwrap();
        let mut by_file = bare(folder.path());
        by_file.args(["--config", "bad.toml", "serve"]);
        let line = complaint(&output(by_file));
        assert!(line.contains(key) && line.contains("bad.toml"), "{line}");
    }
    assert!(!folder.path().join("data").exists(), "nothing is made by a start that fails so early");
}

#[test]
fn config_files_that_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |text: &str| {
        fs::write(folder.path().join("tradewind.toml"), text).unwrap();
        let mut serve = bare(folder.path());
        serve.arg("serve");
        complaint(&output(serve))
    };
    for text in ["[http\nbind = 1", "bind", "[http]\nbind = \"a\nsecret = \"hush\""] {
        let line = refused(text);
        assert!(line.contains("tradewind.toml") && !line.contains("hush"), "{line}");
    }
    let mut missing = bare(folder.path());
    missing.args(["--config", "no-such.toml", "serve"]);
    assert!(complaint(&output(missing)).contains("no-such.toml"));
}

#[test]
fn a_busy_port() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    refuses(folder.path(), &[&format!("http.bind={address}")], &["http.bind", &address, "in use"]);
    assert!(!folder.path().join("tradewind.db").exists(), "the database was touched");
}

#[test]
fn an_address_that_is_not_ours() {
    let folder = tempfile::tempdir().unwrap();
    refuses(folder.path(), &["http.bind=192.0.2.1:80"], &["http.bind", "192.0.2.1:80"]);
}

#[test]
fn a_missing_folder() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("no/such/tradewind.db").display().to_string();
    refuses(folder.path(), &[&format!("store.url=sqlite://{file}")], &[&file, "does not exist"]);
    assert!(!folder.path().join("no").exists());
}

#[test]
fn a_missing_folder_of_mails_or_of_the_secret() {
    let folder = migrated();
    let missing = folder.path().join("no/such").display().to_string();
    refuses(folder.path(), &[&format!("mail.url=file://{missing}")], &[&missing]);
    let secret = format!("{missing}/jwt.key");
    refuses(folder.path(), &[&format!("auth.secret_file={secret}")], &[&secret]);
}

#[test]
fn a_database_that_is_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    refuses(folder.path(), &[&format!("store.url=sqlite://{path}")], &[&path, "directory"]);
}

#[test]
fn a_file_that_is_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tradewind.db");
    let text = "This is a letter to my aunt.\n".repeat(400);
    fs::write(&file, &text).unwrap();
    let place = file.display().to_string();
    refuses(folder.path(), &[], &[&place, "not a database"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), text, "it is left as it was");
}

#[test]
fn a_database_of_another_program() {
    use diesel::connection::SimpleConnection as _;

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tradewind.db");
    let mut conn = super::rows::connect(&file);
    conn.batch_execute("CREATE TABLE users (nickname TEXT); INSERT INTO users VALUES ('me')")
        .unwrap();
    drop(conn);
    refuses(folder.path(), &[], &[&file.display().to_string(), "users"]);
}

#[test]
fn a_damaged_database() {
    let folder = migrated();
    let file = folder.path().join("tradewind.db");
    let mut bytes = fs::read(&file).unwrap();
    // The head is whole; all else is not.
    bytes[100..].fill(0xA5);
    fs::write(&file, bytes).unwrap();
    refuses(folder.path(), &[], &[&file.display().to_string(), "malformed"]);
}

#[test]
fn a_secret_that_others_can_read_or_that_is_short() {
    let folder = migrated();
    let file = folder.path().join("jwt.key");
    let place = file.display().to_string();
    fs::write(&file, "hush".repeat(16)).unwrap();
    for mode in [0o640, 0o644, 0o660] {
        fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        let line = complaint(&process::run(folder.path(), &[], &["serve"]));
        assert!(line.contains(&place) && line.contains("chmod 600"), "{line}");
        assert!(!line.contains("hush"));
    }
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    fs::write(&file, "hush").unwrap();
    refuses(folder.path(), &[], &[&place, "32 bytes"]);
}

/// The folder cannot be written to, as this process would see it on a file system that is mounted
/// read-only. Permission bits do not bind root, so root gets a mount of its own, which ends with
/// the process.
fn read_only(folder: &Path, program: &Command) -> Command {
    let script =
        r#"mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && cd "$0" && exec "$@""#;
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script]).arg(folder).arg(program.get_program());
    command.args(program.get_args()).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    for (name, value) in program.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id runs");
    id.stdout == b"0\n"
}

#[test]
fn a_read_only_database() {
    for prepared in [true, false] {
        let folder = if prepared { migrated() } else { tempfile::tempdir().unwrap() };
        let mut serve = command(folder.path(), &[]);
        serve.arg("serve");
        let failed = if is_root() {
            output(read_only(folder.path(), &serve))
        } else {
            let mode = |bits| fs::set_permissions(folder.path(), Permissions::from_mode(bits));
            mode(0o555).unwrap();
            if prepared {
                let file = folder.path().join("tradewind.db");
                fs::set_permissions(file, Permissions::from_mode(0o444)).unwrap();
            }
            let failed = output(serve);
            mode(0o755).unwrap();
            failed
        };
        let line = complaint(&failed);
        assert!(line.contains("tradewind.db"), "{line}");
        let causes = ["Read-only file system", "Permission denied"];
        assert!(causes.iter().any(|cause| line.contains(cause)), "{line}");
    }
}
