//! The mode `topics`, against the real hub and against servers that misbehave.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::real;

const PUBSUB: &[(&str, &str)] = &[("TRADEWIND__PUBSUB__BIND", "127.0.0.1:0")];

/// Runs the mode; its exit status, report and words.
fn run(address: &str, args: &[&str]) -> (i32, Value, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_tradewind-loadtest"))
        .arg("topics")
        .args(["--warmup-seconds", "0", "--drain-seconds", "1", "--json", "-"])
        .args(["--address", address])
        .args(args)
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code().unwrap(), report, words)
}

fn count(report: &Value, name: &str) -> u64 {
    let rates = report["rates"].as_array().unwrap();
    let rate = rates.iter().find(|rate| rate["name"] == name).unwrap();
    rate["count_all"].as_u64().unwrap()
}

fn put(address: &str, path: &str, body: &Value) {
    let body = body.to_string();
    let mut socket = TcpStream::connect(address).unwrap();
    write!(
        socket,
        "PUT /v1/projects/load/{path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[test]
fn what_is_published_is_consumed_once_by_streams() {
    let hub = real::start("none", PUBSUB);
    let address = hub.pubsub.clone().unwrap();
    put(&address, "topics/load", &json!({}));
    put(&address, "subscriptions/load", &json!({"topic": "projects/load/topics/load"}));

    let few = ["--publishers", "3", "--batch", "7", "--requests", "20", "--seconds", "30"];
    let (status, report, words) = run(&address, &few);
    assert_eq!((status, count(&report, "published")), (0, 140), "{words}");

    let drain = ["--publishers", "0", "--consumers", "2", "--messages", "140", "--seconds", "30"];
    let (status, report, words) = run(&address, &drain);
    assert_eq!((status, count(&report, "delivered")), (0, 140), "{words}");

    // They are acknowledged: nothing is left for another run, which waits in vain.
    let more = ["--publishers", "0", "--consumers", "1", "--messages", "1", "--seconds", "0.5"];
    let (status, _, words) = run(&address, &more);
    assert!(status == 1 && words.contains("1 lost"), "{status}: {words}");

    let idle = ["--publishers", "0", "--consumers", "3", "--messages", "0", "--seconds", "0.5"];
    let (status, report, words) = run(&address, &idle);
    assert_eq!((status, &report["sessions"]), (0, &json!(3)), "{words}");

    let both = ["--publishers", "4", "--consumers", "2", "--seconds", "0.5"];
    for more in [&["--batch", "3"][..], &["--rate", "200"]] {
        let (status, report, words) = run(&address, &[&both[..], more].concat());
        assert_eq!(status, 0, "{words}");
        assert!(count(&report, "delivered") > 0, "{words}");
        assert_eq!(count(&report, "delivered"), count(&report, "published"), "{words}");
    }

    let missing = ["--subscription", "projects/load/subscriptions/none", "--consumers", "1"];
    let (status, _, words) = run(&address, &[&missing[..], &["--seconds", "0.5"]].concat());
    assert!(status != 0 && words.contains("NotFound"), "{words}");
    let (status, _, words) =
        run(&address, &["--topic", "projects/load/topics/none", "--seconds", "0.5"]);
    assert!(status != 0 && words.contains("404"), "{words}");
}

#[test]
fn what_makes_no_sense_is_no_load() {
    for args in [
        &["--publishers", "0"][..],
        &["--publishers", "0", "--consumers", "1"],
        &["--batch", "0"],
        &["--requests", "3", "--rate", "5"],
        &["--address", "https://127.0.0.1:1"],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_tradewind-loadtest"))
            .arg("topics")
            .args(args)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
    }
}

/// What a server does wrong, with the fifth message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    Loses,
    Doubles,
    Changes,
    Refuses,
    AnswersNot,
    AnswersTwice,
    /// Says that it has stored more than it was given.
    StoresMore,
    /// Ends the connection of the consumer.
    CutsOff,
    Babbles,
}

#[derive(Default)]
struct State {
    stored: u32,
    /// What a consumer has asked for: its connection, and where to.
    asked: VecDeque<(TcpStream, String)>,
    /// What came before anybody asked.
    waiting: Vec<Vec<u8>>,
}

/// A small NATS.
fn nats(fault: Fault) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let state = Arc::new(Mutex::new(State::default()));
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let (socket, state) = (socket.unwrap(), Arc::clone(&state));
            std::thread::spawn(move || serve(socket, &state, fault));
        }
    });
    address
}

fn serve(mut socket: TcpStream, state: &Mutex<State>, fault: Fault) -> Option<()> {
    socket.write_all(b"INFO {}\r\n").ok()?;
    let mut lines = BufReader::new(socket.try_clone().ok()?);
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        match *words {
            ["PING"] => socket.write_all(b"PONG\r\n").ok()?,
            ["CONNECT", ..] | ["SUB", ..] => {}
            ["PUB", subject, .., length] => {
                let mut payload = vec![0; length.parse::<usize>().ok()? + 2];
                lines.read_exact(&mut payload).ok()?;
                payload.truncate(payload.len() - 2);
                let mut state = state.lock().unwrap();
                match (subject, words.get(2)) {
                    ("load", Some(reply)) => store(&mut state, &mut socket, reply, &payload, fault),
                    (asks, Some(reply)) if asks.starts_with("$JS.API") => {
                        let mut own = socket.try_clone().ok()?;
                        for payload in state.waiting.drain(..) {
                            message(&mut own, reply, Some("ack"), &payload);
                        }
                        state.asked.push_back((own, (*reply).to_owned()));
                    }
                    (_, _) => assert_eq!((subject, &*payload), ("ack", &b"+ACK"[..])),
                }
            }
            _ => panic!("{line}"),
        }
    }
}

fn store(state: &mut State, socket: &mut TcpStream, reply: &str, payload: &[u8], fault: Fault) {
    state.stored += 1;
    let fault = if state.stored == 5 { fault } else { Fault::None };
    let answer = match fault {
        Fault::Refuses => json!({"error": {"description": "no room"}}),
        Fault::StoresMore => json!({"seq": 1, "count": 3}),
        _ => json!({"stream": "S", "seq": state.stored}),
    };
    let answers = match fault {
        Fault::AnswersNot => 0,
        Fault::AnswersTwice => 2,
        _ => 1,
    };
    for _ in 0..answers {
        message(socket, reply, None, answer.to_string().as_bytes());
    }
    if fault == Fault::Babbles {
        drop(socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    }
    let Some((consumer, to)) = state.asked.front_mut() else {
        return state.waiting.push(payload.to_vec());
    };
    let copies = match fault {
        Fault::Loses | Fault::Refuses => 0,
        Fault::Doubles => 2,
        _ => 1,
    };
    let mut payload = payload.to_vec();
    if fault == Fault::Changes {
        *payload.last_mut().unwrap() = b'!';
    }
    if fault == Fault::CutsOff {
        drop(consumer.shutdown(std::net::Shutdown::Both));
    }
    for _ in 0..copies {
        message(consumer, to, Some("ack"), &payload);
    }
}

fn message(socket: &mut TcpStream, subject: &str, reply: Option<&str>, payload: &[u8]) {
    let reply = reply.map(|reply| format!("{reply} ")).unwrap_or_default();
    let mut said = format!("MSG {subject} 1 {reply}{}\r\n", payload.len()).into_bytes();
    said.extend_from_slice(payload);
    said.extend_from_slice(b"\r\n");
    drop(socket.write_all(&said));
}

#[test]
fn no_fault_is_overlooked() {
    let tried = |fault, seconds| {
        let args = ["--protocol", "nats", "--topic", "load", "--subscription", "S.c"];
        let load = ["--publishers", "1", "--consumers", "1", "--requests", "9"];
        run(&nats(fault).to_string(), &[&args[..], &load, &["--seconds", seconds]].concat())
    };
    // It ends with the ninth message.
    let (status, report, words) = tried(Fault::None, "30");
    assert_eq!((status, count(&report, "delivered")), (0, 9), "{words}");
    for (fault, sign) in [
        (Fault::Loses, "acknowledged and not delivered"),
        (Fault::Doubles, "1 duplicated"),
        (Fault::Changes, "got what is not for it"),
        (Fault::Refuses, "no room"),
        (Fault::AnswersNot, "the drain deadline passed"),
        (Fault::AnswersTwice, "acknowledged again"),
        (Fault::StoresMore, "acknowledged again"),
        (Fault::CutsOff, "a consumer"),
        (Fault::Babbles, "nothing of NATS"),
    ] {
        let (status, _, words) = tried(fault, "1");
        assert!(status == 1 || status == 2, "{fault:?}: {words}");
        assert!(words.contains(sign), "{fault:?}: {words}");
    }
}

/// A Pub/Sub that answers each request alike.
fn rest(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            std::thread::spawn(move || {
                let mut scratch = [0; 4096];
                while socket.read(&mut scratch).is_ok_and(|count| count > 0) {
                    drop(socket.write_all(answer.as_bytes()));
                }
            });
        }
    });
    address
}

#[test]
fn no_wrong_answer_of_rest_is_overlooked() {
    for (answer, sign) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{\"messageIds\":[]} ", "0 ids of 1"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "no answer to a publish"),
        ("HTTP/1.1 429 Busy\r\nContent-Length: 2\r\n\r\n{}", "429"),
        ("HTTP/1.1 200 OK\r\n\r\n{}", "without content-length"),
    ] {
        let args = ["--publishers", "1", "--requests", "3", "--seconds", "0.5"];
        let (status, _, words) = run(&rest(answer).to_string(), &args);
        assert!(status == 1 || status == 2, "{answer}: {words}");
        assert!(words.contains(sign), "{answer}: {words}");
    }
}
