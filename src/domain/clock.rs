//! Time as the domain sees it: one unit, and a clock that is always passed in.

use std::time::Duration;

/// A moment in UTC, in microseconds since 1970-01-01T00:00:00Z.
///
/// Microseconds, because REWIND shows six fraction digits and uses them as its page cursor.
/// Dialects format it; nothing else does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// A moment from microseconds since the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// A moment from milliseconds since the Unix epoch; saturates at the ends of the range.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// Microseconds since the Unix epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the Unix epoch, rounded down.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// This moment `by` later; saturates at the end of the range.
    pub fn after(self, by: Duration) -> Self {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros))
    }

    /// The first moment not before `now` that lies strictly after `last`.
    ///
    /// Message times of a room strictly increase, since a page cursor is strict: two equal times
    /// at a page boundary would lose a message.
    pub fn strictly_after(now: Self, last: Option<Self>) -> Self {
        match last {
            Some(last) if now <= last => Self(last.0.saturating_add(1)),
            Some(_) | None => now,
        }
    }
}

/// A source of time. Passed in wherever time matters, so that tests can turn it.
pub trait Clock: Send + Sync {
    /// The wall clock. It may step back.
    fn now(&self) -> Timestamp;

    /// Time since some fixed moment, on a clock that never steps back.
    fn steady(&self) -> Duration;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_times_strictly_increase_when_the_clock_stands_or_steps_back() {
        let last = Some(Timestamp::from_micros(10));
        let next = |now| Timestamp::strictly_after(Timestamp::from_micros(now), last).micros();
        assert_eq!(next(9), 11);
        assert_eq!(next(10), 11);
        assert_eq!(next(11), 11);
        assert_eq!(next(50), 50);
        assert_eq!(Timestamp::strictly_after(Timestamp::from_micros(3), None).micros(), 3);
    }
}
