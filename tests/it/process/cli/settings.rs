//! `--version`, `config`, `migrate`, and which source of settings counts most.

use std::fs;

use crate::harness::process::{self, bare, output};
use crate::process::faults::complaint;

#[test]
fn version() {
    let folder = tempfile::tempdir().unwrap();
    let version = process::run(folder.path(), &[], &["--version"]);
    assert!(version.status.success());
    let expected = format!("tradewind {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8(version.stdout).unwrap(), expected);
}

#[test]
fn config_default_is_the_committed_file_and_good() {
    let folder = tempfile::tempdir().unwrap();
    let mut default = bare(folder.path());
    default.args(["config", "default"]);
    let default = output(default);
    assert!(default.status.success() && default.stderr.is_empty(), "{default:?}");
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/config/tradewind.toml");
    let text = String::from_utf8(default.stdout).unwrap();
    assert_eq!(text, fs::read_to_string(committed).unwrap());

    fs::write(folder.path().join("tradewind.toml"), text).unwrap();
    let mut check = bare(folder.path());
    check.args(["config", "check"]);
    let check = output(check);
    assert!(check.status.success() && check.stderr.is_empty(), "{check:?}");
    assert_eq!(check.stdout, b"read tradewind.toml\nthe settings are good\n");
    assert!(!folder.path().join("data").exists(), "a check makes nothing");
}

#[test]
fn config_check_says_all_that_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let check = process::run(folder.path(), &["node.id=99"], &["config", "check"]);
    assert!(complaint(&check).contains("node.id"));
    let two = process::run(folder.path(), &["node.id=99", "no.such=1"], &["config", "check"]);
    assert!(!two.status.success());
    let text = String::from_utf8(two.stderr).unwrap();
    assert_eq!(text.lines().count(), 2, "one line each: {text}");
    assert!(text.contains("node.id") && text.contains("no.such"), "{text}");
}

#[test]
fn migrate_twice() {
    let folder = tempfile::tempdir().unwrap();
    let first = process::run(folder.path(), &[], &["migrate"]);
    assert!(first.status.success() && first.stderr.is_empty(), "{first:?}");
    let text = String::from_utf8(first.stdout).unwrap();
    let (names, last) = text.trim_end().rsplit_once('\n').unwrap();
    let expected =
        format!("{} migrations applied, the schema is up to date", names.lines().count());
    assert_eq!(last, expected);

    let second = process::run(folder.path(), &[], &["migrate"]);
    assert!(second.status.success() && second.stderr.is_empty(), "{second:?}");
    assert_eq!(second.stdout, b"0 migrations applied, the schema is up to date\n");
}

#[test]
fn flags_count_more_than_environment_more_than_file_more_than_defaults() {
    let folder = tempfile::tempdir().unwrap();
    let made = |name: &str| folder.path().join(name).exists();
    let migrate = |env: bool, flag: bool, args: &[&str]| {
        let mut command = bare(folder.path());
        if env {
            command.env("TRADEWIND__STORE__URL", "sqlite://env.db");
        }
        if flag {
            command.args(["--set", "store.url=sqlite://flag.db"]);
        }
        command.args(args).arg("migrate");
        let migrated = output(command);
        assert!(migrated.status.success(), "{migrated:?}");
    };
    migrate(false, false, &[]);
    assert!(made("data/tradewind.db"));
    fs::write(folder.path().join("tradewind.toml"), "[store]\nurl = \"sqlite://file.db\"\n")
        .unwrap();
    migrate(false, false, &[]);
    assert!(made("file.db") && !made("env.db"));
    fs::write(folder.path().join("other.toml"), "[store]\nurl = \"sqlite://other.db\"\n").unwrap();
    migrate(false, false, &["--config", "other.toml"]);
    assert!(made("other.db") && !made("env.db"));
    migrate(true, false, &["--config", "other.toml"]);
    assert!(made("env.db") && !made("flag.db"));
    migrate(true, true, &[]);
    assert!(made("flag.db"));
}
