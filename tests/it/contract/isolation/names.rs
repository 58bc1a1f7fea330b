//! What there is to be asked, as the source says it. A call, an action, a frame or a route that is new is found here,
//! and then lacks its row.

use std::collections::BTreeSet;

use crate::architecture::source::{Source, sources_of};

fn source(path: &str) -> String {
    let (folder, _) = path.rsplit_once('/').expect("a folder");
    let found = sources_of(folder).into_iter().find(|source| source.path == path);
    found.unwrap_or_else(|| panic!("{path}")).text
}

/// All literals of a text that are texts. Of a file, without its comments and its tests.
fn literals(text: &str) -> impl Iterator<Item = &str> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.flat_map(|line| line.split('"').skip(1).step_by(2))
}

/// What is between two texts.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("{start}"));
    rest.split_once(end).unwrap_or_else(|| panic!("{end}")).0
}

/// A set that must not be empty: else what is sought is written in another way by now.
fn found<'a>(names: impl IntoIterator<Item = &'a str>, at_least: usize) -> BTreeSet<String> {
    let names: BTreeSet<String> = names.into_iter().map(str::to_owned).collect();
    assert!(names.len() >= at_least, "{names:?}");
    names
}

/// The calls of customer chat, of both generations.
pub fn calls() -> BTreeSet<String> {
    let text = source("src/http/ppcom/calls.rs");
    found(literals(between(&text, "\ncalls! {", "\n}")), 20)
}

/// The types of frames that a socket of customer chat reads.
pub fn chat_frames() -> BTreeSet<String> {
    let text = source("src/wire/ppcom/ack.rs");
    let names = literals(between(&text, "const fn name(self)", "\n    }"));
    // What is not known is acknowledged as this.
    let names: Vec<String> = names.filter(|name| *name != "WS").map(str::to_lowercase).collect();
    found(names.iter().map(String::as_str), 5)
}

/// The actions of the console.
pub fn console_actions() -> BTreeSet<String> {
    let text = source("src/wire/console/decode.rs");
    found(literals(between(&text, "fn action_of(", "\n}")), 9)
}

/// The actions of devices.
pub fn device_actions() -> BTreeSet<String> {
    let text = source("src/wire/device/decode.rs");
    let text = between(&text, "pub fn text(", "\n}");
    let named = text.split("Some(\"").skip(1).filter_map(|rest| rest.split('"').next());
    found(named, 3)
}

/// The paths that are served beside `/api/v1` and the files of pages and SDK, as the source writes them, but without a
/// slash at the end.
pub fn routes() -> BTreeSet<String> {
    let files: Vec<Source> = sources_of("src/http");
    let mounts = |path: &str| {
        let is_own = path.ends_with("/mod.rs") || path == "src/http/health.rs";
        is_own && !path.starts_with("src/http/v1/")
    };
    let texts =
        files.iter().filter(|file| mounts(&file.path)).flat_map(|file| literals(&file.text));
    // What is behind a `#` no server sees.
    let paths = texts.filter(|text| text.starts_with('/') && !text.contains('#'));
    found(paths.map(|path| if path == "/" { path } else { path.trim_end_matches('/') }), 25)
}
