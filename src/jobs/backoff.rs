//! How long to wait before the next try.

use std::time::Duration;

/// The wait after the `attempts`-th failed try: `first_ms`, doubled with each, at most `max_ms`
/// milliseconds.
pub fn backoff(attempts: u32, first_ms: u64, max_ms: u64) -> Duration {
    let doubled = 2_u64.saturating_pow(attempts.saturating_sub(1));
    Duration::from_millis(first_ms.saturating_mul(doubled).min(max_ms))
}

#[cfg(test)]
mod tests {
    use crate::jobs::backoff::*;

    #[test]
    fn the_wait_doubles_up_to_its_bound() {
        let waits = [0, 1, 2, 3, 10, 64, 65, u32::MAX].map(|attempts| {
            u64::try_from(backoff(attempts, 5_000, 3_600_000).as_millis()).unwrap()
        });
        assert_eq!(
            waits,
            [5_000, 5_000, 10_000, 20_000, 2_560_000, 3_600_000, 3_600_000, 3_600_000]
        );
        assert_eq!(backoff(1, 100, 10), Duration::from_millis(10));
    }
}
