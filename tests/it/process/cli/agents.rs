//! `agent add`, `list`.

use serde_json::{Value, json};

use crate::harness::Process;
use crate::harness::process::run;
use crate::process::faults::complaint;

/// The one line of JSON that a command has printed.
fn line(output: &std::process::Output) -> Value {
    assert!(output.status.success(), "{output:?}");
    let text = std::str::from_utf8(&output.stdout).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(text).unwrap()
}

#[test]
fn agents_are_made_with_and_without_a_hub() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let shop = line(&run(folder, &[], &["app", "add", "--name", "shop"]));
    let bank = line(&run(folder, &[], &["app", "add", "--name", "bank"]));
    let agent = |args: &[&str]| run(folder, &[], &[&["agent"], args].concat());
    let add = |app: &str, email: &str, password: &str, name: &str| {
        agent(&["add", "--app", app, "--email", email, "--password", password, "--name", name])
    };
    let ann = line(&add("shop", "Ann@Shop.example", "hush hush hush", "Ann"));
    let uuid = ann["user_uuid"].as_str().unwrap();
    assert_eq!(
        ann,
        json!({"user_uuid": uuid, "email": "ann@shop.example", "app_uuid": shop["uuid"]})
    );
    let hub = Process::start(folder, &[]);
    // Shown names need not be unique; the same person may be an agent of two apps.
    let other = line(&add("shop", "other@shop.example", "hush hush hush", "Ann"));
    assert_ne!(other["user_uuid"], uuid);
    let again = line(&add("bank", "ann@shop.example", "hush hush hush", "Ann"));
    assert_eq!(
        again,
        json!({"user_uuid": uuid, "email": "ann@shop.example", "app_uuid": bank["uuid"]})
    );
    let listed = line(&agent(&["list", "--app", "shop"]));
    let row = |agent: &Value, name: &str| {
        let mut row = agent.clone();
        row["name"] = json!(name);
        row
    };
    assert_eq!(listed, json!([row(&ann, "Ann"), row(&other, "Ann")]));
    for (app, email, password, name, said) in [
        ("nothing", "x@y.example", "hush hush hush", "X", "no app has the name"),
        ("shop", "no address", "hush hush hush", "X", "--email"),
        ("shop", "x@y.example", "x", "X", "--password: too short"),
        ("shop", "x@y.example", "hush hush hush", "", "--name"),
        ("shop", "ann@shop.example", "hush hush hush", "X", "has that address already"),
    ] {
        let complained = complaint(&add(app, email, password, name));
        assert!(complained.contains(said), "{complained}");
    }
    let complained = complaint(&agent(&["list", "--app", "nothing"]));
    assert!(complained.contains("no app has the name"), "{complained}");
    hub.stop();
}
