//! The truth table of blocks: what B does towards A, and whether it reaches A, without a block,
//! blocked by A, and blocking A himself. Here as far as both dialects have words for it; `rooms` and
//! `groups` have what only features do.

mod groups;
mod rooms;

use serde_json::{Value, json};

use crate::harness::{Account, Backend, Client, Server};

/// What B does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Deed {
    WriteHere,
    WriteInRewind,
    EditInRewind,
    WriteForHistory,
    Invite,
    CancelInvite,
    Go,
    Come,
    BeFriend,
    BeOnline,
}

/// Who blocks whom while B acts.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Block {
    Nobody,
    ByA,
    ByB,
}

/// Whether a deed reaches A: without a block, blocked by A, blocking A.
const TABLE: [(Deed, [bool; 3]); 10] = [
    (Deed::WriteHere, [true, false, true]),
    (Deed::WriteInRewind, [true, false, true]),
    (Deed::EditInRewind, [true, false, true]),
    (Deed::WriteForHistory, [true, false, true]),
    (Deed::Invite, [true, false, true]),
    (Deed::CancelInvite, [true, false, true]),
    (Deed::Go, [true, true, true]),
    (Deed::Come, [true, true, true]),
    (Deed::BeFriend, [true, true, true]),
    (Deed::BeOnline, [true, true, true]),
];

/// A user with a socket of each dialect.
struct Side {
    account: Account,
    here: Client,
    rewind: Client,
}

impl Side {
    async fn come(server: &Server, account: Account) -> Self {
        let (here, rewind) = (server.log_in(&account).await, server.login(&account).await);
        Self { account, here, rewind }
    }

    async fn drain(&mut self) -> Vec<Value> {
        let mut frames = self.here.drain_chatting().await;
        frames.extend(self.rewind.drain().await);
        frames
    }

    async fn go(self) -> Account {
        self.here.close().await;
        self.rewind.close().await;
        self.account
    }

    /// The texts of the history with another user.
    async fn history(&mut self, peer: &Account) -> Vec<String> {
        use base64::Engine as _;
        self.rewind.drain().await;
        let cursor = base64::prelude::BASE64_STANDARD.encode("2100-01-01 00:00:00.000000");
        let room = self.account.room(peer);
        let payload = json!({"type": "chat", "load_id": room, "datetime": cursor, "count": 99});
        self.rewind.send(&json!({"type": "load", "payload": payload})).await;
        let frames = self.rewind.drain().await;
        frames.iter().map(|f| f["payload"]["content"].as_str().unwrap().to_owned()).collect()
    }
}

async fn request(
    server: &Server,
    method: &str,
    account: &Account,
    path: &str,
    body: Value,
) -> Value {
    let auth = format!("Bearer {}", account.token);
    let path = format!("/api/chatting/{path}");
    let kind = "application/json";
    let answer = server.request_as(Some(&auth), (method, &path), kind, body.to_string()).await;
    assert!(answer.status < 300, "{answer:?}");
    answer.json
}

/// B writes or invites, and gets what he always gets.
async fn say(deed: Deed, a: &mut Side, b: &mut Side) {
    let (target, room) = (a.account.id(), b.account.room(&a.account));
    let invite = |status| json!({"target_id": target, "type": "invite_game", "status": status});
    let chat = |kind, id: &Value, text| {
        let payload = json!({"type": kind, "id": id, "chat_id": room, "content": text});
        json!({"type": "chat", "payload": payload})
    };
    match deed {
        Deed::WriteInRewind | Deed::EditInRewind => {
            let sent = b.rewind.ask(chat("send", &json!(null), "word")).await;
            if deed == Deed::EditInRewind {
                a.drain().await;
                b.rewind.ask(chat("edit", &sent["payload"]["id"], "another")).await;
            }
        }
        Deed::Invite | Deed::CancelInvite => {
            let invited = b.here.ask(invite("invite")).await;
            if deed == Deed::CancelInvite {
                a.drain().await;
                let cancelled = b.here.ask(invite("cancel")).await;
                assert_eq!(cancelled["room_id"], invited["room_id"]);
            }
        }
        _ => {
            let echo = b.here.ask(json!({"target_id": target, "message": "word"})).await;
            assert_eq!(echo["message"], "word");
        }
    }
}

/// B does something; B again, whether it reached A, and how much B's other sessions heard of it.
async fn act(server: &Server, deed: Deed, a: &mut Side, mut b: Side) -> (Side, bool, usize) {
    let reached = match deed {
        Deed::Go | Deed::Come => {
            let account = b.go().await;
            let gone = a.here.recv().await["status"] == "offline";
            b = Side::come(server, account).await;
            let come = a.here.recv().await["status"] == "online";
            if deed == Deed::Go { gone } else { come }
        }
        Deed::BeFriend => {
            let load = json!({"type": "load", "payload": {"type": "mutual_users"}});
            a.rewind.ask(load).await["payload"].as_array().unwrap().len() == 1
        }
        Deed::BeOnline => {
            let path = format!("is-online/?id={}", b.account.id());
            request(server, "GET", &a.account, &path, json!(null)).await["is_online"] == true
        }
        _ => {
            say(deed, a, &mut b).await;
            let live = !a.drain().await.is_empty();
            if deed == Deed::WriteForHistory {
                let (seen, whole) = (a.history(&b.account).await, b.history(&a.account).await);
                assert_eq!(whole, ["word"], "his own is intact");
                seen == whole
            } else {
                live
            }
        }
    };
    let own = b.drain().await.len();
    (b, reached, own)
}

#[actix_web::test]
async fn what_reaches_the_one_who_blocks() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = Server::with(backend, |_| {}).await;
        for (number, (deed, expected)) in TABLE.into_iter().enumerate() {
            let mut echoes = Vec::new();
            for (block, expected) in
                [Block::Nobody, Block::ByA, Block::ByB].into_iter().zip(expected)
            {
                let name = |who: &str| format!("{who}{number}{block:?}");
                let a = server.user(&name("a")).await;
                let b = server.user(&name("b")).await;
                server.befriend(&a, &b).await;
                let mut a = Side::come(&server, a).await;
                let b = Side::come(&server, b).await;
                a.drain().await;
                let body = |target: &Account| json!({"target_id": target.id()});
                match block {
                    Block::Nobody => {}
                    Block::ByA => {
                        request(&server, "POST", &a.account, "blockedusers/", body(&b.account))
                            .await;
                    }
                    Block::ByB => {
                        request(&server, "POST", &b.account, "blockedusers/", body(&a.account))
                            .await;
                    }
                }
                let (b, reached, own) = act(&server, deed, &mut a, b).await;
                assert_eq!(reached, expected, "{deed:?}, blocked: {block:?}");
                echoes.push(own);
                b.go().await;
                a.go().await;
            }
            assert!(echoes.iter().all(|own| *own == echoes[0]), "{deed:?}: B can tell");
        }
        server.stop().await;
    }
}
