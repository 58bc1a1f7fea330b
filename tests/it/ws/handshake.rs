//! The upgrade, and what is no upgrade.

use serde_json::json;

use crate::harness::raw::{answer, upgrade, upgrade_at};
use crate::harness::server::Backend;
use crate::harness::{Client, Process, Server, until};

/// The status of an answer.
fn status(head: &str) -> u16 {
    head.split(' ').nth(1).and_then(|text| text.parse().ok()).expect("a status")
}

#[actix_web::test]
async fn faulty_handshakes_are_refused() {
    let server = Server::start().await;
    let old = upgrade("GET", &[]).replace("HTTP/1.1", "HTTP/1.0");
    let good = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let two_keys = upgrade("GET", &[]).replace(good, &good.repeat(2));
    let two_hosts = upgrade("GET", &[]).replace("Host: hub.example\r\n", "Host: a\r\nHost: a\r\n");
    let body = upgrade("GET", &[("Content-Length", "5")]) + "hello";
    let chunked = upgrade("GET", &[("Transfer-Encoding", "chunked")]) + "0\r\n\r\n";
    let hixie = upgrade(
        "GET",
        &[
            ("Sec-WebSocket-Version", ""),
            ("Sec-WebSocket-Key", ""),
            ("Sec-WebSocket-Key1", "4 @1  46546xW%0l 1 5"),
            ("Sec-WebSocket-Key2", "12998 5 Y3 1  .P00"),
        ],
    );
    let faults: [(&str, String, u16); 27] = [
        ("no key", upgrade("GET", &[("Sec-WebSocket-Key", "")]), 400),
        ("a short key", upgrade("GET", &[("Sec-WebSocket-Key", "c2hvcnQ=")]), 400),
        ("a long key", upgrade("GET", &[("Sec-WebSocket-Key", &"A".repeat(24))]), 400),
        ("no base64", upgrade("GET", &[("Sec-WebSocket-Key", "!!!!!!!!!!!!!!!!!!!!!!==")]), 400),
        ("two keys", two_keys, 400),
        ("no version", upgrade("GET", &[("Sec-WebSocket-Version", "")]), 400),
        ("version 99", upgrade("GET", &[("Sec-WebSocket-Version", "99")]), 426),
        ("version 8", upgrade("GET", &[("Sec-WebSocket-Version", "8")]), 426),
        ("version 7", upgrade("GET", &[("Sec-WebSocket-Version", "7")]), 426),
        ("draft 76", hixie, 400),
        ("POST", upgrade("POST", &[("Content-Length", "0")]), 405),
        ("HEAD", upgrade("HEAD", &[]), 405),
        ("PUT", upgrade("PUT", &[]), 405),
        ("HTTP/1.0", old, 400),
        ("no host", upgrade("GET", &[("Host", "")]), 400),
        ("a host with a user", upgrade("GET", &[("Host", "me@hub.example")]), 400),
        ("two hosts", two_hosts, 400),
        ("no upgrade", upgrade("GET", &[("Upgrade", ""), ("Connection", "")]), 426),
        ("another upgrade", upgrade("GET", &[("Upgrade", "h2c")]), 426),
        ("a list of upgrades", upgrade("GET", &[("Upgrade", "websocket, h2c")]), 426),
        ("no connection", upgrade("GET", &[("Connection", "")]), 400),
        ("another connection", upgrade("GET", &[("Connection", "not-upgrade")]), 400),
        ("a body", body, 400),
        ("chunks", chunked, 400),
        ("a foreign origin", upgrade("GET", &[("Origin", "https://evil.example")]), 403),
        ("the origin null", upgrade("GET", &[("Origin", "null")]), 403),
        ("an unknown compat", upgrade_at("GET", "/ws?compat=no", &[]), 400),
    ];
    for (what, request, expected) in faults {
        for request in [request.clone(), request.replace(" /ws ", " /ws/chatting/ ")] {
            let is_chatting = request.contains("/ws/chatting/");
            if is_chatting && request.contains("Origin") {
                continue;
            }
            let head = answer(server.address, &request).await;
            assert_eq!(status(&head), expected, "{what}: {head}");
            let head = head.to_ascii_lowercase();
            let versions = head.matches("sec-websocket-version: 13\r\n").count();
            let names_version = expected == 426 || ["no version", "draft 76"].contains(&what);
            assert_eq!(versions, usize::from(names_version), "{what}: {head}");
            assert_eq!(head.contains("upgrade: websocket"), expected == 426, "{what}: {head}");
        }
    }
    assert_eq!(server.running().metrics.sessions.get(), 0);
    server.stop().await;
}

#[actix_web::test]
async fn good_handshakes_of_all_forms_are_accepted() {
    let server = Server::start().await;
    for headers in [
        &[("Upgrade", "WebSocket")][..],
        &[("Connection", "keep-alive, Upgrade")],
        &[("Connection", "UPGRADE")],
        &[("Host", "127.0.0.1:8080")],
        &[("Host", "[::1]")],
        &[("Content-Length", "0")],
        &[("Sec-WebSocket-Protocol", "chat, superchat")],
        // Of a draft: another origin than this could not be told from none.
        &[("Sec-WebSocket-Origin", "https://evil.example")],
    ] {
        for path in ["/ws", "/ws/chatting/", "/ws/chatting"] {
            let head = answer(server.address, &upgrade_at("GET", path, headers)).await;
            assert_eq!(status(&head), 101, "{headers:?} {path}: {head}");
            let head = head.to_ascii_lowercase();
            assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"));
            assert!(!head.contains("sec-websocket-protocol"), "{head}");
        }
    }
    server.stop().await;
}

#[actix_web::test]
async fn own_and_allowed_origins_may_connect() {
    let apps = ["https://app.example", "capacitor://localhost", "tauri://localhost", "ionic://app"];
    let server = Server::with(Backend::Sqlite, |config| {
        config.http.allowed_origins = apps.map(str::to_owned).into();
        config.http.public_url = "https://chat.example/hub/".to_owned();
    })
    .await;
    for (origin, expected) in [
        ("https://app.example", 101),
        ("https://APP.example.:443", 101),
        ("http://hub.example", 101),
        ("http://hub.example:80", 101),
        ("https://chat.example", 101),
        ("capacitor://localhost", 101),
        ("tauri://localhost", 101),
        ("ionic://app", 101),
        ("ionic://localhost", 403),
        ("http://localhost", 403),
        ("http://chat.example", 403),
        ("http://app.example", 403),
        ("https://app.example.evil", 403),
        ("https://evil.example", 403),
    ] {
        let head = answer(server.address, &upgrade("GET", &[("Origin", origin)])).await;
        assert_eq!(status(&head), expected, "{origin}");
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_refused_origin_is_logged_with_both_sides() {
    let folder = tempfile::tempdir().unwrap();
    let set = ["http.allowed_origins=tauri://localhost", "http.public_url=https://chat.example/x"];
    let server = Process::start(folder.path(), &set);
    let evil = [("Origin", "https://evil.example")];
    assert_eq!(status(&answer(server.address, &upgrade("GET", &evil)).await), 403);
    let log = server.log();
    let line = log.lines().find(|line| line.contains("a socket is refused")).expect("a line");
    for side in [
        "peer=127.0.0.1",
        "origin=https://evil.example",
        "host=hub.example",
        "public=https://chat.example:443",
        "allowed=tauri://localhost",
    ] {
        assert!(line.contains(side), "{side}: {line}");
    }
    server.stop();
}

#[actix_web::test]
async fn compat_and_extensions_are_options() {
    let server = Server::start().await;
    for path in ["/ws", "/ws?compat=readme", "/ws?compat=wind", "/ws?other=1"] {
        let extension = [("Sec-WebSocket-Extensions", "permessage-deflate")];
        let head = answer(server.address, &upgrade_at("GET", path, &extension)).await;
        assert_eq!(status(&head), 101, "{path}");
        assert!(!head.to_ascii_lowercase().contains("permessage"), "declined: {head}");
    }
    server.stop().await;
}

#[actix_web::test]
async fn frames_sent_with_the_handshake_are_read() {
    let server = Server::start().await;
    let mut request = upgrade("GET", &[]).into_bytes();
    let text = r#"{"type":"heartbeat","payload":7}"#;
    request.extend(crate::harness::raw::frame(0x81, text.as_bytes()));
    let answered = crate::harness::Raw::open_with(server.address, &request).await.json().await;
    assert_eq!(answered, json!({"type": "heartbeat", "payload": 7}));
    server.stop().await;
}

#[actix_web::test]
async fn no_more_sessions_than_allowed_come_in() {
    const MAX: usize = 5;
    let server = Server::with(Backend::Sqlite, |config| config.ws.sessions_max = MAX).await;
    let sessions = server.running().metrics.sessions.clone();
    let mut clients = Vec::new();
    for _ in 0..MAX {
        clients.push(Client::open(server.address, "/ws").await);
    }
    let refused = answer(server.address, &upgrade("GET", &[])).await;
    assert_eq!(status(&refused), 503);
    assert_eq!(server.running().metrics.refusals.with_label_values(&["sessions"]).get(), 1);

    clients.pop().unwrap().close().await;
    until("room", || sessions.get() < MAX as i64).await;
    clients.push(Client::open(server.address, "/ws").await);
    for client in clients {
        client.close().await;
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_burst_of_handshakes_does_not_pass_the_limit() {
    const MAX: usize = 10;
    let server = Server::with(Backend::Sqlite, |config| {
        config.ws.sessions_max = MAX;
        config.http.workers = 4;
    })
    .await;
    let address = server.address;
    let burst = (0..60).map(|_| async move {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let mut raw = crate::harness::Raw::unopened(stream);
        raw.bytes(upgrade("GET", &[]).as_bytes()).await;
        (status(&raw.head().await), raw)
    });
    let answers = futures_util::future::join_all(burst).await;
    let open = answers.iter().filter(|(status, _)| *status == 101).count();
    assert_eq!(open, MAX);
    assert!(answers.iter().all(|(status, _)| [101, 503].contains(status)));
    drop(answers);
    server.stop().await;
}
