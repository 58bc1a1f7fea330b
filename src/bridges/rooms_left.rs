//! The rooms that a bridge has still to look at: what has changed first, and page by page those of a pass over all.
//!
//! It is kept over all that goes wrong, so that a pass goes on where it was. A room that fails for a reason of its own
//! holds up no other; it is tried again later.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::chat::room::RoomKey;
use crate::domain::id::GroupId;
use crate::hub::ChangedRooms;
use crate::telemetry::BridgeMetrics;

/// Rooms that are remembered one by one; with more of them all are looked at.
const ROOMS_MAX: usize = 10_000;
/// Rooms that fail, each for its own reason; with more of them the reason is another one.
const FAILED_MAX: usize = 100;
/// Until failed rooms are tried again: first, and at most, twice as long each time.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(60);

/// Rooms to look at.
pub struct RoomsLeft {
    next: BTreeSet<RoomKey>,
    pass: RoomPass,
    /// Whether another pass follows.
    is_again: bool,
    failed: BTreeSet<RoomKey>,
    retries: u32,
    /// When they are tried again, if there are any.
    retry_at: Option<Instant>,
    behind: RoomsBehind,
}

/// A pass over all rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RoomPass {
    Over,
    Begun,
    After(GroupId),
}

/// Counts the rooms as long as they are there.
struct RoomsBehind {
    metrics: BridgeMetrics,
    count: i64,
}

impl RoomsBehind {
    fn set(&mut self, count: usize) {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        self.metrics.rooms_behind.add(count.saturating_sub(self.count));
        self.count = count;
    }
}

impl Drop for RoomsBehind {
    fn drop(&mut self) {
        self.set(0);
    }
}

impl RoomsLeft {
    /// None.
    pub fn new(metrics: &BridgeMetrics) -> Self {
        Self {
            next: BTreeSet::new(),
            pass: RoomPass::Over,
            is_again: false,
            failed: BTreeSet::new(),
            retries: 0,
            retry_at: None,
            behind: RoomsBehind { metrics: metrics.clone(), count: 0 },
        }
    }

    /// Adds rooms that have changed.
    pub fn add(&mut self, changed: ChangedRooms) {
        match changed {
            ChangedRooms::Any => self.add_all(),
            ChangedRooms::These(rooms) => self.next.extend(rooms),
        }
        if self.next.len() > ROOMS_MAX {
            self.next.clear();
            self.add_all();
        }
        self.count();
    }

    fn add_all(&mut self) {
        match self.pass {
            RoomPass::Over => self.pass = RoomPass::Begun,
            RoomPass::Begun => {}
            // Something may have changed in rooms that the pass is past.
            RoomPass::After(_) => self.is_again = true,
        }
    }

    /// The room that is next.
    pub fn first(&self) -> Option<RoomKey> {
        self.next.first().copied()
    }

    /// A room has been looked at.
    pub fn done(&mut self, room: RoomKey) {
        self.next.remove(&room);
        self.failed.remove(&room);
        if self.failed.is_empty() {
            (self.retries, self.retry_at) = (0, None);
        }
        self.count();
    }

    /// A room has failed: it is tried again later, and no other waits for it. False, and it is still next, if too many have.
    pub fn fail(&mut self, room: RoomKey, now: Instant) -> bool {
        if self.failed.len() >= FAILED_MAX && !self.failed.contains(&room) {
            return false;
        }
        self.next.remove(&room);
        self.retry_at = self.retry_at.or(Some(now + self.pause()));
        self.failed.insert(room);
        self.count();
        true
    }

    /// When failed rooms are to be tried again, if there are any.
    pub const fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    /// Has failed rooms be tried again, if it is time.
    pub fn retry(&mut self, now: Instant) {
        if self.retry_at.is_some_and(|at| at <= now) {
            self.next.extend(self.failed.iter().copied());
            self.retries = self.retries.saturating_add(1);
            self.retry_at = Some(now + self.pause());
        }
    }

    fn pause(&self) -> Duration {
        RETRY_FIRST.saturating_mul(2_u32.saturating_pow(self.retries)).min(RETRY_MAX)
    }

    /// Whether there is something to do at once.
    pub fn is_busy(&self) -> bool {
        !self.next.is_empty() || self.pass != RoomPass::Over
    }

    /// After which conversation the pass goes on; None if there is no pass.
    pub fn page_after(&self) -> Option<i64> {
        match self.pass {
            RoomPass::Over => None,
            RoomPass::Begun => Some(0),
            RoomPass::After(last) => Some(last.get()),
        }
    }

    /// Adds the next page of the pass, which ends with an empty one.
    pub fn add_page(&mut self, page: &[GroupId]) {
        self.pass = match page.last() {
            Some(last) => RoomPass::After(*last),
            None if std::mem::take(&mut self.is_again) => RoomPass::Begun,
            None => RoomPass::Over,
        };
        self.next.extend(page.iter().copied().map(RoomKey::Group));
        self.count();
    }

    /// Adds the only room that there is: the pass is over.
    pub fn add_only(&mut self, room: RoomKey) {
        self.next.insert(room);
        self.pass = RoomPass::Over;
        self.count();
    }

    fn count(&mut self) {
        let failed = self.failed.difference(&self.next).count();
        self.behind.set(self.next.len().saturating_add(failed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Metrics;

    fn group(number: i64) -> GroupId {
        // Those of groups are odd.
        GroupId::new(number * 2 + 1).unwrap()
    }

    fn room(id: i64) -> RoomKey {
        RoomKey::Group(group(id))
    }

    fn left() -> (RoomsLeft, BridgeMetrics) {
        let metrics = Metrics::new().unwrap().bridges;
        (RoomsLeft::new(&metrics), metrics)
    }

    #[test]
    fn a_pass_goes_on_where_it_was_and_begins_again_if_anything_may_have_changed() {
        let (mut left, metrics) = left();
        assert_eq!((left.is_busy(), left.page_after()), (false, None));
        left.add(ChangedRooms::Any);
        assert_eq!((left.is_busy(), left.page_after()), (true, Some(0)));
        left.add_page(&[group(3), group(5)]);
        left.done(room(3));
        // Nothing is lost of the page, nor of the place.
        assert_eq!((left.first(), left.page_after()), (Some(room(5)), Some(11)));
        left.add(ChangedRooms::These([room(1)].into()));
        assert_eq!(metrics.rooms_behind.get(), 2);
        left.add(ChangedRooms::Any);
        assert_eq!((left.first(), left.page_after()), (Some(room(1)), Some(11)));
        left.done(room(1));
        left.done(room(5));
        left.add_page(&[]);
        assert_eq!(left.page_after(), Some(0), "once more, for what it was past");
        left.add_page(&[]);
        assert_eq!((left.is_busy(), metrics.rooms_behind.get()), (false, 0));
    }

    #[test]
    fn more_rooms_than_are_remembered_are_a_pass() {
        let (mut left, metrics) = left();
        let rooms = |count| (1..).take(count).map(room).collect();
        left.add(ChangedRooms::These(rooms(ROOMS_MAX)));
        assert_eq!((left.page_after(), metrics.rooms_behind.get()), (None, 10_000));
        left.add(ChangedRooms::These(rooms(ROOMS_MAX + 1)));
        assert_eq!((left.first(), left.page_after()), (None, Some(0)));
        drop(left);
        assert_eq!(metrics.rooms_behind.get(), 0);
    }

    #[test]
    fn failed_rooms_hold_up_nobody_and_are_tried_again() {
        let (mut left, _) = left();
        let mut now = Instant::now();
        left.add(ChangedRooms::These([room(1), room(2)].into()));
        assert!(left.fail(room(1), now));
        assert_eq!(left.first(), Some(room(2)));
        left.done(room(2));
        assert!(!left.is_busy());
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            left.retry(now);
            assert_eq!(left.first(), None, "not before it is time");
            assert_eq!(left.retry_at(), Some(now + Duration::from_secs(seconds)));
            now += Duration::from_secs(seconds);
            left.retry(now);
            assert_eq!(left.first(), Some(room(1)));
            assert!(left.fail(room(1), now));
        }
        left.add(ChangedRooms::These([room(1)].into()));
        left.done(room(1));
        assert_eq!(left.retry_at(), None);
        let many = i64::try_from(FAILED_MAX).unwrap();
        assert!((1..=many).all(|id| left.fail(room(id), now)));
        assert!(!left.fail(room(many + 1), now), "it is no fault of a room");
        assert!(left.fail(room(many), now), "one of them again");
    }
}
