//! Messages to one user with many sessions, or to a group: sessions `0..readers` are the readers', the
//! others the writers', whose flows are numbered from 0. In a group writers hear each other.

use std::collections::VecDeque;

use crate::args;
use crate::check::{Ack, Fit, Flow, Line};
use crate::net::{End, Net};
use crate::number::{index, short};
use crate::record::meter::Meter;
use crate::record::trouble::Kind;
use crate::rewind::scan::{Chat, Group};
use crate::rewind::stamp::Stamp;

use super::assembly::Assembly;
use super::clock::Schedule;
use super::pairs::{BACKLOG_MAX, FULL, RETRY, SOON};
use super::{Desk, Mode, Stage};

/// The meters, by their places.
const ACKNOWLEDGEMENT: usize = 0;
const TO_EACH: usize = 1;
const TO_LAST: usize = 2;
const LATENESS: usize = 3;

/// A message on its way.
#[derive(Debug)]
struct Sending {
    seq: u32,
    /// How many deliveries and acknowledgements are still to come.
    missing: u32,
}

#[derive(Debug, Default)]
struct Writer {
    room: u64,
    flow: Flow,
    under_way: VecDeque<Sending>,
    /// What each session that hears of it has.
    lines: Vec<Line>,
}

impl Writer {
    /// One delivery or acknowledgement less to come; whether it was the last.
    fn came(&mut self, seq: u32) -> bool {
        let Some(place) = self.under_way.iter().position(|sending| sending.seq == seq) else {
            return false;
        };
        let Some(sending) = self.under_way.get_mut(place) else { return false };
        sending.missing = sending.missing.saturating_sub(1);
        let last = sending.missing == 0;
        if last {
            self.under_way.remove(place);
        }
        last
    }
}

/// The mode.
#[derive(Debug)]
pub struct Fanout {
    readers: u32,
    in_flight: u32,
    rate: Option<f64>,
    size: usize,
    writers: Vec<Writer>,
    /// The group, if there is one.
    assembly: Option<Assembly>,
    /// Which of the sessions that hear of messages have ended.
    ended: Vec<bool>,
    live: u32,
    /// How many there were when the load began.
    hearers: u32,
    /// Whether a message is with all.
    is_heard: bool,
    schedule: Option<Schedule>,
    turn: usize,
    retries: VecDeque<(u64, usize)>,
}

impl Fanout {
    /// The first user reads, those after it write; in a group those after the writers read.
    pub fn new(args: &args::Fanout) -> Self {
        let all = args.connections.saturating_add(args.writers);
        Self {
            readers: args.connections,
            in_flight: args.in_flight.max(1),
            rate: args.rate,
            size: args.size.max(crate::rewind::stamp::LENGTH),
            writers: (0..args.writers).map(|_| Writer::default()).collect(),
            assembly: args.group.then(|| Assembly::new(args.connections, all)),
            ended: vec![false; index(if args.group { all } else { args.connections })],
            live: 0,
            hearers: 0,
            is_heard: false,
            schedule: None,
            turn: 0,
            retries: VecDeque::new(),
        }
    }

    fn send(&mut self, desk: &mut Desk, net: &mut Net, number: usize, at: u64) {
        let session = self.readers + short(number);
        // In a group the author is one of the live.
        let missing = self.live + u32::from(self.assembly.is_none());
        self.due(desk, at);
        let Some(writer) = self.writers.get_mut(number) else { return };
        if !net.is_ready(session) {
            return desk.book.trouble(Kind::NotSent, "the writer's session is gone");
        }
        let seq = writer.flow.send();
        writer.under_way.push_back(Sending { seq, missing });
        let stamp = Stamp { run: desk.run, flow: short(number), seq, at };
        let (room, size) = (writer.room, self.size);
        net.post(session, room, stamp, size);
        desk.book.count("sent", net.now());
    }

    /// A message is due, to all who could hear of it when the load began.
    fn due(&self, desk: &mut Desk, at: u64) {
        let hearers = self.hearers.saturating_sub(u32::from(self.assembly.is_some()));
        let meters = [(ACKNOWLEDGEMENT, 1), (TO_EACH, u64::from(hearers)), (TO_LAST, 1)];
        desk.book.due(&meters, at);
    }

    /// A message is with all, or will never be.
    fn next(&mut self, desk: &mut Desk, net: &mut Net, number: usize) {
        if self.rate.is_none() && desk.stage != Stage::Draining {
            self.send(desk, net, number, net.now());
        }
    }

    /// The group, while not all are in it.
    fn assembling(&mut self) -> Option<&mut Assembly> {
        self.assembly.as_mut().filter(|assembly| assembly.done().is_none())
    }

    /// All is ready for the first message.
    fn begin(&mut self, desk: &mut Desk, net: &mut Net) {
        let hearers = self.ended.len();
        self.live = short((0..short(hearers)).filter(|session| net.is_ready(*session)).count());
        self.hearers = self.live;
        let group = self.assembly.as_ref().and_then(Assembly::done);
        for (number, writer) in (1_u32..).zip(&mut self.writers) {
            writer.room = group.unwrap_or_else(|| net.user(0) ^ net.user(number));
            writer.lines = vec![Line::default(); hearers];
        }
        let now = net.now();
        match self.rate {
            Some(rate) => self.schedule = Some(Schedule::new(now, rate)),
            None => {
                for number in (0..self.writers.len())
                    .cycle()
                    .take(self.writers.len().saturating_mul(index(self.in_flight)))
                {
                    self.send(desk, net, number, now);
                }
            }
        }
    }

    fn open_loop(&mut self, desk: &mut Desk, net: &mut Net, mut schedule: Schedule) -> u64 {
        let now = net.now();
        let mut wake = None;
        while schedule.next() <= now {
            if net.backlog(self.readers + short(self.turn)) > BACKLOG_MAX {
                wake = Some(now + SOON);
                break;
            }
            let at = schedule.take(now).unwrap_or(now);
            desk.book.time(LATENESS, at, now);
            self.send(desk, net, self.turn, at);
            self.turn = (self.turn + 1) % self.writers.len().max(1);
        }
        self.schedule = Some(schedule);
        wake.unwrap_or_else(|| schedule.next())
    }
}

impl Mode for Fanout {
    fn accounts(&self) -> Vec<u32> {
        let writers = short(self.writers.len());
        match &self.assembly {
            Some(_) => (writers..writers + self.readers).chain(0..writers).collect(),
            None => (0..self.readers).map(|_| 0).chain(1..=writers).collect(),
        }
    }

    fn start(&mut self, desk: &mut Desk, net: &mut Net) {
        let names = ["acknowledgement", "delivery to each", "delivery to the last"];
        desk.book.meters = names.map(Meter::new).into();
        if self.rate.is_some() {
            desk.book.meters.push(Meter::new(crate::report::LATENESS));
        }
        (0..self.readers).for_each(|session| net.listen(session));
        match &self.assembly {
            Some(assembly) => assembly.ask(net),
            None => self.begin(desk, net),
        }
    }

    fn is_prepared(&self) -> bool {
        // With a message, all have everything that was told of the making of the group.
        self.assembly.is_none() || self.is_heard
    }

    fn obstacle(&self) -> Option<&'static str> {
        let failed = self.assembly.as_ref().is_some_and(Assembly::has_failed);
        failed.then_some("the group could not be made")
    }

    fn grouped(&mut self, desk: &mut Desk, net: &mut Net, session: u32, group: &Group) {
        let Some(assembly) = self.assembling() else { return };
        assembly.grouped(net, session, group);
        if assembly.done().is_some() {
            self.begin(desk, net);
        }
    }

    fn tick(&mut self, desk: &mut Desk, net: &mut Net) -> u64 {
        let now = net.now();
        if desk.stage == Stage::Draining {
            return now + SOON;
        }
        if let Some(assembly) = self.assembling() {
            return assembly.tick(net);
        }
        if let Some(schedule) = self.schedule {
            return self.open_loop(desk, net, schedule);
        }
        while let Some((due, number)) = self.retries.front().copied() {
            if due > now {
                return due;
            }
            self.retries.pop_front();
            self.send(desk, net, number, now);
        }
        u64::MAX
    }

    fn chat(&mut self, desk: &mut Desk, net: &mut Net, session: u32, chat: &Chat<'_>) {
        let Some(stamp) = Stamp::parse(chat.content.as_bytes()) else { return };
        if stamp.run != desk.run {
            return;
        }
        let (now, number) = (net.now(), index(stamp.flow));
        let author = self.readers + stamp.flow;
        let hearers = short(self.ended.len());
        let writer = self.writers.get_mut(number).filter(|writer| {
            stamp.seq < writer.flow.sent()
                && (session == author || session < hearers)
                && stamp.fills(&chat.content, self.size)
        });
        let Some(writer) = writer else {
            return desk.book.check.foreign(session, &chat.content);
        };
        if session == author {
            let ack = writer.flow.ack(stamp.seq);
            desk.book.check.ack(ack, stamp.flow, stamp.seq);
            if ack == Ack::Again {
                return;
            }
            desk.book.count("acknowledged", now);
            desk.book.time(ACKNOWLEDGEMENT, stamp.at, now);
        } else if let Some(line) = writer.lines.get_mut(index(session)) {
            let fit = line.take(stamp.seq);
            desk.book.check.fit(fit, session, stamp.flow, stamp.seq);
            if fit == Fit::Again {
                return;
            }
            desk.book.count("delivered", now);
            desk.book.time(TO_EACH, stamp.at, now);
        }
        if writer.came(stamp.seq) {
            self.is_heard = true;
            desk.book.time(TO_LAST, stamp.at, now);
            self.next(desk, net, number);
        }
    }

    fn refused(&mut self, _: &mut Desk, net: &mut Net, session: u32, code: u16) {
        if let Some(assembly) = self.assembling() {
            return assembly.refused(net, session, code);
        }
        let number = index(session.saturating_sub(self.readers));
        let Some(writer) = self.writers.get_mut(number) else { return };
        if let Some(refused) = writer.flow.refuse() {
            writer.under_way.retain(|sending| sending.seq != refused);
            if self.rate.is_none() {
                self.retries.push_back((net.now() + RETRY, number));
            }
        }
    }

    fn ended(&mut self, desk: &mut Desk, net: &mut Net, session: u32, _: &End) {
        if let Some(assembly) = self.assembling() {
            assembly.ended(session);
        }
        if session >= self.readers {
            let number = index(session - self.readers);
            if let Some(writer) = self.writers.get_mut(number) {
                writer.flow.cut();
                writer.under_way.clear();
            }
        }
        let Some(ended) = self.ended.get_mut(index(session)) else { return };
        *ended = true;
        self.live = self.live.saturating_sub(1);
        let mut done = Vec::new();
        for (number, writer) in self.writers.iter_mut().enumerate() {
            let next = writer.lines.get(index(session)).map_or(0, Line::next);
            let open: Vec<u32> =
                writer.under_way.iter().map(|sending| sending.seq).filter(|s| *s >= next).collect();
            done.extend(open.into_iter().filter(|seq| writer.came(*seq)).map(|_| number));
        }
        for number in done {
            self.next(desk, net, number);
        }
    }

    fn stop(&mut self, desk: &mut Desk, net: &mut Net) {
        let Some(mut schedule) = self.schedule.take() else { return };
        let end = desk.book.window.map_or(0, |window| window.to);
        while let Some(at) = schedule.take(end.saturating_sub(1)) {
            if net.backlog(self.readers + short(self.turn)) > BACKLOG_MAX {
                self.due(desk, at);
                desk.book.trouble(Kind::NotSent, FULL);
            } else {
                desk.book.time(LATENESS, at, net.now());
                self.send(desk, net, self.turn, at);
            }
            self.turn = (self.turn + 1) % self.writers.len().max(1);
        }
    }

    fn is_drained(&self) -> bool {
        self.writers.iter().all(|writer| writer.under_way.is_empty())
    }

    fn settle(&mut self, desk: &mut Desk) {
        for (number, writer) in (0_u32..).zip(&self.writers) {
            let author = self.readers + number;
            for ((session, line), ended) in (0_u32..).zip(&writer.lines).zip(&self.ended) {
                if session != author {
                    desk.book.check.settle(&writer.flow, number, line, *ended);
                }
            }
            desk.book.check.settle_author(&writer.flow);
        }
    }

    fn conditions(&self) -> Vec<(&'static str, String)> {
        let load = match self.rate {
            Some(rate) => format!("open loop, {rate} messages/s"),
            None => format!(
                "closed loop, {} of each writer under way until all sessions have them",
                self.in_flight
            ),
        };
        vec![
            ("load", load),
            match self.assembly {
                Some(_) => ("readers in the group", self.readers.to_string()),
                None => ("sessions of the reader", self.readers.to_string()),
            },
            ("writers", self.writers.len().to_string()),
            ("message", format!("{} bytes", self.size)),
        ]
    }

    fn rates(&self) -> Vec<(&'static str, &'static str)> {
        vec![("acknowledged", "messages"), ("delivered", "deliveries")]
    }

    fn unit(&self) -> (&'static str, &'static str) {
        ("delivered", "delivery")
    }

    fn is_closed_loop(&self) -> bool {
        self.rate.is_none()
    }
}
