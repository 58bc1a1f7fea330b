//! A user's day.

use crate::check::{Flow, Line};
use crate::net::Net;
use crate::number::seconds;
use crate::scenario::walk::Walk;

/// What a user is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    #[default]
    Away,
    Coming,
    /// Loading friends and the last messages.
    Paging,
    Chatting,
    Leaving,
    /// Reading the whole conversation, at the end of the run.
    Reading,
    /// Ready with that.
    Done,
}

/// A user.
#[derive(Debug, Default)]
pub struct User {
    pub phase: Phase,
    pub room: u64,
    pub flow: Flow,
    /// What its session has seen live of its peer's flow.
    pub live: Option<Line>,
    pub walk: Walk,
    /// When it acts next.
    pub due: u64,
    pub leave_at: u64,
    /// When it meant to come.
    pub came_at: u64,
    /// How often it could not come.
    pub tries: u32,
}

/// Mean times, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Pauses {
    pub stay: u64,
    pub away: u64,
    pub pause: u64,
}

impl Pauses {
    /// What was set, for the report.
    pub fn conditions(&self, users: usize, size: usize) -> Vec<(&'static str, String)> {
        let mean = |nanos: u64| format!("{} s on average", seconds(nanos));
        vec![
            ("load", "open loop, each user by its own clock".to_owned()),
            ("users", format!("{users}, in pairs")),
            ("a user stays", mean(self.stay)),
            ("is away", mean(self.away)),
            ("writes every", mean(self.pause)),
            ("message", format!("{size} bytes")),
        ]
    }
}

/// Between half and one and a half of a time.
pub fn jitter(net: &mut Net, mean: u64) -> u64 {
    mean / 2 + net.random(mean.max(1))
}
