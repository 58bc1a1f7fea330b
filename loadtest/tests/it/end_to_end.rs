//! Every mode against the real hub.

use std::process::Command;

use serde_json::Value;

use crate::real::{Hub, start};

fn run(hub: &Hub, args: &[&str]) -> Value {
    let page = hub.folder.path().join("report.html");
    let output = Command::new(env!("CARGO_BIN_EXE_tradewind-loadtest"))
        .args(args)
        .args(["--seconds", "1.5", "--warmup-seconds", "0.3", "--heartbeat-seconds", "0.2"])
        .args(["--address", &hub.address, "--server-pid", &hub.child.id().to_string()])
        .args(["--source-addresses", "127.0.0.1..127.0.0.3", "--json", "-", "--accounts"])
        .arg(hub.folder.path().join("users.json"))
        .arg("--html")
        .arg(&page)
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {words}");
    let page = std::fs::read_to_string(&page).unwrap();
    assert!(page.contains("<svg") && !page.contains("http://") && !page.contains("NaN"), "{page}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["errors"], serde_json::json!({}), "{args:?}: {words}");
    assert_eq!(report["check"]["unanswered"], 0, "{words}");
    assert!(report["costs"]["server_cpu_seconds"].as_f64().is_some(), "{report:#}");
    for rate in ["name", "unit", "count", "per_second"] {
        assert!(report["rates"][0].get(rate).is_some(), "{report:#}");
    }
    assert!(report["rates"][0]["count"].as_u64().unwrap() > 0, "{args:?}: {words}");
    report
}

#[test]
fn every_mode_runs_against_the_real_hub() {
    let hub = start("pairs", &[]);
    run(&hub, &["idle", "--connections", "30"]);
    run(&hub, &["storm", "--in-flight", "4"]);
    run(&hub, &["storm", "--rate", "40"]);
    run(&hub, &["pairs", "--pairs", "10", "--in-flight", "3"]);
    let open = run(&hub, &["pairs", "--pairs", "10", "--rate", "100", "--size", "2000"]);
    assert!((140..=160).contains(&open["rates"][0]["count"].as_u64().unwrap()), "{open:#}");
    let fanout = run(&hub, &["fanout", "--connections", "20", "--writers", "3"]);
    let count = |place: usize| fanout["rates"][place]["count_all"].as_u64().unwrap();
    assert_eq!(count(1), count(0) * 20, "each session gets each message: {fanout:#}");
    run(&hub, &["history", "--pairs", "3", "--messages", "120", "--page", "50"]);
    run(&hub, &["pages", "--pairs", "3", "--connections", "9"]);
    run(&hub, &["echo", "--connections", "20", "--in-flight", "3"]);
    let rooms = ["--authors", "4", "--rooms", "16"];
    let report = run(&hub, &[&["rooms", "--in-flight", "2"][..], &rooms].concat());
    assert_eq!(report["conditions"][3][1], "16, 4 of each author");
    let day = ["--stay-seconds", "0.5", "--away-seconds", "0.2", "--pause-seconds", "0.05"];
    run(&hub, &[&["mixed", "--users", "20"][..], &day].concat());
}

#[test]
fn a_group_is_made_and_each_of_its_members_hears_the_others() {
    let hub = start("star", &[]);
    for (writers, readers) in [(1, 19), (3, 10)] {
        let (writers_text, readers_text) = (writers.to_string(), readers.to_string());
        let args = ["--writers", &writers_text, "--connections", &readers_text, "--in-flight", "4"];
        let report = run(&hub, &[&["fanout", "--group"][..], &args].concat());
        let count = |place: usize| report["rates"][place]["count_all"].as_u64().unwrap();
        assert!(count(0) > 50, "{report:#}");
        assert_eq!(count(1), count(0) * (readers + writers - 1), "{report:#}");
    }
}

/// Runs the tester; its exit status and words.
fn attempt(hub: &Hub, args: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_tradewind-loadtest"))
        .args(["fanout", "--group", "--seconds", "1", "--address", &hub.address])
        .args(args)
        .arg("--accounts")
        .arg(hub.folder.path().join("users.json"))
        .output()
        .unwrap();
    let words = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&words).into_owned())
}

#[test]
fn a_group_that_cannot_be_made_is_told_of_at_once() {
    let pairs = start("pairs", &[]);
    let (status, words) = attempt(&pairs, &["--connections", "5"]);
    assert_eq!(status, Some(2), "{words}");
    assert!(words.contains("--friends star"), "{words}");
    let full = start("star", &[("TRADEWIND__LIMITS__GROUP_MEMBERS_MAX", "5")]);
    let (status, words) = attempt(&full, &["--connections", "5"]);
    assert_eq!(status, Some(2), "{words}");
    assert!(words.contains("group is full") && words.contains("could not be made"), "{words}");
    let (status, words) = attempt(&full, &["--connections", "50"]);
    assert_eq!(status, Some(2), "{words}");
    assert!(words.contains("--users 51 --friends star"), "{words}");
    let (status, words) = attempt(&full, &["--connections", "5", "--writers", "0"]);
    assert_eq!(status, Some(2), "{words}");
    assert!(words.contains("--writers must be above 0"), "{words}");
}
