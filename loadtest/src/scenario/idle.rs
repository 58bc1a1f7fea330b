//! Many sessions that only send heartbeats.

use crate::args;
use crate::net::{End, Net};
use crate::number::{index, long};
use crate::record::meter::Meter;

use super::pairs::SOON;
use super::{Desk, Mode, Stage};

/// The mode.
#[derive(Debug)]
pub struct Idle {
    connections: u32,
    users: u32,
    sources: String,
    heartbeat: f64,
    /// Heartbeats of each session that wait for their echo.
    waiting: Vec<u32>,
    /// Those whose echo can no longer come.
    unanswered: u64,
}

impl Idle {
    /// Sessions spread over all users there are.
    pub fn new(args: &args::Idle, users: usize) -> Self {
        let common = &args.common;
        Self {
            connections: args.connections,
            users: u32::try_from(users).unwrap_or(u32::MAX).max(1),
            sources: common.source_addresses.clone().unwrap_or_else(|| "one".to_owned()),
            heartbeat: common.heartbeat_seconds,
            waiting: vec![0; index(args.connections)],
            unanswered: 0,
        }
    }
}

impl Mode for Idle {
    fn accounts(&self) -> Vec<u32> {
        (0..self.connections).map(|session| session % self.users).collect()
    }

    fn start(&mut self, desk: &mut Desk, _: &mut Net) {
        desk.book.meters.push(Meter::new("heartbeat"));
    }

    fn tick(&mut self, desk: &mut Desk, net: &mut Net) -> u64 {
        if desk.stage == Stage::Draining { net.now() + SOON } else { u64::MAX }
    }

    fn beat(&mut self, desk: &mut Desk, session: u32, at: u64) {
        if desk.stage == Stage::Draining {
            return;
        }
        desk.book.due(&[(0, 1)], at);
        if let Some(waiting) = self.waiting.get_mut(index(session)) {
            *waiting += 1;
        }
    }

    fn heartbeat(&mut self, desk: &mut Desk, net: &mut Net, session: u32, at: u64) {
        if let Some(waiting) = self.waiting.get_mut(index(session)) {
            *waiting = waiting.saturating_sub(1);
        }
        desk.book.count("heartbeats", net.now());
        desk.book.time(0, at, net.now());
    }

    fn ended(&mut self, _: &mut Desk, _: &mut Net, session: u32, _: &End) {
        if let Some(waiting) = self.waiting.get_mut(index(session)) {
            self.unanswered += u64::from(std::mem::take(waiting));
        }
    }

    fn is_drained(&self) -> bool {
        self.waiting.iter().all(|waiting| *waiting == 0)
    }

    fn settle(&mut self, desk: &mut Desk) {
        let waiting: u64 = self.waiting.iter().map(|waiting| u64::from(*waiting)).sum();
        desk.book.check.unanswered += self.unanswered + waiting;
    }

    fn conditions(&self) -> Vec<(&'static str, String)> {
        vec![
            ("sessions", self.connections.to_string()),
            ("users", long(self.accounts().len()).min(u64::from(self.users)).to_string()),
            ("source addresses", self.sources.clone()),
            ("heartbeat every", format!("{} s", self.heartbeat)),
        ]
    }

    fn rates(&self) -> Vec<(&'static str, &'static str)> {
        vec![("heartbeats", "heartbeats")]
    }

    fn unit(&self) -> (&'static str, &'static str) {
        ("heartbeats", "heartbeat")
    }

    fn is_about_sessions(&self) -> bool {
        true
    }

    fn is_closed_loop(&self) -> bool {
        false
    }
}
