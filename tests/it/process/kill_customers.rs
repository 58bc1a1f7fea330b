//! `kill -9` in the middle of customer chat: what was acknowledged to who has sent it is kept for who is to get it, until
//! he acknowledges it himself.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::postgres::Schema;
use crate::harness::{Client, DEADLINE, Process, http, process, soon};

const PASSWORD: &str = "correct horse";
/// Its SHA-1.
const SENT_PASSWORD: &str = "2f9e53523b62abc141a2b4d6019d23cba835dbd0";
/// Messages that are on their way at once.
const PIPELINE: usize = 8;
/// A round ends after at most so many acknowledgements.
const ACKNOWLEDGED_MAX: u64 = 200;
/// And so many milliseconds later, so that it ends at any point of a commit.
const DELAY_MAX_MS: u64 = 8;

/// Somebody with a token.
struct Who {
    app: String,
    token: String,
    user: String,
    device: String,
    is_agent: bool,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text, and not {value}")).to_owned()
}

/// Runs a command that prints JSON.
fn made(folder: &Path, set: &[&str], args: &[&str]) -> Value {
    let out = process::run(folder, set, args);
    assert!(out.status.success(), "{out:?}");
    serde_json::from_slice(&out.stdout).expect("JSON")
}

async fn token(address: SocketAddr, fields: &[(&str, &str)]) -> Value {
    http::post_form(address, "/ppauth/token", fields).await.json
}

impl Who {
    async fn call(&self, address: SocketAddr, name: &str, mut body: Value) -> Value {
        body["app_uuid"] = json!(self.app);
        body["user_uuid"] = json!(self.user);
        let auth = format!("OAuth {}", self.token);
        let headers = [("authorization", &*auth), ("content-type", "application/json")];
        let path = format!("/api/{name}");
        let answer = http::send(address, ("POST", &path), &headers, body.to_string()).await.json;
        assert_eq!(answer["error_code"], 0, "{name}: {answer}");
        answer
    }

    async fn at_device(mut self, address: SocketAddr) -> Self {
        let body = json!({"device_id": "a device", "device_ostype": "LIN"});
        self.device = text(&self.call(address, "PPCOM_CREATE_DEVICE", body).await["device_uuid"]);
        self
    }

    async fn socket(&self, address: SocketAddr) -> Client {
        let mut client = Client::open(address, "/pcsocket/WS").await;
        let auth = json!({"type": "auth", "api_token": self.token, "app_uuid": self.app,
            "user_uuid": self.user, "device_uuid": self.device, "extra_data": {},
            "is_service_user": self.is_agent});
        assert_eq!(client.ask(auth).await["code"], 0);
        client
    }

    /// All that is not acknowledged, oldest first: the names of the messages, and those of the pushes.
    async fn unacked(&self, address: SocketAddr) -> Vec<(String, String)> {
        let (mut all, mut last) = (Vec::new(), Value::Null);
        loop {
            let body = json!({"page_size": 100, "min_uuid": last});
            let page = self.call(address, "PP_PAGE_UNACKED_MESSAGE", body).await;
            let list = page["list"].as_array().expect("a list");
            let Some(end) = list.last() else { return all };
            last = end.clone();
            for pid in list.iter().map(text) {
                let message: Value = serde_json::from_str(&text(&page["message"][&pid])).unwrap();
                all.push((text(&message["id"]), pid));
            }
        }
    }
}

/// Sends until the server is gone; the names of the messages that were acknowledged. Each is told.
async fn write(
    mut socket: Client,
    (me, conversation): (&Who, &str),
    round: usize,
    told: UnboundedSender<()>,
) -> Vec<String> {
    let (mut sent, mut acknowledged) = (0, Vec::new());
    loop {
        while sent < acknowledged.len() + PIPELINE {
            let uuid = name(round, sent);
            // It may have arrived even if this fails.
            sent += 1;
            let send = message(me, conversation, &uuid);
            if !socket.try_send(&json!({"type": "send", "send": send})).await {
                break;
            }
        }
        let Some(Message::Text(frame)) = socket.next().await else { return acknowledged };
        let frame: Value = serde_json::from_str(&frame).expect("JSON");
        if frame["what"] != "SEND" {
            continue;
        }
        assert_eq!(frame["code"], 0, "{frame}");
        assert_eq!(frame["extra"]["uuid"], json!(name(round, acknowledged.len())), "in order");
        acknowledged.push(text(&frame["extra"]["uuid"]));
        told.send(()).unwrap_or_default();
    }
}

/// The same over HTTP, as widgets do that have no socket: one after another.
async fn post(
    address: SocketAddr,
    (me, conversation): (&Who, &str),
    round: usize,
    told: UnboundedSender<()>,
) -> Vec<String> {
    let mut acknowledged = Vec::new();
    let client = awc::Client::builder().timeout(DEADLINE).finish();
    loop {
        let uuid = name(round, acknowledged.len());
        let auth = ("authorization", format!("OAuth {}", me.token));
        let request =
            client.post(format!("http://{address}/api/PP_SEND_MESSAGE")).insert_header(auth);
        let sent = request.send_json(&message(me, conversation, &uuid)).await;
        let Ok(mut answer) = sent else { return acknowledged };
        let Ok(answer) = answer.json::<Value>().await else { return acknowledged };
        assert_eq!(answer["error_code"], 0, "{answer}");
        acknowledged.push(uuid);
        told.send(()).unwrap_or_default();
    }
}

fn message(me: &Who, conversation: &str, uuid: &str) -> Value {
    json!({"uuid": uuid, "conversation_uuid": conversation, "from_uuid": me.user,
        "from_type": "DU", "to_uuid": me.app, "to_type": "AP", "message_type": "NOTI",
        "message_subtype": "TEXT", "message_body": uuid})
}

/// Reads until the server is gone; the names of the messages that came.
async fn read(mut socket: Client) -> Vec<String> {
    let mut came = Vec::new();
    while let Some(Message::Text(frame)) = socket.next().await {
        let frame: Value = serde_json::from_str(&frame).expect("JSON");
        if frame["type"] == "MSG" {
            came.push(text(&frame["msg"]["id"]));
        }
    }
    came
}

fn name(round: usize, number: usize) -> String {
    format!("00000000-0000-4000-8000-{round:04x}{number:08x}")
}

/// An agent and a visitor of an app, and their conversation.
async fn begin(folder: &Path, set: &[&str], address: SocketAddr) -> (Who, Who, String) {
    let app = made(folder, set, &["app", "add", "--name", "shop"]);
    let agent = ["agent", "add", "--app", "shop", "--email", "ann@shop.example", "--name", "Ann"];
    made(folder, set, &[&agent[..], &["--password", PASSWORD]].concat());
    let key = |level: &str| {
        let keys = app["keys"].as_array().expect("keys");
        let key = keys.iter().find(|key| key["level"] == level).expect("a key");
        (text(&key["key"]), text(&key["secret"]))
    };
    let (client, secret) = key("PPKEFU");
    let fields = [
        ("grant_type", "password"),
        ("client_id", &*client),
        ("client_secret", &secret),
        ("user_email", "ann@shop.example"),
        ("user_password", SENT_PASSWORD),
    ];
    let granted = token(address, &fields).await;
    let who = |token: &Value, user: &Value, is_agent| Who {
        app: text(&app["uuid"]),
        token: text(token),
        user: user.as_str().unwrap_or_default().to_owned(),
        device: String::new(),
        is_agent,
    };
    let agent = who(&granted["access_token"], &granted["user_uuid"], true);
    let agent = agent.at_device(address).await;
    let (client, secret) = key("PPCOM");
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", &*client),
        ("client_secret", &*secret),
    ];
    let granted = token(address, &fields).await;
    let mut visitor = who(&granted["access_token"], &Value::Null, false);
    let trace = json!({"ppcom_trace_uuid": "a secret of twenty characters"});
    visitor.user = text(&visitor.call(address, "PP_CREATE_ANONYMOUS", trace).await["user_uuid"]);
    let visitor = visitor.at_device(address).await;
    let body = json!({"device_uuid": visitor.device});
    let opened = visitor.call(address, "PPCOM_GET_DEFAULT_CONVERSATION", body).await;
    (agent, visitor, text(&opened["uuid"]))
}

/// By which door messages are sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Door {
    Socket,
    Http,
}

async fn kill(door: Door, (folder, set): (&Path, &[&str]), rounds: usize) {
    let seed = std::env::var("TRADEWIND_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let mut random: u64 = seed
        .unwrap_or_else(|| std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_nanos() as u64);
    println!("TRADEWIND_TEST_SEED={random}");
    let mut process = Process::start(folder, set);
    let (agent, visitor, conversation) = begin(folder, set, process.address).await;
    // What has to be there, by the names of the messages.
    let (mut left, mut total) = (BTreeSet::new(), 0);
    for round in 0..rounds {
        // Steele and Vigna's splitmix64: enough for moments.
        random = random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (random ^ (random >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let (told, mut acknowledged) = unbounded_channel();
        let (address, of) = (process.address, (&visitor, conversation.as_str()));
        let reader = agent.socket(address).await;
        let writing = async {
            match door {
                Door::Socket => write(visitor.socket(address).await, of, round, told).await,
                Door::Http => post(address, of, round, told).await,
            }
        };
        let talk = async { tokio::join!(writing, read(reader)) };
        let killed = async {
            for _ in 0..=mixed % ACKNOWLEDGED_MAX {
                soon("an acknowledgement", acknowledged.recv()).await;
            }
            // This is the fault, not synchronisation: any moment will do.
            tokio::time::sleep(Duration::from_millis((mixed >> 32) % DELAY_MAX_MS)).await;
            process.kill();
        };
        let both = async { tokio::join!(talk, killed) };
        let ((sent, came), ()) = tokio::time::timeout(DEADLINE, both).await.expect("all ends");
        process = Process::start(folder, set);
        let unacked = agent.unacked(process.address).await;
        let names: Vec<&String> = unacked.iter().map(|(name, _)| name).collect();
        let kept: BTreeSet<String> = names.iter().map(|name| (*name).clone()).collect();
        assert_eq!(kept.len(), names.len(), "each once");
        assert!(names.is_sorted(), "in the order of sending");
        assert!(left.is_subset(&kept), "kept until it is acknowledged");
        for name in sent.iter().chain(&came) {
            assert!(kept.contains(name), "acknowledged or delivered, and lost: {name}");
        }
        let earlier = kept.iter().filter(|name| **name < self::name(round, 0));
        assert!(earlier.eq(&left), "what was acknowledged does not come again");
        total += sent.len();
        // Half of it is acknowledged, and is gone for good from the answer on.
        let half = unacked.len() / 2;
        let pids: Vec<&String> = unacked.iter().take(half).map(|(_, pid)| pid).collect();
        agent.call(process.address, "ACK_MESSAGE", json!({"list": pids})).await;
        left = unacked.into_iter().skip(half).map(|(name, _)| name).collect();
    }
    process.stop();
    assert!(total >= rounds, "each round was in the middle of something");
    println!("{rounds} rounds, {total} acknowledged");
}

#[actix_web::test]
async fn what_is_acknowledged_waits_for_its_reader_after_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    kill(Door::Socket, (folder.path(), &[]), 30).await;
}

#[actix_web::test]
async fn what_is_acknowledged_waits_for_its_reader_after_kill_9_on_postgres() {
    let (folder, schema) = (tempfile::tempdir().unwrap(), Schema::create());
    let url = format!("store.url={}", schema.url());
    kill(Door::Socket, (folder.path(), &[&url]), 6).await;
}

/// So many rounds, and ten times as many where `TRADEWIND_TEST_LONG` is set (`scripts/test-long`).
fn rounds(few: usize) -> usize {
    let is_long = std::env::var("TRADEWIND_TEST_LONG").is_ok();
    if is_long { few * 10 } else { few }
}

#[actix_web::test]
async fn what_is_acknowledged_over_http_waits_for_its_reader_after_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    kill(Door::Http, (folder.path(), &[]), rounds(5)).await;
}

#[actix_web::test]
async fn what_is_acknowledged_over_http_waits_for_its_reader_after_kill_9_on_postgres() {
    let (folder, schema) = (tempfile::tempdir().unwrap(), Schema::create());
    let url = format!("store.url={}", schema.url());
    kill(Door::Http, (folder.path(), &[&url]), rounds(2)).await;
}
