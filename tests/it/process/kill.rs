//! `kill -9` at any moment, over and over.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

use super::rows::{self, Row};
use crate::harness::neighbours::send;
use crate::harness::{Account, Client, DEADLINE, Process, process};

const ROUNDS: usize = 30;
const PAIRS: usize = 3;
/// Messages of one author that are on their way at once.
const PIPELINE: usize = 24;
/// The longest time between the first message of a round and its end.
const LIFE_MAX_MS: u64 = 400;

/// What somebody outside has seen of one author's messages in one round.
#[derive(Default)]
struct Seen {
    /// How many were sent.
    sent: usize,
    /// Ids of those acknowledged, in order.
    acknowledged: Vec<i64>,
    /// Ids of those delivered to the peer, in order.
    delivered: Vec<i64>,
}

fn id_of(frame: &Value, author: &Account, round: usize, number: usize) -> i64 {
    assert_eq!(frame["type"], "chat", "{frame}");
    let content = frame["payload"]["content"].as_str().expect("text");
    assert_eq!(content, content_of(author, round, number), "in order");
    frame["payload"]["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")
}

fn content_of(author: &Account, round: usize, number: usize) -> String {
    format!("{} {round} {number}", author.user.name)
}

/// Writes to a peer until the server is gone.
async fn write(mut author: Client, from: Account, to: Account, round: usize) -> Seen {
    let mut seen = Seen::default();
    loop {
        while seen.sent < seen.acknowledged.len() + PIPELINE {
            let message = send(&from, &to, &content_of(&from, round, seen.sent));
            // It may have arrived even if this fails.
            seen.sent += 1;
            if !author.try_send(&message).await {
                break;
            }
        }
        match author.next().await {
            Some(Message::Text(text)) => {
                let frame = serde_json::from_str(&text).expect("JSON");
                let number = seen.acknowledged.len();
                seen.acknowledged.push(id_of(&frame, &from, round, number));
            }
            _ => return seen,
        }
    }
}

/// Reads what is delivered until the server is gone.
async fn read(mut reader: Client, from: Account, round: usize) -> Vec<i64> {
    let mut delivered = Vec::new();
    while let Some(Message::Text(text)) = reader.next().await {
        let frame = serde_json::from_str(&text).expect("JSON");
        delivered.push(id_of(&frame, &from, round, delivered.len()));
    }
    delivered
}

/// Each pair's first user writes to the second until the server is killed.
async fn round(
    process: Process,
    pairs: &[[Account; 2]],
    round: usize,
    life: Duration,
) -> Vec<Seen> {
    let mut sockets = Vec::new();
    for [from, to] in pairs {
        sockets.push((
            process.login(from).await,
            process.login(to).await,
            from.clone(),
            to.clone(),
        ));
    }
    let tasks: Vec<_> = sockets
        .into_iter()
        .map(|(author, reader, from, to)| {
            actix_web::rt::spawn(async move {
                let reading = actix_web::rt::spawn(read(reader, from.clone(), round));
                let mut seen = write(author, from, to, round).await;
                seen.delivered = reading.await.expect("in order");
                seen
            })
        })
        .collect();
    // This is the fault, not synchronisation: any moment will do.
    tokio::time::sleep(life).await;
    process.kill();
    let all = futures_util::future::join_all(tasks);
    let all = tokio::time::timeout(DEADLINE, all).await.expect("all sockets end");
    all.into_iter().map(|seen| seen.expect("in order")).collect()
}

/// What one author has stored in one round is a beginning of what was sent, and holds at least
/// what was acknowledged and delivered.
fn check(stored: &[&Row], seen: &Seen, author: &Account, round: usize) {
    let ids: Vec<i64> = stored.iter().map(|row| row.id).collect();
    for (number, row) in stored.iter().enumerate() {
        assert_eq!(row.content, content_of(author, round, number), "once, and in order");
    }
    assert!(stored.len() <= seen.sent);
    assert!(ids.starts_with(&seen.acknowledged), "round {round}: acknowledged and lost");
    assert!(ids.starts_with(&seen.delivered), "round {round}: delivered and lost");
}

#[actix_web::test]
async fn what_is_acknowledged_survives_kill_9() {
    let seed = std::env::var("TRADEWIND_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = seed
        .unwrap_or_else(|| std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_nanos() as u64);
    println!("TRADEWIND_TEST_SEED={seed}");
    let folder = tempfile::tempdir().unwrap();
    let accounts = process::accounts(folder.path(), 2 * PAIRS);
    let pairs: Vec<[Account; 2]> =
        accounts.chunks_exact(2).map(|two| [two[0].clone(), two[1].clone()]).collect();
    let mut random = seed;
    let mut all_seen = Vec::new();
    for number in 0..ROUNDS {
        // Steele and Vigna's splitmix64: enough for moments.
        random = random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (random ^ (random >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let life = Duration::from_millis((mixed >> 32) % LIFE_MAX_MS);
        let process = Process::start(folder.path(), &[]);
        all_seen.push(round(process, &pairs, number, life).await);
    }
    // One more start, which recovers what the last kill has left, and a good end.
    Process::start(folder.path(), &[]).stop();

    let rows = rows::sound_messages(&folder.path().join("tradewind.db"));
    let mut by_round: HashMap<(i64, usize), Vec<&Row>> = HashMap::new();
    for row in &rows {
        let round = row.content.split(' ').nth(1).unwrap().parse().unwrap();
        by_round.entry((row.author_id, round)).or_default().push(row);
    }
    let (mut highest, mut acknowledged) = (0, 0);
    for (number, seen) in all_seen.iter().enumerate() {
        let mut highest_of_round = highest;
        for ([author, _], seen) in pairs.iter().zip(seen) {
            let stored = by_round.remove(&(author.id(), number)).unwrap_or_default();
            check(&stored, seen, author, number);
            for row in stored {
                assert!(row.id > highest, "ids of round {number} are above all before");
                highest_of_round = highest_of_round.max(row.id);
            }
            acknowledged += seen.acknowledged.len();
        }
        highest = highest_of_round;
    }
    assert!(by_round.is_empty(), "nothing else is stored");
    println!("{acknowledged} acknowledged, {} stored", rows.len());
    assert!(acknowledged > ROUNDS, "the rounds were too short to mean anything");
}
