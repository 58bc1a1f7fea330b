//! A run beside an earlier one.

use std::path::Path;

use anyhow::{Context as _, ensure};
use serde::Serialize;
use serde_json::Value;

use super::Report;
use crate::command_line;

/// An earlier report, as far as it is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Earlier {
    path: String,
    report: Value,
}

/// A figure of both runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ratio {
    pub name: String,
    /// Its unit: a rate a second, or microseconds, or KiB.
    pub unit: String,
    pub then: f64,
    pub now: f64,
    /// Now / then.
    pub ratio: f64,
}

/// Both runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The file of the earlier one.
    pub with: String,
    /// When that was.
    pub then: String,
    /// Why the two should not be compared.
    pub warnings: Vec<String>,
    /// The figures that both have.
    pub ratios: Vec<Ratio>,
}

impl Earlier {
    /// Reads a report.
    ///
    /// # Errors
    /// If it is none.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(|| format!("--compare {name}"))?;
        let report: Value =
            serde_json::from_str(&text).with_context(|| format!("--compare {name}: no JSON"))?;
        let good = get(&report, "mode").is_string() && get(&report, "rates").is_array();
        ensure!(good, "--compare {name}: no report of tradewind-loadtest");
        Ok(Self { path: name, report })
    }

    /// Holds a report against it.
    pub fn beside(&self, report: &Report) -> anyhow::Result<Comparison> {
        let now = serde_json::to_value(report)?;
        Ok(Comparison {
            with: self.path.clone(),
            then: text(get(&self.report, "started_at")),
            warnings: warnings(&self.report, &now),
            ratios: ratios(&self.report, &now),
        })
    }
}

/// The value of a member, or nothing.
fn get<'a>(of: &'a Value, name: &str) -> &'a Value {
    of.get(name).unwrap_or(&Value::Null)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("unknown").to_owned()
}

fn list(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|word| word.as_str().map(str::to_owned)).collect()
}

fn warnings(then: &Value, now: &Value) -> Vec<String> {
    let mut out = Vec::new();
    match (list(get(then, "command_line")), list(get(now, "command_line"))) {
        (Some(old), Some(new)) => out.extend(differences(&old, &new)),
        (None, _) => out.push("the earlier report does not say its command line".to_owned()),
        (_, None) => {}
    }
    for (name, key) in [("mode", "mode"), ("machine", "machine"), ("tester's version", "version")] {
        if get(then, key) != get(now, key) {
            out.push(format!("the {name} differs: {} then", text(get(then, key))));
        }
    }
    if get(get(then, "hub"), "settings") != get(get(now, "hub"), "settings") {
        out.push("the settings of the hub differ, or are not known of both".to_owned());
    }
    for (which, report) in [("earlier", then), ("present", now)] {
        if get(get(report, "verdict"), "good") == &Value::Bool(false) {
            out.push(format!("the {which} run failed"));
        }
    }
    out
}

/// What stands only in one of two command lines.
fn differences(old: &[String], new: &[String]) -> Option<String> {
    let (old, new) = (command_line::load(old), command_line::load(new));
    let only = |these: &[String], those: &[String]| {
        let only: Vec<&str> =
            these.iter().filter(|word| !those.contains(word)).map(String::as_str).collect();
        if only.is_empty() { "nothing more".to_owned() } else { only.join(" ") }
    };
    (old != new).then(|| {
        format!("the command lines differ: {} then, {} now", only(&old, &new), only(&new, &old))
    })
}

fn ratios(then: &Value, now: &Value) -> Vec<Ratio> {
    let mut out = Vec::new();
    let mut add = |name: String, unit: &str, old: &Value, new: &Value| {
        let both = old.as_f64().zip(new.as_f64()).filter(|(old, new)| *old > 0.0 && *new > 0.0);
        if let Some((then, now)) = both {
            out.push(Ratio { name, unit: unit.to_owned(), then, now, ratio: now / then });
        }
    };
    let named = |of: &Value, list: &str, name: &Value| {
        let mut there = get(of, list).as_array().into_iter().flatten();
        there.find(|one| get(one, "name") == name).cloned().unwrap_or_default()
    };
    for new in get(now, "rates").as_array().into_iter().flatten() {
        let old = named(then, "rates", get(new, "name"));
        add(text(get(new, "name")), "/s", get(&old, "per_second"), get(new, "per_second"));
    }
    for new in get(now, "times").as_array().into_iter().flatten() {
        let old = named(then, "times", get(new, "name"));
        for (key, name) in [("p50", "p50"), ("p90", "p90"), ("p99", "p99"), ("p999", "p99.9")] {
            let name = format!("{} {name}", text(get(new, "name")));
            add(name, "µs", get(get(&old, "measured"), key), get(get(new, "measured"), key));
        }
    }
    let costs = [
        ("server CPU per unit", "µs", "server_us_per_unit"),
        ("server CPU per opening", "µs", "server_us_per_opening"),
        ("server memory per session", "KiB", "server_rss_per_session_end_kib"),
    ];
    for (name, unit, key) in costs {
        add(name.to_owned(), unit, get(get(then, "costs"), key), get(get(now, "costs"), key));
    }
    out
}
