//! `kill -9` while people talk in a room that is bridged to a topic: each message comes once to who follows the topic, in
//! the order of the room, and none is missing.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::harness::postgres::Schema;
use crate::harness::process::{accounts_with, run};
use crate::harness::{Account, DEADLINE, Process, http, soon};

const TOPIC: &str = "projects/p/topics/chat";
const SUBSCRIPTION: &str = "projects/p/subscriptions/all";
/// Messages before each kill, in all of them together.
const MESSAGES: usize = 1_000;
/// How many a sender has on their way at once.
const PIPELINE: usize = 16;

fn command(folder: &Path, set: &[&str], args: &[&str]) {
    let output = run(folder, set, args);
    assert!(output.status.success(), "{output:?}");
}

/// Sends numbered messages until the server is gone or all are answered; which were answered.
async fn send(hub: SocketAddr, of: (&Account, &Account), numbers: std::ops::Range<usize>) {
    let path = format!("/api/v1/rooms/{}/messages", of.0.room(of.1));
    let one = |number: usize| {
        let path = path.clone();
        async move {
            let auth = format!("Bearer {}", of.0.token);
            // Under a name of its own, so that it can be sent again.
            let body = json!({"content": number.to_string(), "nonce": format!("n-{number}")});
            let client = awc::Client::builder().timeout(DEADLINE).finish();
            let post =
                client.post(format!("http://{hub}{path}")).insert_header(("authorization", auth));
            drop(post.send_json(&body).await);
        }
    };
    let numbers: Vec<usize> = numbers.collect();
    for some in numbers.chunks(PIPELINE) {
        futures_util::future::join_all(some.iter().map(|number| one(*number))).await;
    }
}

/// All that waits for the subscription, as JSON, acknowledged; ends after the message with a text.
async fn follow(pubsub: SocketAddr, last: &str) -> Vec<(String, Value)> {
    let post = |verb: &'static str, body: Value| async move {
        let path = format!("/v1/{SUBSCRIPTION}:{verb}");
        let headers = [("content-type", "application/json")];
        http::send(pubsub, ("POST", &path), &headers, body.to_string()).await.json
    };
    let mut all = Vec::new();
    soon("all messages", async {
        loop {
            let pulled = post("pull", json!({"maxMessages": 1000})).await;
            let mut ids = Vec::new();
            for received in pulled["receivedMessages"].as_array().into_iter().flatten() {
                ids.push(received["ackId"].clone());
                let data = received["message"]["data"].as_str().expect("data");
                let data = STANDARD.decode(data).expect("base64");
                let data: Value = serde_json::from_slice(&data).expect("JSON");
                let id = received["message"]["messageId"].as_str().expect("an id").to_owned();
                all.push((id, data));
            }
            if !ids.is_empty() {
                post("acknowledge", json!({"ackIds": ids})).await;
            }
            if all.last().is_some_and(|(_, data)| data["content"] == last) {
                break;
            }
        }
    })
    .await;
    all
}

async fn kill((folder, set): (&Path, &[&str]), rounds: usize) {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let pubsub = free.local_addr().expect("an address");
    drop(free);
    let bind = format!("pubsub.bind={pubsub}");
    // Small steps, so that a kill comes between two of them.
    let set = [set, &[&*bind, "pubsub.bridge_step_max=7"]].concat();
    let people = accounts_with(folder, &set, 2);
    let names: Vec<&str> = people.iter().map(|one| one.user.name.as_str()).collect();
    command(folder, &set, &["topic", "add", TOPIC]);
    command(folder, &set, &["subscription", "add", SUBSCRIPTION, "--topic", TOPIC, "--ordered"]);
    let bridge = ["bridge", "publish", "talk", "--topic", TOPIC, "--dm", names[0], names[1]];
    command(folder, &set, &bridge);
    let mut hub = Process::start(folder, &set);
    let each = MESSAGES / rounds;
    for round in 0..rounds {
        let numbers = round * each..(round + 1) * each;
        let address = hub.address;
        let work = send(address, (&people[0], &people[1]), numbers.clone());
        // In the middle of it, or just after.
        let after = Duration::from_millis(u64::try_from(round * 37 % 200).expect("few"));
        let killed = async {
            tokio::time::sleep(after).await;
            hub.kill();
        };
        tokio::time::timeout(DEADLINE, async { tokio::join!(work, killed) }).await.expect("ends");
        hub = Process::start(folder, &set);
        // What was not answered is sent again, and stored once.
        soon("the rest", send(hub.address, (&people[0], &people[1]), numbers)).await;
    }
    soon("the end", send(hub.address, (&people[0], &people[1]), MESSAGES..MESSAGES + 1)).await;
    let all = follow(pubsub, &MESSAGES.to_string()).await;
    let seqs: Vec<i64> = all.iter().map(|(_, data)| data["seq"].as_i64().expect("a seq")).collect();
    let wanted: Vec<i64> = (1..).take(rounds * each + 1).collect();
    assert_eq!(seqs, wanted, "each once, in order, and none missing");
    assert!(all.iter().all(|(_, data)| data["event"] == "sent"));
    let ids: std::collections::BTreeSet<&String> = all.iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), all.len());
    hub.stop();
}

#[actix_web::test]
async fn what_is_said_is_published_once_over_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    kill((folder.path(), &[]), 10).await;
}

#[actix_web::test]
async fn what_is_said_is_published_once_over_kill_9_on_postgres() {
    let (folder, schema) = (tempfile::tempdir().unwrap(), Schema::create());
    let url = format!("store.url={}", schema.url());
    kill((folder.path(), &[&url]), 4).await;
}
