//! `topic` and `subscription`.

use serde_json::{Value, json};

use crate::harness::Process;
use crate::harness::process::run;
use crate::process::faults::complaint;

const NEWS: &str = "projects/p/topics/news";
const MINE: &str = "projects/p/subscriptions/mine";

/// The lines of JSON that a command has printed.
pub(super) fn lines(output: &std::process::Output) -> Vec<Value> {
    assert!(output.status.success(), "{output:?}");
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn topics_and_subscriptions_are_made_seen_to_and_ended_with_and_without_a_hub() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let topic = |args: &[&str]| run(folder, &[], &[&["topic"], args].concat());
    let subscription = |args: &[&str]| run(folder, &[], &[&["subscription"], args].concat());
    assert_eq!(lines(&topic(&["add", NEWS])), [json!({"name": NEWS})]);
    assert_eq!(
        lines(&subscription(&["add", MINE, "--topic", NEWS, "--ordered"])),
        [json!({"name": MINE, "topic": NEWS})]
    );
    let hub = Process::start(folder, &[]);
    assert_eq!(lines(&topic(&["list", "--project", "p"])), [json!({"name": NEWS})]);
    let published = lines(&topic(&["publish", NEWS, "--data", "hello"]));
    assert!(published[0]["messageId"].as_str().is_some_and(|id| id.parse::<u64>().is_ok()));
    let listed = lines(&subscription(&["list", "--project", "p"]));
    let row = |backlog: u64, topic: &str, age: &Value| json!({"name": MINE, "topic": topic, "backlog": backlog, "oldestUnackedMs": age});
    assert_eq!(listed, [row(1, NEWS, &listed[0]["oldestUnackedMs"])]);
    for (out, said) in [
        (topic(&["add", NEWS]), "already exists"),
        (topic(&["add", "news"]), "Invalid resource name"),
        (topic(&["add", "projects/p/topics/t1"]), "Invalid resource name"),
        (topic(&["publish", "projects/p/topics/other", "--data", "x"]), "not found"),
        (topic(&["publish", NEWS, "--data", ""]), "message"),
        (topic(&["remove", "projects/p/topics/other"]), "not found"),
        (subscription(&["add", MINE, "--topic", NEWS]), "already exists"),
        (
            subscription(&[
                "add",
                "projects/p/subscriptions/two",
                "--topic",
                NEWS,
                "--ack-deadline",
                "5",
            ]),
            "10",
        ),
        (
            subscription(&[
                "add",
                "projects/p/subscriptions/two",
                "--topic",
                NEWS,
                "--filter",
                "nonsense",
            ]),
            "filter",
        ),
        (subscription(&["remove", "projects/p/subscriptions/two"]), "not found"),
    ] {
        let complained = complaint(&out);
        assert!(
            complained.to_lowercase().contains(&said.to_lowercase()),
            "{complained} says no {said}"
        );
    }
    assert!(lines(&topic(&["remove", NEWS])).is_empty());
    hub.stop();
    // What waits, stays.
    let listed = lines(&subscription(&["list", "--project", "p"]));
    assert_eq!(listed, [row(1, "_deleted-topic_", &listed[0]["oldestUnackedMs"])]);
    assert!(lines(&subscription(&["remove", MINE])).is_empty());
    assert!(lines(&subscription(&["list", "--project", "p"])).is_empty());
}
