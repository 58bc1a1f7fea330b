//! A clock that a test can turn.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use tradewind::clock::SystemClock;
use tradewind::domain::clock::{Clock, Timestamp};

/// The machine's clock, turned by so many seconds.
pub struct TurnedClock {
    real: SystemClock,
    seconds: AtomicI64,
    passed: AtomicU64,
}

impl TurnedClock {
    /// A clock that is right.
    pub fn start() -> Self {
        Self { real: SystemClock::start(), seconds: AtomicI64::new(0), passed: AtomicU64::new(0) }
    }

    /// Lets time pass, for deadlines too.
    pub fn pass(&self, seconds: u32) {
        self.turn(seconds.into());
        self.passed.fetch_add(seconds.into(), Ordering::Relaxed);
    }

    /// Turns it, backward if negative.
    pub fn turn(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for TurnedClock {
    fn now(&self) -> Timestamp {
        let turned = self.seconds.load(Ordering::Relaxed) * 1_000_000;
        Timestamp::from_micros(self.real.now().micros() + turned)
    }

    fn steady(&self) -> Duration {
        self.real.steady() + Duration::from_secs(self.passed.load(Ordering::Relaxed))
    }
}
