//! Whether a run was good, and if not, why: the worst first.

use serde::Serialize;

use super::Report;
use super::table::number;
use crate::check::Check;
use crate::number::{float, seconds};
use crate::record::Book;
use crate::record::trouble::Kind;

/// The last answer may be so much older than the end of the load before it is said that none came any more.
const SILENCE: u64 = 500_000_000;

/// What a run was worth.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Whether all that was due was done, and all that was promised was kept.
    pub good: bool,
    /// One line for people.
    pub words: String,
    pub reasons: Vec<String>,
}

impl Verdict {
    /// Judges a run whose report is filled otherwise.
    pub fn of(report: &Report, book: &Book) -> Self {
        let mut reasons: Vec<String> = Vec::new();
        reasons.extend(gone(&report.mode, book));
        reasons.extend(not_measured(report));
        reasons.extend(faults(&report.check));
        reasons.extend(shortfalls(&report.mode, book));
        let words = match reasons.as_slice() {
            [] => promise(&report.mode).to_owned(),
            reasons => format!("FAILED: {}", reasons.join("; ")),
        };
        Self { good: reasons.is_empty(), words, reasons }
    }
}

/// When the hub went away, or fell silent.
fn gone(mode: &str, book: &Book) -> Option<String> {
    let trouble = &book.trouble;
    let when = |at: u64| match book.window {
        Some(window) if at >= window.from => {
            format!("at {:.1} s", seconds(at.saturating_sub(window.from)))
        }
        _ if book.samples.get("open").is_some_and(|open| seconds(at) >= open.at) => {
            "before measuring began".to_owned()
        }
        _ => "while sessions were opened".to_owned(),
    };
    if let Some(at) = trouble.gone_at.filter(|_| book.open == 0 && book.open_max > 0) {
        return Some(format!("the hub went away {}", when(at)));
    }
    let to = book.window.map_or(0, |window| window.to);
    let silent = to.saturating_sub(trouble.answered_at) > SILENCE && book.open_max > 0;
    // An echo that does not come is lost.
    let waited = book.check.unanswered > 0 || mode == "echo" && book.check.lost > 0;
    (silent && waited).then(|| format!("the hub fell silent {}", when(trouble.answered_at)))
}

fn not_measured(report: &Report) -> Option<String> {
    (!report.did_something()).then(|| "nothing was measured".to_owned())
}

fn faults(check: &Check) -> impl Iterator<Item = String> {
    let faults = [
        (check.lost, "lost"),
        (check.cut_off, "undelivered because the reader's session ended"),
        (check.duplicated, "duplicated"),
        (check.disordered, "out of order"),
        (check.refused_but_delivered, "delivered though refused"),
        (check.foreign, "delivered to the wrong one or changed"),
    ];
    let faults = faults.into_iter().filter(|(count, _)| *count > 0);
    faults.map(|(count, words)| format!("{} {words}", whole(count)))
}

fn shortfalls(mode: &str, book: &Book) -> Vec<String> {
    let (trouble, things) = (&book.trouble, things(mode));
    let mut out = Vec::new();
    let mut say = |count: u64, kind: Option<Kind>, words: String| {
        let why = kind.map(|kind| trouble.reasons(kind)).filter(|why| !why.is_empty());
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        if count > 0 {
            out.push(format!("{words}{why}"));
        }
    };
    let of = |count: u64, all: u64| format!("{} of {}", whole(count), whole(all));
    let unsent = of(trouble.requests_not_sent, trouble.requests_due);
    let words = if mode == "storm" { "sessions due were not begun" } else { "not sent" };
    say(trouble.requests_not_sent, Some(Kind::NotSent), format!("{unsent} {words}"));
    let unopened = of(trouble.sessions_not_opened, trouble.sessions_due);
    let words = format!("{unopened} sessions not opened");
    say(trouble.sessions_not_opened, Some(Kind::NotOpened), words);
    let ended = format!("{} sessions ended", whole(trouble.sessions_ended));
    say(trouble.sessions_ended, Some(Kind::Ended), ended);
    let refused = format!("{} requests refused", whole(trouble.requests_refused));
    say(trouble.requests_refused, Some(Kind::Refused), refused);
    let unanswered = format!("{} {things} never answered", whole(book.check.unanswered));
    say(book.check.unanswered, None, unanswered);
    for (words, count) in trouble.why.get(&Kind::Other).into_iter().flatten() {
        let times = if *count > 1 { format!(" ({count} times)") } else { String::new() };
        say(*count, None, format!("{words}{times}"));
    }
    out
}

fn things(mode: &str) -> &'static str {
    match mode {
        "idle" => "heartbeats",
        "storm" => "sessions",
        "history" | "pages" => "requests",
        _ => "messages",
    }
}

/// What a good run has shown.
fn promise(mode: &str) -> &'static str {
    match mode {
        "idle" => "every session was opened and stayed open, and every heartbeat came back",
        "storm" => "every session was opened and closed in good order",
        "echo" => "every echo came exactly once and in order",
        "rooms" => "every message was acknowledged exactly once and in order",
        "history" => "every walk found each acknowledged message exactly once and in order",
        "pages" => "every page came, its messages in order",
        "topics" => "every published message was stored, and came exactly once if anybody consumed",
        _ => "every acknowledged message came exactly once and in order",
    }
}

fn whole(count: u64) -> String {
    if count < 100 { count.to_string() } else { number(float(count)) }
}
