//! How many deliveries one transaction makes.

use std::time::Duration;

use crate::store::apps::downstreams::STEP_MAX;

/// As many as take less time than a commit.
const ROWS_MIN: usize = 32;
/// How long the writer is left to others after a step.
pub(super) const REST: Duration = Duration::from_millis(4);

/// Small steps while others write, and each twice as large as the one before while nobody does.
#[derive(Debug)]
pub(super) struct StepSize {
    pub rows: usize,
    /// Commands that the store had taken at the end of the step before.
    seen: u64,
}

impl Default for StepSize {
    fn default() -> Self {
        Self { rows: ROWS_MIN, seen: 0 }
    }
}

impl StepSize {
    /// Whether the store has taken commands since the last time; sets the size of the next step.
    pub fn is_shared(&mut self, commands: u64) -> bool {
        let is_shared = std::mem::replace(&mut self.seen, commands) != commands;
        self.rows = match is_shared {
            true => ROWS_MIN,
            false => self.rows.saturating_mul(2).min(STEP_MAX),
        };
        is_shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_small_while_others_write_and_grow_to_a_bound() {
        let mut size = StepSize::default();
        let sizes: Vec<usize> = (0..6)
            .map(|_| {
                assert!(!size.is_shared(0));
                size.rows
            })
            .collect();
        assert_eq!(sizes, [64, 128, 256, 512, 1_024, 2_000]);
        assert!(size.is_shared(1));
        assert_eq!(size.rows, ROWS_MIN);
        assert!(!size.is_shared(1));
        assert_eq!(size.rows, 64);
    }
}
