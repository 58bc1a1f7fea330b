//! The chatting dialect where many things happen at once, and where peers are slow or dead.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::neighbours::send;
use crate::harness::raw::{self, CLOSE, PING, PONG, TEXT, close_of};
use crate::harness::server::Backend;
use crate::harness::{Account, Client, Neighbours, Raw, Server, soon, until};

fn chat(to: &Account, text: &str) -> Value {
    json!({"target_id": to.id(), "message": text})
}

fn statuses(frames: &[Value]) -> Vec<&str> {
    let status = |frame: &&Value| frame["type"] == "send_status";
    frames.iter().filter(status).map(|frame| frame["status"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn two_hundred_messages_at_once_come_once_and_in_order() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = Server::with(backend, |_| {}).await;
        let target = server.user("target").await;
        let mut readers = [
            server.log_in(&target).await,
            server.log_in(&target).await,
            server.login(&target).await,
        ];
        let mut senders = Vec::new();
        for n in 0..10 {
            let account = server.user(&format!("sender{n}")).await;
            senders.push((account.id(), server.log_in(&account).await));
        }
        let burst = |(id, mut client): (i64, Client)| {
            let target = target.clone();
            async move {
                for n in 0..20 {
                    client.send(&chat(&target, &n.to_string())).await;
                }
                for n in 0..20 {
                    let echo = client.recv().await;
                    assert_eq!(
                        (&echo["message"], &echo["from_id"]),
                        (&json!(n.to_string()), &json!(id))
                    );
                }
                client
            }
        };
        let senders = join_all(senders.into_iter().map(burst)).await;
        for reader in &mut readers {
            let mut next: HashMap<String, u32> = HashMap::new();
            for _ in 0..200 {
                let frame = reader.recv().await;
                let (from, text) = match frame["type"].as_str().unwrap() {
                    "chat_message" => (frame["from_id"].to_string(), &frame["message"]),
                    _ => {
                        let payload = &frame["payload"];
                        (payload["user_id"].as_str().unwrap().to_owned(), &payload["content"])
                    }
                };
                let expected = next.entry(from).or_default();
                assert_eq!(text, &json!(expected.to_string()));
                *expected += 1;
            }
            assert_eq!(next.len(), 10);
        }
        let [mut a, mut b, mut c] = readers;
        assert!(a.drain_chatting().await.is_empty() && b.drain_chatting().await.is_empty());
        c.expect_nothing().await;
        join_all(senders.into_iter().chain([a, b, c]).map(Client::close)).await;
        server.stop().await;
    }
}

/// One user comes and goes with five sockets on two dialects, all at once.
#[actix_web::test]
async fn a_user_on_both_dialects_comes_once_and_goes_once() {
    let server = Server::start().await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    server.befriend(&alice, &bob).await;
    let mut watchers = [server.log_in(&alice).await, server.log_in(&alice).await];
    for round in 0..20 {
        let here = join_all((0..3).map(|_| server.log_in(&bob)));
        let there = join_all((0..2).map(|_| server.login(&bob)));
        let (mut here, mut there) = futures_util::future::join(here, there).await;
        for watcher in &mut watchers {
            assert_eq!(statuses(&watcher.drain_chatting().await), ["online"], "round {round}");
        }
        // A message to all the right sessions, once.
        let echo = watchers[0].ask(chat(&bob, "<all>")).await;
        assert_eq!(watchers[1].recv().await, echo);
        for session in &mut here {
            assert_eq!(session.drain_chatting().await, std::slice::from_ref(&echo));
        }
        for session in &mut there {
            let frames = session.drain().await;
            assert_eq!(frames.len(), 1);
            assert_eq!(frames[0]["payload"]["content"], "<all>");
        }
        let reply = there[0].ask(send(&bob, &alice, "me")).await;
        assert_eq!(there[1].recv().await, reply);
        for session in here.iter_mut().chain(&mut watchers) {
            assert_eq!(session.recv().await["message"], "me");
        }
        // Half of them end well, the others do not.
        for session in there.drain(..1).chain(here.drain(..1)) {
            session.close().await;
        }
        drop((here, there));
        for watcher in &mut watchers {
            let gone = watcher.recv().await;
            assert_eq!((&gone["status"], &gone["from_id"]), (&json!("offline"), &json!(bob.id())));
        }
    }
    for watcher in &mut watchers {
        assert!(watcher.drain_chatting().await.is_empty());
    }
    join_all(watchers.map(Client::close)).await;
    server.stop().await;
}

/// Who is welcomed and who is told fit together, whoever comes first.
#[actix_web::test]
async fn of_two_friends_who_come_at_once_the_second_finds_the_first() {
    let server = Server::start().await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    server.befriend(&alice, &bob).await;
    for round in 0..60 {
        let come = |account: Account| {
            let address = server.address;
            async move {
                let mut client = Client::open(address, "/ws/chatting/").await;
                let answer = client.log_in(&account.token).await;
                (client, answer["online_friends"].as_array().unwrap().len())
            }
        };
        let both = futures_util::future::join(come(alice.clone()), come(bob.clone())).await;
        let ((mut a, found_by_a), (mut b, found_by_b)) = both;
        let (told_a, told_b) = (a.drain_chatting().await, b.drain_chatting().await);
        let counts = [found_by_a, statuses(&told_b).len(), found_by_b, statuses(&told_a).len()];
        assert!(matches!(counts, [1, 1, 0, 0] | [0, 0, 1, 1]), "round {round}: {counts:?}");
        a.close().await;
        assert_eq!(statuses(&[b.recv().await]), ["offline"]);
        b.close().await;
        let metrics = server.running().metrics.clone();
        until("both gone", || metrics.sessions.get() == 0).await;
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_peer_that_does_not_read_is_closed_and_harms_nobody() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.ws.outbox_bytes_max = 256 * 1024;
        config.ws.tcp_user_timeout_ms = 60_000;
        config.chatting.ping_timeout_ms = 60_000;
    })
    .await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let (eve, victim) = (server.user("eve").await, server.user("victim").await);
    server.befriend(&eve, &victim).await;
    let neighbours = Neighbours::start(server.address, [&alice, &bob]).await;
    let mut slow = Raw::chatting(server.address, &victim).await;
    let mut good = server.log_in(&victim).await;
    let mut sender = server.log_in(&eve).await;
    let metrics = server.running().metrics.clone();
    let evictions = metrics.evictions.with_label_values(&["slow_consumer"]);
    let text = "<".repeat(16 * 1024);
    let mut sent = 0;
    assert_eq!(good.recv().await["status"], "online");
    while evictions.get() == 0 {
        let echo = sender.ask(chat(&victim, &text)).await;
        assert_eq!(good.recv().await, echo, "the user's other session has everything");
        sent += 1;
        assert!(sent < 2_000, "the server never gives up a peer that does not read");
    }
    // The user is still there, so nobody is told that he has gone.
    assert!(sender.drain_chatting().await.is_empty());
    // Reading at last, the peer finds what was queued and why it ended (where the adapter can say so
    // to one who does not read).
    let mut found = 0;
    loop {
        match slow.frame().await {
            Some(frame) if frame.first == TEXT => found += 1,
            Some(frame) if frame.first == PING => {}
            Some(frame) => {
                assert_eq!(frame.first, CLOSE);
                assert_eq!(close_of(&frame), (1013, "slow consumer".to_owned()));
                break;
            }
            None => panic!("no Close frame"),
        }
    }
    assert!(found <= sent + 1);
    slow.close().await;
    neighbours.stop().await;
    join_all([good, sender].map(Client::close)).await;
    server.stop().await;
}

#[actix_web::test]
async fn a_peer_that_answers_no_ping_is_dead() {
    let timeout = Duration::from_millis(900);
    let server = Server::with(Backend::Sqlite, |config| {
        config.chatting.ping_interval_ms = 200;
        config.chatting.ping_timeout_ms = 900;
    })
    .await;
    let (alice, bob, carol) =
        (server.user("alice").await, server.user("bob").await, server.user("carol").await);
    server.befriend(&alice, &bob).await;
    let mut watcher = server.log_in(&alice).await;
    let mut dead = Raw::chatting(server.address, &bob).await;
    let start = Instant::now();
    // This one says nothing either, but answers.
    let mut alive = Raw::chatting(server.address, &carol).await;
    let answers = actix_web::rt::spawn(async move {
        let mut pings = 0;
        while pings < 15 {
            let frame = alive.frame().await.expect("the socket lives");
            assert_eq!(frame.first, PING, "{frame:?}");
            alive.bytes(&raw::frame(PONG, &frame.payload)).await;
            pings += 1;
        }
        alive
    });
    assert_eq!(watcher.recv().await["status"], "online");
    let gone = watcher.recv().await;
    assert_eq!((&gone["status"], &gone["from_id"]), (&json!("offline"), &json!(bob.id())));
    assert!(start.elapsed() >= timeout - Duration::from_millis(1));
    let mut pings = 0;
    let close = loop {
        let frame = dead.frame().await.expect("a Close frame");
        if frame.first == CLOSE {
            break close_of(&frame);
        }
        assert_eq!(frame.first, PING);
        pings += 1;
    };
    assert_eq!(close, (1001, "no sign of life".to_owned()));
    assert!((2..=5).contains(&pings), "{pings}");
    watcher.close().await;
    let alive = answers.await.expect("15 pings were answered");
    dead.close().await;
    alive.close().await;
    server.stop().await;
}

#[actix_web::test]
async fn the_token_is_looked_at_at_login_only() {
    let server = Server::start().await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let short = server.short_token(&alice, Duration::from_secs(2)).await;
    let mut here = Client::open(server.address, "/ws/chatting").await;
    here.log_in(&short).await;
    let mut there = Client::open(server.address, "/ws").await;
    there.identify(&short).await;
    // In REWIND the session ends with it.
    assert_eq!(there.closed().await.0, 4010);
    drop(there);
    let mut friend = server.log_in(&bob).await;
    assert_eq!(here.ask(chat(&bob, "still")).await, friend.recv().await);
    join_all([here, friend].map(Client::close)).await;
    server.stop().await;
}

#[actix_web::test]
async fn commands_above_the_rate_are_refused_and_survived() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.limits.enabled = true;
        config.limits.commands_per_second = 1;
        config.limits.commands_burst = 3;
    })
    .await;
    let alice = server.user("alice").await;
    let mut client = server.log_in(&alice).await;
    for _ in 0..2 {
        assert_eq!(client.ask(chat(&alice, "note")).await["type"], "chat_message");
    }
    let refused = client.ask(chat(&alice, "note")).await;
    assert_eq!(refused["error"], "Too Many Requests");
    // What cannot be read counts, too. The session survives all of it.
    let refused = client.ask(json!({"target_id": "no id"})).await;
    assert_eq!(refused["error"], "Too Many Requests");
    soon("a turn", async {
        while client.ask(chat(&alice, "note")).await["type"] != "chat_message" {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    })
    .await;
    client.close().await;
    server.stop().await;
}

#[actix_web::test]
async fn the_sockets_end_with_the_hub() {
    let server = Server::start().await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    server.befriend(&alice, &bob).await;
    let (mut a, mut b) = (server.log_in(&alice).await, server.log_in(&bob).await);
    assert_eq!(a.recv().await["status"], "online");
    let stopped = actix_web::rt::spawn(server.stop_under_way());
    for client in [&mut a, &mut b] {
        let (code, reason) = client.closed().await;
        assert_eq!(code, 1012);
        assert!(reason.starts_with("retry_after_ms="), "{reason}");
    }
    drop((a, b));
    assert!(stopped.await.expect("stopped"), "all went in time");
}

/// Pages of any host may come; how many sockets there are is bounded for all dialects together.
#[actix_web::test]
async fn the_door_asks_for_a_seat_and_for_no_origin() {
    let server = Server::with(Backend::Sqlite, |config| config.ws.sessions_max = 1).await;
    let foreign = raw::upgrade_at("GET", "/ws/chatting", &[("Origin", "http://evil.example")]);
    let socket = Raw::open_with(server.address, foreign.as_bytes()).await;
    let answer = server.get("/ws/chatting/").await;
    assert_eq!((answer.status, answer.json["detail"].is_string()), (503, true));
    let wrong = server.get("/ws/chatting/?ids=both").await;
    assert_eq!((wrong.status, &wrong.json["detail"]), (400, &json!("ids is number or string.")));
    socket.close().await;
    server.stop().await;
}
