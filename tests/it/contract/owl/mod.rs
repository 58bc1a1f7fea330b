//! The contract of servers of apps: over TCP as RationalOwl's Node SDK asks, and over HTTP. What touches the store, on
//! both databases.

#![expect(clippy::cognitive_complexity, reason = "each assertion counts, and a story has many")]

mod channel;
mod docs;
mod gate;
mod limits;
mod paces;
mod peer;
mod rest;
mod traps;
mod upstream;

use serde_json::{Value, json};
use tradewind::domain::apps::command::{AppsAnswer, AppsRequest, DeviceRequest, ServerNamed};
use tradewind::domain::apps::console::ResultCode;
use tradewind::domain::apps::device::{DeviceClass, OsType};
use tradewind::domain::id::{DeviceId, SessionId};
use tradewind::domain::principal::Principal;
use tradewind::server::Config;
use tradewind::service::apps::MadeDevice;

use super::console::on_both;
use crate::harness::apps::{Operator, TestApp};
use crate::harness::{Account, Backend, Server, until};
use peer::OwlPeer;

/// A server that listens for servers of apps, with an app, its console, and a user who has devices.
struct Yard {
    server: Server,
    app: TestApp,
    owner: Account,
    /// None once it has gone.
    console: Option<Operator>,
}

fn on(config: &mut Config) {
    config.owl.bind = "127.0.0.1:0".to_owned();
    config.owl.rest = true;
}

impl Yard {
    async fn new(backend: Backend) -> Self {
        Self::with(backend, |_| {}).await
    }

    async fn with(backend: Backend, change: impl FnOnce(&mut Config)) -> Self {
        let server = Server::with(backend, |config| {
            on(config);
            change(config);
        });
        let server = server.await;
        let app = server.app("shop").await;
        let console = Some(server.console(&app).await);
        let owner = server.user("owner").await;
        Self { server, app, owner, console }
    }

    fn console(&mut self) -> &mut Operator {
        self.console.as_mut().expect("a console")
    }

    /// So many lines of the console, and no more.
    async fn lines(&mut self, count: usize) -> Vec<String> {
        let mut lines = Vec::new();
        for _ in 0..count {
            lines.push(self.console().line().await);
        }
        self.console().expect_nothing().await;
        lines
    }

    /// The console goes, so that only servers hear devices.
    async fn hang_up(&mut self) {
        if let Some(console) = self.console.take() {
            console.close().await;
        }
        let metrics = self.server.running().metrics.clone();
        until("the end of the console", || metrics.sessions.get() == 0).await;
    }

    /// A connection.
    async fn connect(&self) -> OwlPeer {
        OwlPeer::connect(self.server.running().owl_address.expect("a listener")).await
    }

    /// Registers a server under a name; its registration. The console's line is taken.
    async fn register(&mut self, name: &str) -> String {
        let mut gate = self.connect().await;
        let answer = gate.ask(301, json!({"sId": self.app.service_id, "rn": name, "t": 4})).await;
        assert!([1, -102].contains(&answer["rc"].as_i64().unwrap()), "{answer}");
        assert!(self.console().line().await.starts_with("onRegisterResult "));
        answer["pm"]["sRId"].as_str().expect("a registration").to_owned()
    }

    /// The channel of a registration.
    async fn channel(&self, server: &str) -> OwlPeer {
        let mut channel = self.connect().await;
        let answer = channel.open(&self.app.service_id, server).await;
        assert_eq!((&answer["rc"], &answer["pm"]), (&json!(1), &json!({"hb": 30})), "{answer}");
        channel
    }

    /// A new server, with its channel.
    async fn new_server(&mut self, name: &str) -> (String, OwlPeer) {
        let server = self.register(name).await;
        let channel = self.channel(&server).await;
        (server, channel)
    }

    /// Parameters of a server of the app.
    fn parameters(&self, server: &str, more: Value) -> Value {
        let mut all = json!({"sId": self.app.service_id, "sRId": server});
        for (name, value) in more.as_object().expect("an object") {
            all[name] = value.clone();
        }
        all
    }

    /// A device of the owner, at a terminal of this number.
    async fn device(&self, terminal: u8) -> DeviceId {
        let who = (self.app.id, self.owner.user.id);
        let apps = &self.server.running().service.apps;
        match apps.make_device(who, [terminal; 32], OsType::Linux).await.unwrap() {
            MadeDevice::New(device) => device.id,
            other => panic!("{other:?}"),
        }
    }

    /// A device sends something; how that ended.
    async fn send_up(&self, device: DeviceId, server: ServerNamed, data: &str) -> ResultCode {
        let by =
            Principal::Device { device, owner: self.owner.user.id, class: DeviceClass::Browser };
        let upstream = DeviceRequest::Upstream { data: Some(data.to_owned()), server, echo: None };
        let apps = &self.server.running().service.apps;
        match apps.perform((SessionId(0), by), AppsRequest::Device(upstream)).await.unwrap() {
            AppsAnswer::UpstreamSent { code, .. } => code,
            other => panic!("{other:?}"),
        }
    }

    /// Ends all, of which the peers must be gone or going.
    async fn close(mut self) {
        self.hang_up().await;
        let metrics = self.server.running().metrics.clone();
        self.server.stop().await;
        until("the end of all connections", || metrics.owl_connections.get() == 0).await;
    }
}
