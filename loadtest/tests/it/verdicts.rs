//! What the tester says, and its exit status, when the hub is killed, paused, full or refuses, and when the
//! run itself is none.

use std::io::Write as _;
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::real::{self, Hub};

/// What is done to the hub.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Kill,
    Pause,
    /// For so many milliseconds.
    PauseFor(u64),
}

/// What a run ended with.
pub struct Ended {
    pub status: i32,
    pub report: Value,
    pub words: String,
}

impl Ended {
    pub fn of(output: &Output) -> Self {
        Self {
            status: output.status.code().unwrap(),
            report: serde_json::from_slice(&output.stdout).unwrap_or_default(),
            words: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Checks status and verdict; what is good must not be said of what failed.
    fn must_be(&self, what: &str, status: i32, says: &[&str]) {
        let words = &self.words;
        assert_eq!(self.status, status, "{what}: {words}");
        for part in says {
            assert!(words.contains(part), "{what}: {part:?} is not in {words}");
        }
        if status != 0 {
            assert!(!words.contains("came exactly once and in order"), "{what}: {words}");
        }
        if let Some(good) = self.report["verdict"]["good"].as_bool() {
            assert_eq!(good, status == 0 || status == 3, "{what}: {words}");
        }
    }
}

/// How long to measure, to wait for what is under way, and for sessions that are opened.
#[derive(Clone, Copy, Debug)]
struct Patience(&'static str, &'static str, &'static str);

/// A hub that lives is given time, as the machine may be busy.
const LIVING: Patience = Patience("1.2", "10", "10");
/// One that never answers is not; it is measured long enough for what is done to it to come in time.
const SILENT: Patience = Patience("2.5", "0.5", "1");
/// One that is paused for a while needs both.
const PAUSED: Patience = Patience("2.5", "10", "10");

/// A short run with all that a hub needs; the table goes to standard error.
pub fn tester(address: &str, args: &[&str]) -> Command {
    tester_with(LIVING, address, args)
}

fn tester_with(
    Patience(seconds, drain, deadline): Patience,
    address: &str,
    args: &[&str],
) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tradewind-loadtest"));
    command
        .args(args)
        .args(["--seconds", seconds, "--warmup-seconds", "0", "--drain-seconds", drain])
        .args(["--deadline-seconds", deadline, "--heartbeat-seconds", "0.1"])
        .args(["--json", "-", "--address", address])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn with_users(hub: &Hub, args: &[&str]) -> Command {
    let mut command = tester(&hub.address, args);
    command.arg("--accounts").arg(hub.file("users.json"));
    command
}

/// Runs the tester, and does something to the hub when a metric has reached a value.
fn meddle(friends: &str, args: &[&str], (metric, least): (&str, f64), deed: Deed) -> Ended {
    let mut hub = real::start(friends, &[]);
    let patience = if matches!(deed, Deed::PauseFor(_)) { PAUSED } else { SILENT };
    let mut tester = tester_with(patience, &hub.address, args);
    let child = tester.arg("--accounts").arg(hub.file("users.json")).spawn().unwrap();
    hub.wait(metric, least);
    match deed {
        Deed::Kill => {
            hub.child.kill().unwrap();
            hub.child.wait().unwrap();
        }
        Deed::Pause => hub.signal(Signal::STOP),
        Deed::PauseFor(millis) => {
            hub.signal(Signal::STOP);
            // A pause is nothing but time.
            std::thread::sleep(Duration::from_millis(millis));
            hub.signal(Signal::CONT);
        }
    }
    Ended::of(&child.wait_with_output().unwrap())
}

/// Each mode, whose users are, and what tells that it is under way.
const MODES: [(&[&str], &str, (&str, f64)); 11] = [
    (&["idle", "--connections", "20"], "pairs", ("tradewind_frames_in_total", 80.0)),
    (&["storm", "--in-flight", "4"], "pairs", ("tradewind_frames_in_total", 100.0)),
    (&["pairs", "--pairs", "4"], "pairs", ("tradewind_frames_in_total", 100.0)),
    (&["pairs", "--pairs", "4", "--rate", "200"], "pairs", ("tradewind_frames_in_total", 80.0)),
    (&["fanout", "--connections", "10"], "pairs", ("tradewind_frames_in_total", 60.0)),
    (&["fanout", "--group", "--connections", "10"], "star", ("tradewind_frames_out_total", 300.0)),
    (
        &["history", "--pairs", "2", "--messages", "60", "--page", "20"],
        "pairs",
        ("tradewind_frames_in_total", 400.0),
    ),
    (&["echo", "--connections", "8"], "pairs", ("tradewind_frames_in_total", 200.0)),
    (&["rooms", "--authors", "4", "--rooms", "8"], "pairs", ("tradewind_frames_in_total", 100.0)),
    (
        &["pages", "--pairs", "3", "--connections", "6"],
        "pairs",
        ("tradewind_frames_in_total", 100.0),
    ),
    (
        &[
            "mixed",
            "--users",
            "10",
            "--stay-seconds",
            "9",
            "--away-seconds",
            "0.1",
            "--pause-seconds",
            "0.02",
        ],
        "pairs",
        ("tradewind_frames_in_total", 150.0),
    ),
];

/// Runs something for each mode, some at once.
fn in_every_mode(check: impl Fn(&[&str], &str, (&str, f64)) + Sync) {
    for some in MODES.chunks(6) {
        std::thread::scope(|scope| {
            for (args, friends, event) in some {
                scope.spawn(|| check(args, friends, *event));
            }
        });
    }
}

#[test]
fn a_hub_that_is_killed_fails_every_mode() {
    in_every_mode(|args, friends, event| {
        let ended = meddle(friends, args, event, Deed::Kill);
        ended.must_be(&format!("{args:?} killed"), 1, &["FAILED: the hub went away at "]);
    });
}

#[test]
fn a_hub_that_is_paused_fails_every_mode() {
    in_every_mode(|args, friends, event| {
        let ended = meddle(friends, args, event, Deed::Pause);
        let why = match args[0] {
            "storm" => "sessions not opened: deadline: ",
            _ => "the hub fell silent at ",
        };
        ended.must_be(&format!("{args:?} paused"), 1, &["FAILED: ", why]);
    });
}

#[test]
fn what_was_due_and_not_sent_is_counted_and_the_worst() {
    let open = ["pairs", "--pairs", "4", "--rate", "200"];
    let ended = meddle("pairs", &open, ("tradewind_frames_in_total", 30.0), Deed::Kill);
    ended.must_be("an open loop", 1, &[" not sent: a session of the pair is gone"]);
    let trouble = &ended.report["trouble"];
    let count = |name: &str| trouble[name].as_u64().unwrap();
    assert!((490..=510).contains(&count("requests_due")), "{trouble}");
    assert_eq!(count("sessions_ended"), 8, "{trouble}");
    for times in &ended.report["times"].as_array().unwrap()[..2] {
        let measured = &times["measured"];
        let (taken, failed) = (&measured["count"], measured["failed"].as_u64().unwrap());
        // Some were due while measuring was about to begin.
        let all = failed + taken.as_u64().unwrap();
        assert!((count("requests_due") - 9..=count("requests_due")).contains(&all), "{times}");
        assert!(failed > 250 && measured["p90"].is_null() && measured["p99"].is_null(), "{times}");
        assert!(measured["failed_from"].as_f64().unwrap() < 50.0, "{times}");
    }
    assert!(ended.words.contains("failed"), "{}", ended.words);
}

#[test]
fn a_hub_that_goes_away_before_or_while_sessions_are_opened_is_told_of() {
    let args = ["idle", "--connections", "4000", "--opening", "1"];
    let ended = meddle("pairs", &args, ("tradewind_sessions", 5.0), Deed::Kill);
    assert!([1, 2].contains(&ended.status), "{}", ended.words);
    for part in ["FAILED: the hub went away while sessions were opened", "sessions not opened"] {
        assert!(ended.words.contains(part), "{}", ended.words);
    }
    let ended = meddle("pairs", &args, ("tradewind_sessions", 5.0), Deed::Pause);
    assert_eq!(ended.report["trouble"]["sessions_due"], 4000, "{}", ended.words);
    ended.must_be("paused while opening", 1, &["not tried, since none before it could be opened"]);
    let hub = real::start("pairs", &[]);
    hub.signal(Signal::STOP);
    let mut tester = tester_with(SILENT, &hub.address, &["pairs", "--pairs", "4"]);
    let users = hub.file("users.json");
    let ended = Ended::of(&tester.arg("--accounts").arg(users).output().unwrap());
    ended.must_be("paused before", 2, &["8 of 8 sessions not opened: deadline: upgrade"]);
    assert!(ended.words.contains("unknown: /metrics"), "{}", ended.words);
}

#[test]
fn a_pause_that_ends_shows_in_the_times_alone() {
    let args = ["pairs", "--pairs", "4", "--rate", "100", "--fail-on", "p99>300ms"];
    let event = ("tradewind_frames_in_total", 40.0);
    let ended = meddle("pairs", &args, event, Deed::PauseFor(500));
    ended.must_be("a pause", 3, &["FAILED ON p99>300ms ("]);
    assert_eq!(ended.report["times"][0]["measured"]["failed"], 0, "{}", ended.words);
}

#[test]
fn a_pause_that_ends_fails_no_mode() {
    std::thread::scope(|scope| {
        for (args, friends, event) in MODES.into_iter().filter(|(args, ..)| {
            ["storm", "pairs", "fanout", "mixed"].contains(&args[0]) && !args.contains(&"--rate")
        }) {
            scope.spawn(move || {
                let ended = meddle(friends, args, event, Deed::PauseFor(300));
                ended.must_be(&format!("{args:?} after a pause"), 0, &[]);
            });
        }
    });
}

#[test]
fn a_path_where_nothing_is_is_told_of_in_every_mode() {
    let [pairs, star] = ["pairs", "star"].map(|friends| real::start(friends, &[]));
    in_every_mode(|args, friends, _| {
        let hub = if friends == "star" { &star } else { &pairs };
        let ended =
            Ended::of(&with_users(hub, args).args(["--path", "/nowhere"]).output().unwrap());
        let says = ["FAILED: nothing was measured", "sessions not opened: HTTP 404 not found."];
        ended.must_be(&format!("{args:?} at another path"), 2, &says);
    });
}

#[test]
fn a_hub_that_refuses_says_why() {
    let limited = [
        ("TRADEWIND__LIMITS__ENABLED", "true"),
        ("TRADEWIND__LIMITS__COMMANDS_PER_SECOND", "5"),
        ("TRADEWIND__LIMITS__COMMANDS_BURST", "5"),
    ];
    let hub = real::start("pairs", &limited);
    let ended =
        Ended::of(&with_users(&hub, &["pairs", "--pairs", "2", "--rate", "100"]).output().unwrap());
    ended.must_be("a rate limit", 1, &["requests refused: 4008 "]);
    let busy = real::start("pairs", &[("TRADEWIND__STORE__PENDING_OPS_MAX", "1")]);
    let ended = Ended::of(
        &with_users(&busy, &["pairs", "--pairs", "8", "--rate", "400"]).output().unwrap(),
    );
    ended.must_be("busy", 1, &["requests refused: 4009 "]);
    let full = real::start("pairs", &[("TRADEWIND__WS__SESSIONS_MAX", "5")]);
    let ended = Ended::of(&with_users(&full, &["idle", "--connections", "9"]).output().unwrap());
    ended.must_be("sessions_max", 1, &["FAILED: 4 of 9 sessions not opened: HTTP 503 "]);
    let args = ["fanout", "--connections", "9"];
    let ended = Ended::of(&with_users(&full, &args).output().unwrap());
    ended.must_be(
        "sessions_max",
        2,
        &["5 of 10 sessions not opened: HTTP 503 ", "nothing was measured"],
    );
    let ended = Ended::of(&with_users(&full, &["storm", "--in-flight", "20"]).output().unwrap());
    ended.must_be("sessions_max", 1, &[" sessions not opened: HTTP 503 "]);
    let ended = Ended::of(
        &with_users(&full, &["pairs", "--path", "/nowhere"])
            .args(["--pairs", "2"])
            .output()
            .unwrap(),
    );
    ended.must_be("another path", 2, &["4 of 4 sessions not opened: HTTP 404 not found."]);
    let wrong = full.file("wrong.json");
    std::fs::write(&wrong, r#"[{"id":"2","token":"a.b.c"},{"id":"4","token":"d"}]"#).unwrap();
    let mut command = tester(&full.address, &["pairs", "--pairs", "1"]);
    let ended = Ended::of(&command.arg("--accounts").arg(&wrong).output().unwrap());
    ended.must_be(
        "wrong tokens",
        2,
        &["nothing was measured", "sessions not opened: auth refused: 4"],
    );
}

#[test]
fn where_no_hub_is_it_is_said_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = folder.path().join("users.json");
    std::fs::write(&accounts, r#"[{"id":"2","token":"a"},{"id":"4","token":"b"}]"#).unwrap();
    let run = |address: &str| {
        let mut command = tester(address, &["pairs", "--pairs", "1"]);
        Ended::of(&command.arg("--accounts").arg(&accounts).output().unwrap())
    };
    let greets = |words: &'static [u8]| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                let mut socket = socket.unwrap();
                std::thread::spawn(move || {
                    drop(socket.write_all(words));
                    drop(std::io::copy(&mut socket, &mut std::io::sink()));
                });
            }
        });
        address
    };
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    run(&gone).must_be("nothing", 2, &["2 of 2 sessions not opened: Connection refused"]);
    let ssh = greets(b"SSH-2.0-OpenSSH_9.2\r\n");
    run(&ssh).must_be("SSH", 2, &["protocol broken: no HTTP answer"]);
    run(&format!("wss://{ssh}")).must_be("TLS to SSH", 2, &["TLS: the server speaks no TLS"]);
    let alert = greets(&[0x15, 3, 3, 0, 2, 2, 40]);
    run(&alert).must_be("TLS", 2, &["the server speaks TLS: try wss://"]);
    let moved =
        greets(b"HTTP/1.1 301 Moved\r\nLocation: https://b.example/\r\nContent-Length: 0\r\n\r\n");
    run(&moved).must_be("moved", 2, &["HTTP 301 to https://b.example/"]);
}

#[test]
fn a_rate_that_cannot_be_held_fails() {
    let hub = real::start("pairs", &[]);
    let args = ["pairs", "--pairs", "2", "--rate", "2000000", "--fail-on", "rate<95%"];
    let ended = Ended::of(&with_users(&hub, &args).output().unwrap());
    ended.must_be(
        "an impossible rate",
        1,
        &[" not sent: the hub did not read fast enough", "rate<95%"],
    );
}

#[test]
fn a_run_that_is_none_is_not_begun() {
    for (args, why) in [
        (&["pairs", "--seconds", "0"][..], "--seconds 0"),
        (&["pairs", "--pairs", "0"], "no session is asked for"),
        (&["echo", "--connections", "0"], "no session is asked for"),
        (&["idle", "--connections", "0"], "no session is asked for"),
        (&["rooms", "--authors", "0"], "no session is asked for"),
        (&["pages", "--connections", "0"], "no session is asked for"),
        (&["mixed", "--users", "1"], "no session is asked for"),
        (&["fanout", "--connections", "0"], "no session is asked for"),
        (&["pairs", "--rate", "0"], "--rate 0"),
        (&["pairs", "--rate", "-1"], "--rate"),
        (&["pairs", "--rate", "nan"], "--rate NaN"),
        (&["storm", "--rate", "inf"], "--rate inf"),
        (&["pairs", "--fail-on", "p99>50"], "needs a unit"),
        (&["pairs", "--fail-on", "rate<95%"], "needs --rate"),
        (&["pairs", "--html", "/nowhere/at/all/report.html"], "there is no folder /nowhere/at/all"),
        (&["pairs", "--html", "/"], "--html /"),
        (&["pairs", "--json", "/proc/nothing.json"], "--json /proc/nothing.json"),
        (&["pairs", "--html", "same", "--json", "same"], "the same file"),
        (&["pairs", "--compare", "/nowhere.json"], "--compare /nowhere.json"),
        (&["pairs", "--compare", "/proc/version"], "no JSON"),
        (&["pairs", "--ca", "/proc/version"], "--ca /proc/version"),
        (&["pairs", "--address", "ftp://h"], "none of http"),
        (&["pairs", "--user", "ann"], "not EMAIL:PASSWORD"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let accounts = folder.path().join("users.json");
        let users: Vec<Value> =
            (1..=200).map(|id| serde_json::json!({"id": id * 2, "token": "a"})).collect();
        std::fs::write(&accounts, serde_json::to_string(&users).unwrap()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_tradewind-loadtest"));
        command.args(args).arg("--accounts").arg(&accounts).current_dir(&folder);
        if !args.contains(&"--address") {
            command.args(["--address", "127.0.0.1:9"]);
        }
        let output = command.output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {words}");
        assert!(words.contains(why), "{args:?}: {words}");
        let begun = String::from_utf8_lossy(&output.stdout);
        assert!(begun.is_empty(), "{args:?}: {begun}");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "{args:?} leaves a file");
    }
}
