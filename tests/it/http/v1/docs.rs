//! The page for people, and the document of the sockets.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use tradewind::http::v1::problem::Code;

use crate::harness::Server;
use crate::harness::smtp::python;

#[actix_web::test]
async fn the_page_shows_every_code_and_needs_nothing_from_elsewhere() {
    let server = Server::start().await;
    let page = server.get("/docs").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    for code in Code::ALL {
        assert!(page.text.contains(&format!("id=\"{}\"", code.text())), "{code:?}");
    }
    assert!(!page.text.contains("://"), "nothing is from elsewhere");
    for (path, kind) in [
        ("/docs/page.js", "text/javascript; charset=utf-8"),
        ("/docs/page.css", "text/css; charset=utf-8"),
        ("/asyncapi.yaml", "application/yaml"),
    ] {
        let asset = server.get(path).await;
        assert_eq!((asset.status, asset.header("content-type")), (200, Some(kind)), "{path}");
        assert!(path == "/asyncapi.yaml" || page.text.contains(path), "{path}");
    }
    assert_eq!(server.request("POST", "/docs", "text/plain", String::new()).await.status, 405);
    server.stop().await;
}

/// Every value of `const` and `enum` below a place.
fn constants(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match (name.as_str(), member) {
                    ("const", Value::String(text)) => drop(found.insert(text.clone())),
                    ("enum", Value::Array(texts)) => {
                        found.extend(texts.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    _ => constants(member, found),
                }
            }
        }
        Value::Array(members) => members.iter().for_each(|member| constants(member, found)),
        _ => {}
    }
}

/// What follows each `before` in a text, up to the next quotation mark.
fn quoted<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
    let after = text.split(before).skip(1);
    after.map(|rest| rest.split('"').next().expect("a part")).collect()
}

#[test]
fn every_type_that_sockets_speak_is_in_the_asyncapi_document() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)";
    let path = root.join("docs/protocol/asyncapi.yaml");
    let output = python().arg("-c").arg(read).arg(path).output().expect("Python");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document["asyncapi"], "3.0.0");

    let text = document.to_string();
    for (at, _) in text.match_indices("\"$ref\":\"#/") {
        let pointer = text[at + 9..].split('"').next().expect("a pointer");
        assert!(document.pointer(pointer).is_some(), "nothing is at {pointer}");
    }
    // Every message is said by somebody.
    for (name, channel) in document["channels"].as_object().expect("channels") {
        for message in channel["messages"].as_object().expect("messages").keys() {
            let pointer = format!("#/channels/{name}/messages/{message}");
            assert!(document["operations"].to_string().contains(&pointer), "{pointer}");
        }
    }

    let mut known = BTreeSet::new();
    constants(&document["components"], &mut known);
    let mut spoken = BTreeSet::new();
    for file in ["rewind/encode", "rewind/features/encode", "chatting/encode"] {
        let source = std::fs::read_to_string(root.join(format!("src/wire/{file}.rs")));
        let source = source.expect("the encoder");
        for before in [
            "frame(\"",
            "r#type: \"",
            "chat(\"",
            "let r#type = if message.edited_at.is_some() { \"",
        ] {
            spoken.extend(quoted(&source, before).into_iter().map(str::to_owned));
        }
        for line in source.lines().filter(|line| {
            ["FriendVerb::", "GroupVerb::", "Role::", "Status::", "InviteStep::", "RoomKey::"]
                .iter()
                .any(|name| line.trim_start().starts_with(name))
        }) {
            spoken.extend(quoted(line, "=> \"").into_iter().map(str::to_owned));
        }
    }
    for file in ["rewind/decode", "rewind/features/decode"] {
        let source = std::fs::read_to_string(root.join(format!("src/wire/{file}.rs")));
        spoken.extend(
            quoted(&source.expect("the decoder"), "Some(\"").into_iter().map(str::to_owned),
        );
    }
    let console = std::fs::read_to_string(root.join("src/wire/console/decode.rs"));
    let actions = console.expect("the decoder");
    let actions = actions.lines().filter(|line| line.contains("\" => "));
    let actions: Vec<_> = actions.flat_map(|line| quoted(line, "        \"")).collect();
    assert_eq!(actions.len(), 9, "{actions:?}");
    spoken.extend(actions.into_iter().map(str::to_owned));
    assert!(spoken.len() > 40, "{spoken:?}");
    let missing: Vec<_> = spoken.difference(&known).collect();
    assert!(missing.is_empty(), "the document lacks {missing:?}");
}
