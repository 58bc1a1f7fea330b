//! Direct messages within pairs of users: session `n` writes to session `n ^ 1`, as flow `n`.

use std::collections::VecDeque;

use crate::args;
use crate::check::{Ack, Fit, Flow, Line};
use crate::net::{End, Net};
use crate::number::index;
use crate::record::meter::Meter;
use crate::record::trouble::Kind;
use crate::rewind::scan::Chat;
use crate::rewind::stamp::Stamp;
use crate::rewind::write;

use super::clock::Schedule;
use super::{Desk, Mode, Stage};

/// How long an author waits after a refusal.
pub const RETRY: u64 = 50_000_000;
/// What may wait in a socket's buffer before an open loop holds back.
pub const BACKLOG_MAX: usize = 64 << 10;
/// Why what was due to an author whose socket is full was not sent.
pub const FULL: &str = "the hub did not read fast enough";
/// The meters, by their places.
const ACKNOWLEDGEMENT: usize = 0;
const END_TO_END: usize = 1;
const LATENESS: usize = 2;
/// When to look again at what cannot be waited for.
pub const SOON: u64 = 5_000_000;

/// One direction of a pair.
#[derive(Debug, Default)]
struct Direction {
    room: u64,
    flow: Flow,
    /// What the reader has.
    line: Line,
    /// Whether the author's session has ended.
    ended: bool,
}

/// The mode.
#[derive(Debug)]
pub struct Pairs {
    pairs: u32,
    in_flight: u32,
    rate: Option<f64>,
    one_way: bool,
    size: usize,
    directions: Vec<Direction>,
    schedule: Option<Schedule>,
    turn: u32,
    retries: VecDeque<(u64, u32)>,
}

impl Pairs {
    /// Two users a pair.
    pub fn new(args: &args::Pairs) -> Self {
        Self {
            pairs: args.pairs,
            in_flight: args.in_flight.max(1),
            rate: args.rate,
            one_way: args.one_way,
            size: args.size.max(crate::rewind::stamp::LENGTH),
            directions: Vec::new(),
            schedule: None,
            turn: 0,
            retries: VecDeque::new(),
        }
    }

    fn authors(&self) -> impl Iterator<Item = u32> + use<> {
        (0..self.pairs * 2).step_by(index(self.step()))
    }

    fn step(&self) -> u32 {
        if self.one_way { 2 } else { 1 }
    }

    /// Whose turn it is in an open loop; the next one's is next.
    fn next_author(&mut self) -> u32 {
        let author = self.turn * self.step();
        let authors = self.pairs * 2 / self.step();
        self.turn = (self.turn + 1) % authors.max(1);
        author
    }

    fn send(&mut self, desk: &mut Desk, net: &mut Net, author: u32, at: u64) {
        let Some(direction) = self.directions.get_mut(index(author)) else { return };
        desk.book.due(&[(ACKNOWLEDGEMENT, 1), (END_TO_END, 1)], at);
        if !net.is_ready(author) || !net.is_ready(author ^ 1) {
            return desk.book.trouble(Kind::NotSent, "a session of the pair is gone");
        }
        let stamp = Stamp { run: desk.run, flow: author, seq: direction.flow.send(), at };
        let (room, size) = (direction.room, self.size);
        net.say(author, |out, key| write::send(out, key, room, stamp, size));
        desk.book.count("sent", net.now());
    }

    fn open_loop(&mut self, desk: &mut Desk, net: &mut Net, mut schedule: Schedule) -> u64 {
        let now = net.now();
        let mut wake = None;
        while schedule.next() <= now {
            if net.backlog(self.turn * self.step()) > BACKLOG_MAX {
                wake = Some(now + SOON);
                break;
            }
            let at = schedule.take(now).unwrap_or(now);
            let author = self.next_author();
            desk.book.time(LATENESS, at, now);
            self.send(desk, net, author, at);
        }
        self.schedule = Some(schedule);
        wake.unwrap_or_else(|| schedule.next())
    }

    fn retry(&mut self, desk: &mut Desk, net: &mut Net) -> u64 {
        let now = net.now();
        while let Some((due, author)) = self.retries.front().copied() {
            if due > now {
                return due;
            }
            self.retries.pop_front();
            self.send(desk, net, author, now);
        }
        u64::MAX
    }
}

impl Mode for Pairs {
    fn accounts(&self) -> Vec<u32> {
        (0..self.pairs * 2).collect()
    }

    fn start(&mut self, desk: &mut Desk, net: &mut Net) {
        desk.book.meters = vec![Meter::new("acknowledgement"), Meter::new("end to end")];
        if self.rate.is_some() {
            desk.book.meters.push(Meter::new(crate::report::LATENESS));
        }
        let room = |author: u32| net.user(author) ^ net.user(author ^ 1);
        let direction = |author| Direction { room: room(author), ..Direction::default() };
        self.directions = (0..self.pairs * 2).map(direction).collect();
        let now = net.now();
        match self.rate {
            Some(rate) => self.schedule = Some(Schedule::new(now, rate)),
            None => {
                for author in self.authors() {
                    for _ in 0..self.in_flight {
                        self.send(desk, net, author, now);
                    }
                }
            }
        }
    }

    fn tick(&mut self, desk: &mut Desk, net: &mut Net) -> u64 {
        if desk.stage == Stage::Draining {
            return net.now() + SOON;
        }
        match self.schedule {
            Some(schedule) => self.open_loop(desk, net, schedule),
            None => self.retry(desk, net),
        }
    }

    fn chat(&mut self, desk: &mut Desk, net: &mut Net, session: u32, chat: &Chat<'_>) {
        let Some(stamp) = Stamp::parse(chat.content.as_bytes()) else { return };
        if stamp.run != desk.run {
            return;
        }
        let acked = chat.author == net.user(session);
        let author = if acked { session } else { session ^ 1 };
        let direction = self.directions.get_mut(index(author));
        let good = |direction: &&mut Direction| {
            stamp.flow == author
                && stamp.seq < direction.flow.sent()
                && stamp.fills(&chat.content, self.size)
        };
        let Some(direction) = direction.filter(good) else {
            return desk.book.check.foreign(session, &chat.content);
        };
        let now = net.now();
        if acked {
            let ack = direction.flow.ack(stamp.seq);
            desk.book.check.ack(ack, author, stamp.seq);
            if ack == Ack::Again {
                return;
            }
            desk.book.count("acknowledged", now);
            desk.book.time(ACKNOWLEDGEMENT, stamp.at, now);
            if self.rate.is_none() && desk.stage != Stage::Draining {
                self.send(desk, net, session, now);
            }
        } else {
            let fit = direction.line.take(stamp.seq);
            desk.book.check.fit(fit, session, author, stamp.seq);
            if fit == Fit::Again {
                return;
            }
            desk.book.count("delivered", now);
            desk.book.time(END_TO_END, stamp.at, now);
        }
    }

    fn refused(&mut self, _: &mut Desk, net: &mut Net, session: u32, _: u16) {
        let direction = self.directions.get_mut(index(session));
        let refused = direction.and_then(|direction| direction.flow.refuse());
        if refused.is_some() && self.rate.is_none() {
            self.retries.push_back((net.now() + RETRY, session));
        }
    }

    fn ended(&mut self, _: &mut Desk, _: &mut Net, session: u32, _: &End) {
        if let Some(direction) = self.directions.get_mut(index(session)) {
            direction.flow.cut();
            direction.ended = true;
        }
    }

    fn stop(&mut self, desk: &mut Desk, net: &mut Net) {
        let Some(mut schedule) = self.schedule.take() else { return };
        let end = desk.book.window.map_or(0, |window| window.to);
        while let Some(at) = schedule.take(end.saturating_sub(1)) {
            let author = self.next_author();
            if net.backlog(author) > BACKLOG_MAX {
                desk.book.due(&[(ACKNOWLEDGEMENT, 1), (END_TO_END, 1)], at);
                desk.book.trouble(Kind::NotSent, FULL);
            } else {
                desk.book.time(LATENESS, at, net.now());
                self.send(desk, net, author, at);
            }
        }
    }

    fn is_drained(&self) -> bool {
        let ended = |author: u32| {
            self.directions.get(index(author)).is_some_and(|direction| direction.ended)
        };
        self.authors().zip(self.authors().filter_map(|a| self.directions.get(index(a)))).all(
            |(author, direction)| {
                let flow = &direction.flow;
                let missing = || direction.line.missing(flow.sent()).any(|seq| flow.is_acked(seq));
                flow.waiting() == 0 && (ended(author ^ 1) || !missing())
            },
        )
    }

    fn settle(&mut self, desk: &mut Desk) {
        for (author, direction) in (0_u32..).zip(&self.directions) {
            let peer = self.directions.get(index(author ^ 1));
            let ended = peer.is_some_and(|peer| peer.ended);
            desk.book.check.settle(&direction.flow, author, &direction.line, ended);
            desk.book.check.settle_author(&direction.flow);
        }
    }

    fn conditions(&self) -> Vec<(&'static str, String)> {
        let authors = if self.one_way { self.pairs } else { self.pairs * 2 };
        let load = match self.rate {
            Some(rate) => format!("open loop, {rate} messages/s"),
            None => format!(
                "closed loop, {} in flight each, {} in all",
                self.in_flight,
                u64::from(self.in_flight) * u64::from(authors)
            ),
        };
        vec![
            ("load", load),
            ("pairs", format!("{} ({authors} authors)", self.pairs)),
            ("message", format!("{} bytes", self.size)),
        ]
    }

    fn rates(&self) -> Vec<(&'static str, &'static str)> {
        vec![("acknowledged", "messages"), ("delivered", "messages")]
    }

    fn unit(&self) -> (&'static str, &'static str) {
        ("acknowledged", "message")
    }

    fn is_closed_loop(&self) -> bool {
        self.rate.is_none()
    }
}
