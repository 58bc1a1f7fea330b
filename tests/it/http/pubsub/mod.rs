//! Pub/Sub's listener, as clients of REST v1 meet it: each call with what it answers, and what is refused how.

mod document;
mod errors;
mod json;
mod limits;
mod listener;
mod main_path;
mod seeds;
mod settings;
mod snapshots;
mod subscriptions;
mod topics;
mod waiting;

use std::net::SocketAddr;

use serde_json::{Value, json};
use tradewind::server::Config;

use crate::harness::http::{Answer, send};
use crate::harness::{Backend, Server, soon};

/// "Hello, World!" in base64.
const HELLO: &str = "SGVsbG8sIFdvcmxkIQ==";
const TOPIC: &str = "projects/demo/topics/orders";
const SUBSCRIPTION: &str = "projects/demo/subscriptions/worker";

/// A client.
#[derive(Clone, Copy)]
struct Rest(SocketAddr);

impl Rest {
    /// One of a server.
    fn of(server: &Server) -> Self {
        Self(server.running().pubsub_address.expect("a listener"))
    }

    /// Any call, with its status and its JSON. Errors are checked for their form.
    async fn call(self, method: &str, path: &str, body: impl Into<Vec<u8>>) -> (u16, Value) {
        let answer = self.send((method, path), &[], body).await;
        (answer.status, answer.json)
    }

    async fn send(
        self,
        place: (&str, &str),
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let (method, path) = place;
        let path = format!("/v1/{path}");
        let answer = soon("an answer", send(self.0, (method, &path), headers, body)).await;
        assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
        if answer.status >= 400 {
            well_formed_error(&answer);
        }
        answer
    }

    async fn put(self, path: &str, body: Value) -> (u16, Value) {
        self.call("PUT", path, body.to_string()).await
    }

    async fn post(self, path: &str, body: Value) -> (u16, Value) {
        self.call("POST", path, body.to_string()).await
    }

    async fn patch(self, path: &str, body: Value) -> (u16, Value) {
        self.call("PATCH", path, body.to_string()).await
    }

    async fn get(self, path: &str) -> (u16, Value) {
        self.call("GET", path, "").await
    }

    async fn delete(self, path: &str) -> (u16, Value) {
        self.call("DELETE", path, "").await
    }

    /// Makes a topic that is not there.
    async fn topic(self, name: &str) {
        let made = self.put(name, json!({})).await;
        assert_eq!(made, (200, json!({"name": name})));
    }

    /// Makes a subscription that is not there.
    async fn subscription(self, name: &str, fields: Value) -> Value {
        let (status, made) = self.put(name, fields).await;
        assert_eq!(status, 200, "{made}");
        made
    }

    /// Makes the topic and the subscription that most tests have.
    async fn both(self) {
        self.topic(TOPIC).await;
        self.subscription(SUBSCRIPTION, json!({"topic": TOPIC})).await;
    }

    /// Publishes one message; its id.
    async fn publish(self, message: Value) -> String {
        let (status, published) =
            self.post(&format!("{TOPIC}:publish"), json!({"messages": [message]})).await;
        assert_eq!(status, 200, "{published}");
        published["messageIds"][0].as_str().expect("an id").to_owned()
    }

    /// What waits, at most ten messages.
    async fn pull_now(self, subscription: &str) -> Vec<Value> {
        let pull = json!({"maxMessages": 10, "returnImmediately": true});
        let (status, pulled) = self.post(&format!("{subscription}:pull"), pull).await;
        assert_eq!(status, 200, "{pulled}");
        pulled["receivedMessages"].as_array().cloned().unwrap_or_default()
    }

    /// Waits for the next messages, at most ten.
    async fn pull(self, subscription: &str) -> Vec<Value> {
        let (status, pulled) =
            self.post(&format!("{subscription}:pull"), json!({"maxMessages": 10})).await;
        assert_eq!(status, 200, "{pulled}");
        pulled["receivedMessages"].as_array().expect("messages").clone()
    }

    async fn acknowledge(self, subscription: &str, messages: &[Value]) -> (u16, Value) {
        let ids: Vec<_> = messages.iter().map(|message| &message["ackId"]).collect();
        self.post(&format!("{subscription}:acknowledge"), json!({"ackIds": ids})).await
    }
}

/// Whether an error is as all errors are.
#[track_caller]
fn well_formed_error(answer: &Answer) {
    let error = &answer.json["error"];
    assert_eq!(error["code"], answer.status, "{}", answer.text);
    assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{}", answer.text);
    assert!(error["status"].as_str().is_some(), "{}", answer.text);
}

/// Whether a call was refused so.
#[track_caller]
fn refused((status, body): &(u16, Value), code: u16, word: &str) {
    assert_eq!((*status, body["error"]["status"].as_str()), (code, Some(word)), "{body}");
}

async fn start_with(backend: Backend, change: impl FnOnce(&mut Config)) -> (Server, Rest) {
    let server = Server::with(backend, |config| {
        config.pubsub.bind = "127.0.0.1:0".to_owned();
        change(config);
    })
    .await;
    let rest = Rest::of(&server);
    (server, rest)
}

async fn start() -> (Server, Rest) {
    start_with(Backend::Sqlite, |_| {}).await
}
