//! What a run measures.

pub mod meter;
pub mod trouble;

use std::collections::BTreeMap;

use crate::check::Check;
use crate::net::End;
use crate::number::seconds;
use crate::proc::{self, Sample};
use meter::Meter;
use trouble::{Kind, Trouble};

/// The measured part of a run: from when to when, in nanoseconds since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its first moment.
    pub from: u64,
    /// The first moment after it.
    pub to: u64,
}

impl Window {
    /// Whether a moment is in it.
    pub fn has(&self, at: u64) -> bool {
        (self.from..self.to).contains(&at)
    }
}

/// Things that are counted, in the whole run and in its measured part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// In the whole run.
    pub all: u64,
    /// In the measured part.
    pub measured: u64,
}

/// The record of a run.
#[derive(Debug)]
pub struct Book {
    server: Option<u32>,
    /// The measured part, once it has begun.
    pub window: Option<Window>,
    /// Times of things, in the order of their first mention.
    pub meters: Vec<Meter>,
    pub tallies: BTreeMap<&'static str, Tally>,
    /// Errors by their words.
    pub errors: BTreeMap<String, u64>,
    pub trouble: Trouble,
    /// What was found about once and in order.
    pub check: Check,
    /// What the processes had used at moments with a name.
    pub samples: BTreeMap<&'static str, Sample>,
    /// Sessions open at most at once.
    pub open_max: u64,
    /// Sessions open now.
    pub open: u64,
    pub opened_before_load: u64,
}

impl Book {
    /// An empty record; `server` is a process to look at.
    pub fn new(server: Option<u32>) -> Self {
        Self {
            server,
            window: None,
            meters: Vec::new(),
            tallies: BTreeMap::new(),
            errors: BTreeMap::new(),
            trouble: Trouble::default(),
            check: Check::default(),
            samples: BTreeMap::new(),
            open_max: 0,
            open: 0,
            opened_before_load: 0,
        }
    }

    /// Counts something that happens now.
    pub fn count(&mut self, what: &'static str, now: u64) {
        self.count_many(what, 1, now);
    }

    /// Counts so many things that happen now.
    pub fn count_many(&mut self, what: &'static str, many: u64, now: u64) {
        let measured = self.window.is_some_and(|window| window.has(now));
        let tally = self.tallies.entry(what).or_default();
        tally.all += many;
        tally.measured += if measured { many } else { 0 };
    }

    /// Records how long something took: for the run if it was meant to begin in the measured part,
    /// for the second if it ends in it.
    pub fn time(&mut self, meter: usize, at: u64, now: u64) {
        let (Some(window), Some(meter)) = (self.window, self.meters.get_mut(meter)) else { return };
        let nanos = now.saturating_sub(at);
        if window.has(at) {
            meter.record(nanos);
        }
        if window.has(now) {
            meter.record_second(nanos);
        }
    }

    /// A request is due, which each of some meters shall time, so many times.
    pub fn due(&mut self, meters: &[(usize, u64)], at: u64) {
        self.trouble.requests_due += 1;
        self.expect(meters, at);
    }

    /// Each of some meters shall time so many things that are meant to begin at a moment; of what has no time
    /// in the end, it is said that it failed.
    pub fn expect(&mut self, meters: &[(usize, u64)], at: u64) {
        if !self.window.is_some_and(|window| window.has(at)) {
            return;
        }
        for (meter, count) in meters {
            if let Some(meter) = self.meters.get_mut(*meter) {
                meter.due(*count);
            }
        }
    }

    /// Counts something that went wrong.
    pub fn trouble(&mut self, kind: Kind, why: &str) {
        let words = self.trouble.note(kind, why);
        *self.errors.entry(words).or_default() += 1;
    }

    /// A session was not opened.
    pub fn not_opened(&mut self, now: u64, end: &End) {
        self.note_end(now, end);
        self.trouble(Kind::NotOpened, &end.to_string());
    }

    /// A session has ended before its time.
    pub fn ended(&mut self, now: u64, end: &End) {
        self.note_end(now, end);
        self.trouble(Kind::Ended, &end.to_string());
    }

    fn note_end(&mut self, now: u64, end: &End) {
        let gone = &mut self.trouble.gone_at;
        *gone = if end.is_gone() { gone.or(Some(now)) } else { None };
    }

    /// Counts an error of no special kind.
    pub fn error(&mut self, words: &str) {
        self.trouble(Kind::Other, words);
    }

    /// Notes what the processes have used.
    pub fn sample(&mut self, name: &'static str, now: u64) {
        self.samples.insert(name, proc::sample(seconds(now), self.server));
    }

    /// Another session is open.
    pub fn opened(&mut self) {
        self.open += 1;
        self.trouble.gone_at = None;
        self.open_max = self.open_max.max(self.open);
    }

    /// Ends the second that begins `second` seconds after the start of the record.
    pub fn end_second(&mut self, second: f64) {
        for meter in &mut self.meters {
            meter.end_second(second);
        }
    }
}
