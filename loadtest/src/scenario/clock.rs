//! When things are meant to happen in an open loop.

use crate::number::{float, whole};

/// Evenly spaced moments.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    start: u64,
    interval: f64,
    done: u64,
}

impl Schedule {
    /// So many a second, from a moment on.
    pub fn new(start: u64, rate: f64) -> Self {
        Self { start, interval: 1e9 / rate.max(1e-6), done: 0 }
    }

    /// The next moment.
    pub fn next(&self) -> u64 {
        self.start.saturating_add(whole(float(self.done) * self.interval))
    }

    /// Takes the next moment if it has come.
    pub fn take(&mut self, now: u64) -> Option<u64> {
        let next = self.next();
        (next <= now).then(|| {
            self.done += 1;
            next
        })
    }
}
