//! Many sessions that only send heartbeats.

use crate::args;
use crate::net::Net;
use crate::number::long;
use crate::record::meter::Meter;

use super::{Desk, Mode};

/// The mode.
#[derive(Debug)]
pub struct Idle {
    connections: u32,
    users: u32,
    sources: String,
    heartbeat: f64,
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

    fn tick(&mut self, _: &mut Desk, _: &mut Net) -> u64 {
        u64::MAX
    }

    fn heartbeat(&mut self, desk: &mut Desk, net: &mut Net, at: u64) {
        desk.book.count("heartbeats", net.now());
        desk.book.time(0, at, net.now());
    }

    fn is_drained(&self) -> bool {
        true
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

    fn is_closed_loop(&self) -> bool {
        false
    }
}
