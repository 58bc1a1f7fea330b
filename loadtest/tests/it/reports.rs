//! What a report says beside the figures: the command line, the hub, and an earlier run.

use std::path::Path;

use serde_json::Value;

use crate::real::{self, Hub};
use crate::verdicts::{Ended, tester};

fn run(hub: &Hub, args: &[&str]) -> Ended {
    let mut command = tester(&hub.address, args);
    command.arg("--accounts").arg(hub.file("users.json"));
    Ended::of(&command.output().unwrap())
}

fn saved(path: &Path, report: &Value) -> String {
    std::fs::write(path, report.to_string()).unwrap();
    path.display().to_string()
}

#[test]
fn a_report_says_what_was_measured_and_how() {
    let hub = real::start("pairs", &[("TRADEWIND__STORE__DURABILITY", "relaxed")]);
    let page = hub.file("report.html").display().to_string();
    let ended = run(&hub, &["pairs", "--pairs", "2", "--token", "s3cr3t", "--html", &page]);
    assert_eq!(ended.status, 0, "{}", ended.words);
    let line: Vec<&str> = ended.report["command_line"]
        .as_array()
        .unwrap()
        .iter()
        .map(|word| word.as_str().unwrap())
        .collect();
    assert_eq!(line[..5], ["pairs", "--pairs", "2", "--token", "***"]);
    assert_eq!(ended.report["hub"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(ended.report["hub"]["settings"]["durability"], "relaxed");
    assert_eq!(ended.report["hub"]["settings"]["database"], "sqlite");
    let page = std::fs::read_to_string(&page).unwrap();
    assert!(page.contains("durability = relaxed") && page.contains("pairs --pairs 2"), "{page}");
    for text in [&page, &ended.words, &ended.report.to_string()] {
        assert!(!text.contains("s3cr3t"), "{text}");
    }
}

#[test]
fn a_hub_that_keeps_its_settings_to_itself_tells_its_version() {
    let hub = real::start("pairs", &[("TRADEWIND__HTTP__METRICS_SETTINGS", "false")]);
    let ended = run(&hub, &["echo", "--connections", "2"]);
    assert_eq!(ended.report["hub"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(ended.report["hub"]["settings"], serde_json::json!({}));
}

#[test]
fn no_percentile_is_told_of_too_few() {
    let hub = real::start("pairs", &[]);
    let ended = run(&hub, &["pairs", "--pairs", "2", "--rate", "30", "--fail-on", "p99.9>1s"]);
    let measured = &ended.report["times"][0]["measured"];
    assert!((10..100).contains(&measured["count"].as_u64().unwrap()), "{measured}");
    assert!(measured["p90"].is_number() && measured["p99"].is_null(), "{measured}");
    assert!(ended.words.contains("n<100") && ended.words.contains("n<1000"), "{}", ended.words);
    // What cannot be told is not good.
    assert_eq!(ended.status, 3, "{}", ended.words);
    assert!(ended.words.contains("p99.9>1s (cannot be told of "), "{}", ended.words);
}

#[test]
fn conditions_decide_about_a_good_run_with_a_status_of_their_own() {
    let hub = real::start("pairs", &[]);
    for (conditions, status) in [
        ("errors,p99>20s,rate<20%,mean>=20s,max>=20s", 0),
        ("errors, p50>0us", 3),
        ("rate<101%", 3),
        ("rate<100000/s", 3),
    ] {
        let args = ["pairs", "--pairs", "2", "--rate", "150", "--fail-on", conditions];
        let ended = run(&hub, &args);
        assert_eq!(ended.status, status, "{conditions}: {}", ended.words);
        assert_eq!(ended.report["verdict"]["good"], true, "{conditions}: {}", ended.words);
        assert_eq!(ended.words.contains("FAILED ON"), status == 3, "{}", ended.words);
    }
}

#[test]
fn an_earlier_run_stands_beside_it() {
    let hub = real::start("pairs", &[]);
    let old = saved(&hub.file("old.json"), &run(&hub, &["pairs", "--pairs", "2"]).report);
    let ended = run(&hub, &["pairs", "--pairs", "2", "--note", "again", "--compare", &old]);
    let found = &ended.report["comparison"];
    let first = &found["ratios"][0];
    assert_eq!(
        (&first["name"], &found["warnings"]),
        (&"acknowledged".into(), &serde_json::json!([]))
    );
    let [now, then, ratio] = ["now", "then", "ratio"].map(|name| first[name].as_f64().unwrap());
    assert!((now / then - ratio).abs() < 1e-9 && ratio > 0.0, "{first}");
    assert!(ended.words.contains("acknowledgement p50"), "{}", ended.words);
    let ended = run(&hub, &["pairs", "--pairs", "3", "--compare", &old]);
    let warning = "WARNING: the command lines differ: --pairs 2 then, --pairs 3 now";
    assert!(ended.words.contains(warning), "{}", ended.words);
    // As releases before wrote them.
    let ancient = serde_json::json!({"mode": "pairs", "rates": [{"name": "acknowledged", "per_second": 10.0}]});
    let ancient = saved(&hub.file("ancient.json"), &ancient);
    let ended = run(&hub, &["pairs", "--pairs", "3", "--compare", &ancient]);
    assert!(ended.words.contains("does not say its command line"), "{}", ended.words);
    assert_eq!(ended.status, 0, "{}", ended.words);
    let wrong = saved(&hub.file("wrong.json"), &serde_json::json!({"mode": 3}));
    let ended = run(&hub, &["pairs", "--pairs", "3", "--compare", &wrong]);
    assert_eq!(ended.status, 2, "{}", ended.words);
    assert!(ended.words.contains("no report of tradewind-loadtest"), "{}", ended.words);
}
