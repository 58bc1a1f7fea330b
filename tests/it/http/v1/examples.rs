//! Every operation of the OpenAPI document has an example, and the example is true: it is asked of a server,
//! which answers so, but for ids and times of its own.

use std::sync::OnceLock;

use diesel::{RunQueryDsl, sql_query};
use serde_json::{Map, Value, json};
use tradewind::auth::password::hash_now;
use tradewind::store::engine::Connection;

use crate::harness::mail::letter_to;
use crate::harness::{Account, Server};

/// Users of the examples, with their ids there.
const USERS: [(&str, i64); 7] = [
    ("alice", 284_893_234_847_744),
    ("bob", 291_741_213_007_872),
    ("carol", 295_036_843_065_344),
    ("dave", 301_299_471_695_872),
    ("erin", 306_541_382_713_344),
    ("grace", 311_770_224_197_632),
    ("mallory", 317_043_036_749_824),
];
/// What a server names itself, as the examples call it.
const GROUP: &str = "313029836804097";
const GROUP_OF_BOB: &str = "313030314950657";
const GROUP_OFFERED: &str = "313031129567233";
const MESSAGE: &str = "313030012960768";
const SESSION: &str = "q7Wb0s3nTzKx1c9dR5uVgQ";
const KEY: &str = "W3Zb1n5Qy0KpVxT8mL2sRg";

/// An operation of the document, and its example.
struct Example {
    id: String,
    method: String,
    /// With the parameters of the example.
    path: String,
    request: Option<Value>,
    status: u16,
    answer: Option<Value>,
}

impl Example {
    fn of(method: &str, path: &str, operation: &Value) -> Self {
        let id = operation["operationId"].as_str().expect("an id").to_owned();
        let (mut path, mut query) = (path.to_owned(), Vec::new());
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().expect("a name");
            let value = match &parameter["example"] {
                Value::Null => panic!("{id}: {name} has no example"),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            match parameter["in"].as_str() {
                Some("path") => path = path.replace(&format!("{{{name}}}"), &value),
                _ => query.push(format!("{name}={value}")),
            }
        }
        if !query.is_empty() {
            path = format!("{path}?{}", query.join("&"));
        }
        let request = operation.get("requestBody").map(|body| {
            let example = &body["content"]["application/json"]["example"];
            assert!(example.is_object(), "{id}: no example of the body");
            example.clone()
        });
        let mut good = operation["responses"].as_object().expect("responses").iter();
        let shown = |response: &Value| match &response["content"] {
            Value::Object(content) => content.values().all(|one| one["example"].is_object()),
            _ => true,
        };
        let good = good.find(|(status, response)| status.starts_with('2') && shown(response));
        let (status, response) = good.unwrap_or_else(|| panic!("{id}: no example of an answer"));
        let content = response["content"].as_object();
        let answer = content.and_then(|content| content.values().next());
        Self {
            method: method.to_uppercase(),
            path,
            request,
            status: status.parse().expect("a status"),
            answer: answer.map(|content| content["example"].clone()),
            id,
        }
    }
}

/// The world of the examples: Alice, and all she has to do with.
struct World {
    server: Server,
    alice: Account,
    /// What the server calls what the examples call otherwise.
    names: Vec<(&'static str, String)>,
}

impl World {
    async fn new(operation: &str) -> Self {
        let server = Server::start().await;
        let mut users = Vec::new();
        for (name, id) in USERS {
            users.push(server.user_with_id(name, id).await);
        }
        let [alice, bob, carol, dave, erin, grace, mallory] = &users[..] else { unreachable!() };
        give_password(&server, alice).await;
        for (one, other) in [(alice, bob), (alice, grace)] {
            server.befriend(one, other).await;
        }
        for (from, to) in [(carol, alice), (alice, dave)] {
            server.ask_friendship(from, to).await;
        }
        let call = async |who: &Account, method: &str, path: String, body: Value| -> Value {
            let answer = server.api(who, method, &path, body).await;
            assert!((200..300).contains(&answer.status), "{method} {path}: {}", answer.text);
            answer.json
        };
        let id = |made: &Value| made["id"].as_str().expect("an id").to_owned();
        let dm = alice.room(bob);
        let post = async |who: &Account, room: &str, text: &str| {
            let path = format!("/rooms/{room}/messages");
            id(&call(who, "POST", path, json!({"content": text})).await)
        };
        let message = post(alice, &dm, "안녕 bob 👋").await;
        post(bob, &dm, "hi alice").await;
        call(bob, "PUT", format!("/rooms/{dm}/read"), json!({"seq": 2})).await;
        let group = async |owner: &Account, member: &Account, title: &str| {
            let group = id(&call(owner, "POST", "/groups".into(), json!({"title": title})).await);
            call(owner, "PUT", format!("/groups/{group}/members/{}", member.id()), Value::Null)
                .await;
            post(member, &group, "tea?").await;
            group
        };
        let tea = group(alice, bob, "Tea club").await;
        let chess = group(bob, alice, "Chess").await;
        call(alice, "PUT", format!("/blocks/{}", erin.id()), Value::Null).await;
        call(alice, "PUT", format!("/groups/{tea}/bans/{}", mallory.id()), Value::Null).await;
        let session = another_session(&server, alice).await;
        let key = mailed(&server, operation).await;
        let offered = offer_group(&server, operation, (bob, alice)).await;
        let names = vec![
            (GROUP_OF_BOB, chess),
            (GROUP, tea),
            (MESSAGE, message),
            (SESSION, session),
            (KEY, key),
            (GROUP_OFFERED, offered),
        ];
        let alice = alice.clone();
        Self { server, alice, names }
    }

    /// Asks as the example does; what is wrong about the answer.
    async fn ask(&self, example: &Example) -> Option<String> {
        let real = |text: &str| {
            self.names.iter().fold(text.to_owned(), |text, (name, real)| text.replace(name, real))
        };
        let path = format!("/api/v1{}", real(&example.path));
        let body = example.request.as_ref().map(|body| real(&body.to_string())).unwrap_or_default();
        let bearer = format!("Bearer {}", self.alice.token);
        let to = (example.method.as_str(), path.as_str());
        let answer = self.server.request_as(Some(&bearer), to, "application/json", body).await;
        let expected = example.answer.clone().unwrap_or(Value::Null);
        if (answer.status, general(&answer.json)) == (example.status, general(&expected)) {
            return None;
        }
        let named = self.names.iter().filter(|(_, real)| !real.is_empty());
        let text = named.fold(answer.text, |text, (name, real)| text.replace(real.as_str(), name));
        Some(format!("\"{}\": {} {text}", example.id, answer.status))
    }
}

/// Gives Alice the address and the password of the examples.
async fn give_password(server: &Server, alice: &Account) {
    static HASH: OnceLock<String> = OnceLock::new();
    let hash = HASH.get_or_init(|| hash_now("wonderland").expect("a hash"));
    let own = format!(
        "UPDATE users SET email = 'alice@example.com', password_hash = '{hash}' WHERE id = {}",
        alice.id()
    );
    let give = move |conn: &mut Connection| match conn {
        Connection::Sqlite(sqlite) => Ok(sql_query(&own).execute(sqlite)?),
        Connection::Postgres(_) => unreachable!(),
    };
    server.database().write(give).expect("a password");
}

/// A group that a user has offered to a friend, for operations that need one.
async fn offer_group(
    server: &Server,
    operation: &str,
    (owner, heir): (&Account, &Account),
) -> String {
    if !["accept_group", "decline_group"].contains(&operation) {
        return String::new();
    }
    let made = server.api(owner, "POST", "/groups", json!({"title": "Book club"})).await;
    let group = made.expect(201)["id"].as_str().expect("an id").to_owned();
    let member = format!("/groups/{group}/members/{}", heir.id());
    server.api(owner, "PUT", &member, Value::Null).await.expect(200);
    let heir = json!({"user": heir.id().to_string()});
    server.api(owner, "PUT", &format!("/groups/{group}/owner"), heir).await.expect(200);
    group
}

/// Another log-in of a user.
async fn another_session(server: &Server, user: &Account) -> String {
    server.token_of(&user.user).await;
    let sessions = server.api(user, "GET", "/sessions", Value::Null).await;
    let mut others = sessions.expect(200)["sessions"].as_array().expect("sessions").iter();
    let other = others.find(|one| one["current"] == false).expect("another");
    other["id"].as_str().expect("an id").to_owned()
}

/// The key that an operation needs, if it needs one.
async fn mailed(server: &Server, operation: &str) -> String {
    match operation {
        "verify" => {
            server.register("frank").await;
            key(server, "frank@test.example").await
        }
        "reset" => {
            let body = json!({"email": "alice@example.com"});
            assert_eq!(server.post_json("/api/v1/auth/reset", &body).await.status, 202);
            key(server, "alice@example.com").await
        }
        _ => String::new(),
    }
}

/// The key at the end of the link in the first mail to an address.
async fn key(server: &Server, address: &str) -> String {
    let letter = letter_to(&server.outbox(), address).await;
    let link = letter.lines().find(|line| line.contains("://")).expect("a link");
    link.rsplit('/').next().expect("a key").trim().to_owned()
}

/// An answer without what each server names itself: ids, times, tokens.
fn general(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let is_session = members.contains_key("current");
            let member = |(name, value): (&String, &Value)| {
                let value = match name.as_str() {
                    "id" if is_session => json!("<session>"),
                    "agent" => json!("<agent>"),
                    "network" => json!("<network>"),
                    _ => general(value),
                };
                (name.clone(), value)
            };
            Value::Object(members.iter().map(member).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(general).collect(),
        Value::String(text) => {
            let is_number = text
                .parse::<i64>()
                .is_ok_and(|id| id > 1 << 46 && !USERS.iter().any(|(_, user)| *user == id));
            if text.parse::<jiff::Timestamp>().is_ok() {
                json!("<time>")
            } else if text.len() > 60 && text.split('.').count() == 3 {
                json!("<token>")
            } else if is_number && text != &(USERS[0].1 ^ USERS[1].1).to_string() {
                json!("<id>")
            } else {
                value.clone()
            }
        }
        _ => value.clone(),
    }
}

#[actix_web::test]
async fn every_example_is_true() {
    let world = World::new("").await;
    let document = world.server.get("/openapi.json").await.json;
    let mut examples = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            examples.push(Example::of(method, path, operation));
        }
    }
    assert!(examples.len() > 40);
    let mut wrong = Vec::new();
    // What changes nothing is asked of one server.
    let (looks, changes): (Vec<_>, Vec<_>) =
        examples.iter().partition(|one| one.method == "GET" && one.id != "verify");
    for example in looks {
        wrong.extend(world.ask(example).await);
    }
    world.server.stop().await;
    for example in changes {
        let world = World::new(&example.id).await;
        wrong.extend(world.ask(example).await);
        world.server.stop().await;
    }
    assert!(wrong.is_empty(), "these answers are other ones:\n{}", wrong.join("\n"));
}
