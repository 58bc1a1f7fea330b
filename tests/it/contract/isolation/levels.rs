//! What opens a door: each kind of token, as each door takes it.

use std::collections::BTreeSet;

use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;
use tradewind::server::Config;

use super::levels_table::{How, LevelRow, ROWS, SHOWN};
use super::names;
use super::world::World;
use crate::harness::apps::{console_login, cookie_of, refused_upgrade};
use crate::harness::http::{Answer, send};
use crate::harness::{Backend, Client};

/// A world with whatever can be shown.
struct Keyring {
    world: World,
    /// In the order of [`SHOWN`]; what is empty is not sent.
    shown: Vec<String>,
    /// What placeholders of rows stand for.
    named: Vec<(&'static str, String)>,
}

fn own_listener(config: &mut Config) {
    config.app_server.bind = "127.0.0.1:0".to_owned();
    config.owl.rest = true;
}

impl Keyring {
    async fn new() -> Self {
        let world = World::open(Backend::Sqlite, own_listener).await;
        let shop = &world.shop;
        let (key, secret) = crate::contract::ppcom::shop::key(&shop.app, "THIRD_PARTY_CONSOLE");
        let cookie = cookie_of(&console_login(shop.server.address, key, secret).await);
        let cookie = cookie.strip_prefix("tw_console=").expect("its name").to_owned();
        let user = shop.server.user("alice").await;
        let service = shop.server.running().service.admin.add_key("a game").await.expect("a key");
        let shown = vec![
            String::new(),
            "unknown".repeat(7),
            shop.token("PPCOM").await,
            world.vic.token.clone(),
            world.ann.token.clone(),
            world.consoles[0].clone(),
            shop.token("PPCONSOLE").await,
            cookie,
            user.token,
            service.as_str().to_owned(),
        ];
        let mut named = vec![
            ("{app}", shop.uuid()),
            ("{vic}", world.vic.user.clone()),
            ("{vic's device}", world.vic.device.clone()),
            ("{ann}", world.ann.user.clone()),
            ("{ann's device}", world.ann.device.clone()),
        ];
        let file = upload(&world, &format!("OAuth {}", world.vic.token)).await;
        named.push(("{file}", file.json["fuuid"].as_str().expect("a file").to_owned()));
        Self { world, shown, named }
    }

    fn fill(&self, text: &str) -> String {
        self.named.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    /// What comes of it if this is shown at the door of a row.
    async fn outcome(&self, row: &LevelRow, shown: &str) -> i64 {
        let running = self.world.shop.server.running();
        let own = running.console_address.expect("a listener");
        let address = if row.is_at_own { own } else { running.address };
        let bearer = format!("Bearer {shown}");
        let cookie = format!("tw_console={shown}");
        let is_cookie = matches!(row.how, How::AskByCookie | How::UpgradeByCookie);
        let header =
            if is_cookie { ("cookie", cookie.as_str()) } else { ("authorization", &*bearer) };
        let mut headers = vec![header];
        headers.retain(|_| !shown.is_empty());
        let path = self.fill(row.path);
        match row.how {
            How::Ask | How::AskByCookie => {
                let (method, path) = path.split_once(' ').expect("a method");
                headers.extend([("content-type", row.kind), ("accept", "*/*")]);
                let answer = send(address, (method, path), &headers, self.fill(row.body)).await;
                i64::from(answer.status)
            }
            How::Call => {
                headers.push(("content-type", "application/json"));
                let place = ("POST", &*format!("/api/{path}"));
                let answer =
                    send(address, place, &headers, self.fill(r#"{"app_uuid":"{app}"}"#)).await;
                assert_eq!(answer.status, 200, "{}", answer.text);
                answer.json["error_code"].as_i64().expect("a code")
            }
            How::Upgrade | How::UpgradeByCookie => {
                i64::from(refused_upgrade(address, &path, &headers).await)
            }
            How::Show => {
                let mut client = Client::open(address, &path).await;
                for frame in row.body.lines() {
                    client.text(self.fill(frame).replace("{token}", shown)).await;
                }
                let code = code_of(&mut client).await;
                client.end().await;
                code
            }
        }
    }
}

/// 0 for whoever is let in, else the code that was said, or that of the end.
async fn code_of(client: &mut Client) -> i64 {
    loop {
        let frame: Value = match client.next().await {
            Some(Message::Text(text)) => serde_json::from_str(&text).expect("JSON"),
            Some(Message::Close(Some(close))) => return u16::from(close.code).into(),
            other => panic!("{other:?}"),
        };
        let codes = [&frame["code"], &frame["body"]["resultCode"], &frame["payload"]["code"]];
        match codes.into_iter().find_map(Value::as_i64) {
            Some(code) => return code,
            None if frame["type"] == "heartbeat" => (),
            None if frame["type"] == "auth" || frame["online_friends"].is_array() => return 0,
            None => panic!("{frame}"),
        }
    }
}

async fn upload(world: &World, auth: &str) -> Answer {
    let headers = [("content-type", "multipart/form-data; boundary=XX"), ("authorization", auth)];
    let place = ("POST", "/upload/upload/");
    send(world.shop.server.address, place, &headers, super::levels_table::FORM).await
}

#[actix_web::test]
async fn each_level_opens_its_own_doors_alone() {
    let doors: BTreeSet<String> =
        ROWS.iter().filter(|row| row.how != How::Call).map(|row| row.door.to_owned()).collect();
    assert_eq!(names::routes(), doors, "every route has a row, and every row a route");
    let calls = ROWS.iter().filter(|row| row.how == How::Call).map(|row| row.path.to_owned());
    assert_eq!(names::calls(), calls.collect(), "every call has a row, and every row a call");

    let ring = Keyring::new().await;
    let mut wrong = Vec::new();
    for row in ROWS {
        for ((who, shown), expected) in SHOWN.iter().zip(&ring.shown).zip(row.outcomes) {
            let found = ring.outcome(row, shown).await;
            if found != expected {
                wrong.push(format!(
                    "{:?} {} {}: {who}: {found}, not {expected}",
                    row.how, row.door, row.path
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    // A log-out at the console ended what was the console's, and nothing else.
    let info = serde_json::json!({"app_uuid": ring.world.shop.uuid()});
    let good = |shown: &String| (shown.clone(), info.clone());
    for (at, code) in [(3, 0), (4, 0), (6, 0), (5, 4), (7, 4)] {
        let (token, info) = good(&ring.shown[at]);
        assert_eq!(
            ring.world.shop.code(&token, "PP_GET_APP_INFO", info).await,
            code,
            "{}",
            SHOWN[at]
        );
    }
    ring.world.shop.close().await;
}

/// Every route of `/api/v1` answers a token of an app as it answers none, or as it answers one that nobody knows.
#[actix_web::test]
async fn a_token_of_an_app_is_nothing_to_the_hubs_own_routes() {
    let ring = Keyring::new().await;
    let server = &ring.world.shop.server;
    let document = server.get("/openapi.json").await.json;
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        let parts = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
        let path = format!("/api/v1{}", parts.collect::<Vec<_>>().join("/"));
        for method in item.as_object().expect("operations").keys() {
            let method = method.to_uppercase();
            let ask = async |shown: &str| {
                let bearer = format!("Bearer {shown}");
                let place = (method.as_str(), path.as_str());
                let answer =
                    server.request_as(Some(&bearer), place, "application/json", "{}".to_owned());
                let answer = answer.await;
                (answer.status, answer.text)
            };
            let unknown = ask(&ring.shown[1]).await;
            assert!([400, 401, 404].contains(&unknown.0), "{method} {path}: {unknown:?}");
            for (who, shown) in SHOWN.iter().zip(&ring.shown).take(8).skip(2) {
                let found = ask(shown).await;
                assert_eq!(found, unknown, "{method} {path} by {who}");
                asked += 1;
            }
        }
    }
    assert!(asked >= 300, "{asked}");
    ring.world.shop.close().await;
}
