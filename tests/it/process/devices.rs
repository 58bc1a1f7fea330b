//! `kill -9` while an operator sends to devices, over and over.
//!
//! What the operator has a line for reaches the device, whatever happens. What the device has acknowledged, and has
//! heard something after that, never comes again. Each connection brings messages in the order in which they were sent,
//! but that what goes to all may come after what went to one.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_tungstenite::tungstenite::Message;
use tradewind::auth::key;
use tradewind::clock::SystemClock;
use tradewind::config::Secret;
use tradewind::domain::apps::app::Level;
use tradewind::domain::apps::device::OsType;
use tradewind::domain::apps::token::AppToken;
use tradewind::domain::clock::Clock as _;
use tradewind::domain::id::{AppId, DeviceId};
use tradewind::domain::mint::IdMint;
use tradewind::store::apps::devices::{self, NewDevice};
use tradewind::store::apps::directory::{self, NewApp};
use tradewind::store::apps::tokens;
use tradewind::store::{Database, Settings};

use crate::harness::postgres::Schema;
use crate::harness::{Account, Client, DEADLINE, Process, process, soon};

/// Sends of an operator that are on their way at once.
const PIPELINE: usize = 16;
/// A round ends after at most so many lines.
const LINES_MAX: u64 = 400;
/// And so many milliseconds later, so that it ends at any point of a commit.
const DELAY_MAX_MS: u64 = 8;
/// Devices beside the one that is watched: more than one transaction serves.
const CROWD: u32 = 2_100;

/// An app with a device that is watched, and others.
struct Scene {
    device: DeviceId,
}

impl Scene {
    /// Puts it into a database that nobody else has open.
    fn lay(folder: &Path, set: &[&str]) -> Self {
        let owner = process::accounts_with(folder, set, 1).remove(0);
        let url = set.iter().find_map(|setting| setting.strip_prefix("store.url="));
        let file = format!("sqlite://{}", folder.join("tradewind.db").display());
        let url = Secret::new(url.map_or(file, str::to_owned));
        let database = Database::open(&Settings { url, ..Settings::default() }).unwrap();
        let clock = std::sync::Arc::new(SystemClock::start());
        let mint = IdMint::new(30, 0, Duration::from_secs(10), clock.clone()).unwrap();
        let (app, now) = (mint.app().unwrap(), clock.now());
        let new_device = |terminal: u32| {
            let mut terminal_hash = [0; 32];
            terminal_hash[..4].copy_from_slice(&terminal.to_be_bytes());
            let (id, owner, os) = (mint.device().unwrap(), owner.user.id, OsType::Linux);
            NewDevice { id, app, owner, terminal_hash, os, at: now }
        };
        let all: Vec<NewDevice> = (0..=CROWD).map(new_device).collect();
        let name = "app".to_owned();
        let new_app = NewApp { id: app, name, service_hash: [1; 32], created_at: now };
        let tokens = [token(app, &owner, true), token(app, &owner, false)];
        database
            .write(|conn| {
                directory::insert(conn, &new_app)?;
                for device in &all {
                    devices::create(conn, device, i64::MAX)?;
                }
                tokens.iter().try_for_each(|token| tokens::insert(conn, token))
            })
            .unwrap();
        // In the middle of the others.
        Self { device: all[1_000].id }
    }
}

const OPERATORS: &str = "the operator's token";
const DEVICES: &str = "the device's token";

fn token(app: AppId, owner: &Account, is_operators: bool) -> AppToken {
    let (text, level, user) = match is_operators {
        true => (OPERATORS, Level::ThirdPartyConsole, None),
        false => (DEVICES, Level::Ppcom, Some(owner.user.id)),
    };
    let expires_at = SystemClock::start().now().after(Duration::from_secs(86_400));
    let slides_by = Duration::ZERO;
    AppToken { hash: key::hash_of(text), app, level, user, expires_at, slides_by }
}

/// What is known of all messages, over all rounds. A message is its number.
#[derive(Default)]
struct Known {
    sent: usize,
    /// Those that the operator has a line for.
    accepted: BTreeSet<usize>,
    /// Those that have come.
    came: BTreeSet<usize>,
    /// Those whose acknowledgement is kept for sure.
    done: BTreeSet<usize>,
}

/// Whether a message goes to all devices, so that its deliveries are made later.
fn is_for_all(number: usize) -> bool {
    number.is_multiple_of(40)
}

fn action(number: usize, device: DeviceId) -> Value {
    let text = number.to_string();
    match is_for_all(number) {
        true => json!({"action": "sendBroadcastMsg", "body": {"message": text}}),
        false => {
            let body = json!({"message": text, "deviceList": [device.uuid().hex()]});
            json!({"action": "sendMulticastMsg", "body": body})
        }
    }
}

/// Sends until the server is gone; gives the first number that was not sent.
async fn operate(
    address: std::net::SocketAddr,
    (first, device): (usize, DeviceId),
    told: UnboundedSender<usize>,
) -> usize {
    let headers = [("authorization", format!("Bearer {OPERATORS}"))];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let Some(mut client) = Client::try_open(address, "/console/ws", &headers).await else {
        return first;
    };
    let (mut next, mut lines) = (first, first);
    loop {
        while next < lines + PIPELINE {
            let action = action(next, device);
            // It may have arrived even if this fails.
            next += 1;
            if !client.try_send(&action).await {
                return next;
            }
        }
        let Some(Message::Text(line)) = client.next().await else { return next };
        // What the device says between.
        if line.starts_with("onUpstreamMsgReceived ") {
            continue;
        }
        let kind = if is_for_all(lines) { "Broadcast" } else { "Multicast" };
        assert!(line.starts_with(&format!("onSend{kind}MsgResult 1 ")), "{line}");
        told.send(lines).unwrap_or_default();
        lines += 1;
    }
}

/// Receives and acknowledges until the server is gone, or until there is nothing more to come.
async fn receive(address: std::net::SocketAddr, device: DeviceId, known: &mut Known, all: bool) {
    let Some(mut client) = Client::try_open(address, "/device/ws", &[]).await else { return };
    let body = json!({"apiToken": DEVICES, "deviceId": device.uuid().hex()});
    if !client.try_send(&json!({"action": "auth", "body": body})).await {
        return;
    }
    let (mut last, mut acknowledged, mut fences) = ([None, None], Vec::new(), 0);
    while !all || !known.accepted.is_subset(&known.came) {
        let Some(Message::Text(text)) = client.next().await else { return };
        let frame: Value = serde_json::from_str(&text).unwrap();
        match frame["action"].as_str().unwrap() {
            "authResult" => assert_eq!(frame["body"]["resultCode"], 1),
            "onMsgReceived" => {
                let messages = frame["body"]["msgs"].as_array().unwrap();
                for message in messages.iter().rev() {
                    let number: usize = message["data"].as_str().unwrap().parse().unwrap();
                    let last = &mut last[usize::from(is_for_all(number))];
                    assert!(*last < Some(number), "{number} came after {last:?}");
                    assert!(!known.done.contains(&number), "{number} came again");
                    *last = Some(number);
                    known.came.insert(number);
                    acknowledged.push((number, fences + 1));
                }
                let ids: Vec<&Value> = messages.iter().map(|message| &message["msgId"]).collect();
                fences += 1;
                let ack = json!({"action": "ackMsgs", "body": {"msgIds": ids}});
                let fence = json!({"action": "sendUpstreamMsg", "body": {"data": "x", "umi": fences.to_string()}});
                if !client.try_send(&ack).await || !client.try_send(&fence).await {
                    return;
                }
            }
            "onSendUpstreamMsgResult" => {
                let through: i32 = frame["body"]["umi"].as_str().unwrap().parse().unwrap();
                let kept = acknowledged.iter().filter(|(_, fence)| *fence <= through);
                known.done.extend(kept.map(|(number, _)| *number));
                acknowledged.retain(|(_, fence)| *fence > through);
            }
            _ => panic!("{frame}"),
        }
    }
}

async fn kill(folder: &Path, set: &[&str], rounds: usize) {
    let seed = std::env::var("TRADEWIND_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let mut random: u64 = seed
        .unwrap_or_else(|| std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_nanos() as u64);
    println!("TRADEWIND_TEST_SEED={random}");
    let scene = Scene::lay(folder, set);
    let mut known = Known::default();
    for _ in 0..rounds {
        // Vigna's splitmix64, as elsewhere.
        random = random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (random ^ (random >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let process = Process::start(folder, set);
        let (told, mut lines) = unbounded_channel();
        let address = process.address;
        let sending = actix_web::rt::spawn(operate(address, (known.sent, scene.device), told));
        let ending = async {
            let mut accepted = Vec::new();
            for _ in 0..mixed % LINES_MAX {
                accepted.push(soon("a line", lines.recv()).await.expect("it goes on"));
            }
            // This is the fault, not synchronisation: any moment will do.
            tokio::time::sleep(Duration::from_millis((mixed >> 32) % DELAY_MAX_MS)).await;
            process.kill();
            while let Some(line) = lines.recv().await {
                accepted.push(line);
            }
            accepted
        };
        let both =
            async { tokio::join!(receive(address, scene.device, &mut known, false), ending) };
        let ((), accepted) = tokio::time::timeout(2 * DEADLINE, both).await.expect("all end");
        known.accepted.extend(accepted);
        known.sent = sending.await.expect("in order");
    }
    let process = Process::start(folder, set);
    let last = receive(process.address, scene.device, &mut known, true);
    tokio::time::timeout(2 * DEADLINE, last).await.expect("all that was accepted comes");
    process.stop();
    assert!(known.came.iter().all(|number| *number < known.sent));
    assert!(known.done.len() >= rounds, "each round was in the middle of something");
    let (accepted, came, done) = (known.accepted.len(), known.came.len(), known.done.len());
    println!("{rounds} rounds, {accepted} accepted, {came} came, {done} acknowledged");
}

#[actix_web::test]
async fn what_was_sent_to_a_device_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    kill(folder.path(), &[], 30).await;
}

#[actix_web::test]
async fn what_was_sent_to_a_device_survives_kill_9_on_postgres() {
    let (folder, schema) = (tempfile::tempdir().unwrap(), Schema::create());
    let url = format!("store.url={}", schema.url());
    kill(folder.path(), &[&url], 8).await;
}
