//! The examples of `docs/protocol/pubsub.md`, played against a server: what it answers stands in them, but for ids
//! and times.

use std::collections::HashMap;

use serde_json::Value;

use super::{Rest, start};

/// What differs each time.
const CHANGING: [&str; 5] = ["ackId", "messageId", "messageIds", "publishTime", "expireTime"];

/// A call of the document, and what it says of its answer.
struct Example {
    method: String,
    path: String,
    body: String,
    answer: Value,
}

fn examples() -> Vec<Example> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/protocol/pubsub.md");
    let text = std::fs::read_to_string(file).expect("the document");
    let lines: Vec<&str> = text.lines().collect();
    let calls =
        lines.windows(2).filter_map(|pair| Some((pair[0].strip_prefix("$ curl ")?, pair[1])));
    calls.map(|(call, answer)| example(call, answer)).collect()
}

/// `-X METHOD $URL/path -d 'body'`.
fn example(call: &str, answer: &str) -> Example {
    let (call, body) = call.split_once(" -d ").unwrap_or((call, "''"));
    let words: Vec<&str> = call.split(' ').collect();
    let (method, url) = match *words.as_slice() {
        ["-X", method, url] => (method, url),
        [url] => ("GET", url),
        _ => panic!("{call}"),
    };
    let path = url.trim_matches('"').strip_prefix("$URL/").expect("an address");
    Example {
        method: method.to_owned(),
        path: format!("projects/demo/{path}"),
        body: body.trim_matches('\'').to_owned(),
        answer: serde_json::from_str(answer).unwrap_or_else(|_| panic!("{call}: {answer}")),
    }
}

/// Takes out what differs each time, noting what stands for which id of a delivery.
fn settle(value: &mut Value, ids: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                if key == "ackId" {
                    ids.push(value.as_str().expect("text").to_owned());
                }
                if CHANGING.contains(&key.as_str()) {
                    *value = Value::from("…");
                } else {
                    settle(value, ids);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| settle(item, ids)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

async fn play(rest: Rest, example: Example, known: &mut HashMap<String, String>) {
    let Example { method, path, mut body, mut answer } = example;
    for (said, real) in &*known {
        body = body.replace(said, real);
    }
    let (_, mut real) = rest.call(&method, &path, body).await;
    let (mut said_ids, mut real_ids) = (Vec::new(), Vec::new());
    settle(&mut answer, &mut said_ids);
    settle(&mut real, &mut real_ids);
    assert_eq!(real, answer, "{method} {path}");
    known.extend(said_ids.into_iter().zip(real_ids));
}

#[actix_web::test]
async fn what_the_document_shows_is_what_comes() {
    let (server, rest) = start().await;
    let (examples, mut known) = (examples(), HashMap::new());
    assert!(examples.len() > 25, "{}", examples.len());
    for example in examples {
        play(rest, example, &mut known).await;
    }
    server.stop().await;
}
