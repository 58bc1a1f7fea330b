//! Many users at once: a full group, and a user of many friends who comes and goes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::clock::TurnedClock;
use crate::harness::{Account, Backend, Client, Server, until};

const MEMBERS: usize = 1_000;
/// Messages of each of two who write at the same time.
const MESSAGES: usize = 10;
const FRIENDS: usize = 1_000;
const RECONNECTS: usize = 40;

async fn users(server: &Server, count: usize) -> Vec<Account> {
    let names: Vec<String> = (0..count).map(|number| format!("user{number}")).collect();
    join_all(names.iter().map(|name| server.user(name))).await
}

/// Makes all of them friends of the first.
async fn befriend(server: &Server, star: &Account, others: &[Account]) {
    join_all(others.iter().map(|other| server.befriend(star, other))).await;
}

/// A session of each, a few at a time.
async fn log_in(server: &Server, accounts: &[Account], features: &[&str]) -> Vec<Client> {
    let mut clients = Vec::new();
    for some in accounts.chunks(50) {
        clients.extend(join_all(some.iter().map(|one| server.login_with(one, features))).await);
    }
    clients
}

/// A group of the first that all are in.
async fn full_group(server: &Server, accounts: &[Account]) -> Value {
    let mut owner = server.login_with(&accounts[0], &["group"]).await;
    let create = json!({"type": "create", "title": "all"});
    let created = owner.ask(json!({"type": "group", "payload": create})).await;
    let group = created["payload"]["group"]["id"].clone();
    for account in &accounts[1..] {
        let add = json!({"type": "add", "chat_id": group, "name": account.user.name});
        owner.send(&json!({"type": "group", "payload": add})).await;
    }
    for members in 2..=accounts.len() {
        let added = owner.recv().await;
        assert_eq!(added["payload"]["group"]["members"], members, "{added}");
    }
    owner.close().await;
    group
}

async fn everybody_is_told_once(backend: Backend) {
    let server = Server::with(backend, |_| {}).await;
    let accounts = users(&server, MEMBERS).await;
    befriend(&server, &accounts[0], &accounts[1..]).await;
    let group = full_group(&server, &accounts).await;
    let mut clients = log_in(&server, &accounts, &["sync", "group"]).await;
    for author in [0, MEMBERS - 1] {
        for number in 0..MESSAGES {
            let text = format!("{author} {number}");
            let payload = json!({"type": "send", "chat_id": group, "content": text});
            clients[author].send(&json!({"type": "chat", "payload": payload})).await;
        }
    }
    let mut first: Option<Vec<(Value, Value)>> = None;
    for (number, client) in clients.iter_mut().enumerate() {
        let mut told = Vec::new();
        for seq in 1..=2 * MESSAGES {
            let frame = client.recv().await;
            let payload = &frame["payload"];
            assert_eq!(payload["seq"], seq, "user{number}: {frame}");
            told.push((payload["id"].clone(), payload["content"].clone()));
        }
        client.expect_nothing().await;
        assert_eq!(*first.get_or_insert_with(|| told.clone()), told, "user{number}");
    }
    join_all(clients.into_iter().map(Client::close)).await;
    server.stop().await;
}

#[actix_web::test]
async fn a_thousand_members_get_each_message_once_and_in_order_on_sqlite() {
    everybody_is_told_once(Backend::Sqlite).await;
}

#[actix_web::test]
async fn a_thousand_members_get_each_message_once_and_in_order_on_postgres() {
    everybody_is_told_once(Backend::Postgres).await;
}

/// The changes of a friend that a session has been told, up to one.
async fn changes(client: &mut Client, of: &Account, last: &str) -> Vec<String> {
    let mut changes = Vec::new();
    loop {
        let payload = client.recv().await["payload"].clone();
        assert_eq!(payload["user"], of.id().to_string(), "{payload}");
        changes.push(payload["status"].as_str().expect("a status").to_owned());
        if payload["status"] == last {
            return changes;
        }
    }
}

/// Waits until only the sessions of the friends are left.
async fn star_is_gone(server: &Server) {
    let metrics = server.running().metrics.clone();
    let friends = i64::try_from(FRIENDS).expect("few");
    until("the end of the storm", || metrics.sessions.get() == friends).await;
}

#[actix_web::test]
async fn who_comes_and_goes_many_times_is_told_of_once() {
    let clock = Arc::new(TurnedClock::start());
    let server = Server::with_clock(Backend::Sqlite, clock.clone(), |config| {
        config.presence.offline_grace_ms = 60_000;
        config.rewind.heartbeat_timeout_ms = 600_000;
    })
    .await;
    let accounts = users(&server, FRIENDS + 1).await;
    let (star, friends) = accounts.split_first().expect("users");
    befriend(&server, star, friends).await;
    let mut clients = log_in(&server, friends, &["presence"]).await;
    let first = server.login(star).await;
    for client in &mut clients {
        assert_eq!(changes(client, star, "online").await, ["online"]);
    }
    first.close().await;
    // One session after another, and then some together.
    for _ in 0..RECONNECTS {
        server.login(star).await.close().await;
    }
    join_all((0..RECONNECTS).map(|_| async { server.login(star).await.close().await })).await;
    star_is_gone(&server).await;
    clock.pass(60);
    for client in &mut clients {
        assert_eq!(changes(client, star, "offline").await, ["offline"]);
    }
    // A session that says that nobody sits there, and that somebody does, over and over: at most once
    // a look of the hub, five of which there are in a second.
    let mut restless = server.login_with(star, &["presence"]).await;
    for client in &mut clients {
        assert_eq!(changes(client, star, "online").await, ["online"]);
    }
    let start = Instant::now();
    for status in ["away", "online"].repeat(500).into_iter().chain(["away"]) {
        let payload = json!({"type": "set", "status": status});
        let answer = restless.ask(json!({"type": "presence", "payload": payload})).await;
        assert_eq!(answer["payload"]["status"], status);
    }
    restless.close().await;
    star_is_gone(&server).await;
    clock.pass(60);
    let looks_max = start.elapsed().as_millis() / Duration::from_millis(200).as_millis() + 3;
    for client in &mut clients {
        let told = changes(client, star, "offline").await;
        assert!(told.len() as u128 <= looks_max, "{} of {looks_max}", told.len());
        assert!(told.windows(2).all(|pair| pair[0] != pair[1]), "each is a change: {told:?}");
        client.expect_nothing().await;
    }
    join_all(clients.into_iter().map(Client::close)).await;
    server.stop().await;
}

#[actix_web::test]
async fn all_friends_who_come_at_once_are_told_of_once_each() {
    let server = Server::start().await;
    let accounts = users(&server, FRIENDS + 1).await;
    let (star, friends) = accounts.split_first().expect("users");
    befriend(&server, star, friends).await;
    let mut client = server.login_with(star, &["presence"]).await;
    let clients = log_in(&server, friends, &["presence"]).await;
    let mut missing: Vec<String> = friends.iter().map(|one| one.id().to_string()).collect();
    while !missing.is_empty() {
        let payload = client.recv().await["payload"].clone();
        assert_eq!(payload["status"], "online");
        let place = missing.iter().position(|one| payload["user"] == **one);
        missing.swap_remove(place.expect("each once"));
    }
    client.expect_nothing().await;
    join_all(clients.into_iter().chain([client]).map(Client::close)).await;
    server.stop().await;
}
