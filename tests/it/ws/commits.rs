//! A connection to PostgreSQL that dies while a commit waits for its answer: whatever became of the
//! commit, each message is stored once, answered once and told once.

use serde_json::{Value, json};
use tradewind::config::Secret;
use tradewind::server::Config;

use crate::harness::cutter::{Cut, Cutter};
use crate::harness::{Account, Backend, Client, Server, until};

/// Sent at once, so that several share a commit.
const BURST: usize = 12;

/// A server that reaches its database through a wire.
async fn start(change: impl FnOnce(&mut Config)) -> (Server, Cutter) {
    let mut wire = None;
    let server = Server::with(Backend::Postgres, |config| {
        let url = config.store.url.expose().to_owned();
        let (user, rest) = url.split_once('@').expect("a user");
        let (host, database) = rest.split_once('/').expect("a database");
        let through = wire.insert(Cutter::to(host.parse().expect("an address")));
        config.store.url = Secret::new(format!("{user}@{}/{database}", through.address));
        change(config);
    })
    .await;
    (server, wire.expect("a wire"))
}

/// A user with a session that sees numbers.
async fn join(server: &Server, name: &str) -> (Account, Client) {
    let account = server.user(name).await;
    let mut client = server.connect().await;
    client.identify_with(&account.token, &["sync"]).await;
    (account, client)
}

fn message(room: &str, content: &str, nonce: bool) -> Value {
    let mut payload = json!({"type": "send", "chat_id": room, "content": content});
    if nonce {
        payload["nonce"] = content.into();
    }
    json!({"type": "chat", "payload": payload})
}

#[actix_web::test]
async fn a_commit_whose_answer_is_lost_is_answered_and_told_once() {
    let (server, wire) = start(|_| {}).await;
    let ((alice, mut a), (bob, mut b)) = (join(&server, "alice").await, join(&server, "bob").await);
    let room = alice.room(&bob);
    let mut seq = 0;
    for (round, (cut, nonce)) in
        [(Cut::After, false), (Cut::Before, false), (Cut::After, true), (Cut::Before, true)]
            .into_iter()
            .enumerate()
    {
        wire.arm(cut);
        for number in 0..BURST {
            a.send(&message(&room, &format!("{round} {number}"), nonce)).await;
        }
        let told = json!([cut_name(cut), nonce]);
        for number in 0..BURST {
            let echo = a.recv().await;
            seq += 1;
            assert_eq!(echo["payload"]["content"], format!("{round} {number}"), "{told} {echo}");
            assert_eq!(echo["payload"]["seq"], seq, "{told}");
            assert_eq!(echo["payload"].get("duplicate"), None, "{told}");
            let heard = b.recv().await;
            assert_eq!(heard["payload"]["id"], echo["payload"]["id"], "{told}");
            assert_eq!(heard["payload"]["seq"], seq, "{told}");
        }
        assert!(!wire.is_armed(), "{told}: nothing was cut");
        // Once, and nothing else.
        a.expect_nothing().await;
        b.expect_nothing().await;
    }
    // What is stored is what was told.
    let sync = json!({"type": "sync", "payload": {"rooms": {&room: 0}, "limit": 500}});
    b.send(&sync).await;
    let kept = b.drain().await;
    let contents: Vec<&Value> = kept.iter().map(|frame| &frame["payload"]["content"]).collect();
    assert_eq!(contents.len(), 4 * BURST + 1, "{kept:?}");
    for client in [a, b] {
        client.close().await;
    }
    server.stop().await;
}

fn cut_name(cut: Cut) -> &'static str {
    match cut {
        Cut::Before => "before",
        Cut::After => "after",
    }
}

#[actix_web::test]
async fn a_server_that_is_away_for_a_while_is_asked_until_it_is_back() {
    let (server, wire) = start(|_| {}).await;
    let ((alice, mut a), (bob, mut b)) = (join(&server, "alice").await, join(&server, "bob").await);
    let room = alice.room(&bob);
    for (seq, cut) in [(1, Cut::After), (2, Cut::Before)] {
        let refused = wire.refused();
        wire.close(true);
        wire.arm(cut);
        a.send(&message(&room, "patience", false)).await;
        until("two tries in vain", || wire.refused() >= refused + 2).await;
        wire.close(false);
        let echo = a.recv().await;
        assert_eq!(echo["payload"]["seq"], seq, "{cut:?} {echo}");
        assert_eq!(b.recv().await["payload"]["id"], echo["payload"]["id"]);
        a.expect_nothing().await;
        b.expect_nothing().await;
    }
    for client in [a, b] {
        client.close().await;
    }
    server.stop().await;
}

#[actix_web::test]
async fn what_nobody_can_be_asked_about_is_not_done_again() {
    let (server, wire) = start(|config| config.store.settle_timeout_ms = 300).await;
    let ((alice, mut a), (bob, b)) = (join(&server, "alice").await, join(&server, "bob").await);
    let room = alice.room(&bob);
    wire.close(true);
    wire.arm(Cut::After);
    let answer = a.ask(message(&room, "perhaps", true)).await;
    assert_eq!(answer["payload"]["code"], 1011, "{answer}");
    let ready = server.get("/readyz").await;
    assert!(ready.status == 503 && ready.text.contains("not known"), "{}", ready.text);
    wire.close(false);
    let metrics = server.running().metrics.clone();
    until("the store writes again", || metrics.store_ready.get() == 1).await;
    // It was stored, once: whoever asks again under the same nonce is told so.
    let answer = a.ask(message(&room, "perhaps", true)).await;
    assert_eq!(answer["payload"]["seq"], 1, "{answer}");
    assert_eq!(answer["payload"]["duplicate"], true, "{answer}");
    for client in [a, b] {
        client.close().await;
    }
    server.stop().await;
}
