//! The examples of `docs/protocol/pubsub-bridges.md`, played against a hub: each command prints what stands there, but for
//! ids and times, and so is the message that comes.

use serde_json::{Value, json};

use crate::harness::process::run;
use crate::harness::{DEADLINE, Process, http};

fn page() -> String {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/protocol/pubsub-bridges.md");
    std::fs::read_to_string(file).unwrap()
}

/// The fenced blocks of a kind, in order.
fn blocks<'a>(page: &'a str, kind: &str) -> Vec<&'a str> {
    let fence = format!("```{kind}\n");
    page.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// The words of a command, of which some stand in quotes.
fn words(line: &str) -> Vec<String> {
    let parts = line.split('"').enumerate();
    let words = parts.flat_map(|(at, part)| match at % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    words.collect()
}

/// JSON whose ids and times are made alike.
fn alike(value: Value) -> Value {
    let is_uuid = |text: &str| text.len() == 36 && text.matches('-').count() == 4;
    let is_time = |text: &str| text.len() == 27 && text.ends_with('Z');
    match value {
        Value::String(text) if text.parse::<u64>().is_ok() => json!("an id"),
        Value::String(text) if is_uuid(&text) => json!("a uuid"),
        Value::String(text) if is_time(&text) => json!("a time"),
        Value::Array(items) => items.into_iter().map(alike).collect(),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| (name, alike(value))).collect())
        }
        other => other,
    }
}

fn read(line: &str) -> Value {
    alike(serde_json::from_str(line).unwrap_or_else(|fault| panic!("{line}: {fault}")))
}

/// Plays the commands of a block, each as soon as it says what stands there.
fn play(folder: &std::path::Path, block: &str) {
    for exchange in block.split("$ tradewind ").skip(1) {
        let (command, says) = exchange.split_once('\n').unwrap();
        let args = words(command);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let wanted: Vec<Value> = says.lines().map(read).collect();
        let deadline = std::time::Instant::now() + DEADLINE;
        loop {
            let output = run(folder, &[], &args);
            assert!(output.status.success(), "{command}: {output:?}");
            let text = String::from_utf8(output.stdout).unwrap();
            let said: Vec<Value> = text.lines().map(read).collect();
            // A bridge takes a moment to run.
            let may_come = args.contains(&"list") && std::time::Instant::now() < deadline;
            if said == wanted || !may_come {
                assert_eq!(said, wanted, "{command}");
                break;
            }
        }
    }
}

#[actix_web::test]
async fn the_examples_of_bridges_are_true() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let user = |name: &str| -> Value {
        let email = format!("{name}@test.example");
        let output = run(folder, &[], &["user", "add", "--name", name, "--email", &email]);
        serde_json::from_slice(&output.stdout).expect("a user")
    };
    let (alice, bob) = (user("alice"), user("bob"));
    assert!(run(folder, &[], &["app", "add", "--name", "shop"]).status.success());
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let pubsub = free.local_addr().unwrap();
    drop(free);
    let hub = Process::start(folder, &[&format!("pubsub.bind={pubsub}")]);
    let page = page();
    let consoles = blocks(&page, "console");
    assert_eq!(consoles.len(), 3);
    play(folder, consoles[0]);
    let id = |user: &Value| user["id"].as_str().and_then(|id| id.parse::<i64>().ok()).unwrap();
    let path = format!("/api/v1/rooms/{}/messages", id(&alice) ^ id(&bob));
    let auth = format!("Bearer {}", alice["token"].as_str().unwrap());
    let headers = [("authorization", auth.as_str()), ("content-type", "application/json")];
    let hello = json!({"content": "hello"}).to_string();
    assert!(http::send(hub.address, ("POST", &path), &headers, hello).await.status < 300);
    let pull = "/v1/projects/shop/subscriptions/archive:pull";
    let body = json!({"maxMessages": 1}).to_string();
    let json_headers = [("content-type", "application/json")];
    let pulled = http::send(pubsub, ("POST", pull), &json_headers, body).await.json;
    let data = pulled["receivedMessages"][0]["message"]["data"].as_str().expect("a message");
    use base64::Engine as _;
    let data = base64::engine::general_purpose::STANDARD.decode(data).unwrap();
    let said = std::str::from_utf8(&data).unwrap();
    assert_eq!(read(said), read(blocks(&page, "json")[0]));
    play(folder, consoles[1]);
    play(folder, consoles[2]);
    hub.stop();
}
