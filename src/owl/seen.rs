//! What has come on a connection before.
//!
//! The SDK may send bytes again that it has sent long before, and two requests of one kind in the same millisecond have
//! the same key: of these it waits for one answer, and a second one would end its process. Stamps are times of the
//! sender, so a window of them suffices: what is older than all in it has come before.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::wire::owl::OwlKey;

/// Requests that are remembered of a connection.
const SEEN_MAX: usize = 2_048;

/// The last requests of a connection.
#[derive(Default)]
pub(super) struct SeenFrames {
    last: BTreeSet<(OwlKey, u64)>,
    /// Of this stamp and of earlier ones all count as seen.
    floor: Option<i64>,
}

/// What a request is to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Novelty {
    New,
    /// Another of the same key. It is done, and not answered.
    SameKey,
    /// It has come before.
    Repeated,
    /// It is older than all that is remembered: it has come before, or the sender's clock was set back.
    Older,
}

impl SeenFrames {
    /// Takes note of a request.
    pub fn note(&mut self, key: OwlKey, text: &str) -> Novelty {
        if self.floor.is_some_and(|floor| key.stamp <= floor) {
            return Novelty::Older;
        }
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let is_known = self.last.range((key, 0)..=(key, u64::MAX)).next().is_some();
        if !self.last.insert((key, hasher.finish())) {
            return Novelty::Repeated;
        }
        if self.last.len() > SEEN_MAX {
            self.floor = self.last.pop_first().map(|(key, _)| key.stamp);
        }
        if is_known { Novelty::SameKey } else { Novelty::New }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(command: u16, stamp: i64) -> OwlKey {
        OwlKey { stamp, command }
    }

    #[test]
    fn a_repeat_is_told_from_another_of_the_same_moment() {
        let mut seen = SeenFrames::default();
        for (command, stamp, text, novelty) in [
            (801, 5, "a", Novelty::New),
            (801, 5, "a", Novelty::Repeated),
            (801, 5, "b", Novelty::SameKey),
            (801, 5, "b", Novelty::Repeated),
            (502, 5, "a", Novelty::New),
            (801, 4, "a", Novelty::New),
            (801, 6, "a", Novelty::New),
        ] {
            assert_eq!(seen.note(key(command, stamp), text), novelty, "{command} {stamp} {text}");
        }
    }

    #[test]
    fn what_is_older_than_the_window_has_come_before() {
        let mut seen = SeenFrames::default();
        let many = i64::try_from(SEEN_MAX).unwrap();
        for stamp in 1..=many {
            assert_eq!(seen.note(key(502, stamp), "a"), Novelty::New);
        }
        assert_eq!(seen.note(key(501, 1), "b"), Novelty::New, "the window is just full");
        for (stamp, novelty) in [
            (0, Novelty::Older),
            (1, Novelty::Older),
            (2, Novelty::Repeated),
            (many + 1, Novelty::New),
        ] {
            assert_eq!(seen.note(key(502, stamp), "a"), novelty, "{stamp}");
        }
        assert_eq!(seen.last.len(), SEEN_MAX);
    }
}
