//! Sessions that get nothing but the answers to their own requests: echoes, or the acknowledgements of
//! messages to users who are not there. Session `n` is flow `n`; all loops are closed.

use std::collections::VecDeque;

use crate::args;
use crate::check::{Ack, Flow};
use crate::net::{End, Net};
use crate::number::{index, long, short};
use crate::record::meter::Meter;
use crate::rewind::scan::Chat;
use crate::rewind::stamp::{LENGTH, Stamp};

use super::pairs::{RETRY, SOON};
use super::{Desk, Mode, Stage};

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    Heartbeat,
    /// A message that the server sends back.
    Message,
    /// A message to so many users in turn.
    Rooms(u32),
}

#[derive(Debug, Default)]
struct Author {
    flow: Flow,
    /// What waits for its answer, and since when.
    under_way: VecDeque<(u32, u64)>,
    rooms: Vec<u64>,
    ended: bool,
}

impl Author {
    /// An answer came; when what it answers was sent.
    fn answered(&mut self, seq: u32) -> (Ack, Option<u64>) {
        let place = self.under_way.iter().position(|(waiting, _)| *waiting == seq);
        let at = place.and_then(|place| self.under_way.remove(place)).map(|(_, at)| at);
        (self.flow.ack(seq), at)
    }
}

/// The modes `echo` and `rooms`.
#[derive(Debug)]
pub struct Alone {
    request: Request,
    in_flight: u32,
    size: usize,
    authors: Vec<Author>,
    retries: VecDeque<(u64, u32)>,
}

impl Alone {
    /// Echoes, of heartbeats where the server has them.
    pub fn echo(args: &args::Echo) -> Self {
        let has_heartbeats = args.common.protocol.has_users();
        let request = if has_heartbeats { Request::Heartbeat } else { Request::Message };
        Self::new(request, args.connections, args.in_flight, args.size)
    }

    /// Messages to the users behind the authors, the same number from each.
    pub fn rooms(args: &args::Rooms) -> Self {
        let each = args.rooms.div_ceil(args.authors.max(1)).max(1);
        Self::new(Request::Rooms(each), args.authors, args.in_flight, args.size)
    }

    fn new(request: Request, sessions: u32, in_flight: u32, size: usize) -> Self {
        Self {
            request,
            in_flight: in_flight.max(1),
            size: size.max(LENGTH),
            authors: (0..sessions).map(|_| Author::default()).collect(),
            retries: VecDeque::new(),
        }
    }

    /// How many users there must be.
    pub fn users(&self) -> u64 {
        match self.request {
            Request::Heartbeat | Request::Message => 1,
            Request::Rooms(each) => long(self.authors.len()) * (1 + u64::from(each)),
        }
    }

    fn send(&mut self, desk: &mut Desk, net: &mut Net, session: u32) {
        let Some(author) = self.authors.get_mut(index(session)).filter(|author| !author.ended)
        else {
            return;
        };
        let (seq, at) = (author.flow.send(), net.now());
        desk.book.due(&[(0, 1)], at);
        author.under_way.push_back((seq, at));
        let stamp = Stamp { run: desk.run, flow: session, seq, at };
        match self.request {
            Request::Heartbeat => net.mark_as(session, u64::from(seq)),
            Request::Message => net.post(session, 0, stamp, self.size),
            Request::Rooms(_) => {
                let turn = index(seq) % author.rooms.len().max(1);
                let room = author.rooms.get(turn).copied().unwrap_or_default();
                net.post(session, room, stamp, self.size)
            }
        };
    }

    fn answered(&mut self, desk: &mut Desk, net: &mut Net, session: u32, seq: u32) {
        let (name, _) = self.unit();
        let Some(author) = self.authors.get_mut(index(session)) else { return };
        let (ack, at) = author.answered(seq);
        desk.book.check.ack(ack, session, seq);
        let Some(at) = at else { return };
        desk.book.count(name, net.now());
        desk.book.time(0, at, net.now());
        if desk.stage != Stage::Draining {
            self.send(desk, net, session);
        }
    }

    fn has_sent(&self, session: u32, seq: u64) -> bool {
        let author = self.authors.get(index(session));
        author.is_some_and(|author| seq < u64::from(author.flow.sent()))
    }
}

impl Mode for Alone {
    fn accounts(&self) -> Vec<u32> {
        (0..short(self.authors.len())).collect()
    }

    fn start(&mut self, desk: &mut Desk, net: &mut Net) {
        let name = if self.unit().0 == "echoed" { "echo" } else { "acknowledgement" };
        desk.book.meters = vec![Meter::new(name)];
        let sessions = short(self.authors.len());
        for (session, author) in (0_u32..).zip(&mut self.authors) {
            author.ended = !net.is_ready(session);
            if let Request::Rooms(each) = self.request {
                let peers = (0..each).map(|peer| sessions + session * each + peer);
                author.rooms = peers.map(|peer| net.user(session) ^ net.user(peer)).collect();
            }
        }
        for _ in 0..self.in_flight {
            for session in 0..sessions {
                self.send(desk, net, session);
            }
        }
    }

    /// Whether every room is there.
    fn is_prepared(&self) -> bool {
        let gone_round = |author: &Author| {
            author.ended || index(author.flow.sent()) >= author.rooms.len() + author.flow.waiting()
        };
        self.authors.iter().all(gone_round)
    }

    fn tick(&mut self, desk: &mut Desk, net: &mut Net) -> u64 {
        let now = net.now();
        if desk.stage == Stage::Draining {
            return now + SOON;
        }
        while let Some((due, session)) = self.retries.front().copied() {
            if due > now {
                return due;
            }
            self.retries.pop_front();
            self.send(desk, net, session);
        }
        u64::MAX
    }

    fn chat(&mut self, desk: &mut Desk, net: &mut Net, session: u32, chat: &Chat<'_>) {
        let stamp = Stamp::parse(chat.content.as_bytes()).filter(|stamp| stamp.run == desk.run);
        let good = |stamp: &Stamp| {
            stamp.flow == session
                && self.has_sent(session, u64::from(stamp.seq))
                && chat.author == net.user(session)
                && stamp.fills(&chat.content, self.size)
        };
        match stamp.filter(good) {
            Some(stamp) => self.answered(desk, net, session, stamp.seq),
            None => desk.book.check.foreign(session, &chat.content),
        }
    }

    fn mark(&mut self, desk: &mut Desk, net: &mut Net, session: u32, number: u64) {
        match u32::try_from(number) {
            Ok(seq) if self.has_sent(session, number) => self.answered(desk, net, session, seq),
            Ok(_) | Err(_) => desk.book.check.foreign(session, "a heartbeat"),
        }
    }

    fn refused(&mut self, _: &mut Desk, net: &mut Net, session: u32, _: u16) {
        let Some(author) = self.authors.get_mut(index(session)) else { return };
        if let Some(refused) = author.flow.refuse() {
            author.under_way.retain(|(seq, _)| *seq != refused);
            self.retries.push_back((net.now() + RETRY, session));
        }
    }

    fn ended(&mut self, _: &mut Desk, _: &mut Net, session: u32, _: &End) {
        if let Some(author) = self.authors.get_mut(index(session)) {
            author.flow.cut();
            author.ended = true;
        }
    }

    fn is_drained(&self) -> bool {
        self.authors.iter().all(|author| author.flow.waiting() == 0)
    }

    /// An echo needs no promise: on a connection that stands it must come.
    fn settle(&mut self, desk: &mut Desk) {
        let check = &mut desk.book.check;
        for (session, author) in self.authors.iter().enumerate() {
            match (self.request, author.flow.waiting()) {
                (Request::Rooms(_), _) | (_, 0) => check.settle_author(&author.flow),
                (Request::Heartbeat | Request::Message, waiting) => {
                    check.lost += long(waiting);
                    check.example(|| format!("session {session}: {waiting} echoes did not come"));
                }
            }
        }
    }

    fn conditions(&self) -> Vec<(&'static str, String)> {
        let all = u64::from(self.in_flight) * long(self.authors.len());
        let load = format!("closed loop, {} in flight each, {all} in all", self.in_flight);
        let size = format!("{} bytes", self.size);
        let what = match self.request {
            Request::Heartbeat => vec![("message", "heartbeat".to_owned())],
            Request::Message => vec![("message", size)],
            Request::Rooms(each) => {
                let rooms = u64::from(each) * long(self.authors.len());
                vec![("rooms", format!("{rooms}, {each} of each author")), ("message", size)]
            }
        };
        [vec![("load", load), ("sessions", self.authors.len().to_string())], what].concat()
    }

    fn rates(&self) -> Vec<(&'static str, &'static str)> {
        vec![(self.unit().0, "messages")]
    }

    fn unit(&self) -> (&'static str, &'static str) {
        match self.request {
            Request::Heartbeat | Request::Message => ("echoed", "message"),
            Request::Rooms(_) => ("acknowledged", "message"),
        }
    }

    fn is_closed_loop(&self) -> bool {
        true
    }
}
