//! Wrong tries at passwords: each counts from its beginning, and no more once it was right.
//!
//! `governor` counts what has happened and gives nothing back. To count only after a password was
//! found wrong would let any number of tries run beside each other; so a try is taken first, and
//! taken back if it was right.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::limits::TooMany;

/// Over so many keys, those that have their whole burst again are forgotten.
const KEYS_KEPT: usize = 10_000;

/// A limit for each key: `burst` tries at once, and one more each `interval`.
#[derive(Debug)]
pub(super) struct Tries<K> {
    burst: u32,
    interval: Duration,
    counts: Mutex<TryCounts<K>>,
}

#[derive(Debug)]
struct TryCounts<K> {
    /// When the burst of a key will be whole again, (the generic cell rate algorithm).
    whole_at: HashMap<K, Duration>,
    keys_max: usize,
}

impl<K: Hash + Eq + Clone> Tries<K> {
    /// So many tries at once, and as many more in a `period`.
    pub(super) fn new(burst: u32, period: Duration) -> Self {
        let counts = TryCounts { whole_at: HashMap::new(), keys_max: KEYS_KEPT };
        let interval = period.checked_div(burst).unwrap_or(period);
        Self { burst, interval, counts: Mutex::new(counts) }
    }

    /// Whether there is a try to take.
    pub(super) fn check(&self, key: &K, now: Duration) -> Result<(), TooMany> {
        self.after(&self.counts(), (key, now)).map(drop)
    }

    /// Takes a try; `now` is any steady time.
    pub(super) fn take(&self, key: &K, now: Duration) -> Result<(), TooMany> {
        let mut counts = self.counts();
        let after = self.after(&counts, (key, now))?;
        counts.whole_at.insert(key.clone(), after);
        counts.forget_whole(now);
        Ok(())
    }

    /// When the burst of a key will be whole again after one more.
    fn after(
        &self,
        counts: &TryCounts<K>,
        (key, now): (&K, Duration),
    ) -> Result<Duration, TooMany> {
        let whole_at = counts.whole_at.get(key).copied().unwrap_or_default().max(now);
        let after = whole_at.saturating_add(self.interval);
        let bound = now.saturating_add(self.interval.saturating_mul(self.burst));
        if after > bound {
            return Err(TooMany { retry_after: after.saturating_sub(bound) });
        }
        Ok(after)
    }

    /// Takes a try back.
    pub(super) fn give_back(&self, key: &K) {
        if let Some(whole_at) = self.counts().whole_at.get_mut(key) {
            *whole_at = whole_at.saturating_sub(self.interval);
        }
    }

    fn counts(&self) -> MutexGuard<'_, TryCounts<K>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq> TryCounts<K> {
    /// Looks through all keys, but only when they have doubled since the last time.
    fn forget_whole(&mut self, now: Duration) {
        if self.whole_at.len() > self.keys_max {
            self.whole_at.retain(|_, whole_at| *whole_at > now);
            self.keys_max = self.whole_at.len().saturating_mul(2).max(KEYS_KEPT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn wrong_ones_count_and_right_ones_do_not() {
        let tries = Tries::new(3, 60 * SECOND);
        let mut now = 100 * SECOND;
        for _ in 0..50 {
            tries.take(&"ann", now).unwrap();
            tries.give_back(&"ann");
        }
        for _ in 0..3 {
            tries.take(&"ann", now).unwrap();
        }
        assert_eq!(tries.take(&"ann", now), Err(TooMany { retry_after: 20 * SECOND }));
        tries.take(&"bob", now).unwrap();
        now += 20 * SECOND;
        tries.take(&"ann", now).unwrap();
        assert_eq!(tries.take(&"ann", now), Err(TooMany { retry_after: 20 * SECOND }));
        now += 3_600 * SECOND;
        assert_eq!((0..9).filter(|_| tries.take(&"ann", now).is_ok()).count(), 3);
    }

    #[test]
    fn tries_beside_each_other_are_no_more_than_the_burst() {
        let tries = Tries::new(3, 60 * SECOND);
        let under_way = (0..300).filter(|_| tries.take(&"ann", SECOND).is_ok()).count();
        assert_eq!(under_way, 3);
    }

    #[test]
    fn keys_are_forgotten() {
        let tries = Tries::new(3, 60 * SECOND);
        for key in 0..KEYS_KEPT {
            tries.take(&key, SECOND).unwrap();
        }
        tries.take(&KEYS_KEPT, 90 * SECOND).unwrap();
        assert_eq!(tries.counts().whole_at.len(), 1);
    }
}
