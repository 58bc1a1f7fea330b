//! How many pushes of a subscription may be on their way, and how long none is begun after a failure.

use std::time::Duration;

/// The most at once.
pub const WINDOW_MAX: u64 = 100;
/// The first wait after a failure.
const BACKOFF_MIN: Duration = Duration::from_millis(100);
/// The longest.
const BACKOFF_MAX: Duration = Duration::from_secs(60);

/// The pace of one subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PushPace {
    window: u64,
    backoff: Option<Duration>,
    round: PushRound,
}

/// Pushes that were begun with the same knowledge: what fails of one round counts as one failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PushRound(u64);

impl Default for PushPace {
    fn default() -> Self {
        Self { window: 1, backoff: None, round: PushRound::default() }
    }
}

impl PushPace {
    /// How many may be on their way.
    pub const fn window(&self) -> u64 {
        self.window
    }

    /// The round of what is begun now.
    pub const fn round(&self) -> PushRound {
        self.round
    }

    /// One was taken: twice as many may go.
    pub fn succeeded(&mut self) {
        self.window = self.window.saturating_mul(2).min(WINDOW_MAX);
        self.backoff = None;
    }

    /// One of a round has failed: half as many may go. Gives how long none is begun, unless that was said already.
    pub fn failed(&mut self, round: PushRound) -> Option<Duration> {
        if round != self.round {
            return None;
        }
        self.round = PushRound(self.round.0.wrapping_add(1));
        self.window = (self.window / 2).max(1);
        let twice = self.backoff.map(|backoff| backoff.saturating_mul(2).min(BACKOFF_MAX));
        let backoff = twice.unwrap_or(BACKOFF_MIN);
        self.backoff = Some(backoff);
        Some(backoff)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_doubles_to_its_bound_and_halves_to_one() {
        let mut pace = PushPace::default();
        let mut windows = vec![pace.window()];
        for _ in 0..8 {
            pace.succeeded();
            windows.push(pace.window());
        }
        assert_eq!(windows, [1, 2, 4, 8, 16, 32, 64, 100, 100]);
        for expected in [50, 25, 12, 6, 3, 1, 1] {
            pace.failed(pace.round());
            assert_eq!(pace.window(), expected);
        }
    }

    #[test]
    fn waits_double_from_100_ms_to_60_s_and_end_with_a_success() {
        let mut pace = PushPace::default();
        let mut fail = || pace.failed(pace.round()).unwrap().as_millis();
        let waits: Vec<_> = (0..12).map(|_| fail()).collect();
        let expected =
            [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200, 60_000, 60_000];
        assert_eq!(waits, expected);
        pace.succeeded();
        assert_eq!(pace.failed(pace.round()), Some(BACKOFF_MIN));
    }

    #[test]
    fn what_was_begun_together_fails_once() {
        let mut pace = PushPace::default();
        (0..4).for_each(|_| pace.succeeded());
        let round = pace.round();
        assert_eq!(pace.failed(round), Some(BACKOFF_MIN));
        assert_eq!((pace.failed(round), pace.window()), (None, 8));
        assert_eq!(pace.failed(pace.round()), Some(BACKOFF_MIN * 2));
    }
}
