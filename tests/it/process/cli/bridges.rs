//! `bridge`.

use serde_json::{Value, json};

use super::topics::lines;
use crate::harness::Process;
use crate::harness::process::{accounts, run};
use crate::process::faults::complaint;

const CHAT: &str = "projects/p/topics/chat";
const MINE: &str = "projects/p/subscriptions/mine";

#[test]
fn bridges_are_made_seen_to_and_removed_with_and_without_a_hub() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let people = accounts(folder, 2);
    let [one, two] = [0, 1].map(|at| people[at].user.name.clone());
    let tradewind = |args: &[&str]| run(folder, &[], args);
    let bridge = |args: &[&str]| run(folder, &[], &[&["bridge"], args].concat());
    lines(&tradewind(&["topic", "add", CHAT]));
    lines(&tradewind(&["subscription", "add", MINE, "--topic", CHAT]));
    let app = lines(&tradewind(&["app", "add", "--name", "shop"]));
    let uuid = app[0]["uuid"].clone();
    let made = lines(&bridge(&["publish", "talk", "--topic", CHAT, "--dm", &one, &two]));
    let ids: Vec<String> = people.iter().map(|one| one.id().to_string()).collect();
    let talk = json!({"name": "talk", "from": {"dm": ids}, "topic": CHAT});
    assert_eq!(made, std::slice::from_ref(&talk));
    let with = |line: &Value, state: &str| {
        let mut line = line.clone();
        line["state"] = json!(state);
        line
    };
    assert_eq!(lines(&bridge(&["list"])), [with(&talk, "stopped")]);
    let hub = Process::start(folder, &[]);
    let deliver = ["deliver", "alerts", "--subscription", MINE, "--app", "shop", "--consoles"];
    let alerts = json!({"name": "alerts", "subscription": MINE, "app": uuid, "to": "consoles"});
    assert_eq!(lines(&bridge(&deliver)), [alerts]);
    let support = ["publish", "support", "--topic", CHAT, "--app", "shop"];
    let made = lines(&bridge(&support));
    assert_eq!(made, [json!({"name": "support", "from": {"app": uuid}, "topic": CHAT})]);
    let of_talk = ["publish", "x", "--topic", CHAT, "--dm"];
    for (out, said) in [
        (bridge(&support), "already exists"),
        (bridge(&["publish", "a b", "--topic", CHAT, "--app", "shop"]), "name of a bridge"),
        (
            bridge(&["publish", "x", "--topic", "projects/p/topics/other", "--app", "shop"]),
            "not found",
        ),
        (bridge(&["publish", "x", "--topic", CHAT, "--app", "bank"]), "no app"),
        (bridge(&["publish", "x", "--topic", CHAT, "--group", "2"]), "no id of a group"),
        (bridge(&["publish", "x", "--topic", CHAT, "--group", "3"]), "no such group"),
        (bridge(&["publish", "x", "--topic", CHAT, "--conversation", "3"]), "no UUID"),
        (bridge(&["publish", "x", "--topic", CHAT, "--app", "shop", "--user", "3"]), "no UUID"),
        (bridge(&[&of_talk[..], &[&one, &one]].concat()), "not the same"),
        (bridge(&[&of_talk[..], &[&one, "nobody-there"]].concat()), "nobody has the name"),
        (bridge(&["publish", "x", "--topic", CHAT, "--group", "3", "--user", "3"]), "--app"),
        (bridge(&["remove", "other"]), "not found"),
        (
            bridge(&["deliver", "x", "--subscription", MINE, "--app", "shop", "--devices", "3"]),
            "no id of a device",
        ),
    ] {
        let complained = complaint(&out);
        assert!(complained.to_lowercase().contains(&said.to_lowercase()), "{complained}: {said}");
    }
    for half in [
        &["publish", "x", "--topic", CHAT][..],
        &["publish", "x", "--topic", CHAT, "--app", "shop", "--group", "3"],
        &["deliver", "x", "--subscription", MINE, "--app", "shop"],
        &["deliver", "x", "--subscription", MINE, "--app", "shop", "--consoles", "--all-devices"],
    ] {
        assert_eq!(bridge(half).status.code(), Some(2), "{half:?}");
    }
    let listed = lines(&bridge(&["list"]));
    let names: Vec<&Value> = listed.iter().map(|line| &line["name"]).collect();
    assert_eq!(names, ["alerts", "support", "talk"]);
    for name in ["alerts", "support", "talk"] {
        assert!(lines(&bridge(&["remove", name])).is_empty());
    }
    assert!(lines(&bridge(&["list"])).is_empty());
    hub.stop();
}
