//! `kill -9` in the middle of conversations, over and over.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::query_builder::SqlQuery;
use diesel::query_dsl::LoadQuery;
use diesel::{Connection as _, PgConnection};
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_tungstenite::tungstenite::Message;

use super::rows::{self, Row, Word};
use crate::harness::neighbours::send;
use crate::harness::postgres::Schema;
use crate::harness::{Account, Client, DEADLINE, Process, process, soon};

const PAIRS: usize = 4;
/// Messages of one author that are on their way at once.
const PIPELINE: usize = 16;
/// A round ends after at most so many acknowledgements, of all authors together.
const ACKNOWLEDGED_MAX: u64 = 1_000;
/// And so many milliseconds later, so that it ends at any point of a commit.
const DELAY_MAX_MS: u64 = 8;

/// What somebody outside has seen of one user's socket in one round.
#[derive(Default)]
struct Seen {
    /// How many messages of the user were sent.
    sent: usize,
    /// Ids of those acknowledged, in order.
    acknowledged: Vec<i64>,
    /// Ids of the peer's messages that were delivered, in order.
    delivered: Vec<i64>,
}

/// One user of a pair, in one round.
struct Talker {
    me: Account,
    peer: Account,
    round: usize,
    seen: Seen,
}

impl Talker {
    /// Writes and reads until the server is gone. Each acknowledgement is told.
    async fn talk(mut self, mut socket: Client, told: UnboundedSender<()>) -> Seen {
        loop {
            while self.seen.sent < self.seen.acknowledged.len() + PIPELINE {
                let content = content_of(&self.me, self.round, self.seen.sent);
                // It may have arrived even if this fails.
                self.seen.sent += 1;
                if !socket.try_send(&send(&self.me, &self.peer, &content)).await {
                    break;
                }
            }
            let Some(Message::Text(text)) = socket.next().await else { return self.seen };
            if self.hear(&serde_json::from_str(&text).expect("JSON")) {
                told.send(()).unwrap_or_default();
            }
        }
    }

    /// Takes down a message; whether it is one's own.
    fn hear(&mut self, frame: &Value) -> bool {
        assert_eq!(frame["type"], "chat", "{frame}");
        let number = |field: &str| frame["payload"][field].as_str().and_then(|id| id.parse().ok());
        let is_own = number("user_id") == Some(self.me.id());
        let (author, ids) = match is_own {
            true => (&self.me, &mut self.seen.acknowledged),
            false => (&self.peer, &mut self.seen.delivered),
        };
        let content = content_of(author, self.round, ids.len());
        assert_eq!(frame["payload"]["content"], content, "in order, and once");
        ids.push(number("id").expect("an id"));
        is_own
    }
}

fn content_of(author: &Account, round: usize, number: usize) -> String {
    format!("{} {round} {number}", author.user.name)
}

/// All talk to their peers until the server is killed. What each has seen, in the order of `users`.
async fn round(process: Process, users: &[Account], round: usize, random: u64) -> Vec<Seen> {
    let (told, mut acknowledged) = unbounded_channel();
    let mut sockets = Vec::new();
    for me in users {
        sockets.push(process.login(me).await);
    }
    let mut tasks = Vec::new();
    for (place, socket) in sockets.into_iter().enumerate() {
        let (me, peer) = (users[place].clone(), users[place ^ 1].clone());
        let talker = Talker { me, peer, round, seen: Seen::default() };
        tasks.push(actix_web::rt::spawn(talker.talk(socket, told.clone())));
    }
    for _ in 0..=random % ACKNOWLEDGED_MAX {
        soon("an acknowledgement", acknowledged.recv()).await;
    }
    // This is the fault, not synchronisation: any moment will do.
    tokio::time::sleep(Duration::from_millis((random >> 32) % DELAY_MAX_MS)).await;
    process.kill();
    let all = futures_util::future::join_all(tasks);
    let all = tokio::time::timeout(DEADLINE, all).await.expect("all sockets end");
    all.into_iter().map(|seen| seen.expect("in order")).collect()
}

/// What is known to be stored.
#[derive(Default)]
struct Stored {
    messages: usize,
    /// The highest id.
    highest: i64,
    /// Of each room the last message.
    last: HashMap<i64, Row>,
}

impl Stored {
    /// What one round has added fits to what was seen in it. Gives how much was acknowledged.
    ///
    /// Of each author a beginning of what was sent is stored, each message once and in order; and
    /// it holds what was acknowledged to the author, and what was delivered to the peer.
    fn check<C>(&mut self, conn: &mut C, users: &[Account], round: usize, seen: &[Seen]) -> usize
    where
        SqlQuery: for<'q> LoadQuery<'q, C, Row> + for<'q> LoadQuery<'q, C, Word>,
    {
        let rows = rows::messages(conn, self.highest);
        rows::follow(&rows, &mut self.last);
        self.messages += rows.len();
        assert_eq!(rows::count(conn), self.messages, "no ids below those of earlier rounds");
        self.highest = rows.iter().map(|row| row.id).max().unwrap_or(self.highest);
        let mut of: HashMap<i64, Vec<&Row>> = HashMap::new();
        for row in &rows {
            of.entry(row.author_id).or_default().push(row);
        }
        for (place, author) in users.iter().enumerate() {
            let rows = of.remove(&author.id()).unwrap_or_default();
            for (number, row) in rows.iter().enumerate() {
                assert_eq!(row.content, content_of(author, round, number), "once, and in order");
            }
            let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
            assert!(ids.len() <= seen[place].sent);
            assert!(ids.starts_with(&seen[place].acknowledged), "acknowledged and lost");
            assert!(ids.starts_with(&seen[place ^ 1].delivered), "delivered and lost");
        }
        assert!(of.is_empty(), "nothing else is stored");
        seen.iter().map(|seen| seen.acknowledged.len()).sum()
    }
}

/// Kills a server that many times, and looks at the database after each start.
async fn kill<C>(folder: &Path, set: &[&str], rounds: usize, connect: impl Fn() -> C)
where
    SqlQuery: for<'q> LoadQuery<'q, C, Row> + for<'q> LoadQuery<'q, C, Word>,
{
    let seed = std::env::var("TRADEWIND_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = seed
        .unwrap_or_else(|| std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_nanos() as u64);
    println!("TRADEWIND_TEST_SEED={seed}");
    let users = process::accounts_with(folder, set, 2 * PAIRS);
    let (mut stored, mut acknowledged) = (Stored::default(), 0);
    let mut random = seed;
    let mut process = Process::start(folder, set);
    for number in 0..rounds {
        // Steele and Vigna's splitmix64: enough for moments.
        random = random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (random ^ (random >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let seen = round(process, &users, number, mixed ^ (mixed >> 27)).await;
        // The server is the first to open what it has left behind, as after any kill.
        process = Process::start(folder, set);
        acknowledged += stored.check(&mut connect(), &users, number, &seen);
    }
    process.stop();
    assert!(acknowledged >= rounds, "each round was in the middle of something");
    println!("{rounds} rounds, {acknowledged} acknowledged, {} stored", stored.messages);
}

#[actix_web::test]
async fn what_is_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tradewind.db");
    kill(folder.path(), &[], 60, || rows::connect(&file)).await;
    rows::sound_messages(&file);
}

#[actix_web::test]
async fn what_is_acknowledged_survives_kill_9_on_postgres() {
    let (folder, schema) = (tempfile::tempdir().unwrap(), Schema::create());
    let url = format!("store.url={}", schema.url());
    let connect = || {
        let mut conn = PgConnection::establish(&schema.url()).expect("PostgreSQL answers");
        // The commit that the killed server was in may still be under way there.
        conn.batch_execute("BEGIN; LOCK TABLE messages IN SHARE MODE; COMMIT").expect("quiet");
        conn
    };
    kill(folder.path(), &[&url], 12, connect).await;
}
