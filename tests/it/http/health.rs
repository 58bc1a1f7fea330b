//! Whether the hub lives, whether it can serve, and what it counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use serde_json::json;
use tradewind::config::Secret;
use tradewind::domain::clock::Clock;
use tradewind::store::admin::writes;

use crate::harness::clock::TurnedClock;
use crate::harness::wire::{State, Wire};
use crate::harness::{Backend, Server, soon, until};

#[actix_web::test]
async fn a_fresh_server_is_alive_and_ready() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = Server::with(backend, |_| {}).await;
        for (path, text) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
            let answer = server.get(path).await;
            assert_eq!((answer.status, answer.text.as_str()), (200, text), "{backend:?}");
        }
        server.stop().await;
    }
}

/// Asks until the answer to "are you ready" has a status.
async fn readiness(server: &Server, status: u16) {
    let asked = async {
        loop {
            let answer = server.get("/readyz").await;
            if answer.status == status {
                return answer.text;
            }
        }
    };
    let text = soon("readiness", asked).await;
    match status {
        200 => assert_eq!(text, "ready\n"),
        _ => assert!(text.starts_with("not ready: ") && text.ends_with('\n'), "{text}"),
    }
}

#[actix_web::test]
async fn a_store_that_does_not_answer_makes_it_unready_until_it_does() {
    let mut wire = None;
    let server = Server::with(Backend::Postgres, |config| {
        let url = config.store.url.expose().to_owned();
        let (user, rest) = url.split_once('@').expect("a user");
        let (host, database) = rest.split_once('/').expect("a database");
        let through = wire.insert(Wire::to(host.parse().expect("an address")));
        config.store.url = Secret::new(format!("{user}@{}/{database}", through.address));
    })
    .await;
    let wire = wire.expect("a wire");
    readiness(&server, 200).await;
    for fault in [State::Cut, State::Frozen] {
        wire.set(fault);
        readiness(&server, 503).await;
        // Alive all the same: nobody should restart it for that.
        assert_eq!(server.get("/healthz").await.status, 200);
        wire.set(State::Cut);
        wire.set(State::Whole);
        readiness(&server, 200).await;
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_clock_that_went_far_back_makes_it_unready_until_it_is_right() {
    let clock = Arc::new(TurnedClock::start());
    let shared: Arc<dyn Clock> = clock.clone();
    let server = Server::with_clock(Backend::Sqlite, shared, |config| {
        config.node.clock_step_max_ms = 10_000;
    })
    .await;
    server.user("alice").await;
    clock.turn(-9);
    assert_eq!(server.get("/readyz").await.status, 200);
    clock.turn(-20);
    assert_eq!(server.get("/readyz").await.status, 503);
    assert_eq!(server.get("/healthz").await.status, 200);
    assert_eq!(scrape(&server).await["tradewind_clock_steps_back_total"], 1.0);
    clock.turn(29);
    assert_eq!(server.get("/readyz").await.status, 200);
    server.stop().await;
}

/// All samples by name and labels, after a check of every line (Prometheus text format 0.0.4).
async fn scrape(server: &Server) -> BTreeMap<String, f64> {
    let answer = server.get("/metrics").await;
    assert_eq!(answer.status, 200);
    let kind = answer.header("content-type").expect("a content type");
    assert!(kind.starts_with("text/plain"), "{kind}");
    assert!(answer.text.ends_with('\n'));
    let mut types = BTreeMap::new();
    let mut samples = BTreeMap::new();
    for line in answer.text.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            let [kind, name, rest] = [(); 3].map(|()| words.next().expect("three words"));
            match kind {
                "HELP" => assert!(!rest.is_empty()),
                "TYPE" => {
                    assert!(["counter", "gauge", "histogram"].contains(&rest), "{line}");
                    assert_eq!(types.insert(name.to_owned(), rest.to_owned()), None, "{line}");
                }
                _ => panic!("{line}"),
            }
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
        let name = series.split('{').next().expect("a name");
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{line}");
        assert!(!series.contains('{') || series.ends_with("\"}"), "{line}");
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        let known = types.contains_key(name) || family.is_some_and(|it| types.contains_key(it));
        assert!(known, "no TYPE before {line}");
        let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
        assert_eq!(samples.insert(series.to_owned(), value), None, "twice: {line}");
    }
    samples
}

#[actix_web::test]
async fn metrics_move_when_something_happens() {
    let server = Server::start().await;
    let metrics = server.running().metrics.clone();
    // The worker of jobs and the sweeps look for something to do when they start.
    let before = soon("a moment without look-ups", async {
        loop {
            let now = scrape(&server).await;
            if now["tradewind_store_pending_reads"] == 0.0 {
                return now;
            }
        }
    })
    .await;
    // Sweeps look first, and have nothing to do here.
    assert_eq!(before.get("tradewind_commit_batch_ops_sum"), Some(&0.0));
    for series in [
        "tradewind_sessions",
        "tradewind_users_online",
        "tradewind_frames_in_total",
        "tradewind_frames_out_total",
        "tradewind_submit_seconds_count",
        "tradewind_store_pending_ops",
        "tradewind_mail_queue",
        "tradewind_device_deliveries_total",
        "tradewind_clock_steps_back_total",
    ] {
        assert_eq!(before.get(series), Some(&0.0), "{series}");
    }
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let (mut a, mut b) = (server.login(&alice).await, server.login(&bob).await);
    let c = server.login(&bob).await;
    let send = json!({"type": "chat", "payload":
        {"type": "send", "chat_id": alice.room(&bob), "content": "x"}});
    let echo = a.ask(send).await;
    assert_eq!(b.recv().await, echo);

    let after = scrape(&server).await;
    assert_eq!(after["tradewind_sessions"], 3.0);
    assert_eq!(after["tradewind_users_online"], 2.0);
    // Each has said a heartbeat and an auth; one has sent, and each of three has got it.
    assert_eq!(after["tradewind_frames_in_total"], 7.0);
    assert!(after["tradewind_frames_out_total"] >= 8.0, "{after:?}");
    // Two users and a message.
    let sum = "tradewind_commit_batch_ops_sum";
    assert_eq!(after[sum] - before[sum], 3.0);
    assert_eq!(after["tradewind_commit_seconds_count"], after["tradewind_commit_batch_ops_count"]);
    let sum = "tradewind_commit_seconds_sum";
    assert!(after[sum] > before[sum]);
    assert_eq!(after["tradewind_submit_seconds_count"], 1.0);
    until("no waiting writes", || metrics.store_pending_ops.get() == 0).await;

    c.close().await;
    until("the end of a session", || metrics.sessions.get() == 2).await;
    assert_eq!(metrics.users_online.get(), 2);
    a.close().await;
    b.close().await;
    until("the end of the sessions", || metrics.sessions.get() == 0).await;
    assert_eq!(scrape(&server).await["tradewind_users_online"], 0.0);
    server.stop().await;
}

// Apart from what must be done before the time is over: on a busy machine that may take longer.
#[actix_web::test]
async fn sessions_that_fall_silent_are_counted() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.rewind.heartbeat_timeout_ms = 1_500;
    })
    .await;
    let metrics = server.running().metrics.clone();
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let (mut a, mut b) = (server.login(&alice).await, server.login(&bob).await);
    for client in [&mut a, &mut b] {
        assert_eq!(client.closed().await.0, 4003);
    }
    until("the end of the sessions", || metrics.sessions.get() == 0).await;
    let end = scrape(&server).await;
    assert_eq!(end["tradewind_evictions_total{reason=\"heartbeat_missing\"}"], 2.0, "{end:?}");
    assert_eq!(end["tradewind_users_online"], 0.0);
    server.stop().await;
}

#[actix_web::test]
async fn a_queue_that_is_empty_is_shown_as_empty() {
    let server = Server::start().await;
    let metrics = server.running().metrics.clone();
    for _ in 0..50 {
        let writes = (0..3).map(|_| server.running().store.run(writes::probe()));
        assert!(join_all(writes).await.iter().all(Result::is_ok));
        // Nothing else comes that would correct a wrong count.
        until("no waiting writes", || metrics.store_pending_ops.get() == 0).await;
    }
    server.stop().await;
}
