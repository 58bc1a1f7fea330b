//! Apps, with their keys, tokens and consoles.

use std::net::SocketAddr;

use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;
use tradewind::domain::apps::app::Level;
use tradewind::domain::id::AppId;
use tradewind::service::apps::NewAppKeys;

use super::http::{Answer, send};
use super::raw::{answer, upgrade_at};
use super::{Client, Server};

/// What a form is sent as.
pub const FORM: &str = "application/x-www-form-urlencoded";
/// The line for a frame that asks for nothing there is.
pub const NO_ACTION: &str = "onError -304 전달 인자가 잘못되엇습니다. None";

/// An app that a test has made.
pub struct TestApp {
    pub id: AppId,
    pub name: String,
    pub service_id: String,
    keys: NewAppKeys,
}

impl Server {
    /// Makes an app.
    pub async fn app(&self, name: &str) -> TestApp {
        let keys = self.running().service.apps.add(name).await.expect("an app");
        let (id, name, service_id) = (keys.id, keys.name.clone(), keys.service_id.clone());
        TestApp { id, name, service_id, keys }
    }

    /// A token for a key of an app, as a program gets it.
    pub async fn token(&self, app: &TestApp, level: Level) -> String {
        let (key, secret) = app.key(level);
        let peer = [127, 0, 0, 1].into();
        self.running().service.apps.grant(key, secret, peer).await.expect("a token").token
    }

    /// A console of an app, let in by a token.
    pub async fn console(&self, app: &TestApp) -> Operator {
        let token = self.token(app, Level::ThirdPartyConsole).await;
        self.console_with(&[("authorization", &format!("Bearer {token}"))]).await
    }

    /// A console, let in by headers.
    pub async fn console_with(&self, headers: &[(&str, &str)]) -> Operator {
        Operator::open(self.address, "/console/ws", headers).await
    }
}

impl TestApp {
    /// The key of a level, and its secret.
    pub fn key(&self, level: Level) -> (&str, &str) {
        let key = self.keys.keys.iter().find(|key| key.level == level).expect("a key");
        (&key.key, &key.secret)
    }
}

/// Logs in as a browser does; the answer.
pub async fn console_login(address: SocketAddr, key: &str, secret: &str) -> Answer {
    let body = format!("client_id={key}&client_secret={secret}");
    send(address, ("POST", "/console/login"), &[("content-type", FORM)], body).await
}

/// The value of the cookie that an answer sets.
pub fn cookie_of(answer: &Answer) -> String {
    let set = answer.header("set-cookie").expect("a cookie");
    let (_, value) = set.split_once("tw_console=").expect("its name");
    let value = value.split(';').next().unwrap_or_default();
    format!("tw_console={value}")
}

/// The status of the answer to a request for a socket that is refused.
pub async fn refused_upgrade(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> u16 {
    let host = address.to_string();
    let headers = [&[("Host", host.as_str())], headers].concat();
    let head = answer(address, &upgrade_at("GET", path, &headers)).await;
    let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    status.and_then(|status| status.parse().ok()).expect("a status")
}

/// A console.
pub struct Operator {
    client: Client,
}

impl Operator {
    /// Opens a console at a path, with headers. It is there: what is told from now on it hears.
    pub async fn open(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Self {
        let mut console = Self::hurry(address, path, headers).await;
        console.expect_nothing().await;
        console
    }

    /// The same without waiting until it is there.
    pub async fn hurry(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Self {
        Self { client: Client::open_with(address, path, headers).await }
    }

    /// Asks for something.
    pub async fn ask(&mut self, action: &str, body: Value) {
        self.text(serde_json::json!({"action": action, "body": body}).to_string()).await;
    }

    /// Sends any text.
    pub async fn text(&mut self, text: impl Into<String>) {
        self.client.text(text).await;
    }

    /// Sends any message.
    pub async fn message(&mut self, message: Message) {
        self.client.message(message).await;
    }

    /// The next line.
    pub async fn line(&mut self) -> String {
        match self.client.next().await {
            Some(Message::Text(line)) => line.to_string(),
            other => panic!("expected a line, got {other:?}"),
        }
    }

    /// All lines that have been sent to this console until now.
    pub async fn drain(&mut self) -> Vec<String> {
        self.text("the fence").await;
        let mut lines = Vec::new();
        loop {
            let line = self.line().await;
            if line == NO_ACTION {
                return lines;
            }
            lines.push(line);
        }
    }

    /// Asserts that nothing has been sent to this console.
    pub async fn expect_nothing(&mut self) {
        assert_eq!(self.drain().await, Vec::<String>::new());
    }

    /// Waits for a ping of the server; lines are passed over.
    pub async fn pinged(&mut self) {
        self.client.pinged().await;
    }

    /// Code and reason of the Close frame that must come next.
    pub async fn closed(&mut self) -> (u16, String) {
        self.client.closed().await
    }

    /// Passes over lines until the server closes it, with this code.
    pub async fn drain_to_close(&mut self, code: u16) {
        loop {
            match self.client.next().await {
                Some(Message::Text(_)) => {}
                Some(Message::Close(Some(close))) => {
                    return assert_eq!(u16::from(close.code), code);
                }
                other => panic!("expected a Close frame, got {other:?}"),
            }
        }
    }

    /// Closes it in good order.
    pub async fn close(self) {
        self.client.close().await;
    }
}
