//! How much is on its way to one session, as the session and the hub see it.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// What is on its way to a session, and its last sign of life: both the session and the hub look at it
/// without sending messages.
///
/// Each value has one writer: the session's thread, but for the heartbeat. So none needs a locked
/// instruction, and what is on its way is what the hub has handed over less what was taken.
#[derive(Debug)]
pub struct Backlog {
    pub(super) last_beat_ms: AtomicU64,
    /// Things that have reached the session or its socket, and their bytes.
    pub(super) taken: AtomicU32,
    pub(super) taken_bytes: AtomicU32,
    /// Things in the mailbox.
    mailed: AtomicU32,
    /// Whether news may go past the mailbox.
    is_open: AtomicBool,
    pub(super) congested: AtomicBool,
}

impl Backlog {
    /// A session opened at this steady time, with nothing queued.
    pub fn new(opened_at: Duration) -> Self {
        let backlog = Self {
            last_beat_ms: AtomicU64::new(0),
            taken: AtomicU32::new(0),
            taken_bytes: AtomicU32::new(0),
            mailed: AtomicU32::new(0),
            is_open: AtomicBool::new(false),
            congested: AtomicBool::new(false),
        };
        backlog.beat(opened_at);
        backlog
    }

    /// A heartbeat came at this steady time.
    pub fn beat(&self, at: Duration) {
        let at_ms = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
        self.last_beat_ms.store(at_ms, Ordering::Relaxed);
    }

    /// The steady time of the last heartbeat, or of the opening.
    pub fn last_beat(&self) -> Duration {
        Duration::from_millis(self.last_beat_ms.load(Ordering::Relaxed))
    }

    /// Whether more waits for the peer to read than should.
    pub fn congest(&self, congested: bool) {
        self.congested.store(congested, Ordering::Relaxed);
    }

    /// Sets whether the session would do nothing with news but write them. Like all that follow,
    /// only for the session's thread.
    pub fn set_open(&self, is_open: bool) {
        self.is_open.store(is_open, Ordering::Relaxed);
    }

    /// Whether news may be written at once: nothing is before them in the mailbox.
    pub fn may_pass(&self) -> bool {
        self.is_open.load(Ordering::Relaxed) && self.mailed.load(Ordering::Relaxed) == 0
    }

    /// News with so many bytes have been written past the mailbox.
    pub fn passed(&self, bytes: usize) {
        count(&self.taken_bytes, short(bytes));
        count(&self.taken, 1);
    }

    /// Something has been put into the mailbox.
    pub fn mailed(&self) {
        count(&self.mailed, 1);
    }

    /// Something with so many bytes has come out of the mailbox.
    pub fn took(&self, bytes: usize) {
        count(&self.mailed, 1_u32.wrapping_neg());
        self.passed(bytes);
    }
}

/// Counts up; only for the counter's one writer.
fn count(counter: &AtomicU32, by: u32) {
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(by), Ordering::Release);
}

/// Bytes as they are counted here.
pub(super) fn short(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
