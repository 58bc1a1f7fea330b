//! Messages published to a topic, and those of a subscription consumed: by publishers, by consumers, or by both at
//! once. Session `n` publishes flow `n`, a request at a time; sessions behind the publishers, or streams of gRPC,
//! consume.

mod consuming;

use std::collections::{BTreeMap, VecDeque};

use crate::args;
use crate::check::{Flow, Line};
use crate::net::{End, Net};
use crate::number::{index, long, short};
use crate::record::meter::Meter;
use crate::record::trouble::Kind;
use crate::rewind::stamp::{LENGTH, Stamp};
use crate::topics::nats::{self, Message};
use crate::topics::rest::{self, Answer};
use crate::topics::streams::Streams;

use super::clock::Schedule;
use super::pairs::{RETRY, SOON};
use super::{Desk, Mode, Stage};

/// The meters, by their places.
const PUBLISH: usize = 0;
const END_TO_END: usize = 1;
const LATENESS: usize = 2;
/// How long streams wait to be taken from.
const LOOK: u64 = 1_000_000;

/// One who publishes.
#[derive(Debug, Default)]
struct Publisher {
    flow: Flow,
    /// The request under way: when it was due, and how many of its messages are not answered.
    under_way: Option<(u64, usize)>,
    ended: bool,
}

/// The mode.
#[derive(Debug)]
pub struct Topics {
    args: args::Topics,
    batch: usize,
    size: usize,
    publishers: Vec<Publisher>,
    schedule: Option<Schedule>,
    /// Requests that are due and wait for a publisher who waits for nothing.
    due: VecDeque<u64>,
    /// Publishers who wait for nothing, of an open loop.
    free: Vec<u32>,
    retries: VecDeque<(u64, u32)>,
    streams: Option<Streams>,
    are_open: bool,
    /// What consumers of NATS have asked for and not got.
    asked: Vec<usize>,
    /// What has come, by run and flow.
    lines: BTreeMap<(u64, u32), Line>,
    /// Requests begun.
    begun: u64,
    published: u64,
    delivered: u64,
    failed: Option<String>,
}

impl Topics {
    /// As the command line says.
    pub fn new(args: &args::Topics, streams: Option<Streams>) -> Self {
        Self {
            batch: index(args.batch.max(1)),
            size: args.size.max(LENGTH),
            publishers: (0..args.publishers).map(|_| Publisher::default()).collect(),
            schedule: None,
            due: VecDeque::new(),
            free: Vec::new(),
            retries: VecDeque::new(),
            are_open: streams.is_none(),
            streams,
            asked: vec![0; if args.is_nats() { index(args.consumers) } else { 0 }],
            lines: BTreeMap::new(),
            begun: 0,
            published: 0,
            delivered: 0,
            failed: None,
            args: args.clone(),
        }
    }

    /// Whether nothing is published, and what is there already is consumed.
    fn drains(&self) -> bool {
        self.args.publishers == 0
    }

    /// Whether streams are open and nothing is to come.
    fn idles(&self) -> bool {
        self.drains() && self.args.messages == Some(0)
    }

    /// Whether all has been done that was asked for.
    fn is_complete(&self) -> bool {
        if self.drains() {
            return !self.idles() && self.delivered >= self.args.messages.unwrap_or(u64::MAX);
        }
        let begun = self.args.requests.is_some_and(|requests| self.begun >= requests);
        begun && self.publishers.iter().all(|one| one.under_way.is_none())
    }

    fn publish(&mut self, desk: &mut Desk, net: &mut Net, session: u32, at: u64) {
        let consumed = if self.args.consumers > 0 { long(self.batch) } else { 0 };
        desk.book.due(&[(PUBLISH, 1), (END_TO_END, consumed)], at);
        let Some(publisher) = self.publishers.get_mut(index(session)) else { return };
        if !net.is_ready(session) {
            return desk.book.trouble(Kind::NotSent, "a publisher's connection is gone");
        }
        publisher.under_way = Some((at, self.batch));
        self.begun += 1;
        let run = desk.run;
        let flow = &mut publisher.flow;
        let stamps = (0..self.batch).map(|_| Stamp { run, flow: session, seq: flow.send(), at });
        let (topic, size, host) = (&self.args.topic, self.size, net.host());
        net.say(session, |out, _| match (self.args.is_nats(), self.batch) {
            (true, 1) => {
                stamps.for_each(|stamp| nats::publish(out, topic, session, stamp, size));
            }
            (true, _) => nats::publish_batch(out, topic, session, stamps, size),
            (false, _) => rest::publish(out, (&host, topic), stamps, size),
        });
    }

    /// So many messages of a publisher's request are stored, the oldest first.
    fn stored(&mut self, desk: &mut Desk, net: &mut Net, session: u32, seqs: &[u32]) {
        let Some(publisher) = self.publishers.get_mut(index(session)) else { return };
        for seq in seqs {
            let ack = publisher.flow.ack(*seq);
            desk.book.check.ack(ack, session, *seq);
        }
        self.published += long(seqs.len());
        desk.book.count_many("published", long(seqs.len()), net.now());
        let Some((at, left)) = publisher.under_way else { return };
        let left = left.saturating_sub(seqs.len());
        publisher.under_way = (left > 0).then_some((at, left));
        if left == 0 {
            desk.book.time(PUBLISH, at, net.now());
            self.go_on(desk, net, session);
        }
    }

    /// A publisher waits for nothing: whatever comes next.
    fn go_on(&mut self, desk: &mut Desk, net: &mut Net, session: u32) {
        if let Some(at) = self.due.pop_front() {
            return self.publish(desk, net, session, at);
        }
        match (self.args.rate, desk.stage) {
            (Some(_), _) => self.free.push(session),
            (None, Stage::Draining | Stage::Finished) => {}
            (None, _) if self.args.requests.is_some_and(|requests| self.begun >= requests) => {}
            (None, _) => self.publish(desk, net, session, net.now()),
        }
    }

    /// A publisher's request is refused; all that is under way of it counts as one.
    fn refused(&mut self, desk: &mut Desk, net: &Net, session: u32, why: &str) {
        desk.book.trouble(Kind::Refused, why);
        let Some(publisher) = self.publishers.get_mut(index(session)) else { return };
        let Some((_, left)) = publisher.under_way.take() else { return };
        for _ in 0..left {
            publisher.flow.refuse();
        }
        self.retries.push_back((net.now() + RETRY, session));
    }

    fn open_loop(&mut self, desk: &mut Desk, net: &mut Net) -> u64 {
        let now = net.now();
        let Some(mut schedule) = self.schedule.take() else { return u64::MAX };
        while let Some(at) = schedule.take(now) {
            desk.book.time(LATENESS, at, now);
            self.due.push_back(at);
        }
        let next = schedule.next();
        self.schedule = Some(schedule);
        self.send_due(desk, net);
        next
    }

    fn send_due(&mut self, desk: &mut Desk, net: &mut Net) {
        while !self.due.is_empty() {
            let Some(session) = self.free.pop() else { break };
            if let Some(at) = self.due.pop_front() {
                self.publish(desk, net, session, at);
            }
        }
    }

    fn retry(&mut self, desk: &mut Desk, net: &mut Net) -> u64 {
        while let Some((due, session)) = self.retries.front().copied() {
            if due > net.now() {
                return due;
            }
            self.retries.pop_front();
            self.go_on(desk, net, session);
        }
        u64::MAX
    }
}

impl Mode for Topics {
    fn accounts(&self) -> Vec<u32> {
        (0..self.args.publishers + short(self.asked.len())).collect()
    }

    fn ready(&mut self, _: &mut Desk, net: &mut Net, session: u32) {
        if self.args.is_nats() {
            net.say(session, |out, _| nats::listen(out, session));
        }
    }

    fn start(&mut self, desk: &mut Desk, net: &mut Net) {
        let mut meters = vec![Meter::new("publish"), Meter::new("end to end")];
        if self.args.rate.is_some() {
            meters.push(Meter::new(crate::report::LATENESS));
        }
        desk.book.meters = meters;
        let now = net.now();
        self.schedule = self.args.rate.map(|rate| Schedule::new(now, rate));
        for (session, publisher) in (0_u32..).zip(&mut self.publishers) {
            publisher.ended = !net.is_ready(session);
        }
        for session in 0..self.args.publishers {
            self.go_on(desk, net, session);
        }
        self.pull_first(net);
    }

    fn is_prepared(&self) -> bool {
        // What is there already is measured from its first message.
        self.are_open || (self.drains() && !self.idles())
    }

    fn obstacle(&self) -> Option<&'static str> {
        self.failed.as_ref().map(|_| "the consumers have failed")
    }

    fn tick(&mut self, desk: &mut Desk, net: &mut Net) -> u64 {
        self.take(desk, net);
        let retry = self.retry(desk, net);
        let wake = match desk.stage {
            Stage::Draining => {
                self.send_due(desk, net);
                net.now() + SOON
            }
            _ => self.open_loop(desk, net),
        };
        let look = if self.streams.is_some() { net.now() + LOOK } else { u64::MAX };
        wake.min(retry).min(look)
    }

    fn answer(&mut self, desk: &mut Desk, net: &mut Net, session: u32, answer: (u16, &[u8])) {
        let (status, body) = answer;
        let Some(publisher) = self.publishers.get(index(session)) else { return };
        match Answer::published(status, body) {
            Ok(many) if many == self.batch && publisher.under_way.is_some() => {
                let end = publisher.flow.sent();
                let seqs: Vec<u32> = (end - short(many)..end).collect();
                self.stored(desk, net, session, &seqs);
            }
            Ok(many) => {
                desk.book.check.foreign(session, &format!("{many} ids of {}", self.batch));
                self.refused(desk, net, session, "an answer with too few or too many ids");
            }
            Err(why) => self.refused(desk, net, session, &format!("{status} {why}")),
        }
    }

    fn published(&mut self, desk: &mut Desk, net: &mut Net, session: u32, message: &Message<'_>) {
        if session >= self.args.publishers {
            return self.pulled(desk, net, session, message);
        }
        match (nats::answered(message.subject, session), nats::stored(message.payload)) {
            (Some(last), Ok(many)) => {
                let seqs: Vec<u32> = ((last + 1).saturating_sub(short(many))..=last).collect();
                self.stored(desk, net, session, &seqs);
            }
            (Some(_), Err(why)) => self.refused(desk, net, session, &why),
            (None, _) => desk.book.check.foreign(session, message.subject),
        }
    }

    fn ended(&mut self, _: &mut Desk, _: &mut Net, session: u32, end: &End) {
        match self.publishers.get_mut(index(session)) {
            Some(publisher) => {
                publisher.flow.cut();
                publisher.under_way = None;
                publisher.ended = true;
                self.free.retain(|free| *free != session);
            }
            None => self.failed = Some(format!("a consumer: {end}")),
        }
    }

    fn is_done(&self) -> bool {
        self.failed.is_some() || self.is_complete()
    }

    fn stop(&mut self, desk: &mut Desk, net: &mut Net) {
        let Some(mut schedule) = self.schedule.take() else { return };
        let end = desk.book.window.map_or(0, |window| window.to);
        while let Some(at) = schedule.take(end.saturating_sub(1)) {
            desk.book.time(LATENESS, at, net.now());
            self.due.push_back(at);
        }
        self.send_due(desk, net);
    }

    fn is_drained(&self) -> bool {
        if self.failed.is_some() {
            return true;
        }
        let answered = self.publishers.iter().all(|one| one.flow.waiting() == 0);
        let all_ended = self.publishers.iter().all(|one| one.ended);
        let come = self.args.consumers == 0 || self.delivered >= self.published;
        answered && (come || self.drains()) && (self.due.is_empty() || all_ended)
    }

    fn settle(&mut self, desk: &mut Desk) {
        if let Some(why) = &self.failed {
            desk.book.error(why);
        }
        if self.drains() {
            let missing = self.args.messages.unwrap_or_default().saturating_sub(self.delivered);
            desk.book.check.lost += missing;
            if missing > 0 {
                desk.book.check.example(|| format!("{missing} messages did not come"));
            }
        }
        let nothing = Line::default();
        for (session, publisher) in (0_u32..).zip(&self.publishers) {
            let line = self.lines.get(&(desk.run, session)).unwrap_or(&nothing);
            if self.args.consumers > 0 {
                let failed = self.failed.is_some();
                desk.book.check.settle(&publisher.flow, session, line, failed);
            }
            desk.book.check.settle_author(&publisher.flow);
            for _ in 0..self.due.len() * usize::from(session == 0) {
                desk.book.trouble(Kind::NotSent, "no publisher was free");
            }
        }
    }

    fn conditions(&self) -> Vec<(&'static str, String)> {
        let load = match self.args.rate {
            _ if self.idles() => "none".to_owned(),
            _ if self.drains() => "what is there already".to_owned(),
            Some(rate) => format!("open loop, {rate} requests/s"),
            None => "closed loop, a request in flight each".to_owned(),
        };
        vec![
            ("load", load),
            ("publishers", self.args.publishers.to_string()),
            ("consumers", self.args.consumers.to_string()),
            ("messages a request", self.batch.to_string()),
            ("message", format!("{} bytes", self.size)),
        ]
    }

    fn rates(&self) -> Vec<(&'static str, &'static str)> {
        vec![("published", "messages"), ("delivered", "messages")]
    }

    fn unit(&self) -> (&'static str, &'static str) {
        if self.drains() { ("delivered", "message") } else { ("published", "message") }
    }

    fn is_about_sessions(&self) -> bool {
        self.idles()
    }

    fn is_closed_loop(&self) -> bool {
        self.args.rate.is_none()
    }
}
