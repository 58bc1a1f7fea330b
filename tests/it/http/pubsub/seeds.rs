//! The walk-through that people come with: curl's requests, byte for byte as curl sends them.

use std::net::SocketAddr;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{HELLO, SUBSCRIPTION, TOPIC, start};
use crate::harness::soon;

/// What curl sends for `-X METHOD -d BODY`.
fn curl(method: &str, path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} /v1/{path} HTTP/1.1\r\nHost: localhost:8085\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\
         Content-Length: {length}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Connection: close\r\n\r\n{body}"
    )
}

/// All that comes of a request.
async fn exchanged(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("written");
    let mut answer = String::new();
    soon("the end", stream.read_to_string(&mut answer)).await.expect("text");
    answer
}

#[actix_web::test]
async fn the_walk_through_with_curl() {
    let (server, rest) = start().await;
    let subscription = json!({"topic": TOPIC}).to_string();
    let publish = json!({"messages": [{"data": HELLO}]}).to_string();
    for (method, path, body, expected) in [
        ("PUT", TOPIC.to_owned(), "", format!(r#"{{"name":"{TOPIC}"}}"#)),
        ("PUT", SUBSCRIPTION.to_owned(), &subscription, r#""pushConfig":{}"#.to_owned()),
        ("POST", format!("{TOPIC}:publish"), &publish, r#"{"messageIds":[""#.to_owned()),
        ("POST", format!("{SUBSCRIPTION}:pull"), r#"{"maxMessages":1}"#, HELLO.to_owned()),
        ("DELETE", SUBSCRIPTION.to_owned(), "", "\r\n\r\n{}".to_owned()),
        ("DELETE", TOPIC.to_owned(), "", "\r\n\r\n{}".to_owned()),
    ] {
        let answer = exchanged(rest.0, &curl(method, &path, body)).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{method} {path}: {answer}");
        assert!(answer.contains(&expected), "{method} {path}: {answer}");
    }
    server.stop().await;
}
