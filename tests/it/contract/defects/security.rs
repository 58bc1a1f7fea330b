//! Defects 1 to 15: security.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::Message;
use tradewind::domain::accounts::friendship::DmPolicy;

use super::*;
use crate::contract::values::is_of_kind;
use crate::harness::soon;

const MISMATCH: &str = "Token signature mismatch.";

#[actix_web::test]
async fn defect_01_each_server_has_a_secret_of_its_own() {
    let (one, two) = (Server::start().await, Server::start().await);
    let (here, there) = (one.user_with_id("alice", 40).await, two.user_with_id("alice", 40).await);
    let mut a = two.connect().await;
    a.drain().await;
    let auth = |token: &str| json!({"type": "auth", "payload": {"auth": token}});
    assert_eq!(a.ask(auth(&here.token)).await, error(4000, MISMATCH));
    assert_eq!(a.ask(auth(&there.token)).await["type"], "auth");
    let file = std::fs::metadata(two.folder().join("jwt.key")).expect("the secret");
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    one.stop().await;
    end(two, [a]).await;
}

#[actix_web::test]
async fn defect_02_passwords_are_argon2id_with_a_check_for_unknown_addresses_too() {
    let server = Server::start().await;
    for name in ["one", "two"] {
        let key = register(&server, name, &format!("{name}@x.example"), "the same").await;
        assert_eq!(verify(&server, &key).await, 201);
    }
    let argon2id = "SELECT COUNT(*) FROM users WHERE password_hash LIKE '$argon2id$%'";
    assert_eq!(number(&server, argon2id), 2);
    let salted = "SELECT COUNT(DISTINCT password_hash) FROM users";
    assert_eq!(number(&server, salted), 2);
    // The quickest of several tries: an unknown address is not answered any sooner.
    let mut quickest = [Duration::MAX; 2];
    for _ in 0..7 {
        for (place, email) in ["one@x.example", "nobody@x.example"].into_iter().enumerate() {
            let start = Instant::now();
            assert_eq!(login(&server, email, "wrong").await, 401);
            quickest[place] = quickest[place].min(start.elapsed());
        }
    }
    assert!(quickest[1] > quickest[0] / 3, "{quickest:?}");
    server.stop().await;
}

#[actix_web::test]
async fn defect_03_the_domain_is_what_follows_the_last_at_sign() {
    let mut text = "set auth.allowed_email_domains = sunrint.hs.kr\n".to_owned();
    for email in ["a@sunrint.hs.kr-evil.com", "a@sunrint.hs.kr@evil.com", "a@xsunrint.hs.kr"] {
        text.push_str(&format!("POST {REGISTER} form name=a&email={email}&password=pass+word\n"));
        text.push_str(r#"= 400 {"type":"error","payload":{"message":"Invalid email address."}}"#);
        text.push('\n');
    }
    text.push_str(&format!(
        "POST {REGISTER} form name=a&email=a@Sunrint.hs.kr&password=pass+word\n= 201 "
    ));
    text.push_str(
        r#"{"type":"info","payload":{"message":"successfully created an account creation request."}}"#,
    );
    transcript(&text).await;
}

#[actix_web::test]
async fn defect_04_verification_keys_are_random_and_hashed_at_rest() {
    let server = Server::start().await;
    let mut keys = Vec::new();
    for n in 0..12 {
        keys.push(
            register(&server, &format!("user{n}"), &format!("u{n}@x.example"), "pass word").await,
        );
    }
    let mut files = Vec::new();
    for name in ["tradewind.db", "tradewind.db-wal"] {
        files.extend(std::fs::read(server.folder().join(name)).unwrap_or_default());
    }
    let holds = |text: &str| files.windows(text.len()).any(|bytes| bytes == text.as_bytes());
    assert!(holds("u0@x.example"), "the files are the right ones");
    for key in &keys {
        assert_eq!(is_of_kind(key, "key"), Ok(()));
        assert!(!holds(key), "{key} is in the database");
        let alike = keys.iter().filter(|other| other.get(..6) == key.get(..6)).count();
        assert_eq!(alike, 1, "{key} begins like another");
    }
    server.stop().await;
}

#[actix_web::test]
async fn defect_05_the_host_header_does_not_choose_the_link() {
    let server = Server::start().await;
    let body = "name=one&email=one%40x.example&password=pass+word";
    let request = format!(
        "POST {REGISTER} HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\n\
         Connection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(server.address).await.expect("connected");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = [0; 12];
    soon("the answer", stream.read_exact(&mut answer)).await.expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 201");
    drop(stream);
    // Fails if the link does not start with the server's own address.
    let key = stage::key_for(&server, "one@x.example", &mut HashSet::new()).await;
    assert_eq!(verify(&server, &key.expect("the server's own link")).await, 201);
    server.stop().await;
}

#[actix_web::test]
async fn defect_06_rooms_with_equal_xor_do_not_meet() {
    let server = Server::start().await;
    let mut users = Vec::new();
    for id in [2, 4, 8, 14] {
        users.push(server.user_with_id(&format!("u{id}"), id).await);
    }
    assert_eq!(users[0].room(&users[1]), users[2].room(&users[3]));
    let room = users[0].room(&users[1]);
    let mut sockets = Vec::new();
    for user in &users {
        sockets.push(server.login(user).await);
    }
    let first = sockets[0].ask(send(&room, "between 2 and 4")).await;
    assert_eq!(sockets[1].recv().await, first);
    let second = sockets[3].ask(send(&room, "between 8 and 14")).await;
    assert_eq!(sockets[2].recv().await, second);
    for (place, expected) in [&first, &first, &second, &second].into_iter().enumerate() {
        sockets[place].expect_nothing().await;
        assert_eq!(
            page(&mut sockets[place], &room, FUTURE, 50).await,
            std::slice::from_ref(expected)
        );
    }
    // Nor can a stranger change what is in the other room.
    let edit = |content| {
        let id = &first["payload"]["id"];
        json!({"type": "chat", "payload":
            {"type": "edit", "id": id, "chat_id": room, "content": content}})
    };
    assert_eq!(sockets[3].ask(edit("mine alone")).await, error(4004, "chat not exist."));
    assert_eq!(sockets[2].ask(edit("")).await, error(4004, "chat not exist."));
    assert_eq!(page(&mut sockets[1], &room, FUTURE, 50).await, [first]);
    end(server, sockets).await;
}

#[actix_web::test]
async fn defect_07_there_is_no_room_with_oneself() {
    let (server, _, [mut a, mut b]) = pair().await;
    assert_eq!(a.ask(send("0", "secret")).await, error(4004, "User not exist."));
    for client in [&mut a, &mut b] {
        let refused = error(4004, "provided DM is not opened.");
        assert_eq!(client.ask(load("0", FUTURE, 50)).await, refused);
        client.expect_nothing().await;
    }
    assert_eq!(number(&server, "SELECT COUNT(*) FROM messages"), 0);
    end(server, [a, b]).await;
}

#[actix_web::test]
async fn defect_08_strangers_can_be_kept_out_and_slowed_down() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.dm.audience = DmPolicy::Friends;
        config.limits.enabled = true;
        config.limits.commands_per_second = 1;
        config.limits.commands_burst = 3;
    })
    .await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let (mut a, mut b) = (server.login(&alice).await, server.login(&bob).await);
    let room = alice.room(&bob);
    // The burst is 3, and auth has taken one.
    for _ in 0..2 {
        assert_eq!(a.ask(send(&room, "x")).await, error(4004, "User not exist."));
    }
    let mut refused = a.ask(send(&room, "x")).await;
    let wait = refused["payload"].as_object_mut().and_then(|error| error.remove("retry_after_ms"));
    assert!(wait.and_then(|ms| ms.as_u64()).is_some_and(|ms| (1..=1_001).contains(&ms)));
    assert_eq!(refused, error(4008, "rate limited"));
    // Heartbeats count, but one that comes at its leisure is echoed all the same.
    for _ in 0..2 {
        tokio::time::sleep(std::time::Duration::from_millis(1_050)).await;
        a.expect_nothing().await;
    }
    b.expect_nothing().await;
    end(server, [a, b]).await;
}

#[actix_web::test]
async fn defect_09_an_alias_of_a_room_id_is_refused() {
    let (server, users, [mut a, mut b]) = pair().await;
    let room = users[0].room(&users[1]);
    let wide: String = room
        .chars()
        .map(|digit| char::from_u32(u32::from(digit) + 0xFEE0).expect("a digit"))
        .collect();
    let (first, rest) = room.split_at(1);
    for alias in [
        format!("+{room}"),
        format!(" {room}"),
        format!("0{room}"),
        format!("{first}_{rest}"),
        wide,
    ] {
        assert_eq!(a.ask(send(&alias, "hidden")).await, error(4000, "Invalid request."), "{alias}");
        assert_eq!(a.ask(load(&alias, FUTURE, 9)).await, error(4000, "Invalid request."));
    }
    b.expect_nothing().await;
    assert_eq!(number(&server, "SELECT COUNT(*) FROM rooms"), 0);
    end(server, [a, b]).await;
}

#[actix_web::test]
async fn defect_10_no_count_dumps_a_room() {
    let (server, users, [mut a, mut b]) = pair().await;
    let room = users[0].room(&users[1]);
    for _ in 0..203 {
        a.send(&send(&room, "x")).await;
    }
    assert_eq!(a.drain().await.len(), 203);
    assert_eq!(page(&mut b, &room, FUTURE, 0).await.len(), 203, "the live ones");
    assert_eq!(page(&mut b, &room, FUTURE, u32::MAX).await.len(), 200);
    let mut dump = load(&room, FUTURE, 1);
    dump["payload"]["count"] = json!(-1);
    assert_eq!(b.ask(dump).await, error(4000, "Invalid request."));
    b.expect_nothing().await;
    end(server, [a, b]).await;
}

#[actix_web::test]
async fn defect_11_names_are_unique() {
    let server = Server::start().await;
    let alice = server.user("alice").await;
    let mut a = server.login(&alice).await;
    let first = register(&server, "bob", "bob1@x.example", "pass word").await;
    let second = register(&server, "bob", "bob2@x.example", "pass word").await;
    assert_eq!(verify(&server, &second).await, 201);
    assert_eq!(verify(&server, &first).await, 404);
    let fields = [("name", "bob"), ("email", "bob3@x.example"), ("password", "pass word")];
    let answer = server.post_form(REGISTER, &fields).await;
    assert_eq!(
        (answer.status, &answer.json["payload"]["message"]),
        (400, &json!("name is already exist."))
    );
    a.ask(befriend("request", "bob")).await;
    assert_eq!(number(&server, "SELECT COUNT(*) FROM friendships"), 1);
    assert_eq!(number(&server, "SELECT COUNT(*) FROM users WHERE name = 'bob'"), 1);
    end(server, [a]).await;
}

#[actix_web::test]
async fn defect_12_nobody_can_cancel_the_registration_of_another() {
    let server = Server::start().await;
    let mine = register(&server, "one", "one@x.example", "mine alone").await;
    register(&server, "one", "other@x.example", "theirs alone").await;
    register(&server, "other", "one@x.example", "theirs alone").await;
    register(&server, "one", "one@x.example", "theirs alone").await;
    assert_eq!(verify(&server, &mine).await, 201);
    assert_eq!(login(&server, "one@x.example", "mine alone").await, 201);
    assert_eq!(login(&server, "one@x.example", "theirs alone").await, 401);
    server.stop().await;
}

#[actix_web::test]
async fn defect_13_tokens_expire_and_have_one_algorithm() {
    let (server, [alice, _], [a, b]) = pair().await;
    let claims = alice.token.split('.').nth(1).expect("claims");
    let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).expect("base64");
    let claims: Value = serde_json::from_slice(&claims).expect("JSON");
    assert_eq!(claims["id"], alice.user.id.to_string());
    let lifetime = claims["exp"].as_i64().zip(claims["iat"].as_i64()).map(|(exp, iat)| exp - iat);
    assert_eq!(lifetime, Some(90 * 24 * 60 * 60));

    let secret = std::fs::read_to_string(server.folder().join("jwt.key")).expect("the secret");
    let key = EncodingKey::from_secret(secret.trim_end().as_bytes());
    let token = |algorithm, claims: &Value| {
        jsonwebtoken::encode(&Header::new(algorithm), claims, &key).expect("a token")
    };
    let mut expired = claims.clone();
    expired["exp"] = json!(claims["iat"].as_i64().expect("iat") - 1);
    let mut endless = claims.clone();
    endless.as_object_mut().expect("claims").remove("exp");
    let mut socket = server.connect().await;
    socket.drain().await;
    let auth = |token: String| json!({"type": "auth", "payload": {"auth": token}});
    for bad in [
        token(Algorithm::HS384, &claims),
        token(Algorithm::HS512, &claims),
        token(Algorithm::HS256, &expired),
        token(Algorithm::HS256, &endless),
        alice.token.trim_end_matches(|c: char| c != '.').to_owned(),
    ] {
        assert_eq!(socket.ask(auth(bad)).await, error(4000, MISMATCH));
    }
    assert_eq!(socket.ask(auth(token(Algorithm::HS256, &claims))).await["type"], "auth");
    end(server, [a, b, socket]).await;
}

#[actix_web::test]
async fn defect_14_a_socket_that_sends_no_heartbeat_ends() {
    let timeout = Duration::from_millis(600);
    let server =
        Server::with(Backend::Sqlite, |config| config.rewind.heartbeat_timeout_ms = 600).await;
    let start = Instant::now();
    let mut a = server.connect().await;
    // Neither pings nor other frames are heartbeats.
    let closed = loop {
        a.message(Message::Ping(Vec::new().into())).await;
        a.text(r#"{"type":"load","payload":{"type":"mutual_users"}}"#).await;
        match a.next().await {
            Some(Message::Text(_)) => assert!(start.elapsed() < timeout + Duration::from_secs(1)),
            other => break other,
        }
    };
    let took = start.elapsed();
    let Some(Message::Close(Some(close))) = closed else { panic!("no Close: {closed:?}") };
    assert_eq!(u16::from(close.code), 4003);
    assert_eq!(close.reason.as_str(), "Heartbeat missing. Websocket session closed.");
    assert!(took >= timeout && took < timeout + Duration::from_secs(1), "{took:?}");
    drop(a);
    server.stop().await;
}

#[actix_web::test]
async fn defect_15_frames_sessions_and_logins_are_limited() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.limits.enabled = true;
        config.limits.login_per_email_per_minute = 3;
        config.ws.sessions_max = 2;
    })
    .await;
    let mut a = server.connect().await;
    let mut b = server.connect().await;
    a.drain().await;
    b.drain().await;
    let url = format!("ws://{}/ws", server.address);
    let stream = tokio::net::TcpStream::connect(server.address).await.expect("connected");
    let third = tokio_tungstenite::client_async(url, stream).await;
    let Err(tokio_tungstenite::tungstenite::Error::Http(answer)) = third else {
        panic!("a third session was let in");
    };
    assert_eq!(answer.status().as_u16(), 503);

    for _ in 0..3 {
        assert_eq!(login(&server, "one@x.example", "x").await, 401);
    }
    assert_eq!(login(&server, "ONE@x.example", "x").await, 429);
    assert_eq!(login(&server, "two@x.example", "x").await, 401);

    a.text("x".repeat(600_000)).await;
    assert_eq!(a.closed().await.0, 1009);
    drop(a);
    end(server, [b]).await;
}
