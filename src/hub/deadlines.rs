//! When to look at which session again: one queue for all, so that ten thousand idle sessions cost
//! one timer.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::domain::id::SessionId;

/// A time on the steady clock, in half the space of a [`Duration`]: each session has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SteadyMoment {
    micros: u64,
}

impl SteadyMoment {
    /// Later than all others.
    pub const NEVER: Self = Self { micros: u64::MAX };
}

impl From<Duration> for SteadyMoment {
    fn from(at: Duration) -> Self {
        Self { micros: u64::try_from(at.as_micros()).unwrap_or(u64::MAX) }
    }
}

/// Times at which sessions want to be looked at. The latest one set for a
/// session counts; earlier ones stay in the queue, and so does the one of a session that has gone:
/// whoever takes them out must ask the session's own table.
#[derive(Default)]
pub struct Deadlines {
    queue: BinaryHeap<Reverse<(SteadyMoment, SessionId)>>,
}

impl Deadlines {
    /// Look at the session at this time.
    pub fn set(&mut self, session: SessionId, at: SteadyMoment) {
        self.queue.push(Reverse((at, session)));
    }

    /// Takes out all times that have come, with their sessions.
    pub fn due(&mut self, now: SteadyMoment) -> Vec<(SteadyMoment, SessionId)> {
        let mut due = Vec::new();
        while let Some(Reverse((at, session))) = self.queue.peek().copied() {
            if at > now {
                break;
            }
            self.queue.pop();
            due.push((at, session));
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_what_is_due_in_order() {
        let at = |ms| SteadyMoment::from(Duration::from_millis(ms));
        let mut deadlines = Deadlines::default();
        deadlines.set(SessionId(1), at(30));
        deadlines.set(SessionId(2), at(10));
        deadlines.set(SessionId(3), at(20));
        assert_eq!(deadlines.due(at(9)), []);
        assert_eq!(deadlines.due(at(20)), [(at(10), SessionId(2)), (at(20), SessionId(3))]);
        assert_eq!(deadlines.due(at(40)), [(at(30), SessionId(1))]);
        assert_eq!(deadlines.due(at(50)), []);
    }
}
