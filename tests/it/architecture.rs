//! Who may know whom: reads the source, and fails on what STYLE 2.2 forbids.
//!
//! The tables come first and are the rules; below them a small reader of Rust, which knows comments,
//! text, `use` trees and inline modules, and nothing else. It has tests of its own, so that a rule
//! that catches nothing is a rule that nobody breaks.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tradewind::config::Config;

use crate::harness::process::run;

/// What each module may use of ours, besides itself: whole modules, or paths into them.
const MAY_USE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("telemetry", &[]),
    // Rules on settings are checked by the domain's own types (`Email`, `NODE_MAX`, `Audience`).
    ("config", &["domain"]),
    // The machine's clock is one implementation of the domain's trait.
    ("clock", &["domain"]),
    ("wire", &["domain"]),
    ("private", &[]),
    // What it keeps is for its owner's eyes only; so for secrets and mails.
    ("store", &["domain", "private"]),
    ("store::engine", &["domain", "private", "store"]),
    ("store::accounts", &["domain", "store::engine", "store::schema"]),
    ("store::admin", &["domain", "store::engine", "store::schema"]),
    ("store::jobs", &["domain", "store::engine", "store::schema"]),
    ("store::chat", &["domain", "store::engine", "store::accounts", "store::schema"]),
    // Beyond STYLE 2.2: the section `limits` is taken as it is, and the secret's type hides it.
    ("auth", &["domain", "config", "config::Secret", "private"]),
    // Beyond STYLE 2.2: counters may be used by all but domain.
    (
        "hub",
        &[
            "domain",
            "store",
            "wire::Frame",
            "wire::Kind",
            "wire::Phase",
            "wire::IdentifyError",
            "wire::Upkeep",
            // Only in tests: which mode of REWIND a broadcast is encoded for.
            "wire::rewind::Mode",
            // A session that was revoked between the check of its token and its arrival.
            "auth::revoked",
            "telemetry",
        ],
    ),
    (
        "session",
        &[
            "domain",
            "wire",
            "hub",
            // How many sockets an address has whose users are not known.
            "auth::concurrency",
            // The rate of a user's commands.
            "auth::rates",
            // A session checks the token that its peer brings.
            "auth::token",
            // The page of history that the hub has read for it: rows, no SQL.
            "store::chat::history",
            "telemetry",
        ],
    ),
    // Frames go through as they are; which code closes a socket is said by the dialect's kind.
    // How many connections one address has is counted as its sockets are.
    ("ws", &["session", "wire::Frame", "wire::Kind", "domain::close", "auth::concurrency"]),
    (
        "http",
        &[
            "domain",
            "auth",
            "store",
            // The dialect is chosen at the door, by its path and query.
            "wire::Kind",
            "wire::rewind::Mode",
            // Ids and frames of this dialect are said over HTTP, too.
            "wire::chatting",
            // Questions about users, and news for them.
            "hub::Hub",
            // To leave a mail, not to send one.
            "jobs::mail::Queue",
            // What sessions share is carried to the socket, unseen.
            "session::Shared",
            "session::Seat",
            "session::NoSeat",
            // Its door, and the settings of that.
            "ws",
            "telemetry",
        ],
    ),
    // A key is drawn when its mail is sent (`auth::key`); the error is that of drawing it.
    ("jobs", &["domain", "store", "auth::key", "auth::AuthError", "telemetry", "private"]),
    ("server", ALL_BUT_CLI),
    ("cli", ALL),
    ("lib", ALL),
    ("main", &["cli"]),
];

const ALL_BUT_CLI: &[&str] = &[
    "auth",
    "clock",
    "config",
    "wire",
    "domain",
    "http",
    "hub",
    "jobs",
    "private",
    "session",
    "store",
    "telemetry",
    "ws",
];

const ALL: &[&str] = &[
    "auth",
    "cli",
    "clock",
    "config",
    "wire",
    "domain",
    "http",
    "hub",
    "jobs",
    "private",
    "server",
    "session",
    "store",
    "telemetry",
    "ws",
];

/// Names that only some files may say, outside of tests. A folder ends with a slash.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("actix_http", &["src/ws/"]),
    ("actix_web_actors", &["src/ws/"]),
    ("actix_web", &["src/http/", "src/server/", "src/ws/"]),
    // The store's writer, the hub and the sessions are actors, in the system that `cli` runs.
    ("actix", &["src/cli/", "src/hub/", "src/server/", "src/session/", "src/store/", "src/ws/"]),
    ("diesel", &["src/store/"]),
    ("diesel_migrations", &["src/store/"]),
    ("libsqlite3_sys", &["src/store/"]),
    ("r2d2", &["src/store/"]),
    // `config` only asks whether an address parses.
    ("lettre", &["src/jobs/mail/", "src/config/rule.rs"]),
    ("argon2", &["src/auth/"]),
    // Rates of log-ins, and of one session's commands. Its clock is a steady one, and counts as
    // part of the limiter.
    ("governor", &["src/auth/limits.rs", "src/auth/rates.rs"]),
    ("DefaultClock", &["src/auth/limits.rs"]),
    ("MonotonicClock", &["src/auth/rates.rs"]),
    ("jsonwebtoken", &["src/auth/"]),
    ("sha2", &["src/auth/"]),
    // Since when somebody has the lock is said to people.
    ("jiff", &["src/wire/", "src/http/v1/time.rs", "src/store/engine/lock/holder.rs"]),
    ("utoipa", &["src/http/"]),
    ("snowflake_me", &["src/domain/mint.rs"]),
    ("prometheus", &["src/telemetry/"]),
    ("env_logger", &["src/telemetry/"]),
    ("clap", &["src/cli/"]),
    ("anyhow", &["src/cli/"]),
    // The wall clock is read in one place.
    ("SystemTime", &["src/clock.rs"]),
    // The steady one too, and where durations are measured for the metrics.
    (
        "Instant",
        &[
            "src/cli/doctor/files.rs",
            "src/clock.rs",
            "src/hub/messages.rs",
            "src/hub/mod.rs",
            // The system's, which goes on while the process is stopped.
            "src/hub/pauses.rs",
            "src/session/mod.rs",
            "src/store/engine/executor.rs",
            "src/store/engine/settle.rs",
            // Not std's: an associated type of governor's clock.
            "src/auth/limits.rs",
        ],
    ),
    // JSON is the business of dialects, bodies, tokens, the log and the command line; `config` writes
    // TOML's strings by it.
    (
        "serde_json",
        &[
            "src/auth/token.rs",
            "src/cli/",
            "src/config/value.rs",
            "src/wire/",
            "src/http/",
            "src/telemetry/log_json.rs",
        ],
    ),
];

const FILE_LINES_MAX: usize = 400;

#[test]
fn modules_know_only_whom_they_may() {
    none(sources().iter().flat_map(forbidden_uses).collect());
}

#[test]
fn names_of_crates_and_clocks_stay_where_they_belong() {
    none(sources().iter().flat_map(misplaced_names).collect());
}

#[test]
fn every_file_says_what_it_is_for_and_fits_in_a_reading() {
    none(sources().iter().flat_map(shape_faults).collect());
}

#[test]
fn every_module_has_its_rule() {
    let whole = MAY_USE.iter().filter(|(module, _)| !module.contains("::"));
    let ruled: BTreeSet<&str> = whole.map(|(module, _)| *module).collect();
    let there: BTreeSet<String> = sources().iter().map(|file| file.module().to_owned()).collect();
    assert_eq!(there, ruled.into_iter().map(str::to_owned).collect());
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |backend: &str| -> BTreeSet<String> {
        let folder = root().join("migrations").join(backend);
        let files = fs::read_dir(folder).expect("migrations").flat_map(|migration| {
            let migration = migration.expect("a migration").path();
            fs::read_dir(&migration).expect("a folder").map(move |file| {
                let file = file.expect("a file").path();
                let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
                format!("{}/{}", name(&migration), name(&file))
            })
        });
        files.collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
    assert!(names("sqlite").iter().any(|name| name.ends_with("/up.sql")));
}

#[test]
fn the_default_file_is_what_the_code_says() {
    let file = fs::read_to_string(root().join("config/tradewind.toml")).expect("the file");
    assert_eq!(file, Config::default_toml(), "run: tradewind config default");
    let folder = tempfile::tempdir().expect("a folder");
    let output = run(folder.path(), &[], &["config", "default"]);
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).expect("text"), file);
}

/// Shows all violations, one a line.
fn none(violations: Vec<String>) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A source file.
struct Source {
    /// Below the root, such as `src/hub/mod.rs`.
    path: String,
    text: String,
}

impl Source {
    /// The module of `lib.rs` it belongs to; `lib` and `main` for the roots themselves.
    fn module(&self) -> &str {
        let below = self.path.strip_prefix("src/").expect("a source");
        below.split('/').next().unwrap().trim_end_matches(".rs")
    }

    /// The rule for it: that of the innermost module which has one.
    fn rule(&self) -> (&str, &[&str]) {
        let below = self.path.trim_start_matches("src/").trim_end_matches(".rs").replace('/', "::");
        let within = |module: &str| {
            let rest = below.strip_prefix(module);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        let rules = MAY_USE.iter().filter(|(module, _)| within(module));
        let rule = rules.max_by_key(|(module, _)| module.len());
        rule.map_or((self.module(), &[][..]), |(module, allowed)| (*module, *allowed))
    }

    /// Whether the whole file is tests.
    fn is_tests(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.ends_with("_tests.rs")
    }

    /// How many modules deep it lies: `src/clock.rs` 1, `src/hub/mod.rs` 1, `src/hub/x.rs` 2.
    fn depth(&self) -> usize {
        let segments = self.path.split('/').count() - 1;
        let own = ["/mod.rs", "src/lib.rs", "src/main.rs"];
        let depth = segments - usize::from(own.iter().any(|end| self.path.ends_with(end)));
        // `machine_tests.rs` is `machine::tests`, by its `#[path]`.
        depth + usize::from(self.path.ends_with("_tests.rs"))
    }

    fn violation(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path)
    }
}

fn sources() -> Vec<Source> {
    fn walk(folder: PathBuf, found: &mut Vec<Source>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("text");
                let below = path.strip_prefix(root()).expect("below the root");
                found.push(Source { path: below.to_str().expect("a name").to_owned(), text });
            }
        }
    }
    let mut found = Vec::new();
    walk(root().join("src"), &mut found);
    assert!(found.len() > 100, "the source was found");
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn forbidden_uses(file: &Source) -> Vec<String> {
    let (module, allowed) = file.rule();
    let may = |path: &str| {
        let below = |prefix: &&str| {
            path.strip_prefix(*prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        // `pub(in crate::store)` names what it is part of.
        let is_part = module.strip_prefix(path).is_some_and(|rest| rest.starts_with("::"));
        is_part || std::iter::once(&module).chain(allowed).any(below)
    };
    uses(file)
        .into_iter()
        .filter(|(_, path)| !may(path))
        .map(|(line, path)| file.violation(line, &format!("{module} must not use crate::{path}")))
        .collect()
}

fn misplaced_names(file: &Source) -> Vec<String> {
    if file.is_tests() {
        return Vec::new();
    }
    let tokens = Reader::new(file).tokens;
    let mut found = Vec::new();
    for (name, places) in ONLY_IN {
        let fits = |place: &&str| {
            if place.ends_with('/') { file.path.starts_with(place) } else { file.path == *place }
        };
        if !places.iter().any(fits) {
            let said = tokens.iter().filter(|token| !token.test && token.text == *name);
            found.extend(said.map(|token| file.violation(token.line, &format!("{name} is said"))));
        }
    }
    found
}

fn shape_faults(file: &Source) -> Vec<String> {
    let lines = file.text.lines().count();
    let mut faults = Vec::new();
    if lines > FILE_LINES_MAX {
        faults.push(file.violation(lines, &format!("over {FILE_LINES_MAX} lines")));
    }
    if !file.is_tests() && !file.text.starts_with("//!") {
        faults.push(file.violation(1, "does not open with //!"));
    }
    faults
}

/// Every path into the crate that a file names, with its line, such as `store::chat::users`.
fn uses(file: &Source) -> Vec<(usize, String)> {
    let Reader { tokens } = Reader::new(file);
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let chained = at > 0 && tokens[at - 1].text == "::";
        // `$crate` is this crate too; `tradewind` is how the binary calls it.
        let supers = tokens[at..].iter().step_by(2).take_while(|it| it.text == "super").count();
        let skip = match token.text.as_str() {
            "crate" | "tradewind" if !chained => 1,
            // A chain of `super` that ends at the root.
            "super" if !chained && supers >= file.depth() + token.inline => 2 * supers - 1,
            _ => continue,
        };
        if tokens.get(at + skip).is_some_and(|next| next.text == "::") {
            tree(&tokens[at + skip + 1..], "", &mut found);
        }
    }
    found
}

/// Reads a use tree (a path is one, too) and returns how many tokens it has.
fn tree(tokens: &[Token], prefix: &str, found: &mut Vec<(usize, String)>) -> usize {
    let mut path = prefix.to_owned();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if token.text == "{" {
            at += 1;
            while tokens.get(at).is_some_and(|token| token.text != "}") {
                let read = tree(&tokens[at..], &path, found);
                at += read.max(1);
                while tokens.get(at).is_some_and(|token| token.text != "," && token.text != "}") {
                    // `as name`.
                    at += 1;
                }
                at += usize::from(tokens.get(at).is_some_and(|token| token.text == ","));
            }
            return at + 1;
        }
        if token.is_name() && token.text != "self" {
            path += if path.is_empty() { "" } else { "::" };
            path += &token.text;
        }
        at += 1;
        if tokens.get(at).is_none_or(|next| next.text != "::") {
            found.push((token.line, path));
            return at;
        }
        at += 1;
    }
    at
}

/// A name, a `::`, or any other sign.
#[derive(Debug)]
struct Token {
    text: String,
    line: usize,
    /// How many inline modules it is in.
    inline: usize,
    /// Whether one of them is for tests.
    test: bool,
}

impl Token {
    fn is_name(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphanumeric() || c == '_')
    }
}

/// The tokens of a file, without comments and text.
struct Reader {
    tokens: Vec<Token>,
}

impl Reader {
    fn new(file: &Source) -> Self {
        let mut tokens = Vec::new();
        let mut rest = file.text.as_str();
        let mut line = 1;
        while let Some(first) = rest.chars().next() {
            let (length, kept) = lexeme(rest, first);
            let (text, after) = rest.split_at(length);
            if kept {
                tokens.push(Token { text: text.to_owned(), line, inline: 0, test: false });
            }
            line += text.matches('\n').count();
            rest = after;
        }
        mark_modules(&mut tokens);
        Self { tokens }
    }
}

/// How long the next piece is, and whether it is a token.
fn lexeme(rest: &str, first: char) -> (usize, bool) {
    let until = |end: &str| rest.find(end).map_or(rest.len(), |at| at + end.len());
    let name = |c: char| c.is_alphanumeric() || c == '_';
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), false);
    }
    if rest.starts_with("/*") {
        return (until("*/"), false);
    }
    let hashes = rest.trim_start_matches(['b', 'r']).chars().take_while(|c| *c == '#').count();
    let raw = ["r", "br"].iter().find(|mark| {
        let after = rest.strip_prefix(**mark);
        after.is_some_and(|after| after[hashes.min(after.len())..].starts_with('"'))
    });
    if let Some(mark) = raw {
        let open = mark.len() + hashes + 1;
        let end = format!("\"{}", "#".repeat(hashes));
        let length = rest[open..].find(&end).map_or(rest.len(), |at| open + at + end.len());
        return (length, false);
    }
    match first {
        '"' => (quoted(rest, '"'), false),
        '\'' => {
            // A lifetime has no closing quote after its first letter.
            let mut chars = rest.chars().skip(1);
            let (one, two) = (chars.next(), chars.next());
            if one == Some('\\') || two == Some('\'') {
                (quoted(rest, '\''), false)
            } else {
                (1, false)
            }
        }
        c if name(c) => (rest.find(|c| !name(c)).unwrap_or(rest.len()), true),
        ':' if rest.starts_with("::") => (2, true),
        c => (c.len_utf8(), !c.is_whitespace()),
    }
}

/// The length of a text in quotes, escapes passed over.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if !escaped && c == quote {
            return at + 1;
        }
        escaped = !escaped && c == '\\';
    }
    rest.len()
}

/// Notes of each token how many inline modules it is in, and whether those are tests.
fn mark_modules(tokens: &mut [Token]) {
    // Of each open brace: whether it opens a module, and one of tests.
    let mut open: Vec<(bool, bool)> = Vec::new();
    for at in 0..tokens.len() {
        let is = |back: usize, text: &str| at >= back && tokens[at - back].text == text;
        let module = is(0, "{") && is(2, "mod");
        // `#[cfg(test)]` before `mod name {`, perhaps with other attributes after it.
        let before = &tokens[at.saturating_sub(24)..at];
        let attribute: String = before.iter().map(|token| token.text.as_str()).collect();
        let test = module && attribute.contains("#[cfg(test)]");
        match tokens[at].text.as_str() {
            "{" => open.push((module, test)),
            "}" => drop(open.pop()),
            _ => {}
        }
        tokens[at].inline = open.iter().filter(|brace| brace.0).count();
        tokens[at].test = open.iter().any(|brace| brace.1);
    }
}

fn planted(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

#[test]
fn planted_imports_are_found_with_their_lines() {
    let text = "//! Rules.\n\nuse crate::{\n    domain::{id::UserId, user::{self, Email as E}},\n    \
                hub::Hub,\n};\nfn f() { crate::store::Store::start(); super::super::http::x(); }\n";
    let found = forbidden_uses(&planted("src/domain/user.rs", text));
    let expected = [
        "src/domain/user.rs:5: domain must not use crate::hub::Hub",
        "src/domain/user.rs:7: domain must not use crate::store::Store::start",
        "src/domain/user.rs:7: domain must not use crate::http::x",
    ];
    assert_eq!(found, expected);
}

#[test]
fn every_way_to_name_a_module_is_read() {
    let paths = |path: &str, text: &str| -> Vec<String> {
        uses(&planted(path, text)).into_iter().map(|(_, path)| path).collect()
    };
    assert_eq!(
        paths("src/hub/x.rs", "use crate::{a, b::{c, d::*}, e as f};"),
        ["a", "b::c", "b::d", "e"]
    );
    assert_eq!(paths("src/hub/mod.rs", "pub(in crate::hub) use super::ws::T;"), ["hub", "ws::T"]);
    assert_eq!(paths("src/hub/x.rs", "use super::y; mod tests { use super::super::y; }"), [""; 0]);
    assert_eq!(paths("src/hub/x.rs", "mod tests { use super::super::super::ws; }"), ["ws"]);
    assert_eq!(paths("src/main.rs", "fn main() { tradewind::cli::run() }"), ["cli::run"]);
    assert_eq!(paths("src/hub/x.rs", "macro_rules! m { () => { $crate::ws::T } }"), ["ws::T"]);
    let hidden = "// crate::a\n/* crate::b */ \"crate::c \\\" crate::d\" r#\"crate::e\"# '\"' 'x'";
    assert_eq!(paths("src/hub/x.rs", hidden), [""; 0]);
    assert_eq!(paths("src/hub/x.rs", "fn f<'a>(x: &'a str) { crate::g::h('\\'') }"), ["g::h"]);
}

#[test]
fn parts_of_a_module_can_be_allowed_alone() {
    let found = |text: &str| forbidden_uses(&planted("src/session/x.rs", text)).len();
    assert_eq!(found("use crate::auth::token::Tokens;"), 0);
    assert_eq!(found("use crate::auth::tokens::Tokens;"), 1);
    assert_eq!(found("use crate::store::{Store, chat::history::Page};"), 1);
}

#[test]
fn planted_names_are_found_outside_of_tests_only() {
    let found = |path: &str, text: &str| misplaced_names(&planted(path, text));
    let text = "use std::time::SystemTime;\n#[cfg(test)]\nmod tests {\n use diesel::x;\n}\n";
    assert_eq!(found("src/domain/x.rs", text), ["src/domain/x.rs:1: SystemTime is said"]);
    assert_eq!(found("src/clock.rs", text), [""; 0]);
    let text = "fn f() {\n    diesel::select(1);\n}\n";
    assert_eq!(found("src/http/x.rs", text), ["src/http/x.rs:2: diesel is said"]);
    assert_eq!(found("src/store/x.rs", text), [""; 0]);
    assert_eq!(found("src/hub/x_tests.rs", text), [""; 0]);
}

#[test]
fn planted_shapes_are_found() {
    let long = "//! Long.\n".repeat(FILE_LINES_MAX + 1);
    assert_eq!(shape_faults(&planted("src/a.rs", &long)), ["src/a.rs:401: over 400 lines"]);
    let bare = shape_faults(&planted("src/a.rs", "fn f() {}\n"));
    assert_eq!(bare, ["src/a.rs:1: does not open with //!"]);
}
