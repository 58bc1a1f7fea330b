//! Who is there, as the counters show it, and what is never lost on the way in.

use serde_json::{Value, json};

use crate::harness::neighbours::send;
use crate::harness::{Raw, Server, until};

#[actix_web::test]
async fn sessions_and_users_are_counted_through_good_and_bad_ends() {
    let server = Server::start().await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let metrics = server.running().metrics.clone();
    let counted = async |sessions: i64, users: i64| {
        until("the count", || {
            (metrics.sessions.get(), metrics.users_online.get()) == (sessions, users)
        })
        .await;
    };
    let nobody = server.connect().await;
    counted(1, 0).await;
    let first = server.login(&alice).await;
    let mut second = Raw::open(server.address).await;
    second.identify(&alice).await;
    let third = server.login(&bob).await;
    counted(4, 2).await;
    // An abrupt end of one of two sessions, and a second auth of the other.
    socket2::SockRef::from(&*second.stream()).set_linger(Some(std::time::Duration::ZERO)).unwrap();
    drop(second);
    counted(3, 2).await;
    let mut first = first;
    first.identify(&alice.token).await;
    counted(3, 2).await;
    // A bad auth makes nobody online, and takes nobody off.
    let bad = json!({"type": "auth", "payload": {"auth": "nonsense"}});
    assert_eq!(first.ask(bad).await["payload"]["code"], 4000);
    first.close().await;
    counted(2, 1).await;
    drop(third);
    counted(1, 0).await;
    nobody.close().await;
    counted(0, 0).await;
    server.stop().await;
}

#[actix_web::test]
async fn all_sessions_of_a_user_are_told_and_the_dead_ones_do_no_harm() {
    let server = Server::start().await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let mut author = server.login(&alice).await;
    let mut sessions = Vec::new();
    for _ in 0..8 {
        sessions.push(server.login(&bob).await);
    }
    while let Some(gone) = sessions.pop() {
        let echo = author.ask(send(&alice, &bob, "all of you")).await;
        for session in &mut sessions {
            assert_eq!(session.recv().await, echo);
        }
        // With the message unread: an abrupt end.
        drop(gone);
    }
    author.close().await;
    server.stop().await;
}

#[actix_web::test]
async fn a_user_of_a_token_for_nobody_is_not_online() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    let mut ghost = alice.clone();
    ghost.user.id = tradewind::domain::id::UserId::new(alice.id() + 2).unwrap();
    let token = server.unknown_token(&ghost, std::time::Duration::from_secs(600));
    let mut client = server.connect().await;
    client.ask(json!({"type": "heartbeat", "payload": 0})).await;
    for _ in 0..3 {
        let answer = client.ask(json!({"type": "auth", "payload": {"auth": token}})).await;
        assert_eq!(answer["payload"]["code"], 4000, "{answer}");
    }
    let metrics = server.running().metrics.clone();
    until("nobody online", || metrics.users_online.get() == 0).await;
    client.identify(&alice.token).await;
    until("alice online", || metrics.users_online.get() == 1).await;
    client.close().await;
    server.stop().await;
}

#[actix_web::test]
async fn a_request_made_during_auth_is_never_lost() {
    let server = Server::start().await;
    let bob = server.user("bob").await;
    for round in 0..60 {
        let alice = server.user(&format!("alice{round}")).await;
        let mut asking = server.login(&alice).await;
        let mut asked = server.connect().await;
        let request = json!({"type": "mutual_users", "payload":
            {"type": "request", "name": "bob"}});
        let (welcome, answer) = if round % 2 == 0 {
            tokio::join!(asked.identify(&bob.token), asking.ask(request))
        } else {
            let (answer, welcome) = tokio::join!(asking.ask(request), asked.identify(&bob.token));
            (welcome, answer)
        };
        assert_eq!(answer, json!({"type": "ok", "payload": null}));
        let is_alice = |user: &Value| user["name"] == alice.user.name;
        let listed = welcome["mutual_requests"].as_array().unwrap().iter().any(is_alice);
        // After the welcome, never before it: `identify` has seen to that.
        let pushed = asked.drain().await.iter().any(|push| is_alice(&push["payload"]["user"]));
        assert!(listed || pushed, "round {round}: the request was lost");
    }
    server.stop().await;
}
