//! How many requests of one address may be unfinished, and how long heads may take.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tradewind::server::Config;
use tradewind::session::AdapterChoice;

use super::LOGIN;
use crate::harness::http::send;
use crate::harness::process::Process;
use crate::harness::{Backend, Client, Server, soon, until};

const MAX: usize = 4;
const HALF: &str = "GET /healthz HTTP/1.1\r\nHo";
const WHOLE: &str = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

async fn server(change: impl FnOnce(&mut Config)) -> Server {
    Server::with(Backend::Sqlite, |config| {
        config.limits.enabled = true;
        config.limits.unfinished_requests_per_ip_max = MAX;
        config.http.head_timeout_ms = 60_000;
        config.http.body_timeout_ms = 60_000;
        change(config);
    })
    .await
}

/// A connection from an address of this machine, on which something has been said.
async fn say(to: SocketAddr, from: &str, text: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(format!("{from}:0").parse().expect("an address")).expect("bound");
    let mut stream = soon("a connection", socket.connect(to)).await.expect("connected");
    // It may have been refused already.
    drop(stream.write_all(text.as_bytes()).await);
    stream
}

/// The status of the next answer.
async fn status(stream: &mut TcpStream) -> u16 {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        let byte = soon("an answer", stream.read_u8()).await.expect("an answer");
        text.push(byte);
    }
    let text = String::from_utf8(text).expect("text");
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().expect("a length"))];
    soon("a body", stream.read_exact(&mut body)).await.expect("a body");
    text.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
}

async fn ask(to: SocketAddr, from: &str) -> u16 {
    status(&mut say(to, from, WHOLE).await).await
}

#[actix_web::test]
async fn one_address_occupies_so_many_and_no_others() {
    let body = format!("POST {LOGIN} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx");
    let chunked = format!("POST {LOGIN} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for said in ["", HALF, &body, &chunked, &format!("{WHOLE}{HALF}")] {
        let server = server(|_| {}).await;
        let mut held = Vec::new();
        for _ in 0..MAX {
            held.push(say(server.address, "127.0.0.1", said).await);
        }
        if said.starts_with(WHOLE) {
            for stream in &mut held {
                assert_eq!(status(stream).await, 200);
                stream.write_all(b"st: x\r\nA").await.expect("sent");
            }
        }
        // Whoever was accepted before is counted before.
        soon("a refusal", async { while ask(server.address, "127.0.0.1").await != 429 {} }).await;
        assert_eq!(ask(server.address, "127.0.0.2").await, 200, "{said:?}");
        drop(held);
        soon("room", async { while ask(server.address, "127.0.0.1").await != 200 {} }).await;
        server.stop().await;
    }
}

#[actix_web::test]
async fn what_is_finished_does_not_count() {
    let server = server(|_| {}).await;
    let alice = server.user("alice").await;
    let mut kept = Vec::new();
    for _ in 0..3 * MAX {
        let mut stream = say(server.address, "127.0.0.1", WHOLE).await;
        assert_eq!(status(&mut stream).await, 200);
        kept.push(stream);
    }
    // As many as may be unfinished are kept open, and go on.
    for stream in &mut kept[..MAX] {
        stream.write_all(WHOLE.as_bytes()).await.expect("sent");
        assert_eq!(status(stream).await, 200);
    }
    for stream in &mut kept[MAX..] {
        let mut end = Vec::new();
        assert_eq!(soon("the end", stream.read_to_end(&mut end)).await.unwrap_or(0), 0);
    }
    drop(kept);
    // Sockets count elsewhere.
    let mut sockets = Vec::new();
    for _ in 0..3 * MAX {
        let mut socket = Client::open(server.address, "/ws").await;
        socket.identify(&alice.token).await;
        sockets.push(socket);
    }
    assert_eq!(ask(server.address, "127.0.0.1").await, 200);
    for socket in sockets {
        socket.close().await;
    }
    server.stop().await;
}

#[actix_web::test]
async fn behind_a_proxy_each_client_occupies_its_own() {
    let server = server(|config| config.http.trust_proxy = true).await;
    let from = |client: &str| {
        format!(
            "POST {LOGIN} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {client}\r\nContent-Length: 9\r\n\r\n"
        )
    };
    let mut held = Vec::new();
    for _ in 0..MAX {
        held.push(say(server.address, "127.0.0.1", &from("192.0.2.1")).await);
    }
    let other = async |client: &str| {
        let headers = [("x-forwarded-for", client)];
        send(server.address, ("GET", "/healthz"), &headers, "").await.status
    };
    soon("a refusal", async { while other("192.0.2.1").await != 429 {} }).await;
    assert_eq!(other("192.0.2.2").await, 200);
    // What it does not say for whom it is counts as its own.
    for forwarded in ["", "X-Forwarded-For: unknown\r\n"] {
        let body =
            format!("POST {LOGIN} HTTP/1.1\r\nHost: x\r\n{forwarded}Content-Length: 9\r\n\r\n");
        let mut nameless = Vec::new();
        for _ in 0..MAX {
            nameless.push(say(server.address, "127.0.0.3", &body).await);
        }
        soon("a refusal", async { while ask(server.address, "127.0.0.3").await != 429 {} }).await;
        drop(nameless);
        soon("room", async { while ask(server.address, "127.0.0.3").await != 200 {} }).await;
    }
    // The proxy's connections are exempt.
    for _ in 0..2 * MAX {
        held.push(say(server.address, "127.0.0.1", HALF).await);
    }
    assert_eq!(ask(server.address, "127.0.0.1").await, 200);
    drop(held);
    server.stop().await;
}

#[actix_web::test]
async fn limits_that_are_off_count_nothing() {
    let server = server(|config| config.limits.enabled = false).await;
    let mut held = Vec::new();
    for _ in 0..4 * MAX {
        held.push(say(server.address, "127.0.0.1", HALF).await);
    }
    assert_eq!(ask(server.address, "127.0.0.1").await, 200);
    drop(held);
    server.stop().await;
}

#[actix_web::test]
async fn a_head_has_its_time_the_first_and_each_later_one() {
    let server = server(|config| {
        config.http.head_timeout_ms = 200;
        config.http.keep_alive_ms = 200;
    })
    .await;
    for (before, said, expected) in [
        ("", "", "HTTP/1.1 408 "),
        ("", HALF, "HTTP/1.1 408 "),
        (WHOLE, HALF, "HTTP/1.1 408 "),
        (WHOLE, "", ""),
    ] {
        let mut stream = say(server.address, "127.0.0.1", before).await;
        if !before.is_empty() {
            assert_eq!(status(&mut stream).await, 200);
        }
        stream.write_all(said.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        soon("the end", stream.read_to_string(&mut answer)).await.expect("an end");
        assert!(answer.starts_with(expected), "{before:?} {said:?}: {answer:?}");
        assert_eq!(answer.is_empty(), expected.is_empty());
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_proxy_that_is_not_trusted_is_spoken_of_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Process::start(folder.path(), &[]);
    let said = || server.log().matches("set http.trust_proxy = true").count();
    assert_eq!(send(server.address, ("GET", "/healthz"), &[], "").await.status, 200);
    assert_eq!(said(), 0);
    for _ in 0..3 {
        let headers = [("x-forwarded-for", "192.0.2.1")];
        assert_eq!(send(server.address, ("GET", "/healthz"), &headers, "").await.status, 200);
    }
    until("the warning", || said() > 0).await;
    assert_eq!(said(), 1);
    server.stop();
}

#[actix_web::test]
async fn sockets_behind_a_proxy_are_no_unfinished_requests() {
    for adapter in [AdapterChoice::Upgraded, AdapterChoice::Actors] {
        let server = server(|config| {
            config.http.trust_proxy = true;
            config.ws.adapter = adapter;
        })
        .await;
        let upgrade = "GET /ws HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.1\r\n\
            Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        let mut sockets = Vec::new();
        for _ in 0..2 * MAX {
            let mut socket = say(server.address, "127.0.0.1", upgrade).await;
            assert_eq!(status(&mut socket).await, 101, "{adapter:?}");
            sockets.push(socket);
        }
        let headers = [("x-forwarded-for", "192.0.2.1")];
        assert_eq!(send(server.address, ("GET", "/healthz"), &headers, "").await.status, 200);
        drop(sockets);
        server.stop().await;
    }
}
