//! The upgrade, and what is no upgrade.

use serde_json::json;

use crate::harness::raw::{answer, upgrade, upgrade_at};
use crate::harness::server::Backend;
use crate::harness::{Client, Server, until};

/// The status of an answer.
fn status(head: &str) -> u16 {
    head.split(' ').nth(1).and_then(|text| text.parse().ok()).expect("a status")
}

#[actix_web::test]
async fn faulty_handshakes_are_refused() {
    let server = Server::start().await;
    let faults: [(&str, String, &[u16]); 9] = [
        ("no key", upgrade("GET", &[("Sec-WebSocket-Key", "")]), &[400]),
        ("no version", upgrade("GET", &[("Sec-WebSocket-Version", "")]), &[400, 426]),
        ("version 99", upgrade("GET", &[("Sec-WebSocket-Version", "99")]), &[400, 426]),
        ("POST", upgrade("POST", &[("Content-Length", "0")]), &[405]),
        ("no upgrade", upgrade("GET", &[("Upgrade", ""), ("Connection", "")]), &[400, 426]),
        ("another upgrade", upgrade("GET", &[("Upgrade", "h2c")]), &[400, 426]),
        ("a foreign origin", upgrade("GET", &[("Origin", "https://evil.example")]), &[403]),
        ("the origin null", upgrade("GET", &[("Origin", "null")]), &[403]),
        ("an unknown compat", upgrade_at("GET", "/ws?compat=no", &[]), &[400]),
    ];
    for (what, request, expected) in faults {
        let head = answer(server.address, &request).await;
        assert!(expected.contains(&status(&head)), "{what}: {head}");
    }
    assert_eq!(server.running().metrics.sessions.get(), 0);
    server.stop().await;
}

#[actix_web::test]
async fn own_and_allowed_origins_may_connect() {
    let server = Server::with(Backend::Sqlite, |config| {
        config.http.allowed_origins = vec!["https://app.example".to_owned()];
    })
    .await;
    for (origin, expected) in [
        ("https://app.example", 101),
        ("http://hub.example", 101),
        ("https://app.example.evil", 403),
        ("https://evil.example", 403),
    ] {
        let head = answer(server.address, &upgrade("GET", &[("Origin", origin)])).await;
        assert_eq!(status(&head), expected, "{origin}");
    }
    server.stop().await;
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
