//! How much of something there may be in an app, without counting it each time.
//!
//! What is left is counted now and then, and what is made since is taken off.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::domain::clock::Timestamp;
use crate::domain::id::AppId;

/// So many are made before it is counted again.
const COUNTED_EVERY: i64 = 1_000;
/// How long an app that is full is not counted again.
const FULL_FOR: Duration = Duration::from_secs(1);

/// What is left in each app.
#[derive(Debug, Default)]
pub(super) struct Budgets(Mutex<HashMap<AppId, BudgetLeft>>);

#[derive(Clone, Copy, Debug)]
enum BudgetLeft {
    Some(i64),
    /// Nothing, as far as is known until then.
    NothingUntil(Timestamp),
}

/// Whether one more may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Budgeted {
    Yes,
    No,
    /// It has to be counted.
    Unknown,
}

impl Budgets {
    /// Takes one off.
    pub(super) fn take(&self, app: AppId, now: Timestamp) -> Budgeted {
        let mut left = self.left();
        match left.get_mut(&app) {
            Some(BudgetLeft::Some(count)) if *count > 0 => {
                *count = count.saturating_sub(1);
                Budgeted::Yes
            }
            Some(BudgetLeft::NothingUntil(until)) if now < *until => Budgeted::No,
            Some(BudgetLeft::Some(_) | BudgetLeft::NothingUntil(_)) | None => Budgeted::Unknown,
        }
    }

    /// So many there may be still, one of which is taken.
    pub(super) fn counted(&self, app: AppId, left: i64, now: Timestamp) -> Budgeted {
        let (known, answer) = if left > 0 {
            (BudgetLeft::Some(left.min(COUNTED_EVERY).saturating_sub(1)), Budgeted::Yes)
        } else {
            (BudgetLeft::NothingUntil(now.after(FULL_FOR)), Budgeted::No)
        };
        self.left().insert(app, known);
        answer
    }

    fn left(&self) -> MutexGuard<'_, HashMap<AppId, BudgetLeft>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_taken_and_then_counted_again() {
        let (budgets, app) = (Budgets::default(), AppId::new(1).unwrap());
        let at = Timestamp::from_millis;
        assert_eq!(budgets.take(app, at(0)), Budgeted::Unknown);
        assert_eq!(budgets.counted(app, 2, at(0)), Budgeted::Yes);
        assert_eq!(budgets.take(app, at(0)), Budgeted::Yes);
        assert_eq!(budgets.take(app, at(0)), Budgeted::Unknown);
        assert_eq!(budgets.counted(app, 0, at(0)), Budgeted::No);
        assert_eq!(budgets.take(app, at(999)), Budgeted::No);
        assert_eq!(budgets.take(app, at(1_000)), Budgeted::Unknown);
        assert_eq!(budgets.counted(app, 1 << 40, at(1_000)), Budgeted::Yes);
        for _ in 1..COUNTED_EVERY {
            assert_eq!(budgets.take(app, at(1_000)), Budgeted::Yes);
        }
        assert_eq!(budgets.take(app, at(1_000)), Budgeted::Unknown);
    }
}
