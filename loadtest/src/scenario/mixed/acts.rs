//! What users do by themselves.

use super::day::{self, Phase};
use super::{Mixed, SOON};
use crate::net::Net;
use crate::number::nanos;
use crate::rewind::stamp::Stamp;
use crate::rewind::write;
use crate::scenario::{Desk, Stage};

impl Mixed {
    /// What a user does when its time has come.
    pub(super) fn act(&mut self, desk: &mut Desk, net: &mut Net, number: u32) {
        let (now, full) = (net.now(), self.opening >= self.opening_max);
        let Some(user) = self.user(number) else { return };
        match user.phase {
            Phase::Away if full => self.wake(number, now + SOON),
            Phase::Away => self.come(desk, net, number),
            Phase::Chatting if now >= user.leave_at && user.flow.waiting() > 0 => {
                self.wake(number, now + SOON);
            }
            Phase::Chatting if now >= user.leave_at => {
                user.phase = Phase::Leaving;
                net.close(number);
            }
            Phase::Chatting => self.chat_on(desk, net, number),
            Phase::Coming | Phase::Paging | Phase::Leaving | Phase::Reading | Phase::Done => {}
        }
    }

    pub(super) fn come(&mut self, desk: &mut Desk, net: &mut Net, number: u32) {
        let last = desk.stage == Stage::Draining;
        let at = self.user(number).map_or(0, |user| user.due);
        let at = if last { net.now() } else { at };
        desk.book.due(&[(0, 1)], at);
        if desk.open(net, number, number) {
            self.opening += 1;
            if let Some(user) = self.user(number) {
                user.phase = Phase::Coming;
                user.came_at = at;
            }
        } else {
            if let Some(user) = self.user(number) {
                user.tries += 1;
            }
            self.wake(number, net.now().saturating_add(nanos(1.0)));
        }
    }

    pub(super) fn chat_on(&mut self, desk: &mut Desk, net: &mut Net, number: u32) {
        let pause = day::jitter(net, self.pauses.pause);
        let (size, run) = (self.size, desk.run);
        let Some(user) = self.user(number) else { return };
        desk.book.due(&[(2, 1)], user.due);
        let stamp = Stamp { run, flow: number, seq: user.flow.send(), at: user.due };
        let room = user.room;
        let due = user.due.saturating_add(pause).min(user.leave_at.max(user.due + 1));
        net.say(number, |out, key| write::send(out, key, room, stamp, size));
        desk.book.count("sent", net.now());
        self.wake(number, due);
    }

    /// The end of a page, when a user has come.
    pub(super) fn arrived(&mut self, desk: &mut Desk, net: &mut Net, number: u32, at: u64) {
        desk.book.count("pages", net.now());
        desk.book.time(1, at, net.now());
        let stay = day::jitter(net, self.pauses.stay);
        let pause = day::jitter(net, self.pauses.pause);
        let now = net.now();
        let Some(user) = self.user(number) else { return };
        user.phase = Phase::Chatting;
        user.leave_at = now.saturating_add(stay);
        user.live = None;
        if desk.stage != Stage::Draining {
            self.wake(number, now.saturating_add(pause));
        }
    }
}
