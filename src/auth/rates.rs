//! The rate of commands, one a user: commands of all sessions and doors count together.
//!
//! Whoever counts holds a [`Counter`] and needs no look-up to count: it is one atomic, shared by all
//! that count for the same user.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use governor::clock::{Clock as _, MonotonicClock};
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{Quota, RateLimiter};

use super::limits::TooMany;
use crate::domain::id::UserId;

/// Above so many users, those who have not asked for anything lately are forgotten.
const USERS_KEPT: usize = 10_000;

/// A rate of commands.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// How many a second, in the long run.
    pub per_second: NonZeroU32,
    pub burst: NonZeroU32,
}

/// What was asked for lately; a clone is the same one.
#[derive(Clone, Default)]
struct Meter(Arc<InMemoryState>);

impl PartialEq for Meter {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Meter {}

impl Hash for Meter {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

/// Finds the state of a meter: in the meter.
struct InMeters;

impl StateStore for InMeters {
    type Key = Meter;

    fn measure_and_replace<T, F, E>(&self, meter: &Meter, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        meter.0.measure_and_replace(&NotKeyed::NonKey, decide)
    }
}

/// What a rate lets pass.
struct Measure {
    limiter: RateLimiter<Meter, InMeters, MonotonicClock>,
    burst: NonZeroU32,
}

impl Measure {
    fn check(&self, meter: &Meter) -> Result<(), TooMany> {
        self.limiter.check_key(meter).map_err(|refused| TooMany {
            retry_after: refused.wait_time_from(MonotonicClock.now()),
        })
    }

    /// Whether nothing is left of what was asked for: all could be had at once again. Uses the meter up.
    fn has_forgotten(&self, meter: &Meter) -> bool {
        matches!(self.limiter.check_key_n(meter, self.burst), Ok(Ok(())))
    }
}

/// The rates of all users.
pub struct Rates {
    measure: Option<Measure>,
    users: Mutex<UserRates>,
}

struct UserRates {
    meters: HashMap<UserId, Meter>,
    /// How many there may be before the forgotten ones are looked for again.
    kept_max: usize,
}

impl Rates {
    /// A rate for each user; `None` lets everything pass.
    pub fn new(rate: Option<Rate>) -> Arc<Self> {
        let measure = rate.map(|Rate { per_second, burst }| {
            let quota = Quota::per_second(per_second).allow_burst(burst);
            let limiter = RateLimiter::new(quota, InMeters, MonotonicClock);
            Measure { limiter, burst }
        });
        let users = UserRates { meters: HashMap::new(), kept_max: USERS_KEPT };
        Arc::new(Self { measure, users: Mutex::new(users) })
    }

    /// Counts for somebody of whom it is not known who he is, and for nobody else.
    pub fn stranger(self: &Arc<Self>) -> Counter {
        let meter = self.measure.as_ref().map(|_| Meter::default());
        Counter { rates: Arc::clone(self), meter }
    }

    /// Counts for a user.
    pub fn of(self: &Arc<Self>, user: UserId) -> Counter {
        let meter = self.measure.as_ref().map(|measure| self.meter(user, measure));
        Counter { rates: Arc::clone(self), meter }
    }

    fn meter(&self, user: UserId, measure: &Measure) -> Meter {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        let meter = users.meters.entry(user).or_default().clone();
        users.forget(measure);
        meter
    }
}

impl UserRates {
    /// Looks through all, but only when they have doubled since the last time, so that each new one pays
    /// for a few others. Who has a session, or has used up some of the rate, stays.
    fn forget(&mut self, measure: &Measure) {
        if self.meters.len() <= self.kept_max {
            return;
        }
        self.meters
            .retain(|_, meter| Arc::strong_count(&meter.0) > 1 || !measure.has_forgotten(meter));
        self.kept_max = self.meters.len().saturating_mul(2).max(USERS_KEPT);
    }
}

/// Counts what somebody asks for.
pub struct Counter {
    rates: Arc<Rates>,
    meter: Option<Meter>,
}

impl Counter {
    /// Counts a command.
    ///
    /// # Errors
    /// [`TooMany`] if it came too early; then it is not counted.
    pub fn check(&self) -> Result<(), TooMany> {
        match (&self.rates.measure, &self.meter) {
            (Some(measure), Some(meter)) => measure.check(meter),
            (None, _) | (_, None) => Ok(()),
        }
    }

    /// From now on counts for a user, with what has just shown who that is.
    pub fn identify(&mut self, user: UserId) {
        *self = self.rates.of(user);
        // He is let in whatever else he has asked for.
        self.check().unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(burst: u32) -> Arc<Rates> {
        let burst = NonZeroU32::new(burst).unwrap();
        Rates::new(Some(Rate { per_second: NonZeroU32::MIN, burst }))
    }

    fn user(number: usize) -> UserId {
        UserId::new(i64::try_from(number).unwrap() * 2 + 2).unwrap()
    }

    /// How many of so many pass.
    fn passed(counter: &Counter, tries: usize) -> usize {
        (0..tries).filter(|_| counter.check().is_ok()).count()
    }

    #[test]
    fn all_that_a_user_has_count_together_and_others_do_not() {
        let rates = rates(1_000);
        let (one, another, other) = (rates.of(user(1)), rates.of(user(1)), rates.of(user(2)));
        assert_eq!((passed(&one, 400), passed(&another, 400)), (400, 400));
        // The test does not last ten seconds.
        assert!((200..210).contains(&passed(&one, 400)));
        assert_eq!(passed(&another, 1), 0);
        assert!(another.check().unwrap_err().retry_after.as_millis() <= 1_000);
        assert_eq!(passed(&other, 1_000), 1_000);
        assert_eq!(passed(&rates.stranger(), 1_000), 1_000);
        // Coming again does not help, but is counted.
        let mut stranger = rates.stranger();
        stranger.identify(user(1));
        assert_eq!(passed(&stranger, 1), 0);
        stranger.identify(user(3));
        assert_eq!(passed(&stranger, 1_000), 999);
    }

    #[test]
    fn who_has_asked_for_nothing_lately_is_forgotten() {
        let rates = rates(1_000);
        let kept = || rates.users.lock().unwrap().meters.len();
        let here = rates.of(user(0));
        rates.of(user(1)).check().unwrap();
        for number in 2..USERS_KEPT {
            rates.of(user(number));
        }
        assert_eq!(kept(), USERS_KEPT);
        let new = rates.of(user(USERS_KEPT));
        assert_eq!(kept(), 3, "who has a session, who has used some of the rate, and the new one");
        assert_eq!((passed(&here, 1), passed(&new, 1)), (1, 1));
        assert!(passed(&rates.of(user(1)), 1_001) < 1_010, "what was used stays used");
    }

    #[test]
    fn without_a_rate_nobody_is_kept() {
        let rates = Rates::new(None);
        assert_eq!(passed(&rates.of(user(1)), 10_000), 10_000);
        assert!(rates.users.lock().unwrap().meters.is_empty());
    }
}
