//! The contract of the app-server console: its actions, its lines, who reads them, and what bad frames get. Each test
//! on both databases, and by `scripts/test` on both adapters.

#![expect(clippy::cognitive_complexity, reason = "each assertion counts, and a story has many")]

mod fanout;
mod frames;
mod groups;
mod sends;
mod servers;

use serde_json::{Value, json};
use tradewind::domain::apps::device::OsType;
use tradewind::domain::id::DeviceId;
use tradewind::store::apps::devices::MadeDevice;

use crate::harness::apps::{Operator, TestApp};
use crate::harness::{Backend, Server};

const OK: &str = "작업이 성공 했습니다.";
const BAD: &str = "전달 인자가 잘못되엇습니다.";

/// Each named test becomes two.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        $(mod $name {
            use crate::harness::Backend;

            #[actix_web::test]
            async fn sqlite() {
                super::$name(Backend::Sqlite).await;
            }

            #[actix_web::test]
            async fn postgres() {
                super::$name(Backend::Postgres).await;
            }
        })+
    };
}

pub(super) use on_both;

/// A server with two consoles of an app and one of another.
struct Desk {
    server: Server,
    app: TestApp,
    a: Operator,
    b: Operator,
    stranger: Operator,
}

impl Desk {
    async fn new(backend: Backend) -> Self {
        Self::of(Server::with(backend, |_| {}).await).await
    }

    async fn of(server: Server) -> Self {
        let (app, other) = (server.app("shop").await, server.app("other").await);
        let (a, b) = (server.console(&app).await, server.console(&app).await);
        let stranger = server.console(&other).await;
        Self { server, app, a, b, stranger }
    }

    /// Asks at one console; the line that both get.
    async fn ask(&mut self, action: &str, body: Value) -> String {
        self.a.ask(action, body).await;
        let line = self.a.line().await;
        assert_eq!(self.b.line().await, line);
        line
    }

    /// Asks, and asserts what the line is, as [`named`] does.
    #[track_caller]
    #[expect(clippy::manual_async_fn, reason = "an async function has no caller to track")]
    fn expect<'a>(
        &'a mut self,
        action: &'a str,
        body: Value,
        expected: &'a str,
    ) -> impl Future<Output = i64> + 'a {
        async move {
            let shown = body.to_string();
            let line = self.ask(action, body).await;
            named(&line, expected).unwrap_or_else(|| {
                panic!("{action} {shown:.300}\nexpected {expected}\ngot      {line}")
            })
        }
    }

    /// A new group of these devices, by its id.
    async fn group(&mut self, devices: &[String]) -> String {
        let line = self.ask("createDeviceGroup", json!({"groupName": "g", "deviceList": devices}));
        group_of(&line.await)
    }

    /// So many devices of the app, by their ids as lines show them.
    async fn devices(&self, count: u8) -> Vec<String> {
        devices_of(&self.server, &self.app, count).await
    }

    /// Asserts that nobody has got more than was asked for.
    async fn end(mut self) {
        for console in [&mut self.a, &mut self.b, &mut self.stranger] {
            console.expect_nothing().await;
        }
        for console in [self.a, self.b, self.stranger] {
            console.close().await;
        }
        self.server.stop().await;
    }
}

async fn devices_of(server: &Server, app: &TestApp, count: u8) -> Vec<String> {
    let owner = server.user(&format!("owner of {}", app.name)).await;
    let apps = &server.running().service.apps;
    let mut ids = Vec::new();
    for number in 0..count {
        let made = apps.make_device((app.id, owner.user.id), [number; 32], OsType::Android).await;
        match made.expect("a device") {
            MadeDevice::New(device) => ids.push(hex(device.id)),
            other => panic!("{other:?}"),
        }
    }
    ids
}

fn hex(device: DeviceId) -> String {
    device.uuid().hex()
}

/// The same id with dashes, and in capitals.
fn dashed(id: &str) -> String {
    let parts = [&id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]];
    parts.join("-").to_uppercase()
}

/// The group in a line that says it was made.
fn group_of(line: &str) -> String {
    let rest = line.strip_prefix(&format!("onDeviceGroupCreateResult 1 {OK} "));
    rest.and_then(|rest| rest.get(..32)).unwrap_or_else(|| panic!("{line}")).to_owned()
}

/// The time in the name of the request, which stands for `#` in what is expected; 0 without one. `None` if the line is
/// another.
fn named(line: &str, expected: &str) -> Option<i64> {
    let Some((before, after)) = expected.split_once('#') else {
        return (line == expected).then_some(0);
    };
    let digits = line.strip_prefix(before)?.strip_suffix(after)?;
    let is_time = digits.len() == 13 && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_time)
}
