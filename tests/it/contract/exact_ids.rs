//! Ids survive JavaScript: it reads every number as a float, exact below 2^53 only.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::values::is_of_kind;
use crate::harness::Server;

#[actix_web::test]
async fn ids_of_real_frames_are_exact_in_javascript() {
    let server = Server::start().await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let mut a = server.login(&alice).await;
    let mut ids = vec![json!(alice.user.id.to_string()), json!(bob.user.id.to_string())];
    for n in 0..50 {
        let send = json!({"type": "send", "chat_id": alice.room(&bob), "content": n.to_string()});
        let echo = a.ask(json!({"type": "chat", "payload": send})).await;
        for field in ["id", "user_id", "chat_id"] {
            ids.push(echo["payload"][field].clone());
        }
    }
    let welcome = a.ask(json!({"type": "auth", "payload": {"auth": alice.token}})).await;
    ids.push(welcome["payload"]["self_user"]["id"].clone());
    a.close().await;
    server.stop().await;

    let texts: Vec<&str> = ids.iter().map(|id| id.as_str().expect("a string")).collect();
    assert_eq!(texts.len(), 153);
    for text in &texts {
        assert_eq!(is_of_kind(text, "id"), Ok(()));
    }
    assert_eq!(checked(&texts), Ok(texts.len()));
}

#[test]
fn the_check_sees_an_id_that_is_not_exact() {
    assert!(checked(&["9007199254740993"]).is_err());
    assert!(checked(&["14520041365898447"]).is_err());
    assert_eq!(checked(&["9007199254740991"]), Ok(1));
}

/// Has `scripts/exact-ids.js` read the ids; gives how many it checked, or its complaint.
fn checked(ids: &[&str]) -> Result<usize, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/exact-ids.js");
    let mut node = Command::new("node")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("node runs");
    let mut input = node.stdin.take().expect("a pipe");
    for text in ids {
        let number: Value = serde_json::from_str(text).expect("digits");
        writeln!(input, "{}", json!({"text": text, "number": number})).expect("written");
    }
    drop(input);
    let output = node.wait_with_output().expect("node ends");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    if output.status.success() {
        Ok(text(output.stdout).trim().parse().expect("a number"))
    } else {
        Err(text(output.stderr))
    }
}
