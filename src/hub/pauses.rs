//! Pauses of the process: it was stopped, its machine slept, its disk stalled.
//!
//! Meanwhile deadlines pass, and what shows that peers are there waits in their sockets. So the time
//! that deadlines count by stands still as long as the process does ([`AwakeClock`]); nothing is judged
//! until what waits was read; and who was silent is asked once more.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::ChatServer;
use super::deadlines::SteadyMoment;
use super::lifetimes::SWEEP_INTERVAL;
use crate::domain::clock::{Clock, Timestamp};

/// A look of the hub that comes so late tells of a pause.
const PAUSE_MIN: Duration = Duration::from_secs(2);
/// How long the hub judges nobody after a pause.
const REST: Duration = Duration::from_secs(1);

/// The clock of deadlines: its steady time does not count pauses.
///
/// A pause is known once the hub has looked; until then the time may be ahead by it.
pub struct AwakeClock {
    clock: Arc<dyn Clock>,
    lost_micros: AtomicU64,
}

impl AwakeClock {
    /// A clock that goes like another one, as long as there are no pauses.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, lost_micros: AtomicU64::new(0) }
    }

    /// The wall clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The steady time, without pauses.
    pub fn steady(&self) -> Duration {
        let lost = Duration::from_micros(self.lost_micros.load(Ordering::Relaxed));
        self.clock.steady().saturating_sub(lost)
    }

    fn lose(&self, lost: Duration) {
        self.lost_micros.fetch_add(micros(lost), Ordering::Relaxed);
    }

    /// A moment of the wall clock on the steady one; the past is now.
    pub(super) fn moment_of(&self, wall: Timestamp) -> SteadyMoment {
        let left = wall.micros().saturating_sub(self.now().micros());
        let left = Duration::from_micros(u64::try_from(left).unwrap_or(0));
        self.steady().saturating_add(left).into()
    }
}

impl Clock for AwakeClock {
    fn now(&self) -> Timestamp {
        Self::now(self)
    }

    fn steady(&self) -> Duration {
        Self::steady(self)
    }
}

/// What the clocks said at one moment.
#[derive(Clone, Copy)]
struct ClockReading {
    /// The system's steady clock, which goes on while the process is stopped.
    system: Instant,
    /// The hub's steady and wall clocks: only the second goes on while the machine sleeps.
    steady: Duration,
    wall: Timestamp,
}

/// A pause between two looks.
#[derive(Debug, PartialEq, Eq)]
struct Pause {
    length: Duration,
    /// By how much the steady clock has counted it.
    counted: Duration,
}

impl ClockReading {
    fn now(clock: &AwakeClock) -> Self {
        Self { system: Instant::now(), steady: clock.clock.steady(), wall: clock.now() }
    }

    /// The pause since an earlier look, if there was one.
    fn pause_since(self, earlier: Self) -> Option<Pause> {
        let late = self.system.duration_since(earlier.system).saturating_sub(SWEEP_INTERVAL);
        let by_wall = self.wall.micros().saturating_sub(earlier.wall.micros());
        let by_wall = Duration::from_micros(u64::try_from(by_wall).unwrap_or(0));
        let slept = by_wall.saturating_sub(self.steady.saturating_sub(earlier.steady));
        let counted = if late >= PAUSE_MIN { late } else { Duration::ZERO };
        let length = late.max(slept);
        (length >= PAUSE_MIN).then_some(Pause { length, counted })
    }
}

/// Looks for pauses, and the rest after one.
#[derive(Default)]
pub struct Watch {
    last: Option<ClockReading>,
    rests_until: Duration,
}

impl ChatServer {
    /// Whether the process stood still a moment ago, so that nobody can be judged yet.
    pub(super) fn is_resting(&mut self) -> bool {
        let look = ClockReading::now(&self.parts.clock);
        let last = self.watch.last.replace(look);
        if let Some(pause) = last.and_then(|last| look.pause_since(last)) {
            self.resume(&pause);
        }
        self.parts.clock.steady() < self.watch.rests_until
    }

    /// Moves the deadlines, and has all who can be asked be asked once more.
    fn resume(&mut self, pause: &Pause) {
        let length_ms = micros(pause.length) / 1_000;
        log::warn!("the process stood still for {length_ms} ms: deadlines are moved by it");
        self.parts.metrics.pauses.inc();
        self.parts.clock.lose(pause.counted);
        let now = self.parts.clock.steady();
        self.watch.rests_until = now.saturating_add(REST);
        for entry in self.sessions.iter_mut() {
            let keep_alive = self.parts.dialects.keep_alive(entry.handle.variant);
            // As long again as the pause was, and as an answer to a ping may take.
            let answer = keep_alive.ping_interval.unwrap_or_default();
            let spare = pause.length.max(answer).saturating_add(REST);
            let silent_since = now.saturating_sub(keep_alive.silence_max.saturating_sub(spare));
            entry.handle.beat_not_before(silent_since);
            entry.last_call = SteadyMoment::NEVER;
            if entry.ping_at != SteadyMoment::NEVER {
                entry.ping_at = now.into();
            }
        }
        for session in self.sessions.ids() {
            self.schedule(session);
        }
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// What a look finds after the system's clock, the hub's and the wall clock went on by so much.
    fn found(system: Duration, steady: Duration, wall_ms: i64) -> Option<Pause> {
        let (start, wall) = (Instant::now(), Timestamp::from_millis(1_000_000));
        let earlier = ClockReading { system: start, steady: SECOND, wall };
        let wall = Timestamp::from_millis(1_000_000 + wall_ms);
        ClockReading { system: start + system, steady: SECOND + steady, wall }.pause_since(earlier)
    }

    #[test]
    fn a_late_look_or_a_wall_clock_that_is_ahead_tells_of_a_pause() {
        let short = Duration::from_millis(1_900);
        assert_eq!(found(SWEEP_INTERVAL, SWEEP_INTERVAL, 200), None);
        assert_eq!(found(short, short, 1_900), None);
        let stopped = 28 * SECOND + SWEEP_INTERVAL;
        let pause = |length, counted| Some(Pause { length, counted });
        assert_eq!(found(stopped, stopped, 28_200), pause(28 * SECOND, 28 * SECOND));
        // The machine slept, and the steady clock with it.
        let slept = pause(Duration::from_millis(59_800), Duration::ZERO);
        assert_eq!(found(SWEEP_INTERVAL, SWEEP_INTERVAL, 60_000), slept);
        // A clock that was set back, and a test that lets time pass.
        assert_eq!(found(SWEEP_INTERVAL, SWEEP_INTERVAL, -60_000), None);
        assert_eq!(found(SWEEP_INTERVAL, 60 * SECOND, 60_000), None);
    }

    #[test]
    fn the_time_of_deadlines_stands_still() {
        struct Hour;
        impl Clock for Hour {
            fn now(&self) -> Timestamp {
                Timestamp::from_millis(10_000)
            }

            fn steady(&self) -> Duration {
                3_600 * SECOND
            }
        }
        let clock = AwakeClock::new(Arc::new(Hour));
        clock.lose(28 * SECOND);
        clock.lose(2 * SECOND);
        assert_eq!(clock.steady(), 3_570 * SECOND);
        assert_eq!(clock.moment_of(Timestamp::from_millis(11_000)), (3_571 * SECOND).into());
        assert_eq!(clock.moment_of(Timestamp::from_millis(9_000)), (3_570 * SECOND).into());
    }
}
