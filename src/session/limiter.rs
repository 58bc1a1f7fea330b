//! The rate of one session's commands.

use std::num::NonZeroU32;

use governor::clock::{Clock as _, MonotonicClock};
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

/// A rate of commands.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// How many a second, in the long run.
    pub per_second: NonZeroU32,
    /// How many at once.
    pub burst: NonZeroU32,
}

/// Counts commands against a rate, if there is one.
pub struct Limiter(Option<RateLimiter<NotKeyed, InMemoryState, MonotonicClock>>);

impl Limiter {
    /// A limiter that has counted nothing.
    pub fn new(rate: Option<Rate>) -> Self {
        Self(rate.map(|rate| {
            let quota = Quota::per_second(rate.per_second).allow_burst(rate.burst);
            RateLimiter::direct_with_clock(quota, MonotonicClock)
        }))
    }

    /// Counts a command.
    ///
    /// # Errors
    /// How many milliseconds too early it came; then it is not counted.
    pub fn check(&self) -> Result<(), u64> {
        let Some(limiter) = &self.0 else { return Ok(()) };
        limiter.check().map_err(|refused| {
            let wait = refused.wait_time_from(MonotonicClock.now());
            u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).saturating_add(1)
        })
    }
}
