//! The tester against servers that speak no REWIND.

use std::process::Command;

use serde_json::Value;
use tradewind_loadtest::net::Protocol;

use crate::peer::{self, Fault};

/// Runs the tester; its exit status and report.
fn run(protocol: Protocol, fault: Fault, args: &[&str]) -> (i32, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_tradewind-loadtest"))
        .args(args)
        .args(["--protocol", &protocol.to_string(), "--json", "-"])
        .args(["--seconds", "0.5", "--warmup-seconds", "0.1", "--drain-seconds", "0.5"])
        .args(["--address", &peer::start(protocol, fault).to_string()])
        .output()
        .unwrap();
    let report = serde_json::from_slice(&output.stdout);
    let report = report.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().unwrap(), report)
}

fn good(protocol: Protocol, args: &[&str]) -> Value {
    let (status, report) = run(protocol, Fault::None, args);
    assert_eq!(status, 0, "{report:#}");
    assert_eq!(report["errors"], serde_json::json!({}), "{report:#}");
    report
}

#[test]
fn echoes_of_good_servers_are_counted() {
    for protocol in [Protocol::Websocket, Protocol::Tcp] {
        for size in ["50", "3000"] {
            let report = good(protocol, &["echo", "--in-flight", "3", "--size", size]);
            assert_eq!(report["sessions"], 64);
            assert!(report["rates"][0]["count"].as_u64().unwrap() > 100, "{report:#}");
        }
    }
}

#[test]
fn what_happens_to_an_echo_is_found() {
    for protocol in [Protocol::Websocket, Protocol::Tcp] {
        for (fault, kind) in
            [(Fault::Loses, "lost"), (Fault::Doubles, "duplicated"), (Fault::Changes, "foreign")]
        {
            // Three in flight: what is lost stops only its own place.
            let args = ["echo", "--connections", "4", "--in-flight", "3"];
            let (status, report) = run(protocol, fault, &args);
            assert_eq!(status, 1, "{protocol} {fault:?}: {report:#}");
            assert!(
                report["check"][kind].as_u64().unwrap() > 0,
                "{protocol} {fault:?}: {report:#}"
            );
        }
    }
}

#[test]
fn what_is_spread_reaches_all() {
    let args = ["fanout", "--path", "/all", "--connections", "20", "--in-flight", "4"];
    let report = good(Protocol::Websocket, &args);
    let count = |place: usize| report["rates"][place]["count_all"].as_u64().unwrap();
    assert!(count(0) > 50, "{report:#}");
    assert_eq!(count(1), count(0) * 20, "{report:#}");
    let (status, report) = run(Protocol::Websocket, Fault::Doubles, &args);
    assert_eq!(status, 1, "{report:#}");
    assert!(report["check"]["duplicated"].as_u64().unwrap() >= 20, "{report:#}");
}

#[test]
fn sessions_of_others_are_opened() {
    let socket_io = ["--path", "/socket.io/?EIO=4&transport=websocket"];
    let idle =
        good(Protocol::SocketIo, &[&["idle", "--connections", "30"][..], &socket_io].concat());
    assert_eq!(idle["sessions"], 30);
    let storm = good(Protocol::Websocket, &["storm", "--in-flight", "4"]);
    assert!(storm["sessions"].as_u64().unwrap() > 0, "{storm:#}");
}

#[test]
fn a_load_that_a_protocol_has_not_is_refused() {
    for (args, why) in [
        (&["pairs", "--protocol", "tcp"][..], "no load for --protocol tcp"),
        (&["echo", "--protocol", "socket-io"], "no load for --protocol socket-io"),
        (&["fanout", "--group", "--protocol", "websocket"], "no groups in --protocol websocket"),
        (&["echo"], "--accounts FILE is missing"),
        (&["pages", "--accounts", "none", "--before", "soon"], "none"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tradewind-loadtest"));
        let output = command.args(args).output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{words}");
        assert!(words.contains(why), "{words}");
    }
}
