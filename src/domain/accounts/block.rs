//! Blocks: one user wants to hear nothing of another. They have a direction, are nobody's business
//! but the blocker's, and are independent of friendship.
//!
//! What the blocked one writes or does is hidden from the blocker, live and later, also after the
//! block has ended; he himself cannot tell. What the blocker writes arrives as always.

use crate::domain::accounts::user::UserPair;
use crate::domain::id::UserId;

/// Who of a pair blocks the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Blocks {
    by_low: bool,
    by_high: bool,
}

impl Blocks {
    /// Adds that `blocker`, one of `pair`, blocks the other.
    pub fn add(&mut self, pair: UserPair, blocker: UserId) {
        if blocker == pair.low() {
            self.by_low = true;
        } else {
            self.by_high = true;
        }
    }

    /// The rule: whether what `author`, one of `pair`, does now is hidden from the other.
    pub fn hide(self, pair: UserPair, author: UserId) -> bool {
        if author == pair.low() { self.by_high } else { self.by_low }
    }
}

/// What a user can do about hearing of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockVerb {
    /// Hear nothing any more.
    Block,
    /// Hear again what is said from now on.
    Unblock,
}

/// Why a block could not be made or lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockRefusal {
    /// Nobody has that id.
    #[error("no such user")]
    NoSuchUser,
    /// Nobody can block himself.
    #[error("that is oneself")]
    Oneself,
    #[error("not blocked")]
    NotBlocked,
}

#[cfg(test)]
mod tests {
    use crate::domain::accounts::block::*;

    #[test]
    fn a_block_hides_one_direction() {
        let (low, high) = (UserId::new(2).unwrap(), UserId::new(8).unwrap());
        let pair = UserPair::new(low, high).unwrap();
        let mut blocks = Blocks::default();
        assert!(!blocks.hide(pair, low) && !blocks.hide(pair, high));
        blocks.add(pair, low);
        assert!(!blocks.hide(pair, low) && blocks.hide(pair, high));
        blocks.add(pair, high);
        assert!(blocks.hide(pair, low) && blocks.hide(pair, high));
    }
}
