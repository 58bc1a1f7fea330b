//! The mode `devices`, against the real hub and against one that misbehaves.

use std::collections::HashMap;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::hub::{accept, head, next, text};
use crate::real;

/// Runs the mode; its exit status, report and words.
fn run(address: &str, accounts: &Path, args: &[&str]) -> (i32, Value, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_tradewind-loadtest"))
        .arg("devices")
        .args(args)
        .args(["--warmup-seconds", "0", "--drain-seconds", "1", "--json", "-"])
        .args(["--address", address, "--accounts"])
        .arg(accounts)
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code().unwrap(), report, words)
}

fn count(report: &Value, name: &str) -> u64 {
    let rates = report["rates"].as_array().unwrap();
    let rate = rates.iter().find(|rate| rate["name"] == name).unwrap();
    rate["count"].as_u64().unwrap()
}

#[test]
fn devices_that_are_there_and_others_get_what_a_console_sends() {
    let hub = real::start("none", &[]);
    let devices = hub.file("devices.json");
    let seed = ["seed", "--devices", "2100", "--out", devices.to_str().unwrap()];
    let seeded = real::command(hub.folder.path()).args(seed).output().unwrap();
    assert!(seeded.status.success(), "{}", String::from_utf8_lossy(&seeded.stderr));
    for (args, made, delivered) in [
        (&["--connections", "50", "--messages", "3"][..], 3 * 2_100, 3 * 50),
        (&["--connections", "50", "--group", "60", "--messages", "4"], 4 * 60, 4 * 50),
        (&["--connections", "0", "--messages", "2"], 2 * 2_100, 0),
    ] {
        let (status, report, words) = run(&hub.address, &devices, args);
        assert_eq!(status, 0, "{words}");
        assert_eq!(report["errors"], json!({}), "{words}");
        assert_eq!(
            (count(&report, "made"), count(&report, "delivered")),
            (made, delivered),
            "{words}"
        );
        assert_eq!(report["times"][0]["measured"]["count"], count(&report, "sent"), "{report:#}");
        assert!(
            report["costs"]["server_cpu_seconds"].is_null() && report["hub"]["version"].is_string()
        );
    }
    // Nothing to send is a run, too.
    let (status, _, words) =
        run(&hub.address, &devices, &["--connections", "50", "--messages", "0"]);
    assert_eq!(status, 0, "{words}");
    for args in [&["--connections", "2101"][..], &["--connections", "10", "--group", "9"]] {
        assert_eq!(run(&hub.address, &devices, args).0, 2, "more than there are");
    }
    let users = hub.file("users.json");
    assert_eq!(run(&hub.address, &users, &["--connections", "1"]).0, 2, "no app");
}

/// What a hub does wrong, with the second message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    Loses,
    Doubles,
    Changes,
    Refuses,
    AnswersNot,
    /// One of the devices is put out.
    CutsOff,
    /// It does not make all deliveries.
    GoesOn,
    MakesNoGroup,
    LetsNobodyIn,
    /// Acknowledgements are never done with.
    TakesNoAck,
}

#[derive(Default)]
struct State {
    devices: HashMap<String, TcpStream>,
    sent: u32,
}

fn start(fault: Fault) -> SocketAddr {
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
    let head = head(&mut socket)?;
    if head.starts_with("GET /metrics ") {
        let sent = state.lock().unwrap().sent;
        let made = if fault == Fault::GoesOn { sent.min(1) } else { sent } * 3;
        let text =
            format!("tradewind_device_deliveries_total {made}\ntradewind_store_pending_ops 0\n");
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
            text.len()
        );
        return socket.write_all(answer.as_bytes()).ok();
    }
    accept(&mut socket)?;
    let is_console = head.starts_with("GET /console/ws ");
    assert_eq!(is_console, head.contains("Authorization: Bearer console"), "{head}");
    while let Some(said) = next(&mut socket) {
        let frame: Value = serde_json::from_str(&said).unwrap();
        let body = &frame["body"];
        match frame["action"].as_str().unwrap() {
            "createDeviceGroup" => {
                let code = if fault == Fault::MakesNoGroup { -304 } else { 1 };
                let id = "40000d6c6a1b86c0806647b0ab329ae4";
                text(
                    &mut socket,
                    &format!("onDeviceGroupCreateResult {code} done. {id} load 3 None [] 801"),
                );
            }
            "sendGroupMsg" => send(state, &mut socket, body["message"].as_str().unwrap(), fault),
            "auth" => {
                assert_eq!(body["apiToken"], "token");
                let code = if fault == Fault::LetsNobodyIn { -304 } else { 1 };
                let device = body["deviceId"].as_str().unwrap().to_owned();
                let own = socket.try_clone().unwrap();
                state.lock().unwrap().devices.insert(device, own);
                let result = json!({"action": "authResult", "body": {"resultCode": code}});
                text(&mut socket, &result.to_string());
            }
            "ackMsgs" => assert_eq!(body["msgIds"].as_array().unwrap().len(), 1),
            "fence" if fault == Fault::TakesNoAck => {}
            "fence" => text(&mut socket, r#"{"action":"onError","body":{"resultCode":-304}}"#),
            other => panic!("{other}"),
        }
    }
    Some(())
}

fn send(state: &Mutex<State>, console: &mut TcpStream, message: &str, fault: Fault) {
    let mut state = state.lock().unwrap();
    state.sent += 1;
    let fault = if state.sent == 2 { fault } else { Fault::None };
    if fault == Fault::Refuses {
        return text(console, "onSendGroupMsgResult -1 busy. 561");
    }
    if fault != Fault::AnswersNot {
        text(console, "onSendGroupMsgResult 1 done. 561");
    }
    let number = state.sent;
    for (place, socket) in state.devices.values_mut().enumerate() {
        let changed =
            if fault == Fault::Changes { format!("{message}!") } else { message.to_owned() };
        let told = json!({"action": "onMsgReceived", "body": {"msgs": [
            {"msgId": number.to_string(), "type": 1, "data": changed}]}});
        match fault {
            Fault::Loses if place == 1 => {}
            Fault::CutsOff if place == 1 => drop(socket.shutdown(std::net::Shutdown::Both)),
            Fault::Doubles => (0..2).for_each(|_| text(socket, &told.to_string())),
            _ => text(socket, &told.to_string()),
        }
    }
}

#[test]
fn no_fault_is_overlooked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("devices.json");
    let app = json!({"app": "a", "console": "console", "owners": [{"token": "token", "devices": ["a", "b", "c"]}]});
    std::fs::write(&file, app.to_string()).unwrap();
    let tried = |fault, seconds| {
        let args = ["--connections", "3", "--messages", "3", "--seconds", seconds];
        run(&start(fault).to_string(), &file, &args)
    };
    // It ends with the third message.
    let (status, report, words) = tried(Fault::None, "30");
    assert_eq!((status, count(&report, "made")), (0, 9), "{words}");
    for (fault, sign) in [
        (Fault::Loses, "acknowledged and not delivered"),
        (Fault::Doubles, "3 duplicated"),
        (Fault::Changes, "got what is not for it"),
        (Fault::Refuses, "onSendGroupMsgResult -1"),
        (Fault::AnswersNot, "the drain deadline passed"),
        (Fault::CutsOff, "ended"),
        (Fault::GoesOn, "the drain deadline passed"),
        (Fault::MakesNoGroup, "the group could not be made"),
        (Fault::LetsNobodyIn, "not let in"),
        (Fault::TakesNoAck, "the drain deadline passed"),
    ] {
        let (status, _, words) = tried(fault, "1.5");
        assert!(status == 1 || status == 2, "{fault:?}: {words}");
        assert!(words.contains(sign), "{fault:?}: {words}");
    }
}
