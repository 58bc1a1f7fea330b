//! Pulls that wait.

use std::time::{Duration, Instant};

use futures_util::future::join;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::{HELLO, SUBSCRIPTION, TOPIC, start, start_with};
use crate::harness::{Backend, until};

const PULL: &str = "projects/demo/subscriptions/worker:pull";

#[actix_web::test]
async fn a_pull_that_waits_wakes_for_a_message() {
    let (server, rest) = start().await;
    rest.both().await;
    for _ in 0..3 {
        let waits = rest.pull(SUBSCRIPTION);
        let publishes = rest.publish(json!({"data": HELLO}));
        let (pulled, id) = join(waits, publishes).await;
        assert_eq!(pulled[0]["message"]["messageId"], id.as_str());
        rest.acknowledge(SUBSCRIPTION, &pulled).await;
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_pull_waits_as_long_as_is_set_or_less() {
    let wait = Duration::from_millis(300);
    let (server, rest) =
        start_with(Backend::Sqlite, |config| config.pubsub.pull_wait_ms = 300).await;
    rest.both().await;
    let begun = Instant::now();
    assert_eq!(rest.post(PULL, json!({"maxMessages": 1})).await, (200, json!({})));
    assert!(begun.elapsed() >= wait, "{:?}", begun.elapsed());
    server.stop().await;

    let (server, rest) = start().await;
    rest.both().await;
    let now = json!({"maxMessages": 1, "returnImmediately": true});
    assert_eq!(rest.post(PULL, now).await, (200, json!({})));
    // Within the deadline of the test, which is shorter than the time that is set.
    let headers = [("x-server-timeout", "0.3")];
    let answer = rest.send(("POST", PULL), &headers, json!({"maxMessages": 1}).to_string()).await;
    assert_eq!((answer.status, answer.json), (200, json!({})));
    server.stop().await;
}

#[actix_web::test]
async fn who_has_gone_takes_no_message_along() {
    let (server, rest) = start().await;
    rest.both().await;
    let body = json!({"maxMessages": 10}).to_string();
    let head = format!(
        "POST /v1/{PULL} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut gone = TcpStream::connect(rest.0).await.expect("a connection");
    gone.write_all(head.as_bytes()).await.expect("written");
    let peer = gone.local_addr().expect("an address");
    until("the request's arrival", || is_read(peer.port(), rest.0.port())).await;
    drop(gone);
    until("the end of the connection", || !is_open(peer.port(), rest.0.port())).await;
    let id = rest.publish(json!({"data": HELLO})).await;
    let pulled = rest.pull_now(SUBSCRIPTION).await;
    assert_eq!(pulled.len(), 1, "{pulled:?}");
    assert_eq!(pulled[0]["message"]["messageId"], id.as_str());
    server.stop().await;
}

/// The server's end of a connection, as the kernel tells: its queues, and whether somebody holds it.
fn server_end(peer: u16, own: u16) -> Option<(String, bool)> {
    let table = std::fs::read_to_string("/proc/net/tcp").expect("Linux");
    let ends = format!(":{own:04X} 0100007F:{peer:04X} ");
    let line = table.lines().find(|line| line.contains(&ends))?;
    let words: Vec<&str> = line.split_whitespace().collect();
    Some((words[4].to_owned(), words[9] != "0"))
}

fn is_read(peer: u16, own: u16) -> bool {
    server_end(peer, own).is_some_and(|(queues, is_held)| is_held && queues.ends_with(":00000000"))
}

fn is_open(peer: u16, own: u16) -> bool {
    server_end(peer, own).is_some_and(|(_, is_held)| is_held)
}

#[actix_web::test]
async fn a_pull_that_waits_ends_with_the_server() {
    let (server, rest) = start().await;
    rest.both().await;
    let other = "projects/demo/subscriptions/other";
    rest.subscription(other, json!({"topic": TOPIC})).await;
    let waits = rest.call("POST", PULL, json!({"maxMessages": 1}).to_string());
    let stops = async {
        let pulled = rest.pull_now(other).await;
        assert_eq!(pulled, Vec::<Value>::new());
        server.stop().await;
    };
    let ((status, body), ()) = join(waits, stops).await;
    assert_eq!((status, body["error"]["status"].as_str()), (503, Some("UNAVAILABLE")), "{body}");
}
