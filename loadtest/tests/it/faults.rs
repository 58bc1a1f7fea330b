//! The whole tester against a hub that misbehaves.

use std::process::Command;

use serde_json::Value;

use crate::hub::{self, Fault};

/// Runs the tester; its exit status and report.
fn run(fault: Fault, more: &[&str]) -> (i32, Value) {
    run_mode(fault, &[&["pairs", "--pairs", "2"][..], more].concat())
}

/// The same in any mode.
fn run_mode(fault: Fault, args: &[&str]) -> (i32, Value) {
    let address = hub::start(fault).to_string();
    let folder = tempfile::tempdir().unwrap();
    let accounts = folder.path().join("users.json");
    let users: Vec<Value> = (1..=4)
        .map(|id| serde_json::json!({"id": (id * 2).to_string(), "token": (id * 2).to_string()}))
        .collect();
    std::fs::write(&accounts, serde_json::to_string(&users).unwrap()).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_tradewind-loadtest"))
        .args(args)
        .args(["--seconds", "0.5", "--warmup-seconds", "0.1"])
        .args(["--drain-seconds", "1", "--json", "-", "--address", &address, "--accounts"])
        .arg(&accounts)
        .output()
        .unwrap();
    let report = serde_json::from_slice(&output.stdout);
    let report = report.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().unwrap(), report)
}

/// The faults that were found.
fn kinds(report: &Value) -> Vec<&str> {
    let kinds = ["lost", "cut_off", "duplicated", "disordered", "refused_but_delivered", "foreign"];
    kinds.into_iter().filter(|kind| report["check"][kind].as_u64().unwrap() > 0).collect()
}

#[test]
fn a_good_hub_passes_in_closed_and_open_loop() {
    for more in [&["--in-flight", "4"][..], &["--rate", "500"], &["--one-way", "--size", "300"]] {
        let (status, report) = run(Fault::None, more);
        assert_eq!((status, kinds(&report)), (0, vec![]), "{report:#}");
        let acked = &report["rates"][0];
        assert!(acked["count"].as_u64().unwrap() > 50, "{report:#}");
        assert_eq!(report["errors"], serde_json::json!({}));
    }
}

#[test]
fn every_planted_fault_is_found() {
    for (fault, kind) in [
        (Fault::Loses, "lost"),
        (Fault::Doubles, "duplicated"),
        (Fault::Swaps, "disordered"),
        (Fault::RefusesInVain, "refused_but_delivered"),
        (Fault::CutsOff, "cut_off"),
        (Fault::Changes, "foreign"),
    ] {
        let (status, report) = run(fault, &["--in-flight", "4"]);
        // What is held when the load ends is lost, too, and so is what was changed.
        let found: Vec<&str> = kinds(&report)
            .into_iter()
            .filter(|found| !matches!(fault, Fault::Swaps | Fault::Changes) || *found != "lost")
            .collect();
        assert_eq!((status, found), (1, vec![kind]), "{fault:?}: {report:#}");
    }
}

#[test]
fn no_mode_overlooks_a_fault() {
    let fanout = &["fanout", "--connections", "5", "--in-flight", "4"][..];
    let open = &["fanout", "--connections", "5", "--rate", "300"][..];
    let rooms = &["rooms", "--authors", "2", "--rooms", "2", "--in-flight", "3"][..];
    let echo = &["echo", "--connections", "2", "--in-flight", "3"][..];
    let pairs = &["pairs", "--pairs", "2", "--rate", "300"][..];
    let unanswered = |args: &[&str], fault| {
        let (status, report) = run_mode(fault, args);
        assert_eq!(status, 1, "{args:?}: {report:#}");
        assert!(report["check"]["unanswered"].as_u64().unwrap() > 0, "{args:?}: {report:#}");
        report
    };
    let found = |args: &[&str], fault, kind| {
        let (status, report) = run_mode(fault, args);
        assert_eq!(status, 1, "{args:?} {fault:?}: {report:#}");
        assert!(kinds(&report).contains(&kind), "{args:?} {fault:?}: {report:#}");
    };
    let rows = [
        (fanout, Fault::Loses, "lost"),
        (fanout, Fault::Doubles, "duplicated"),
        (fanout, Fault::Swaps, "disordered"),
        (fanout, Fault::Changes, "foreign"),
        (open, Fault::RefusesInVain, "refused_but_delivered"),
        (open, Fault::CutsOff, "cut_off"),
        (rooms, Fault::AnswersTwice, "duplicated"),
        (rooms, Fault::AnswersLate, "disordered"),
        (echo, Fault::AnswersTwice, "duplicated"),
        (echo, Fault::AnswersLate, "disordered"),
        (echo, Fault::AnswersNot, "lost"),
    ];
    for some in rows.chunks(4) {
        std::thread::scope(|scope| {
            for (args, fault, kind) in some {
                scope.spawn(|| found(args, *fault, kind));
            }
        });
    }
    std::thread::scope(|scope| {
        for args in [fanout, open, rooms, echo] {
            scope.spawn(move || {
                let (status, report) = run_mode(Fault::None, args);
                assert_eq!((status, kinds(&report)), (0, vec![]), "{args:?}: {report:#}");
                assert_eq!(report["verdict"]["good"], true, "{args:?}: {report:#}");
            });
        }
    });
    unanswered(rooms, Fault::AnswersNot);
    for args in [pairs, open] {
        let report = unanswered(args, Fault::AnswersNot);
        assert!(report["times"][0]["measured"]["failed"].as_u64().unwrap() > 0, "{report:#}");
    }
}

#[test]
fn refusals_break_no_promise_and_fail_the_run() {
    let (status, report) = run(Fault::Refuses, &["--rate", "500"]);
    assert_eq!((status, kinds(&report)), (1, vec![]), "{report:#}");
    assert!(report["errors"]["refused: 4009 busy, try again"].as_u64().unwrap() > 3, "{report:#}");
}

#[test]
fn what_cannot_be_run_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = folder.path().join("users.json");
    std::fs::write(&accounts, r#"[{"id":"2","token":"2"},{"id":"4","token":"4"}]"#).unwrap();
    // Nobody listens on the port of a listener that is gone.
    let address = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    for (args, why) in [
        (&["pairs", "--pairs", "2"][..], "4 users are needed and 2 are in"),
        (&["idle", "--connections", "2000000"], "need 2000032 open files"),
        (&["pairs", "--pairs", "1", "--seconds", "0.1"], "nothing was measured"),
        (&["idle", "--source-addresses", "here"], "--source-addresses here"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_tradewind-loadtest"))
            .args(args)
            .args(["--warmup-seconds", "0", "--address", &address, "--accounts"])
            .arg(&accounts)
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{words}");
        assert!(words.contains(why), "{words}");
    }
}
