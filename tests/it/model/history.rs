//! One random history.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use serde_json::{Value, json};
use tradewind::domain::accounts::block::BlockVerb;
use tradewind::domain::clock::Timestamp;
use tradewind::store::chat::writes;

use super::Rng;
use super::replica::Replica;
use super::truth::{Seen, Truth};
use crate::harness::{Account, Client, Server};

/// Operations of a history.
const STEPS: usize = 30;
/// Whose client each of them is: the first user has two.
const CLIENTS: [usize; 4] = [0, 0, 1, 2];

/// Plays the history of a seed; a failure names it.
pub async fn play(server: &Server, number: u64, seed: u64) {
    let played = AssertUnwindSafe(History::play(server, number, seed)).catch_unwind().await;
    if let Err(panic) = played {
        eprintln!("the history of TRADEWIND_TEST_SEED={seed} failed");
        std::panic::resume_unwind(panic);
    }
}

struct History<'a> {
    server: &'a Server,
    rng: Rng,
    users: Vec<Account>,
    clients: Vec<Replica>,
    /// Groups that some client has heard of.
    groups: Vec<String>,
    said: usize,
    seed: u64,
    /// Grows with every block, so that the times of blocks do.
    blocks: i64,
}

impl<'a> History<'a> {
    async fn play(server: &'a Server, number: u64, seed: u64) {
        let mut users = Vec::new();
        for name in ["a", "b", "c"] {
            users.push(server.user(&format!("{name}{number}")).await);
        }
        for (one, other) in [(0, 1), (1, 2), (0, 2)] {
            server.befriend(&users[one], &users[other]).await;
        }
        let clients = CLIENTS.map(|user| Replica::new(users[user].clone())).into();
        let (rng, groups) = (Rng::new(seed), Vec::new());
        let mut history = Self { server, rng, users, clients, groups, said: 0, seed, blocks: 0 };
        for client in &mut history.clients {
            client.connect(server).await;
        }
        for _ in 0..STEPS {
            history.step().await;
        }
        history.end().await;
    }

    async fn step(&mut self) {
        let who = self.rng.below(self.clients.len());
        match self.rng.below(100) {
            0..8 => self.clients[who].lose(),
            8..16 => self.block().await,
            _ if !self.clients[who].is_connected() => self.clients[who].connect(self.server).await,
            16..30 => self.clients[who].settle().await,
            _ => {
                if let Some(frame) = self.frame(who) {
                    self.clients[who].send(&frame).await;
                }
            }
        }
        let known = self.clients[who].rooms.keys();
        for group in known.filter(|room| is_group(room)) {
            if !self.groups.contains(group) {
                self.groups.push(group.clone());
            }
        }
    }

    async fn block(&mut self) {
        let (me, other) = (self.rng.below(3), self.rng.below(3));
        if me == other {
            return;
        }
        let verb = [BlockVerb::Block, BlockVerb::Unblock][self.rng.below(2)];
        let (me, other) = (self.users[me].user.id, self.users[other].user.id);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = now.expect("a clock after 1970").as_micros() as i64;
        self.blocks = now.max(self.blocks + 1);
        let now = Timestamp::from_micros(self.blocks);
        let block = writes::block(me, Some(other), verb, now);
        // Whether there was a block to lift is not the matter.
        let _done = self.server.running().store.run(block).await.expect("the store answers");
    }

    /// A frame that a client might send.
    fn frame(&mut self, who: usize) -> Option<Value> {
        let me = CLIENTS[who];
        let peer = (me + 1 + self.rng.below(2)) % 3;
        let direct = self.users[me].room(&self.users[peer]);
        let group = self.rng.one_of(&self.groups).cloned();
        let in_group = group.clone().filter(|_| self.rng.below(2) == 0);
        let room = in_group.unwrap_or(direct);
        let name = &self.users[peer].user.name;
        let dice = self.rng.below(84);
        let frame = match dice {
            0..36 => {
                self.said += 1;
                let name = format!("{}-{}", self.seed, self.said);
                json!({"type": "chat", "payload": {
                    "type": "send", "chat_id": room, "content": name, "nonce": name}})
            }
            36..54 => {
                let known = self.clients[who].rooms.get(&room)?;
                let mine = self.users[me].id().to_string();
                let mine = known.messages.iter().filter(|(_, message)| message.author == mine);
                let mine: Vec<i64> = mine.map(|(id, _)| *id).collect();
                let id = self.rng.one_of(&mine)?.to_string();
                self.said += 1;
                let content = if dice < 46 { format!("edit {}", self.said) } else { String::new() };
                json!({"type": "chat", "payload": {
                    "type": "edit", "chat_id": room, "id": id, "content": content}})
            }
            54..64 => {
                let seq = self.rng.below(8);
                json!({"type": "read", "payload": {"chat_id": room, "seq": seq}})
            }
            64..68 => {
                json!({"type": "group", "payload": {"type": "create", "title": "a group"}})
            }
            68..78 => json!({"type": "group", "payload": {
                "type": "add", "chat_id": group?, "name": name}}),
            _ => {
                let verbs = ["kick", "leave", "ban", "unban", "transfer", "delete"];
                let verb = verbs[self.rng.below(verbs.len())];
                json!({"type": "group", "payload": {
                    "type": verb, "chat_id": group?, "name": name}})
            }
        };
        Some(frame)
    }

    /// Everybody comes back, hears of everything, and has what the database has.
    async fn end(mut self) {
        for client in &mut self.clients {
            if !client.is_connected() {
                client.connect(self.server).await;
            }
        }
        // What was refused may be stored now that it is sent again; then it is not sent any more.
        // The second time everybody has heard of what was done the first time.
        for _ in 0..3 {
            for client in &mut self.clients {
                client.settle().await;
                client.give_up();
            }
        }
        let ids: Vec<i64> = self.users.iter().map(Account::id).collect();
        let read = move |conn: &mut _| Ok(Truth::of(conn, &ids));
        let truth = self.server.running().store.read(read).await.expect("the store answers");
        truth.check_numbers();
        self.check_once(&truth);
        for client in &self.clients {
            let mut expected = truth.seen_by(client.account.id());
            // A conversation in which nothing is left to see is none.
            expected.retain(|room, seen| is_group(room) || !seen.messages.is_empty());
            let mut known = seen(client);
            for (room, known) in &mut known {
                let Some(expected) = expected.get(room) else { continue };
                // A client counts no unread messages: those are told at auth, below.
                known.unread = expected.unread;
                if !client.rooms[room].read_is_known {
                    known.read_seq = expected.read_seq;
                }
            }
            assert_eq!(known, expected, "user {}", client.account.id());
        }
        for user in &self.users {
            self.check_rooms(user, &truth).await;
        }
    }

    /// What was sent under one name is stored once.
    fn check_once(&self, truth: &Truth) {
        let mut texts: Vec<&str> = truth.messages.iter().map(|m| m.content.as_str()).collect();
        let prefix = format!("{}-", self.seed);
        texts.retain(|text| text.starts_with(&prefix));
        let all = texts.len();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), all, "a message is stored twice");
    }

    /// The list of rooms at auth says what the rows say, unread messages included.
    async fn check_rooms(&self, user: &Account, truth: &Truth) {
        let mut client = Client::open(self.server.address, "/ws").await;
        client.send(&json!({"type": "heartbeat", "payload": null})).await;
        client.recv().await;
        let auth = json!({"auth": user.token, "features": ["sync", "group"]});
        let answer = client.ask(json!({"type": "auth", "payload": auth})).await;
        let rooms = answer["payload"]["rooms"].as_array().expect("rooms");
        let listed: HashMap<String, (i64, i64)> = rooms
            .iter()
            .map(|room| {
                let numbers =
                    (room["read_seq"].as_i64().unwrap(), room["unread"].as_i64().unwrap());
                (room["id"].as_str().unwrap().to_owned(), numbers)
            })
            .collect();
        let expected = truth.seen_by(user.id()).into_iter();
        let expected: HashMap<String, (i64, i64)> =
            expected.map(|(room, seen)| (room, (seen.read_seq, seen.unread as i64))).collect();
        assert_eq!(listed, expected, "rooms of {}", user.id());
        client.close().await;
    }
}

/// What a client shows.
fn seen(client: &Replica) -> HashMap<String, Seen> {
    let seen = |room: &super::replica::Room| {
        let alive = room.messages.iter().filter(|(_, message)| !message.content.is_empty());
        let messages = alive
            .map(|(id, m)| (*id, (m.seq, m.author.parse().unwrap(), m.content.clone())))
            .collect();
        Seen { messages, read_seq: room.read_seq, unread: 0 }
    };
    let rooms = client.rooms.iter().map(|(id, room)| (id.clone(), seen(room)));
    rooms.filter(|(id, seen)| is_group(id) || !seen.messages.is_empty()).collect()
}

/// Whether an address is a group's.
fn is_group(address: &str) -> bool {
    address.ends_with(['1', '3', '5', '7', '9'])
}
