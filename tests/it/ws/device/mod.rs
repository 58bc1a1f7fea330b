//! Devices: who gets in, what is said, and that each message comes once it is sent, and no more once it is
//! acknowledged.

mod arrivals;
mod auth;
mod delivery;
mod examples;
mod many;

use std::time::Duration;

use serde_json::{Value, json};
use tradewind::auth::key;
use tradewind::domain::apps::app::Level;
use tradewind::domain::apps::command::{AppsAnswer, AppsRequest};
use tradewind::domain::apps::console::{ConsoleAction, ConsoleRequest};
use tradewind::domain::apps::device::OsType;
use tradewind::domain::apps::token::AppToken;
use tradewind::domain::id::{AppId, DeviceId, SessionId, UserId};
use tradewind::domain::principal::{Mailbox, Principal};
use tradewind::server::Config;
use tradewind::service::apps::MadeDevice;
use tradewind::store::apps::writes;

use crate::harness::server::Backend;
use crate::harness::{Account, Client, Server};

/// A server with an app, and a user who has devices.
struct Stage {
    server: Server,
    app: AppId,
    owner: Account,
    token: String,
}

impl Stage {
    async fn open(backend: Backend) -> Self {
        Self::with(backend, |_| {}).await
    }

    async fn with(backend: Backend, change: impl FnOnce(&mut Config)) -> Self {
        let server = Server::with(backend, change).await;
        let app = server.running().service.apps.add("app").await.unwrap().id;
        let owner = server.user("owner").await;
        let token = "the token of the owner".to_owned();
        let stage = Self { server, app, owner, token };
        stage.add_token(&stage.token, stage.app, Some(stage.owner.user.id)).await;
        stage
    }

    async fn add_token(&self, text: &str, app: AppId, user: Option<UserId>) {
        let token = AppToken {
            hash: key::hash_of(text),
            app,
            level: Level::Ppcom,
            user,
            expires_at: self.server.now().after(Duration::from_secs(3_600)),
            slides_by: Duration::ZERO,
        };
        assert!(self.server.running().store.run(writes::add_token(token)).await.unwrap());
    }

    /// A device of the owner, at a terminal of this number.
    async fn device(&self, terminal: u8) -> DeviceId {
        let who = (self.app, self.owner.user.id);
        let apps = &self.server.running().service.apps;
        match apps.make_device(who, [terminal; 32], OsType::Linux).await.unwrap() {
            MadeDevice::New(device) => device.id,
            other => panic!("{other:?}"),
        }
    }

    async fn connect(&self) -> Client {
        Client::open(self.server.address, "/device/ws").await
    }

    /// A socket of a device, which is let in.
    async fn log_in(&self, device: DeviceId) -> Client {
        let mut client = self.connect().await;
        let answer = client.ask(auth(&self.token, device)).await;
        assert_eq!(answer["body"]["resultCode"], 1, "{answer}");
        client
    }

    /// Does what an operator asks.
    async fn operate(&self, action: ConsoleAction) {
        let request = AppsRequest::Console(ConsoleRequest { action, fault: None });
        let apps = &self.server.running().service.apps;
        let answer = apps.perform((SessionId(0), Principal::Console(self.app)), request).await;
        assert_eq!(answer, Ok(AppsAnswer::Told));
    }

    async fn send(&self, text: &str, devices: &[DeviceId]) {
        let devices = devices.iter().map(|device| device.uuid().hex()).collect();
        self.operate(ConsoleAction::SendMulticast { text: text.to_owned(), devices }).await;
    }

    async fn close(self, clients: impl IntoIterator<Item = Client>) {
        for client in clients {
            client.close().await;
        }
        self.server.stop().await;
    }
}

fn auth(token: &str, device: DeviceId) -> Value {
    let device = device.uuid().hex();
    json!({"action": "auth", "body": {"apiToken": token, "deviceId": device}})
}

/// The messages of a frame, oldest first.
fn messages(frame: &Value) -> Vec<Value> {
    assert_eq!(frame["action"], "onMsgReceived", "{frame}");
    let mut messages = frame["body"]["msgs"].as_array().unwrap().clone();
    messages.reverse();
    messages
}

/// So many messages that come next, oldest first.
async fn receive(client: &mut Client, count: usize) -> Vec<Value> {
    let mut all = Vec::new();
    while all.len() < count {
        all.extend(messages(&client.recv().await));
    }
    assert_eq!(all.len(), count);
    all
}

fn texts(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["data"].as_str().unwrap()).collect()
}

async fn acknowledge(client: &mut Client, messages: &[Value]) {
    let ids: Vec<&Value> = messages.iter().map(|message| &message["msgId"]).collect();
    client.send(&json!({"action": "ackMsgs", "body": {"msgIds": ids}})).await;
}

/// Asserts that nothing but answers has come; and then all that was asked before is done.
async fn nothing(client: &mut Client) {
    assert_eq!(client.ask(json!({"action": "fence"})).await["action"], "onError");
    let upstream = json!({"action": "sendUpstreamMsg", "body": {"data": "fence"}});
    assert_eq!(client.ask(upstream).await["action"], "onSendUpstreamMsgResult");
}
