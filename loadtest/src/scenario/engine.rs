//! Leads a run through its stages.

use crate::args::Common;
use crate::net::{End, Event, Handler, Net};
use crate::number::{float, index, long, nanos, short};
use crate::record::trouble::Kind;
use crate::record::{Book, Window};

use super::{Desk, Mode, Stage};

const SECOND: u64 = 1_000_000_000;
/// How long a mode may prepare beyond the warm-up.
const PREPARE: u64 = 300 * SECOND;

/// A kind of load on its way.
pub struct Engine {
    mode: Box<dyn Mode>,
    pub desk: Desk,
    accounts: Vec<u32>,
    next: usize,
    opening: u32,
    opening_max: u32,
    /// Sessions that are asked for and neither open nor failed.
    waiting: Vec<bool>,
    warmup: u64,
    seconds: u64,
    drain: u64,
    since: u64,
    /// The second that is being recorded, counted from the beginning of the measured part.
    second: u64,
    stopped: bool,
    /// Sessions in a row that were not opened in time.
    unopened: u32,
}

impl Engine {
    /// Nothing is open yet.
    pub fn new(mode: Box<dyn Mode>, common: &Common, mut book: Book, run: u64) -> Self {
        book.sample("before", 0);
        let accounts = mode.accounts();
        Self {
            waiting: vec![false; accounts.len()],
            mode,
            desk: Desk { book, run, stage: Stage::Opening },
            accounts,
            next: 0,
            opening: 0,
            opening_max: common.opening,
            warmup: nanos(common.warmup_seconds),
            seconds: nanos(common.seconds),
            drain: nanos(common.drain_seconds),
            since: 0,
            second: 0,
            stopped: false,
            unopened: 0,
        }
    }

    /// What is run.
    pub fn mode(&self) -> &dyn Mode {
        self.mode.as_ref()
    }

    /// How far the present stage is, between 0 and 1.
    pub fn progress(&self, now: u64) -> f64 {
        let of = |all: u64| float(now.saturating_sub(self.since)) / float(all.max(1));
        match self.desk.stage {
            Stage::Opening => float(long(self.next)) / float(long(self.accounts.len()).max(1)),
            Stage::Warmup => of(self.warmup),
            Stage::Measuring => of(self.seconds),
            Stage::Draining => of(self.drain),
            Stage::Finished => 1.0,
        }
    }

    /// Somebody wants the end now.
    pub fn interrupt(&mut self) {
        self.stopped = true;
    }

    /// Whether somebody wanted the end before its time.
    pub fn was_interrupted(&self) -> bool {
        self.stopped
    }

    /// Does what is due; says when to come again.
    pub fn tick(&mut self, net: &mut Net) -> u64 {
        let now = net.now();
        self.advance(net, now);
        let wake = match self.desk.stage {
            Stage::Opening => {
                self.open_more(net);
                u64::MAX
            }
            Stage::Warmup | Stage::Measuring | Stage::Draining => {
                self.mode.tick(&mut self.desk, net)
            }
            Stage::Finished => u64::MAX,
        };
        self.end_seconds(now);
        wake
    }

    fn advance(&mut self, net: &mut Net, now: u64) {
        let passed = now.saturating_sub(self.since);
        let obstacle = self.mode.obstacle();
        match self.desk.stage {
            Stage::Opening if self.next == self.accounts.len() && self.opening == 0 => {
                self.desk.book.opened_before_load = self.desk.book.open;
                self.desk.book.sample("open", now);
                if self.is_hopeless() {
                    return self.enter(Stage::Finished, now);
                }
                self.enter(Stage::Warmup, now);
                self.mode.start(&mut self.desk, net);
            }
            Stage::Opening | Stage::Warmup if self.stopped => self.enter(Stage::Finished, now),
            Stage::Warmup if obstacle.is_some() => {
                self.desk.book.error(obstacle.unwrap_or_default());
                self.enter(Stage::Finished, now);
            }
            Stage::Warmup if passed >= self.warmup && self.is_hopeless() => {
                self.enter(Stage::Finished, now);
            }
            Stage::Warmup if passed >= self.warmup.saturating_add(PREPARE) => {
                self.desk.book.error("the preparation did not end in time");
                self.enter(Stage::Finished, now);
            }
            Stage::Warmup if passed >= self.warmup && self.mode.is_prepared() => {
                let to = now.saturating_add(self.seconds);
                self.desk.book.window = Some(Window { from: now, to });
                self.desk.book.sample("from", now);
                self.enter(Stage::Measuring, now);
            }
            Stage::Measuring if passed >= self.seconds || self.stopped || self.mode.is_done() => {
                if let Some(window) = &mut self.desk.book.window {
                    window.to = window.to.min(now.saturating_add(1));
                }
                self.desk.book.sample("to", now);
                self.enter(Stage::Draining, now);
                self.mode.stop(&mut self.desk, net);
            }
            Stage::Draining if self.mode.is_drained() || passed >= self.drain => {
                if !self.mode.is_drained() {
                    self.desk.book.error("the drain deadline passed");
                }
                self.enter(Stage::Finished, now);
            }
            Stage::Opening
            | Stage::Warmup
            | Stage::Measuring
            | Stage::Draining
            | Stage::Finished => {}
        }
    }

    fn enter(&mut self, stage: Stage, now: u64) {
        self.desk.stage = stage;
        self.since = now;
        if stage == Stage::Finished {
            self.mode.settle(&mut self.desk);
        }
    }

    /// Ends the seconds of the measured part that have passed; the last one takes in the drain.
    fn end_seconds(&mut self, now: u64) {
        let Some(window) = self.desk.book.window else { return };
        let end = |second: u64| window.from.saturating_add((second + 1).saturating_mul(SECOND));
        while end(self.second) <= now.min(window.to) {
            self.desk.book.end_second(float(self.second));
            self.second += 1;
        }
    }

    fn open_more(&mut self, net: &mut Net) {
        while self.opening < self.opening_max && !self.stopped {
            let Some(account) = self.accounts.get(self.next).copied() else { break };
            let session = short(self.next);
            self.next += 1;
            if self.desk.open(net, session, account) {
                self.opening += 1;
                if let Some(waiting) = self.waiting.get_mut(index(session)) {
                    *waiting = true;
                }
            }
        }
    }

    /// A session was not opened. If none of so many that are opened at once was, the others are not tried.
    fn not_opened(&mut self, now: u64, end: &End) {
        self.desk.book.not_opened(now, end);
        self.unopened += u32::from(matches!(end, End::Deadline(_)));
        let left = self.accounts.len().saturating_sub(self.next);
        if self.desk.stage == Stage::Opening && self.unopened >= self.opening_max && left > 0 {
            self.next = self.accounts.len();
            let untried = End::Untried;
            for _ in 0..left {
                self.desk.book.trouble.sessions_due += 1;
                self.desk.book.not_opened(now, &untried);
            }
        }
    }

    /// Whether nobody could be reached.
    fn is_hopeless(&self) -> bool {
        let book = &self.desk.book;
        book.open_max == 0 && book.trouble.sessions_not_opened > 0
    }

    /// A session is open, or will not be.
    fn settled(&mut self, session: u32) {
        let waiting = self.waiting.get_mut(index(session));
        if waiting.is_some_and(|waiting| std::mem::replace(waiting, false)) {
            self.opening = self.opening.saturating_sub(1);
        }
    }

    fn ended(&mut self, net: &mut Net, session: u32, end: &End, was_ready: bool) {
        if was_ready {
            self.desk.book.open = self.desk.book.open.saturating_sub(1);
        }
        match (end, was_ready) {
            (End::Done, _) => {}
            (end, true) => self.desk.book.ended(net.now(), end),
            (end, false) => self.not_opened(net.now(), end),
        }
        self.settled(session);
        self.mode.ended(&mut self.desk, net, session, end);
    }
}

impl Handler for Engine {
    fn event(&mut self, net: &mut Net, session: u32, event: Event<'_>) {
        if event.is_answer() {
            self.desk.book.trouble.answered_at = net.now();
        }
        match event {
            Event::Upgraded => self.mode.upgraded(&mut self.desk, net, session),
            Event::Ready => {
                self.desk.book.opened();
                self.unopened = 0;
                self.settled(session);
                self.mode.ready(&mut self.desk, net, session);
            }
            Event::Chat(chat) => self.mode.chat(&mut self.desk, net, session, &chat),
            Event::Heartbeat(count) if count & 1 == 1 => {
                self.mode.mark(&mut self.desk, net, session, count >> 1);
            }
            Event::Heartbeat(count) => {
                self.mode.heartbeat(&mut self.desk, net, session, count >> 1);
            }
            Event::Text(text) => self.mode.text(&mut self.desk, net, session, text),
            Event::Answer(status, body) => {
                self.mode.answer(&mut self.desk, net, session, (status, body));
            }
            Event::Published(message) => {
                self.mode.published(&mut self.desk, net, session, &message);
            }
            Event::Beat(at) => self.mode.beat(&mut self.desk, session, at),
            Event::Group(group) => self.mode.grouped(&mut self.desk, net, session, &group),
            Event::Refused(code, reason) => {
                self.desk.book.trouble(Kind::Refused, &format!("{code} {reason}"));
                self.mode.refused(&mut self.desk, net, session, code);
            }
            Event::Nonsense => self.desk.book.error("a frame that makes no sense"),
            Event::Ended { end, was_ready } => self.ended(net, session, &end, was_ready),
        }
    }
}
