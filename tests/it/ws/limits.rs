//! Named limits, exactly at them.

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use serde_json::json;

use crate::harness::neighbours::send;
use crate::harness::server::Backend;
use crate::harness::{Raw, Server, soon, until};

#[actix_web::test]
async fn a_longer_pipeline_than_allowed_waits_and_is_answered_in_order() {
    for pipeline_max in [1, 2, 7] {
        let server = Server::with(Backend::Sqlite, |config| {
            config.ws.pipeline_max = pipeline_max;
        })
        .await;
        let (alice, bob) = (server.user("alice").await, server.user("bob").await);
        let (mut a, mut b) = (server.login(&alice).await, server.login(&bob).await);
        for number in 0..60 {
            a.send(&send(&alice, &bob, &number.to_string())).await;
            a.send(&json!({"type": "heartbeat", "payload": number})).await;
        }
        for number in 0..60 {
            assert_eq!(a.recv().await["payload"]["content"], number.to_string());
            assert_eq!(a.recv().await["payload"], number);
            assert_eq!(b.recv().await["payload"]["content"], number.to_string());
        }
        a.close().await;
        b.close().await;
        server.stop().await;
    }
}

#[actix_web::test]
async fn commands_above_the_rate_are_refused_in_their_turn() {
    const BURST: u32 = 10;
    let server = Server::with(Backend::Sqlite, |config| {
        config.limits.enabled = true;
        config.limits.commands_per_second = 2;
        config.limits.commands_burst = BURST;
    })
    .await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let (mut a, mut b) = (server.login(&alice).await, server.login(&bob).await);
    // The identification was one command.
    for number in 1..=30 {
        a.send(&send(&alice, &bob, &number.to_string())).await;
    }
    let (mut passed, mut refused) = (Vec::new(), 0);
    for number in 1..=30 {
        let answer = a.recv().await;
        if answer["type"] == "chat" {
            assert_eq!(answer["payload"]["content"], number.to_string());
            passed.push(answer);
        } else {
            assert_eq!(answer["payload"]["code"], 4008, "{answer}");
            let wait_ms = answer["payload"]["retry_after_ms"].as_u64().unwrap();
            assert!((1..=501).contains(&wait_ms), "two a second: {answer}");
            refused += 1;
        }
    }
    assert!(passed.len() >= BURST as usize - 1, "{} passed", passed.len());
    assert!(refused >= 10, "{refused} refused");
    assert_eq!(b.drain().await, passed, "what was refused was not done");
    let counted = server.running().metrics.refusals.with_label_values(&["commands"]).get();
    assert_eq!(counted, refused);
    // Heartbeats count; but one that comes at its leisure is never refused.
    let mut refused = 0;
    let leisure = std::time::Duration::from_millis(1_050);
    let mut pace = tokio::time::interval_at(tokio::time::Instant::now() + leisure, leisure);
    for number in 0..3 {
        pace.tick().await;
        let beat = json!({"type": "heartbeat", "payload": number});
        for again in 0..10 {
            let answer = a.ask(beat.clone()).await;
            if answer["payload"]["code"] == 4008 {
                assert!(again > 0 && answer["payload"]["retry_after_ms"].is_u64(), "{answer}");
                refused += 1;
            } else {
                assert_eq!(answer, beat);
            }
        }
    }
    assert!(refused >= 15, "{refused} refused");
    // The session has survived, and is let through once it has waited.
    let answer = soon("a turn", async {
        loop {
            let answer = a.ask(send(&alice, &bob, "again")).await;
            if answer["type"] == "chat" {
                return answer;
            }
            let wait_ms = answer["payload"]["retry_after_ms"].as_u64().unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(wait_ms)).await;
        }
    })
    .await;
    assert_eq!(b.recv().await, answer);
    a.close().await;
    b.close().await;
    server.stop().await;
}

#[actix_web::test]
async fn a_reader_with_the_smallest_mailbox_and_outbox_gets_its_answers() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.ws.mailbox_max = 1;
        config.ws.outbox_bytes_max = 1;
        config.ws.pipeline_max = 1;
    })
    .await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let (mut a, mut b) = (server.login(&alice).await, server.login(&bob).await);
    for number in 0..50 {
        let echo = a.ask(send(&alice, &bob, &number.to_string())).await;
        assert_eq!(b.recv().await, echo);
    }
    a.close().await;
    b.close().await;
    server.stop().await;
}

/// What waits for it is what it has asked for, and no more than its pipeline lets it.
#[actix_web::test]
async fn a_writer_is_not_put_out_for_its_own_answers() {
    const BURST: usize = 48;
    let server = Server::with(Backend::Sqlite, |config| {
        config.ws.outbox_bytes_max = 32 * 1024;
    })
    .await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let mut peer = Raw::open_narrow(server.address).await;
    peer.identify(&alice).await;
    let message = send(&alice, &bob, &"x".repeat(16 * 1024)).to_string();
    for _ in 0..4 {
        // First all that it has to say, then it listens.
        for _ in 0..BURST {
            peer.text(&message).await;
        }
        let metrics = server.running().metrics.clone();
        until("the end of the writes", || metrics.store_pending_ops.get() == 0).await;
        for _ in 0..BURST {
            assert_eq!(peer.json().await["type"], "chat");
        }
    }
    peer.close().await;
    server.stop().await;
}

#[actix_web::test]
async fn a_full_store_refuses_as_busy_and_recovers() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.store.pending_ops_max = 2;
        config.store.batch_ops_max = 1;
    })
    .await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let (mut a, mut b) = (server.login(&alice).await, server.login(&bob).await);
    for number in 0..300 {
        a.send(&send(&alice, &bob, &number.to_string())).await;
    }
    let mut stored = Vec::new();
    for number in 0..300 {
        let answer = a.recv().await;
        if answer["type"] == "chat" {
            assert_eq!(answer["payload"]["content"], number.to_string(), "in its turn");
            stored.push(answer);
        } else {
            assert_eq!(answer["payload"]["code"], 4009, "{answer}");
        }
    }
    assert!(stored.len() < 300, "the limit was never reached");
    assert_eq!(b.drain().await, stored, "what was refused was not done");
    let echo = a.ask(send(&alice, &bob, "later")).await;
    assert_eq!(b.recv().await, echo);
    a.close().await;
    b.close().await;
    server.stop().await;
}

#[actix_web::test]
async fn under_pressure_a_session_that_writes_is_read_later_and_not_refused() {
    const MORE: usize = 50;
    let server = Server::with(Backend::Sqlite, |config| {
        config.store.pressure_ops = 1;
        config.store.pending_ops_max = 1_000;
        config.ws.pipeline_max = 1_000;
    })
    .await;
    let metrics = server.running().metrics.clone();
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let (mut a, mut b) = (server.login(&alice).await, server.login(&bob).await);
    let file = server.folder().join("tradewind.db").display().to_string();
    let mut lock = SqliteConnection::establish(&file).unwrap();
    lock.batch_execute("BEGIN IMMEDIATE").unwrap();
    let message = |number: usize| send(&alice, &bob, &number.to_string());
    for number in 0..MORE {
        a.send(&message(number)).await;
        // Nobody else waits; and what is read of alice is read one by one.
        let echo = b.ask(json!({"type": "heartbeat", "payload": number})).await;
        assert_eq!(echo["payload"], number);
    }
    a.send(&json!({"type": "heartbeat", "payload": "last"})).await;
    let read = metrics.store_pending_ops.get();
    assert!((1..20).contains(&read), "{read} of {MORE} were read while the store was pressed");
    lock.batch_execute("ROLLBACK").unwrap();
    for number in 0..MORE {
        assert_eq!(a.recv().await["payload"]["content"], number.to_string());
        assert_eq!(b.recv().await["payload"]["content"], number.to_string());
    }
    assert_eq!(a.recv().await["payload"], "last");
    a.close().await;
    b.close().await;
    server.stop().await;
}
