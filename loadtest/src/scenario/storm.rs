//! Sessions that connect, log in and leave.

use crate::args;
use crate::net::{End, Net};
use crate::number::index;
use crate::record::meter::Meter;
use crate::record::trouble::Kind;

use super::clock::Schedule;
use super::{Desk, Mode, Stage};

/// How long to wait after a failure, so that a hub that is down is not asked in a tight loop.
const PAUSE: u64 = 20_000_000;
/// The meters, by their places.
const UPGRADE: usize = 0;
const LOG_IN: usize = 1;
const CLOSE: usize = 2;
/// The tally of moments at which all sessions that there can be were open or closing.
const HELD: &str = "held back";

/// The mode.
#[derive(Debug)]
pub struct Storm {
    rate: Option<f64>,
    in_flight: u32,
    connections: u32,
    users: u32,
    schedule: Option<Schedule>,
    free: Vec<u32>,
    /// When the opening of each session was meant to begin, while it lasts.
    opening: Vec<Option<u64>>,
    /// When each session said goodbye.
    leaving: Vec<u64>,
    under_way: u32,
    account: u32,
    pause_until: u64,
}

impl Storm {
    /// Sessions of all users in turn.
    pub fn new(args: &args::Storm, users: usize) -> Self {
        let connections = args.connections.max(args.in_flight).max(1);
        Self {
            rate: args.rate,
            in_flight: args.in_flight.max(1),
            connections,
            users: u32::try_from(users).unwrap_or(u32::MAX).max(1),
            schedule: None,
            free: (0..connections).rev().collect(),
            opening: vec![None; index(connections)],
            leaving: vec![0; index(connections)],
            under_way: 0,
            account: 0,
            pause_until: 0,
        }
    }

    /// How many sessions there can be.
    pub fn connections(&self) -> u32 {
        self.connections
    }

    fn open(&mut self, desk: &mut Desk, net: &mut Net, session: u32, at: u64) {
        self.account = (self.account + 1) % self.users;
        desk.book.due(&[(UPGRADE, 1), (LOG_IN, 1)], at);
        if desk.open(net, session, self.account) {
            self.under_way += 1;
            if let Some(opening) = self.opening.get_mut(index(session)) {
                *opening = Some(at);
            }
        } else {
            self.free.push(session);
            self.pause_until = net.now() + PAUSE;
        }
    }

    /// When the next opening is meant to begin, if that is now.
    fn next(&mut self, now: u64) -> Option<u64> {
        match &mut self.schedule {
            Some(schedule) => schedule.take(now),
            None => (self.under_way < self.in_flight).then_some(now),
        }
    }

    /// The opening of a session is over; when it was meant to begin.
    fn over(&mut self, session: u32) -> Option<u64> {
        let at = self.opening.get_mut(index(session))?.take()?;
        self.under_way = self.under_way.saturating_sub(1);
        Some(at)
    }
}

impl Mode for Storm {
    fn accounts(&self) -> Vec<u32> {
        Vec::new()
    }

    fn start(&mut self, desk: &mut Desk, net: &mut Net) {
        let names = ["connect and upgrade", "connect to log-in", "close"];
        desk.book.meters = names.map(Meter::new).into();
        self.schedule = self.rate.map(|rate| Schedule::new(net.now(), rate));
    }

    fn tick(&mut self, desk: &mut Desk, net: &mut Net) -> u64 {
        if desk.stage == Stage::Draining {
            return u64::MAX;
        }
        let now = net.now();
        if now < self.pause_until {
            return self.pause_until;
        }
        while let Some(session) = self.free.pop() {
            let Some(at) = self.next(now).filter(|_| now >= self.pause_until) else {
                self.free.push(session);
                break;
            };
            self.open(desk, net, session, at);
        }
        if self.free.is_empty() {
            desk.book.count(HELD, now);
        }
        let due = self.schedule.filter(|_| !self.free.is_empty()).map(|schedule| schedule.next());
        due.unwrap_or(u64::MAX).max(self.pause_until)
    }

    fn upgraded(&mut self, desk: &mut Desk, net: &mut Net, session: u32) {
        if let Some(at) = self.opening.get(index(session)).copied().flatten() {
            desk.book.time(UPGRADE, at, net.now());
        }
    }

    fn ready(&mut self, desk: &mut Desk, net: &mut Net, session: u32) {
        if let Some(at) = self.over(session) {
            desk.book.time(LOG_IN, at, net.now());
            desk.book.count("log-ins", net.now());
        }
        if let Some(leaving) = self.leaving.get_mut(index(session)) {
            *leaving = net.now();
        }
        desk.book.expect(&[(CLOSE, 1)], net.now());
        net.close(session);
    }

    fn ended(&mut self, desk: &mut Desk, net: &mut Net, session: u32, end: &End) {
        if let Some(at) = self.leaving.get(index(session)).filter(|_| *end == End::Done) {
            desk.book.time(CLOSE, *at, net.now());
        }
        if self.over(session).is_some() && *end != End::Done {
            self.pause_until = net.now() + PAUSE;
        }
        self.free.push(session);
    }

    fn stop(&mut self, desk: &mut Desk, net: &mut Net) {
        let Some(mut schedule) = self.schedule.take() else { return };
        let end = desk.book.window.map_or(0, |window| window.to);
        while let Some(at) = schedule.take(end.saturating_sub(1)) {
            if let Some(session) = self.free.pop() {
                self.open(desk, net, session, at);
            } else {
                desk.book.due(&[(UPGRADE, 1), (LOG_IN, 1)], at);
                desk.book.trouble(Kind::NotSent, "as many sessions as there may be are open");
            }
        }
    }

    /// Also those that are being closed.
    fn is_drained(&self) -> bool {
        self.free.len() == index(self.connections)
    }

    fn conditions(&self) -> Vec<(&'static str, String)> {
        let load = match self.rate {
            Some(rate) => format!("open loop, {rate} sessions/s"),
            None => format!("closed loop, {} being opened at once", self.in_flight),
        };
        vec![
            ("load", load),
            ("sessions at most", self.connections.to_string()),
            ("users", self.users.to_string()),
        ]
    }

    fn rates(&self) -> Vec<(&'static str, &'static str)> {
        vec![("log-ins", "sessions"), (HELD, "times")]
    }

    fn unit(&self) -> (&'static str, &'static str) {
        ("log-ins", "session")
    }

    fn is_closed_loop(&self) -> bool {
        self.rate.is_none()
    }
}
