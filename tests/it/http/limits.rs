//! Every limit of the HTTP side: what is at it passes, what is above it does not.

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tradewind::auth::limits::Settings;
use tradewind::server::Config;

use super::{LOGIN, REGISTER, TOO_MANY, WRONG};
use crate::harness::http::{Answer, send};
use crate::harness::{Backend, Server, soon};

async fn server(change: impl FnOnce(&mut Config)) -> Server {
    Server::with(Backend::Sqlite, change).await
}

/// Limits that are all at their widest, but on.
fn wide() -> Settings {
    Settings {
        enabled: true,
        login_per_ip_per_minute: 100_000,
        login_per_email_per_minute: 100_000,
        login_elsewhere_per_email_per_hour: 100_000,
        logins_per_user_max: 100_000,
        register_per_ip_per_hour: 100_000,
        sockets_before_auth_per_ip_max: 1_000,
        unfinished_requests_per_ip_max: 1_000,
        register_per_email_per_hour: 100_000,
        group_members_max: 1_000,
        groups_per_user_max: 1_000,
        group_additions_per_day: 100_000,
        friend_requests_per_day: 100_000,
        commands_per_second: 100_000,
        commands_burst: 100_000,
        reset_per_ip_per_hour: 100_000,
        reset_per_email_per_hour: 100_000,
        api_per_second: 100_000,
        api_burst: 100_000,
        console_login_wrong_per_ip_per_minute: 100_000,
        app_key_wrong_per_ip_per_minute: 100_000,
        apps_max: 1_000,
        app_origins_max: 1_000,
        sessions_per_user_max: 100_000,
        ..Settings::default()
    }
}

fn refusals(server: &Server, reason: &str) -> u64 {
    server.running().metrics.refusals.with_label_values(&[reason]).get()
}

/// Asserts that this is a 429 that says when to come back, `seconds_max` from now at the latest.
#[track_caller]
fn expect_too_many(answer: &Answer, seconds_max: u64) {
    answer.expect_error(429, TOO_MANY);
    let wait = answer.header("retry-after").expect("Retry-After").parse::<u64>().expect("seconds");
    assert!((1..=seconds_max).contains(&wait), "{wait}");
}

#[actix_web::test]
async fn a_body_is_read_up_to_its_limit() {
    const BYTES: usize = 200;
    let server = server(|config| config.http.body_bytes_max = BYTES).await;
    let start = "email=nobody@test.example&password=";
    let form = |bytes: usize| format!("{start}{}", "x".repeat(bytes - start.len()));
    let kind = "application/x-www-form-urlencoded";
    server.request("POST", LOGIN, kind, form(BYTES)).await.expect_error(401, WRONG);
    let above = server.request("POST", LOGIN, kind, form(BYTES + 1)).await;
    above.expect_error(413, "body is too large.");
    let above = server.request("POST", REGISTER, "application/json", form(BYTES + 1)).await;
    above.expect_error(413, "body is too large.");
    // Far above, the server answers without reading it all.
    let far = server.request("POST", LOGIN, "text/plain", "x".repeat(BYTES * 100)).await;
    far.expect_error(413, "body is too large.");
    server.stop().await;
}

#[actix_web::test]
async fn a_body_that_does_not_announce_its_length_has_the_same_limit() {
    const BYTES: usize = 100;
    let server = server(|config| config.http.body_bytes_max = BYTES).await;
    for (bytes, status) in [(BYTES, "400"), (BYTES + 1, "413")] {
        let chunk = format!("{bytes:x}\r\n{}\r\n0\r\n\r\n", "x".repeat(bytes));
        let head = format!(
            "POST {LOGIN} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        let mut stream = TcpStream::connect(server.address).await.expect("connected");
        stream.write_all(format!("{head}{chunk}").as_bytes()).await.expect("sent");
        let mut answer = String::new();
        soon("the answer", stream.read_to_string(&mut answer)).await.expect("an answer");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_password_is_taken_up_to_its_limit_in_bytes() {
    let server = server(|config| config.auth.password_bytes_max = 30).await;
    // Three bytes each.
    let (at, above) = ("\u{be44}".repeat(10), format!("{}x", "\u{be44}".repeat(10)));
    let email = server.account("alice", &at).await;
    assert_eq!(server.try_login(&email, &at).await.status, 201);
    server.try_login(&email, &above).await.expect_error(401, WRONG);
    let fields = [("name", "bob"), ("email", "bob@test.example"), ("password", above.as_str())];
    server.post_form(REGISTER, &fields).await.expect_error(400, "password is too long.");
    // None of it is cut off in silence.
    server.try_login(&email, &at[..27]).await.expect_error(401, WRONG);
    server.stop().await;
}

#[actix_web::test]
async fn logins_from_one_peer_are_limited() {
    let server = server(|config| {
        config.limits = Settings { login_per_ip_per_minute: 2, ..wide() };
    })
    .await;
    for number in 0..2 {
        let email = format!("user{number}@test.example");
        server.try_login(&email, "x").await.expect_error(401, WRONG);
    }
    assert_eq!(refusals(&server, "login"), 0);
    expect_too_many(&server.try_login("other@test.example", "x").await, 30);
    assert_eq!(refusals(&server, "login"), 1);
    // What is no address counts, too.
    expect_too_many(&server.try_login("no address", "x").await, 30);
    let metrics = server.get("/metrics").await.text;
    let line = "tradewind_refusals_total{reason=\"login\"} 2";
    assert!(metrics.lines().any(|found| found == line), "{metrics}");
    server.stop().await;
}

#[actix_web::test]
async fn registrations_from_one_peer_are_limited() {
    let server = server(|config| {
        config.limits = Settings { register_per_ip_per_hour: 2, ..wide() };
    })
    .await;
    assert_eq!(server.register("alice").await.status, 201);
    // One that is refused for another reason counts, too.
    let fields = [("name", "bob"), ("email", "nonsense"), ("password", "long enough")];
    server.post_form(REGISTER, &fields).await.expect_error(400, "Invalid email address.");
    assert_eq!(refusals(&server, "register"), 0);
    expect_too_many(&server.register("carol").await, 1_800);
    assert_eq!(refusals(&server, "register"), 1);
    // Logging in is another limit.
    server.try_login("nobody@test.example", "x").await.expect_error(401, WRONG);
    server.stop().await;
}

#[actix_web::test]
async fn limits_that_are_off_refuse_nobody() {
    let server = server(|config| {
        config.limits = Settings {
            enabled: false,
            login_per_ip_per_minute: 1,
            login_per_email_per_minute: 1,
            register_per_ip_per_hour: 1,
            ..wide()
        };
    })
    .await;
    for _ in 0..3 {
        server.try_login("nobody@test.example", "x").await.expect_error(401, WRONG);
        let fields = [("name", "bob"), ("email", "nonsense"), ("password", "long enough")];
        server.post_form(REGISTER, &fields).await.expect_error(400, "Invalid email address.");
    }
    assert_eq!(refusals(&server, "login") + refusals(&server, "register"), 0);
    server.stop().await;
}

/// One try to register in vain, with headers; gives the status.
async fn attempt(server: &Server, headers: &[(&str, &str)]) -> u16 {
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let headers = [headers, &[kind]].concat();
    send(server.address, ("POST", REGISTER), &headers, "name=x&email=x&password=long+enough")
        .await
        .status
}

async fn one_per_hour(trust_proxy: bool) -> Server {
    server(|config| {
        config.http.trust_proxy = trust_proxy;
        config.limits = Settings { register_per_ip_per_hour: 1, ..wide() };
    })
    .await
}

#[actix_web::test]
async fn behind_a_proxy_each_client_counts_for_itself() {
    let server = one_per_hour(true).await;
    let from = |address| [("x-forwarded-for", address)];
    for (address, status) in [
        ("192.0.2.1", 400),
        ("192.0.2.1", 429),
        ("192.0.2.2", 400),
        // A household of IPv6 is one client; the next household is another.
        ("2001:db8:1:1::1", 400),
        ("2001:db8:1:1:ffff::2", 429),
        ("2001:db8:1:2::1", 400),
        ("::ffff:192.0.2.1", 429),
    ] {
        assert_eq!(attempt(&server, &from(address)).await, status, "{address}");
    }
    // Without the header it is the proxy itself.
    assert_eq!(attempt(&server, &[]).await, 400);
    assert_eq!(attempt(&server, &from("nonsense")).await, 429);
    server.stop().await;
}

#[actix_web::test]
async fn a_client_cannot_lend_itself_another_address() {
    let server = one_per_hour(true).await;
    // A proxy appends the address it saw to what the client sent; only that one is to be believed.
    for (spoofed, status) in [("198.51.100.1", 400), ("198.51.100.2", 429), ("junk", 429)] {
        let chain = format!("{spoofed}, 192.0.2.7");
        assert_eq!(attempt(&server, &[("x-forwarded-for", &chain)]).await, status, "{chain}");
    }
    let two = [("x-forwarded-for", "198.51.100.3"), ("x-forwarded-for", "192.0.2.7")];
    assert_eq!(attempt(&server, &two).await, 429, "two headers");
    // Nor by a header that the proxy passes on as it is.
    for header in [("forwarded", "for=198.51.100.4"), ("x-real-ip", "198.51.100.4")] {
        let both = [header, ("x-forwarded-for", "192.0.2.7")];
        assert_eq!(attempt(&server, &both).await, 429, "{header:?}");
    }
    server.stop().await;
}

#[actix_web::test]
async fn without_a_proxy_nobody_is_believed() {
    let server = one_per_hour(false).await;
    assert_eq!(attempt(&server, &[("x-forwarded-for", "192.0.2.1")]).await, 400);
    for header in
        [("x-forwarded-for", "192.0.2.2"), ("forwarded", "for=192.0.2.3"), ("x-real-ip", "::1")]
    {
        assert_eq!(attempt(&server, &[header]).await, 429, "{header:?}");
    }
    server.stop().await;
}

#[actix_web::test]
async fn passwords_that_may_not_wait_are_refused_as_busy() {
    let server = server(|config| {
        config.auth.hashes_max = 1;
        config.auth.hash_queue_max = 2;
    })
    .await;
    let login = || server.try_login("nobody@test.example", "x");
    // One that runs and two that wait.
    for answer in join_all((0..3).map(|_| login())).await {
        answer.expect_error(401, WRONG);
    }
    let mut busy = 0;
    for answer in join_all((0..24).map(|_| login())).await {
        if answer.status == 503 {
            answer.expect_error(503, "server is busy, try again later.");
            busy += 1;
        } else {
            answer.expect_error(401, WRONG);
        }
    }
    assert!(busy > 0, "24 at once fitted where 3 do");
    login().await.expect_error(401, WRONG);
    server.stop().await;
}

#[actix_web::test]
async fn sessions_are_open_up_to_their_limit() {
    let server = server(|config| config.ws.sessions_max = 2).await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let (a, b) = (server.login(&alice).await, server.login(&bob).await);
    let upgrade = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let third = send(server.address, ("GET", "/ws"), &upgrade, "").await;
    third.expect_error(503, "server is busy, try again later.");
    assert_eq!(refusals(&server, "sessions"), 1);
    a.close().await;
    let metrics = server.running().metrics.clone();
    crate::harness::until("the end of a session", || metrics.sessions.get() == 1).await;
    let c = server.login(&alice).await;
    b.close().await;
    c.close().await;
    server.stop().await;
}
