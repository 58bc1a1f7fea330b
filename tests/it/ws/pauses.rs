//! A process that stands still for a while, and what it does when it goes on.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use crate::harness::{Account, Client, Process, process, soon};

/// How the sessions of a test live.
#[derive(Clone, Copy)]
struct Times {
    /// Between two heartbeats of a client.
    beat: Duration,
    /// How long the clients live before the pause, and after it.
    before: Duration,
    after: Duration,
    pause: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Door {
    Rewind,
    /// With features.
    Superset,
    Chatting,
}

async fn open(server: &Process, account: &Account, door: Door) -> Client {
    let path = if door == Door::Chatting { "/ws/chatting/" } else { "/ws" };
    let mut client = Client::open(server.address, path).await;
    match door {
        Door::Rewind => drop(client.identify(&account.token).await),
        Door::Superset => drop(client.identify_with(&account.token, &["sync"]).await),
        Door::Chatting => drop(client.log_in(&account.token).await),
    }
    client
}

/// Lives as clients do until a moment: beats if it is REWIND's, and answers pings as they come. Gives
/// why it was closed, if it was.
async fn live(mut client: Client, door: Door, beat: Duration, until: Instant) -> Option<String> {
    let frame = json!({"type": "heartbeat", "payload": null});
    let mut next = Instant::now();
    while Instant::now() < until {
        if door == Door::Rewind && Instant::now() >= next {
            next += beat;
            if !client.try_send(&frame).await {
                return Some(format!("{door:?}: cannot be sent to"));
            }
        }
        let wake = next.max(Instant::now() + Duration::from_millis(50)).min(until);
        if let Ok(message) = tokio::time::timeout_at(wake.into(), client.next_unbounded()).await
            && !message.as_ref().is_some_and(|message| message.is_text())
        {
            return Some(format!("{door:?}: {message:?}"));
        }
    }
    None
}

/// Has sessions of all kinds live on while the server is stopped; gives those that were closed.
async fn closed_by_a_pause(set: &[&str], each: usize, times: Times) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let accounts = process::accounts(folder.path(), 3 * each);
    let server = Process::start(folder.path(), set);
    let doors = [Door::Rewind, Door::Superset, Door::Chatting];
    let mut clients = Vec::new();
    for (place, account) in accounts.iter().enumerate() {
        let door = doors[place % 3];
        clients.push((door, open(&server, account, door).await));
    }
    let until = Instant::now() + times.before + times.pause + times.after;
    let lives = clients.into_iter().map(|(door, client)| live(client, door, times.beat, until));
    let pause = async {
        tokio::time::sleep(times.before).await;
        server.signal("STOP");
        tokio::time::sleep(times.pause).await;
        server.signal("CONT");
    };
    let (closed, ()) = tokio::join!(join_all(lives), pause);
    if times.pause >= Duration::from_secs(3) {
        assert!(server.log().contains("the process stood still"), "{}", server.log());
        assert!(server.metric("tradewind_pauses_total").await >= 1.0);
    }
    server.stop();
    closed.into_iter().flatten().collect()
}

/// With short times; with the default ones, and a pause in which most deadlines pass, if
/// `TRADEWIND_TEST_LONG` is set (`scripts/test-long`).
#[actix_web::test]
async fn nobody_who_lives_on_is_closed_by_a_pause() {
    let short = Times {
        beat: Duration::from_millis(400),
        before: Duration::from_millis(1_500),
        pause: Duration::from_millis(3_500),
        after: Duration::from_millis(3_000),
    };
    let long = Times {
        beat: Duration::from_secs(40),
        before: Duration::from_secs(30),
        pause: Duration::from_secs(28),
        after: Duration::from_secs(60),
    };
    let settings = [
        "rewind.heartbeat_timeout_ms=1600",
        "rewind.ping_interval_ms=400",
        "chatting.ping_interval_ms=400",
        "chatting.ping_timeout_ms=1400",
    ];
    let closed = match std::env::var("TRADEWIND_TEST_LONG") {
        Ok(_) => closed_by_a_pause(&[], 40, long).await,
        Err(_) => closed_by_a_pause(&settings, 14, short).await,
    };
    assert_eq!(closed, [] as [String; 0]);
}

/// One that is too short to be noticed, and longer than silence may be.
#[actix_web::test]
async fn nobody_who_lives_on_is_closed_by_a_short_pause() {
    let set = [
        "rewind.heartbeat_timeout_ms=1000",
        "rewind.ping_interval_ms=300",
        "chatting.ping_interval_ms=300",
        "chatting.ping_timeout_ms=900",
    ];
    let times = Times {
        beat: Duration::from_millis(200),
        before: Duration::from_millis(800),
        pause: Duration::from_millis(1_500),
        after: Duration::from_millis(1_200),
    };
    assert_eq!(closed_by_a_pause(&set, 14, times).await, [] as [String; 0]);
}

/// What was said or asked in time is done, though its deadline passed in the pause; and who is dead
/// is noticed all the same.
#[actix_web::test]
async fn what_waits_in_sockets_is_read_first_and_the_dead_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = process::accounts(folder.path(), 3);
    let set = [
        "rewind.heartbeat_timeout_ms=1500",
        "rewind.auth_timeout_ms=1500",
        "chatting.login_timeout_ms=1500",
        "chatting.ping_interval_ms=300",
        "chatting.ping_timeout_ms=900",
        "presence.offline_grace_ms=1500",
    ];
    let server = Process::start(folder.path(), &set);
    let [alice, bob, carol] = &accounts[..] else { unreachable!() };
    let mut dead = server.login(alice).await;
    let mut dumb = crate::harness::Raw::chatting(server.address, carol).await;
    let mut late = Client::open(server.address, "/ws").await;
    let mut lobby = Client::open(server.address, "/ws/chatting/").await;
    server.signal("STOP");
    // Both are on their way in when the server stops.
    let auth = json!({"type": "auth", "payload": {"auth": bob.token}});
    late.send(&json!({"type": "heartbeat", "payload": 1})).await;
    late.send(&auth).await;
    lobby.send(&json!({"token": bob.token})).await;
    tokio::time::sleep(Duration::from_millis(2_800)).await;
    server.signal("CONT");
    let went_on = Instant::now();
    assert_eq!(late.recv().await["type"], "heartbeat");
    assert_eq!(late.recv().await["type"], "auth");
    assert_eq!(lobby.recv().await["type"], "system_message");
    assert_eq!(dead.closed().await.0, 4003);
    // Asked once more, it says nothing either.
    loop {
        let frame = dumb.frame().await.expect("a Close frame");
        if frame.first == crate::harness::raw::CLOSE {
            break assert_eq!(crate::harness::raw::close_of(&frame).0, 1001);
        }
    }
    let took = went_on.elapsed();
    assert!(took < Duration::from_secs(6), "{took:?}");
    drop((late, lobby));
    server.until_metric("tradewind_sessions", |sessions| sessions == 0.0).await;
    server.stop();
}

/// The disk stalls: what a session has sent waits behind its own requests, unread. That is no silence.
#[actix_web::test]
async fn who_waits_for_the_disk_is_not_silent() {
    use diesel::connection::SimpleConnection as _;
    use diesel::{Connection as _, SqliteConnection};

    let server = crate::harness::Server::with(crate::harness::server::Backend::Sqlite, |config| {
        config.rewind.heartbeat_timeout_ms = 600;
    })
    .await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let mut a = server.login(&alice).await;
    let mut b = server.login(&bob).await;
    let file = server.folder().join("tradewind.db").display().to_string();
    let mut lock = SqliteConnection::establish(&file).unwrap();
    lock.batch_execute("BEGIN IMMEDIATE").unwrap();
    let beat = json!({"type": "heartbeat", "payload": null});
    a.send(&crate::harness::neighbours::send(&alice, &bob, "stalled")).await;
    a.send(&json!({"type": "load", "payload": {"type": "mutual_users"}})).await;
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(2_500) {
        a.send(&beat).await;
        assert_eq!(b.ask(beat.clone()).await, beat, "others are read");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    lock.batch_execute("ROLLBACK").unwrap();
    assert_eq!(a.recv().await["payload"]["content"], "stalled");
    assert_eq!(a.recv().await["type"], "mutual_users");
    assert_eq!(a.recv().await, beat);
    assert_eq!(b.recv().await["payload"]["content"], "stalled");
    // What goes silent then is found as ever.
    let closed = soon("the end", async {
        loop {
            match a.next().await {
                Some(message) if message.is_text() => {}
                other => return other,
            }
        }
    });
    let (closed, _) = tokio::join!(closed, b.closed());
    assert!(closed.is_some_and(|message| message.is_close()));
    server.stop().await;
}
