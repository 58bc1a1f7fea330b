//! A log-in that is ended: its sessions go at once, on every dialect, and its token opens no door.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tradewind::auth::token::TokenError;
use tradewind::domain::accounts::login::{Claims, LoginId, Revocation, Which};
use tradewind::domain::id::SessionId;
use tradewind::hub::messages::Identify;
use tradewind::store::accounts::writes;
use tradewind::wire::rewind::{Mode, RewindOptions};

use crate::harness::{Account, Backend, Client, Server};

/// What is promised.
const AT_ONCE: Duration = Duration::from_secs(1);

fn claims(server: &Server, account: &Account) -> Claims {
    match server.tokens.verify(&account.token, server.now()) {
        Ok(claims) => claims,
        // Nobody has shown it yet.
        Err(TokenError::Unknown(claims)) => *claims,
        Err(error) => panic!("{error}"),
    }
}

fn login(server: &Server, account: &Account) -> LoginId {
    claims(server, account).login.expect("a log-in")
}

/// A further log-in of the same user.
async fn another(server: &Server, account: &Account) -> Account {
    Account { user: account.user.clone(), token: server.token_of(&account.user).await }
}

async fn end(server: &Server, account: &Account, which: Which) -> usize {
    server.running().service.accounts.end_logins(account.user.id, which).await.expect("ended")
}

/// What a REWIND socket, a chatting socket and HTTP say to a token.
async fn doors(server: &Server, token: &str) -> (Value, Option<u16>, u16) {
    let mut rewind = server.connect().await;
    let beat = json!({"type": "heartbeat", "payload": null});
    assert_eq!(rewind.ask(beat.clone()).await, beat);
    let said = rewind.ask(json!({"type": "auth", "payload": {"auth": token}})).await;
    rewind.close().await;
    let mut chatting = Client::open(server.address, "/ws/chatting/").await;
    chatting.send(&json!({"token": token})).await;
    let closed = match chatting.next().await {
        Some(tokio_tungstenite::tungstenite::Message::Close(Some(close))) => {
            Some(close.code.into())
        }
        Some(_) => {
            chatting.close().await;
            None
        }
        None => panic!("no answer"),
    };
    let path = ("GET", "/api/chatting/blockedusers/");
    let bearer = format!("Bearer {token}");
    let http = server.request_as(Some(&bearer), path, "application/json", String::new()).await;
    (said["payload"]["code"].clone(), closed, http.status)
}

#[actix_web::test]
async fn an_ended_log_in_closes_its_sockets_and_no_others_and_opens_no_door() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let mut server = Server::with(backend, |_| {}).await;
        let alice = server.user("alice").await;
        let other = another(&server, &alice).await;
        let mut rewind = server.login(&alice).await;
        let mut chatting = server.log_in(&alice).await;
        let mut kept = server.login(&other).await;
        assert_eq!(doors(&server, &alice.token).await, (Value::Null, None, 200));

        let start = Instant::now();
        let one = Which::One(login(&server, &alice));
        assert_eq!(end(&server, &alice, one.clone()).await, 1);
        assert_eq!(rewind.closed().await, (4010, "token revoked".to_owned()));
        assert_eq!(chatting.closed().await, (3401, "token revoked".to_owned()));
        assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
        assert_eq!(doors(&server, &alice.token).await, (json!(4000), Some(3401), 401));
        assert_eq!(doors(&server, &other.token).await, (Value::Null, None, 200));
        kept.expect_nothing().await;
        assert_eq!(end(&server, &alice, one).await, 0);
        kept.close().await;

        // Also after a new start.
        server.restart(|_| {}).await;
        assert_eq!(doors(&server, &alice.token).await, (json!(4000), Some(3401), 401));
        assert_eq!(doors(&server, &other.token).await, (Value::Null, None, 200));
        server.stop().await;
    }
}

#[actix_web::test]
async fn all_but_one_ends_one_users_others_only() {
    let mut server = Server::start().await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let foreign = server.short_token(&alice, Duration::from_secs(1_000)).await;
    let bobs = server.short_token(&bob, Duration::from_secs(1_000)).await;
    let mut here = server.login(&alice).await;
    let mut there = server.connect().await;
    there.identify(&foreign).await;
    let mut friend = server.connect().await;
    friend.identify(&bobs).await;
    let kept = Which::AllBut(Some(login(&server, &alice)));
    assert_eq!(end(&server, &alice, kept).await, 1);
    assert_eq!(there.closed().await, (4010, "token revoked".to_owned()));
    here.expect_nothing().await;
    friend.expect_nothing().await;
    for client in [here, friend] {
        client.close().await;
    }
    // A token that comes at once afterwards is a good one.
    let next = another(&server, &alice).await;
    let good = (Value::Null, None, 200);
    for _ in 0..2 {
        assert_eq!(doors(&server, &foreign).await, (json!(4000), Some(3401), 401));
        for token in [&alice.token, &next.token, &bobs] {
            assert_eq!(doors(&server, token).await, good);
        }
        server.restart(|_| {}).await;
    }
    assert_eq!(end(&server, &alice, Which::AllBut(None)).await, 2);
    for token in [&alice.token, &next.token] {
        assert_eq!(doors(&server, token).await, (json!(4000), Some(3401), 401));
    }
    server.stop().await;
}

/// Well signed, and still good for nothing, at the first try and later.
#[actix_web::test]
async fn a_token_is_good_only_if_its_log_in_exists() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = Server::with(backend, |_| {}).await;
        let (alice, bob) = (server.user("alice").await, server.user("bob").await);
        let secret = std::fs::read(server.folder().join("jwt.key")).expect("the secret");
        let key = jsonwebtoken::EncodingKey::from_secret(secret.trim_ascii_end());
        let exp = server.now().millis() / 1_000 + 1_000;
        let sign = |more: Value| {
            let mut claims = json!({"id": alice.id().to_string(), "name": "alice", "exp": exp});
            claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).expect("signed")
        };
        let mine = login(&server, &alice).to_string();
        let bobs = login(&server, &bob).to_string();
        assert_eq!(doors(&server, &sign(json!({"jti": mine}))).await, (Value::Null, None, 200));
        assert_eq!(doors(&server, &bob.token).await, (Value::Null, None, 200));
        for wrong in [
            server.unknown_token(&alice, Duration::from_secs(1_000)),
            sign(json!({"jti": bobs})),
            sign(json!({"jti": ""})),
            sign(json!({"jti": "some other program's"})),
            sign(json!({"jti": 7})),
            sign(json!({"jti": null})),
            sign(json!({"jti": format!("{mine} ")})),
        ] {
            for _ in 0..2 {
                let refused = (json!(4000), Some(3401), 401);
                assert_eq!(doors(&server, &wrong).await, refused, "{backend:?} {wrong}");
            }
        }
        server.stop().await;
    }
}

#[actix_web::test]
async fn what_a_sweep_by_a_clock_far_ahead_has_taken_does_not_live_again() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let mut server = Server::with(backend, |_| {}).await;
        let alice = server.user("alice").await;
        let other = another(&server, &alice).await;
        let one = Which::One(login(&server, &other));
        assert_eq!(end(&server, &alice, one).await, 1);
        let ahead = server.now().after(Duration::from_secs(100 * 86_400));
        let sweep = writes::sweep_logins(ahead, 1_000);
        let swept = server.running().store.run(sweep).await.expect("swept");
        assert_eq!(swept.len(), 2);
        for _ in 0..2 {
            assert_eq!(doors(&server, &other.token).await, (json!(4000), Some(3401), 401));
            server.restart(|_| {}).await;
        }
        // So long a leap takes the others, too: they log in again.
        assert_eq!(doors(&server, &alice.token).await, (json!(4000), Some(3401), 401));
        let next = another(&server, &alice).await;
        assert_eq!(doors(&server, &next.token).await, (Value::Null, None, 200));
        server.stop().await;
    }
}

/// The token was good when it was looked at, and revoked before the hub heard of it.
#[actix_web::test]
async fn a_session_that_comes_too_late_is_put_out() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    let claims = claims(&server, &alice);
    let mut client = server.connect().await;
    let beat = json!({"type": "heartbeat", "payload": null});
    assert_eq!(client.ask(beat.clone()).await, beat);
    let logins = vec![(login(&server, &alice), claims.expires_at)];
    let revocation = Revocation { user: alice.user.id, logins, void: None };
    server.tokens.revoked().add(revocation, server.now());
    let variant = RewindOptions::from(Mode::Readme).variant();
    let late = Identify { session: SessionId(1), identity: claims.into(), variant };
    server.running().hub.identify(late).expect("room");
    assert_eq!(client.closed().await, (4010, "token revoked".to_owned()));
    drop(client);
    server.stop().await;
}

#[actix_web::test]
async fn a_socket_that_shows_another_token_goes_on_with_that() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    let other = another(&server, &alice).await;
    let mut client = server.login(&alice).await;
    let answer = client.ask(json!({"type": "auth", "payload": {"auth": other.token}})).await;
    assert_eq!(answer["type"], "auth");
    assert_eq!(end(&server, &alice, Which::One(login(&server, &alice))).await, 1);
    client.expect_nothing().await;
    assert_eq!(end(&server, &alice, Which::One(login(&server, &other))).await, 1);
    assert_eq!(client.closed().await.0, 4010);
    drop(client);
    server.stop().await;
}
