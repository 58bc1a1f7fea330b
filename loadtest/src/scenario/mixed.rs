//! Days of users: connect, page, chat, leave, come back. User `n` has session `n`, writes flow `n` and
//! talks with user `n ^ 1`. At the end all come back and read their whole conversation.

mod acts;
mod day;
mod reading;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::args;
use crate::check::{Ack, Flow, Line};
use crate::net::{End, Net};
use crate::number::{index, nanos, short};
use crate::record::meter::Meter;
use crate::rewind::scan::Chat;
use crate::rewind::stamp::Stamp;
use crate::rewind::write;

use super::pairs::SOON;
use super::walk::Walk;
use super::{Desk, Mode, Stage};
use day::{Pauses, Phase, User};

/// Messages a user loads when it comes.
const PAGE: u32 = 50;
/// Messages of a page of the last reading.
const LAST_PAGE: u32 = 200;
/// How often a user tries to come back for the last reading.
const TRIES: u32 = 3;

/// The mode.
#[derive(Debug)]
pub struct Mixed {
    pauses: Pauses,
    size: usize,
    opening_max: u32,
    users: Vec<User>,
    due: BinaryHeap<Reverse<(u64, u32)>>,
    opening: u32,
    /// Whether the last reading has begun.
    reading: bool,
}

impl Mixed {
    /// Neighbours in the file talk.
    pub fn new(args: &args::Mixed) -> Self {
        Self {
            pauses: Pauses {
                stay: nanos(args.stay_seconds),
                away: nanos(args.away_seconds),
                pause: nanos(args.pause_seconds),
            },
            size: args.size.max(crate::rewind::stamp::LENGTH),
            opening_max: args.common.opening,
            users: (0..args.users & !1).map(|_| User::default()).collect(),
            due: BinaryHeap::new(),
            opening: 0,
            reading: false,
        }
    }

    fn user(&mut self, number: u32) -> Option<&mut User> {
        self.users.get_mut(index(number))
    }

    fn wake(&mut self, number: u32, due: u64) {
        if let Some(user) = self.user(number) {
            user.due = due;
            self.due.push(Reverse((due, number)));
        }
    }

    fn flow(&self, number: u32) -> Option<(u32, &Flow)> {
        self.users.get(index(number)).map(|user| (number, &user.flow))
    }
}

impl Mode for Mixed {
    fn accounts(&self) -> Vec<u32> {
        Vec::new()
    }

    fn start(&mut self, desk: &mut Desk, net: &mut Net) {
        let names =
            ["connect to log-in", "first page", "acknowledgement", "end to end, both there"];
        desk.book.meters = names.map(Meter::new).into();
        for number in 0..short(self.users.len()) {
            let due = net.now() + net.random(self.pauses.away.max(1));
            if let Some(user) = self.user(number) {
                user.room = net.user(number) ^ net.user(number ^ 1);
            }
            self.wake(number, due);
        }
    }

    fn tick(&mut self, desk: &mut Desk, net: &mut Net) -> u64 {
        let now = net.now();
        if desk.stage == Stage::Draining {
            self.drain(desk, net);
            return now + SOON;
        }
        while let Some(Reverse((due, number))) = self.due.peek().copied() {
            if due > now {
                return due;
            }
            self.due.pop();
            if self.user(number).is_some_and(|user| user.due == due) {
                self.act(desk, net, number);
            }
        }
        u64::MAX
    }

    fn ready(&mut self, desk: &mut Desk, net: &mut Net, session: u32) {
        self.opening = self.opening.saturating_sub(1);
        let Some(user) = self.user(session) else { return };
        user.phase = Phase::Paging;
        user.tries = 0;
        desk.book.count("log-ins", net.now());
        desk.book.time(0, user.came_at, net.now());
        net.say(session, write::load_friends);
        desk.book.due(&[(1, 1)], net.now());
        user.walk = Walk::begin(net, session, user.room, PAGE);
    }

    fn chat(&mut self, desk: &mut Desk, net: &mut Net, session: u32, chat: &Chat<'_>) {
        let (run, size) = (desk.run, self.size);
        let Some(user) = self.user(session) else { return };
        if user.phase == Phase::Reading {
            return user.walk.take(run, size, chat);
        }
        let Some(stamp) = Stamp::parse(chat.content.as_bytes()).filter(|stamp| stamp.run == run)
        else {
            return;
        };
        let sent = self.flow(stamp.flow).map_or(0, |(_, flow)| flow.sent());
        let wrong = stamp.flow | 1 != session | 1 || stamp.seq >= sent;
        if wrong || !stamp.fills(&chat.content, self.size) {
            return desk.book.check.foreign(session, &chat.content);
        }
        let Some(user) = self.user(session).filter(|user| user.phase != Phase::Paging) else {
            return; // Loaded or live: the last reading will tell.
        };
        let now = net.now();
        if stamp.flow == session {
            let ack = user.flow.ack(stamp.seq);
            desk.book.check.ack(ack, session, stamp.seq);
            if ack == Ack::Again {
                return;
            }
            desk.book.count("acknowledged", now);
            desk.book.time(2, stamp.at, now);
        } else {
            let line = user.live.get_or_insert_with(|| Line::starting(stamp.seq));
            desk.book.check.fit(line.take(stamp.seq), session, stamp.flow, stamp.seq);
            desk.book.count("delivered", now);
            desk.book.time(3, stamp.at, now);
        }
    }

    fn mark(&mut self, desk: &mut Desk, net: &mut Net, session: u32, at: u64) {
        match self.user(session).map(|user| user.phase) {
            Some(Phase::Paging) => self.arrived(desk, net, session, at),
            Some(Phase::Reading) => self.read_on(desk, net, session),
            Some(Phase::Away | Phase::Coming | Phase::Chatting | Phase::Leaving | Phase::Done)
            | None => {}
        }
    }

    fn refused(&mut self, _: &mut Desk, _: &mut Net, session: u32, _: u16) {
        if let Some(user) = self.user(session).filter(|user| user.phase == Phase::Chatting) {
            user.flow.refuse();
        }
    }

    fn ended(&mut self, desk: &mut Desk, net: &mut Net, session: u32, end: &End) {
        self.settle_live(desk, session);
        let away = day::jitter(net, self.pauses.away);
        let now = net.now();
        let Some(user) = self.user(session) else { return };
        user.flow.cut();
        if user.phase == Phase::Coming {
            user.tries += 1;
        }
        let coming = user.phase == Phase::Coming;
        let reading = user.phase == Phase::Reading;
        user.phase = if reading { Phase::Done } else { Phase::Away };
        if reading {
            desk.book.error(&format!("the last reading broke off: {end}"));
        }
        if coming {
            self.opening = self.opening.saturating_sub(1);
        }
        if desk.stage != Stage::Draining {
            self.wake(session, now.saturating_add(away));
        }
    }

    fn stop(&mut self, _: &mut Desk, _: &mut Net) {
        self.users.iter_mut().for_each(|user| user.tries = 0);
    }

    fn is_drained(&self) -> bool {
        self.users.iter().all(|user| user.phase == Phase::Done)
    }

    fn settle(&mut self, desk: &mut Desk) {
        for number in 0..short(self.users.len()) {
            self.settle_live(desk, number);
            if let Some((_, flow)) = self.flow(number) {
                desk.book.check.settle_author(flow);
            }
        }
        let unread = self.users.iter().filter(|user| user.phase != Phase::Done).count();
        for _ in 0..unread {
            desk.book.error("a conversation was not read to its beginning");
        }
    }

    fn conditions(&self) -> Vec<(&'static str, String)> {
        self.pauses.conditions(self.users.len(), self.size)
    }

    fn rates(&self) -> Vec<(&'static str, &'static str)> {
        vec![
            ("acknowledged", "messages"),
            ("delivered", "messages"),
            ("log-ins", "sessions"),
            ("pages", "pages"),
        ]
    }

    fn unit(&self) -> (&'static str, &'static str) {
        ("acknowledged", "message")
    }

    fn is_closed_loop(&self) -> bool {
        false
    }
}
