//! Bodies that do not come, or hardly: how long they are waited for.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::{LOGIN, REGISTER};
use crate::harness::{Backend, Server, soon};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const TIMEOUT: Duration = Duration::from_millis(300);

async fn server() -> Server {
    let timeout = u64::try_from(TIMEOUT.as_millis()).expect("small");
    Server::with(Backend::Sqlite, |config| config.http.body_timeout_ms = timeout).await
}

/// Sends a head; `length` is the line that says how long the body is.
async fn begin(server: &Server, (line, kind): (&str, &str), auth: &str, length: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.expect("connected");
    let head =
        format!("{line} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n{auth}{length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream
}

/// The answer, and the end of the connection.
async fn end(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // What we have sent may be thrown away with the connection.
    drop(soon("the end", stream.read_to_end(&mut answer)).await);
    String::from_utf8(answer).expect("text")
}

const ANNOUNCED: &str = "Content-Length: 1000";
const CHUNKED: &str = "Transfer-Encoding: chunked";

#[actix_web::test]
async fn a_body_that_stalls_or_drips_is_408_at_every_door() {
    let server = server().await;
    let alice = server.user("alice").await;
    let auth = format!("Authorization: Bearer {}\r\n", alice.token);
    let doors = [
        (format!("POST {LOGIN}"), FORM),
        (format!("POST {LOGIN}"), "text/plain"),
        (format!("POST {REGISTER}"), JSON),
        ("POST /api/v1/auth/reset".to_owned(), JSON),
        ("POST /api/v1/auth/reset/key".to_owned(), JSON),
        ("POST /reset/key".to_owned(), FORM),
        ("PATCH /api/v1/me".to_owned(), JSON),
        ("DELETE /api/v1/me".to_owned(), JSON),
        ("POST /api/v1/groups".to_owned(), JSON),
        (format!("POST /api/v1/rooms/{}/messages", alice.id() ^ 8), JSON),
        ("POST /api/chatting/blockedusers/".to_owned(), JSON),
        ("DELETE /api/chatting/blockedusers/".to_owned(), FORM),
    ];
    let bodies = [(ANNOUNCED, ""), (ANNOUNCED, "{"), (CHUNKED, "5\r\nemail\r\n")];
    let tries = doors.iter().flat_map(|door| bodies.map(|body| (door, body)));
    join_all(tries.map(async |((line, kind), (length, first))| {
        let mut stream = begin(&server, (line, kind), &auth, length).await;
        stream.write_all(first.as_bytes()).await.expect("sent");
        let answer = end(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{line} {kind} {length}: {answer}");
    }))
    .await;
    for length in [ANNOUNCED, CHUNKED] {
        let stream = begin(&server, (&doors[0].0, FORM), "", length).await;
        let (mut reader, mut writer) = stream.into_split();
        let drip = if length == CHUNKED { "1\r\nx\r\n" } else { "x" };
        let dripping = async {
            while writer.write_all(drip.as_bytes()).await.is_ok() {
                sleep(TIMEOUT / 10).await;
            }
        };
        let mut answer = [0; 13];
        let read = async { reader.read_exact(&mut answer).await.expect("an answer") };
        tokio::select! {
            () = dripping => panic!("the connection ended without an answer"),
            _ = soon("the answer", read) => {}
        }
        assert_eq!(&answer, b"HTTP/1.1 408 ", "{length}");
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_body_that_nobody_reads_is_not_waited_for() {
    let server = server().await;
    let doors = [
        ("POST /nowhere", FORM, 404),
        ("POST /api/v1/nowhere", JSON, 404),
        ("PUT /api/v1/auth/login", JSON, 405),
        ("GET /healthz", JSON, 200),
        ("PATCH /api/v1/me", JSON, 401),
        ("POST /api/chatting/blockedusers/", JSON, 401),
        ("POST /s2sapi/system-message/", JSON, 401),
        ("POST /api/v1/auth/reset", "text/plain", 415),
        ("POST /api/v1/auth/login", "text/plain\r\nContent-Encoding: br", 415),
    ];
    let bodies = [(ANNOUNCED, "x"), (CHUNKED, "1\r\nx\r\n")];
    let tries = doors.iter().flat_map(|door| bodies.map(|body| (door, body)));
    join_all(tries.map(async |((line, kind, status), (length, first))| {
        let mut stream = begin(&server, (line, kind), "", length).await;
        stream.write_all(first.as_bytes()).await.expect("sent");
        let answer = end(&mut stream).await;
        let expected = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&expected), "{line} {length}: {answer}");
    }))
    .await;
    server.stop().await;
}

#[actix_web::test]
async fn a_body_without_end_is_cut_off() {
    let server = server().await;
    let stream = begin(&server, (&format!("POST {LOGIN}"), FORM), "", CHUNKED).await;
    let (mut reader, mut writer) = stream.into_split();
    let chunk = format!("400\r\n{}\r\n", "x".repeat(0x400));
    let flood = async { while writer.write_all(chunk.as_bytes()).await.is_ok() {} };
    let mut answer = Vec::new();
    let read = async { drop(reader.read_to_end(&mut answer).await) };
    soon("the end", futures_util::future::join(flood, read)).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    // One that announces too much is not waited for at all.
    let mut stream =
        begin(&server, (&format!("POST {LOGIN}"), FORM), "", "Content-Length: 999999").await;
    assert!(end(&mut stream).await.starts_with("HTTP/1.1 413 "));
    server.stop().await;
}

#[actix_web::test]
async fn a_longer_body_has_more_time() {
    const BYTES: usize = 100_000;
    let timeout = u64::try_from(TIMEOUT.as_millis()).expect("small");
    let server = Server::with(Backend::Sqlite, |config| {
        config.http.body_timeout_ms = timeout;
        config.http.body_bytes_max = BYTES;
    })
    .await;
    let body = format!("email=a%40b.example&password={}", "x".repeat(BYTES - 29));
    let line = format!("POST {LOGIN}");
    for length in [format!("Content-Length: {BYTES}"), CHUNKED.to_owned()] {
        let mut stream = begin(&server, (&line, FORM), "Connection: close\r\n", &length).await;
        // More than 64 KiB of it, and the rest when a short one would be late.
        for (number, part) in [&body[..80_000], &body[80_000..]].into_iter().enumerate() {
            sleep(TIMEOUT * 2 * u32::try_from(number).expect("small")).await;
            let part = match length.as_str() {
                CHUNKED => format!("{:x}\r\n{part}\r\n", part.len()),
                _ => part.to_owned(),
            };
            stream.write_all(part.as_bytes()).await.expect("sent");
        }
        if length == CHUNKED {
            stream.write_all(b"0\r\n\r\n").await.expect("sent");
        }
        let answer = end(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 401 "), "{length}: {answer}");
    }
    server.stop().await;
}
