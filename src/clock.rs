//! The clock of the machine, for everything that takes a [`Clock`].

use std::time::{Duration, Instant, SystemTime};

use crate::domain::clock::{Clock, Timestamp};

/// The system's wall clock and its monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock whose steady time counts from now.
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let micros = |span: Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_micros(match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => micros(since),
            Err(before) => micros(before.duration()).saturating_neg(),
        })
    }

    fn steady(&self) -> Duration {
        self.start.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_the_time() {
        let clock = SystemClock::start();
        let midnight_2026 = Timestamp::from_millis(1_767_225_600_000);
        assert!(clock.now() > midnight_2026);
        let before = clock.steady();
        assert!(clock.steady() >= before);
    }
}
