//! A client that follows the protocol: what it has of each room, and how it catches up.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Value, json};

use crate::harness::{Account, Client, Server};

/// What a client knows of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub seq: i64,
    pub rev: i64,
    pub author: String,
    /// Empty: deleted, or hidden by now.
    pub content: String,
}

/// What a client knows of a room.
#[derive(Debug, Default)]
pub struct Room {
    /// Everything up to here is known.
    rev: i64,
    pub messages: BTreeMap<i64, Known>,
    pub read_seq: i64,
    /// Told at auth, or since the room is.
    pub read_is_known: bool,
}

/// A client of a user.
pub struct Replica {
    pub account: Account,
    client: Option<Client>,
    pub rooms: HashMap<String, Room>,
    /// What was sent and not seen to be stored yet, by nonce.
    unsent: BTreeMap<String, Value>,
    /// Rooms that are being caught up on, in requests that are not answered yet.
    asked: Vec<Vec<String>>,
    /// Rooms to be caught up on.
    stale: HashSet<String>,
    fences: u64,
}

impl Replica {
    pub fn new(account: Account) -> Self {
        Self {
            account,
            client: None,
            rooms: HashMap::new(),
            unsent: BTreeMap::new(),
            asked: Vec::new(),
            stale: HashSet::new(),
            fences: 0,
        }
    }

    pub fn is_connected(&self) -> bool {
        self.client.is_some()
    }

    /// Loses the connection, without a word and with whatever is on the way.
    pub fn lose(&mut self) {
        self.client = None;
        self.asked.clear();
        self.stale.clear();
    }

    /// Connects, and asks for what has changed meanwhile.
    pub async fn connect(&mut self, server: &Server) {
        let mut client = Client::open(server.address, "/ws").await;
        client.send(&json!({"type": "heartbeat", "payload": null})).await;
        let features = ["sync", "read", "group"];
        let auth = json!({"auth": self.account.token, "features": features});
        client.send(&json!({"type": "auth", "payload": auth})).await;
        self.client = Some(client);
        self.settle().await;
        for frame in self.unsent.clone().into_values() {
            self.send(&frame).await;
        }
    }

    /// Sends a frame; what was sent under a nonce is sent again until it is stored.
    pub async fn send(&mut self, frame: &Value) {
        if let Some(nonce) = frame["payload"]["nonce"].as_str() {
            self.unsent.insert(nonce.to_owned(), frame.clone());
        }
        if let Some(client) = &mut self.client {
            client.send(frame).await;
        }
    }

    /// Forgets what was refused, and would be sent again.
    pub fn give_up(&mut self) {
        self.unsent.clear();
    }

    /// Takes everything that has been told by now, and catches up until nothing is left to.
    pub async fn settle(&mut self) {
        let Some(mut client) = self.client.take() else { return };
        loop {
            if !self.stale.is_empty() {
                client.send(&self.catch_up()).await;
            }
            self.fences += 1;
            let fence = json!({"type": "heartbeat", "payload": {"fence": self.fences}});
            client.send(&fence).await;
            loop {
                let frame = client.recv().await;
                if frame == fence {
                    break;
                }
                self.take(&frame);
            }
            if self.stale.is_empty() && self.asked.is_empty() {
                break;
            }
        }
        self.client = Some(client);
    }

    fn catch_up(&mut self) -> Value {
        let stale: Vec<String> = self.stale.drain().collect();
        let rev = |room: &String| self.rooms.get(room).map_or(0, |room| room.rev);
        let rooms: HashMap<&String, i64> = stale.iter().map(|room| (room, rev(room))).collect();
        // Small, so that answers are often not complete.
        let ask = json!({"type": "sync", "payload": {"rooms": rooms, "limit": 5}});
        self.asked.push(stale);
        ask
    }

    fn take(&mut self, frame: &Value) {
        let payload = &frame["payload"];
        match frame["type"].as_str() {
            Some("auth") => self.welcome(payload),
            Some("chat") => self.chat(payload),
            Some("sync") => self.caught_up(payload),
            Some("read") => self.read(payload),
            Some("group") => self.group(payload),
            Some("heartbeat" | "error" | "ok" | "mutual_users") => {}
            _ => panic!("{frame}"),
        }
    }

    fn welcome(&mut self, payload: &Value) {
        let listed: HashMap<String, &Value> =
            array(&payload["rooms"]).map(|room| (text(&room["id"]), room)).collect();
        self.rooms.retain(|id, _| listed.contains_key(id));
        for (id, listed) in listed {
            let room = self.rooms.entry(id.clone()).or_default();
            room.read_seq = int(&listed["read_seq"]);
            room.read_is_known = true;
            if room.rev < int(&listed["rev"]) {
                self.stale.insert(id);
            }
        }
    }

    fn chat(&mut self, payload: &Value) {
        let (id, rev) = (text(&payload["chat_id"]), int(&payload["rev"]));
        if let Some(nonce) = payload["nonce"].as_str() {
            self.unsent.remove(nonce);
        }
        let catching_up = self.stale.contains(&id) || self.asked.iter().flatten().any(|r| *r == id);
        if !self.rooms.contains_key(&id) && !catching_up {
            // There may be more in it than this.
            self.stale.insert(id);
            return;
        }
        let room = self.rooms.entry(id).or_default();
        let new = Known {
            seq: int(&payload["seq"]),
            rev,
            author: text(&payload["user_id"]),
            content: text(&payload["content"]),
        };
        let message: i64 = text(&payload["id"]).parse().expect("an id");
        match room.messages.get(&message) {
            Some(old) if old.rev > rev => {}
            Some(old) if old.rev == rev => assert_eq!(*old, new, "two forms of one revision"),
            Some(_) | None => {
                room.messages.insert(message, new);
            }
        }
        if !catching_up {
            room.rev = room.rev.max(rev);
        }
    }

    fn caught_up(&mut self, payload: &Value) {
        let asked = self.asked.remove(0);
        let complete = payload["complete"] == true;
        for id in asked {
            let reached = &payload["rooms"][&id];
            if reached.is_null() {
                self.rooms.remove(&id);
                continue;
            }
            let room = self.rooms.entry(id.clone()).or_default();
            let before = room.rev;
            room.rev = int(reached);
            assert!(room.rev >= before, "{payload}");
            if complete {
                // What was told live meanwhile is newer.
                let last = room.messages.values().map(|message| message.rev).max();
                room.rev = room.rev.max(last.unwrap_or(0));
            } else {
                self.stale.insert(id);
            }
        }
    }

    fn read(&mut self, payload: &Value) {
        if text(&payload["user_id"]) == self.account.id().to_string()
            && let Some(room) = self.rooms.get_mut(&text(&payload["chat_id"]))
        {
            let seq = int(&payload["seq"]);
            // What was told while the rooms were listed may be older than the list.
            room.read_seq = room.read_seq.max(seq);
            room.read_is_known = true;
        }
    }

    fn group(&mut self, payload: &Value) {
        let id = text(&payload["group"]["id"]);
        let about_me = payload["user"]["id"] == self.account.id().to_string().as_str();
        match payload["type"].as_str().expect("a type") {
            "create" => {
                self.rooms.entry(id).or_default().read_is_known = true;
            }
            "add" if about_me => {
                self.stale.insert(id);
            }
            "leave" | "kick" | "ban" if about_me => self.forget(&id),
            "delete" => self.forget(&id),
            // Of the others some may come first where one was added by somebody whom one blocks.
            _ if !self.rooms.contains_key(&id) => {
                self.stale.insert(id);
            }
            _ => {}
        }
    }

    fn forget(&mut self, id: &str) {
        self.rooms.remove(id);
        self.stale.remove(id);
        if self.asked.iter().flatten().any(|asked| asked == id) {
            // The answer on its way may be older than this.
            self.stale.insert(id.to_owned());
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

fn int(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().expect("a list").iter()
}
