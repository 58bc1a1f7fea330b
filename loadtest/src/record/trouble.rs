//! What did not go as it should, in the whole run.

use std::collections::BTreeMap;

use serde::Serialize;

/// Reasons of a kind that are told apart, and the signs of one that are kept: a server may say anything.
const REASONS_MAX: usize = 50;
const WORDS_MAX: usize = 200;

/// Counts of what went wrong besides the order of messages, with its words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// Sessions that were to be opened; one that was opened again counts again.
    pub sessions_due: u64,
    /// Of these, those that were not.
    pub sessions_not_opened: u64,
    /// Sessions that were open and ended before their time.
    pub sessions_ended: u64,
    pub requests_due: u64,
    pub requests_not_sent: u64,
    /// Requests that were answered by an error.
    pub requests_refused: u64,
    /// Since when the hub has been gone, if it is, in nanoseconds since the start.
    #[serde(skip)]
    pub gone_at: Option<u64>,
    /// When the last answer came, in nanoseconds since the start.
    #[serde(skip)]
    pub answered_at: u64,
    /// Why sessions were not opened, why they ended, why requests were refused or not sent.
    #[serde(skip)]
    pub why: BTreeMap<Kind, BTreeMap<String, u64>>,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A session was not opened.
    NotOpened,
    /// A session ended.
    Ended,
    /// A request was refused.
    Refused,
    /// A request was not sent.
    NotSent,
    Other,
}

impl Trouble {
    /// Counts one of a kind, and returns its words for the list of errors.
    pub fn note(&mut self, kind: Kind, why: &str) -> String {
        let words = self.why.entry(kind).or_default();
        let why: String = why.chars().take(WORDS_MAX).collect();
        let known = words.len() < REASONS_MAX || words.contains_key(&why);
        let why = if known { why } else { "other reasons".to_owned() };
        *words.entry(why.clone()).or_default() += 1;
        match kind {
            Kind::NotOpened => {
                self.sessions_not_opened += 1;
                format!("session not opened: {why}")
            }
            Kind::Ended => {
                self.sessions_ended += 1;
                format!("session ended: {why}")
            }
            Kind::Refused => {
                self.requests_refused += 1;
                format!("refused: {why}")
            }
            Kind::NotSent => {
                self.requests_not_sent += 1;
                format!("not sent: {why}")
            }
            Kind::Other => why,
        }
    }

    /// The most frequent words of a kind, as "why (n), why (n) and m others".
    pub fn reasons(&self, kind: Kind) -> String {
        let Some(words) = self.why.get(&kind) else { return String::new() };
        let mut words: Vec<(&String, &u64)> = words.iter().collect();
        words.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let shown: Vec<String> = match words.as_slice() {
            [(only, _)] => vec![(*only).clone()],
            several => several.iter().take(3).map(|(why, n)| format!("{why} ({n})")).collect(),
        };
        let rest = words.len().saturating_sub(3);
        let rest = if rest > 0 { format!(" and {rest} other reasons") } else { String::new() };
        shown.join(", ") + &rest
    }
}
