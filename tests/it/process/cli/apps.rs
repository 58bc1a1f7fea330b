//! `app add`, `list`, `rotate-key`, `set`, `remove`.

use std::process::Output;

use serde_json::{Value, json};

use crate::harness::Process;
use crate::harness::process::run;
use crate::process::faults::complaint;

const LEVELS: [&str; 4] = ["PPCOM", "PPKEFU", "THIRD_PARTY_CONSOLE", "PPCONSOLE"];

/// The one line of JSON that a command has printed.
fn line(output: &Output) -> Value {
    assert!(output.status.success(), "{output:?}");
    let text = std::str::from_utf8(&output.stdout).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(text).unwrap()
}

fn texts<'v>(values: &'v Value, key: &str) -> Vec<&'v str> {
    values.as_array().unwrap().iter().map(|value| value[key].as_str().unwrap()).collect()
}

#[test]
fn apps_are_made_seen_to_and_ended_with_and_without_a_hub() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let app = |args: &[&str]| run(folder, &[], &[&["app"], args].concat());
    let shop = line(&app(&["add", "--name", "shop"]));
    let hub = Process::start(folder, &[]);
    let bank = line(&app(&["add", "--name", "Bank für alle"]));
    for app in [&shop, &bank] {
        assert_eq!(texts(&app["keys"], "level"), LEVELS);
        for key in app["keys"].as_array().unwrap() {
            for text in [&key["key"], &key["secret"]] {
                let text = text.as_str().unwrap();
                let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
                assert!(text.len() == 32 && text.chars().all(is_plain), "{text}");
            }
        }
        let service = app["service_id"].as_str().unwrap();
        assert!(service.len() == 32 && service.chars().all(|c| c.is_ascii_hexdigit()));
        assert_eq!(app["uuid"].as_str().unwrap().len(), 36);
        assert_ne!(app["uuid"], app["service_id"]);
    }
    let listed = line(&app(&["list"]));
    assert_eq!(texts(&listed, "name"), ["shop", "Bank für alle"]);
    assert_eq!(texts(&listed[0]["keys"], "key"), texts(&shop["keys"], "key"));
    assert!(!listed.to_string().contains("secret"), "nobody can see one again");

    // A secret is another one then; the key is the same.
    let rotated = line(&app(&["rotate-key", "--name", "shop", "--level", "PPKEFU"]));
    assert_eq!((&rotated["level"], &rotated["key"]), (&json!("PPKEFU"), &shop["keys"][1]["key"]));
    assert_ne!(rotated["secret"], shop["keys"][1]["secret"]);

    let set =
        ["set", "--name", "shop", "--welcome", "Hi!\nHow are you?", "--return-offline", "true"];
    let origins = ["--allowed-origins", "https://Shop.example, http://localhost:3000"];
    let set = line(&app(&[&set[..], &origins[..]].concat()));
    let origins = json!(["https://Shop.example", "http://localhost:3000"]);
    assert_eq!(set["allowed_origins"], origins);
    assert_eq!((&set["welcome"], &set["offline_text"]), (&json!("Hi!\nHow are you?"), &json!("")));
    let set = line(&app(&["set", "--name", "shop", "--allowed-origins", ""]));
    assert_eq!((&set["allowed_origins"], &set["return_offline"]), (&json!([]), &json!(true)));

    let removed = line(&app(&["remove", "--name", "shop"]));
    assert_eq!(removed["removed"], shop["uuid"]);
    assert_eq!(texts(&line(&app(&["list"])), "name"), ["Bank für alle"]);
    // The name is free again, for another app.
    assert_ne!(line(&app(&["add", "--name", "shop"]))["uuid"], shop["uuid"]);
    hub.stop();
}

#[test]
fn what_cannot_be_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let limits = ["limits.apps_max=2", "limits.app_origins_max=2"];
    let app = |args: &[&str]| run(folder, &limits, &[&["app"], args].concat());
    let refused = |args: &[&str]| complaint(&app(args));
    line(&app(&["add", "--name", "shop"]));
    assert!(refused(&["add", "--name", "shop"]).contains("already"));
    let (fits, long) = ("ß".repeat(64), "ß".repeat(65));
    for bad in ["", " ", " a", "a\u{7}", "\u{200B}", &long] {
        assert!(refused(&["add", "--name", bad]).contains("--name"), "{bad:?}");
    }
    line(&app(&["add", "--name", &fits]));
    assert!(refused(&["add", "--name", "third"]).contains("limits.apps_max"));
    for none in [
        &["rotate-key", "--name", "none", "--level", "PPCOM"][..],
        &["new-service-id", "--name", "none"],
        &["set", "--name", "none", "--welcome", "x"],
        &["remove", "--name", "none"],
    ] {
        assert!(refused(none).contains("no app"), "{none:?}");
    }
    let set = |what: &str, value: &str| app(&["set", "--name", "shop", what, value]);
    for bad in ["shop.example", "https://shop.example/path", "*"] {
        assert!(complaint(&set("--allowed-origins", bad)).contains("--allowed-origins"), "{bad}");
    }
    let three = "https://a.example,https://b.example,https://c.example";
    assert!(complaint(&set("--allowed-origins", three)).contains("limits.app_origins_max"));
    line(&set("--allowed-origins", "https://a.example,https://b.example"));
    assert!(complaint(&set("--welcome", &"x".repeat(4_097))).contains("--welcome"));
    assert!(complaint(&set("--offline-text", "a\u{202E}b")).contains("--offline-text"));
    line(&set("--welcome", &"x".repeat(4_096)));
}

#[test]
fn the_id_of_a_service_is_shown_once_and_can_be_another() {
    let folder = tempfile::tempdir().unwrap();
    let app = |args: &[&str]| run(folder.path(), &[], &[&["app"], args].concat());
    let shop = line(&app(&["add", "--name", "shop"]));
    assert!(!line(&app(&["list"])).to_string().contains("service_id"), "nobody can see it again");
    let new = line(&app(&["new-service-id", "--name", "shop"]));
    assert_eq!((&new["name"], new["service_id"].as_str().unwrap().len()), (&json!("shop"), 32));
    assert_ne!(new["service_id"], shop["service_id"]);
}
