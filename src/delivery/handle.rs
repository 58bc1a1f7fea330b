//! The way to one session, bounded in messages and in bytes: as the hub sees it, and as the session.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use super::batch::{Batches, Deliver, Delivery, SessionRoute};
use crate::domain::close::CloseReason;
use crate::wire::Variant;

/// With more bytes on their way to it a session is behind.
const CONGESTED_BYTES: u32 = 64 * 1024;
/// No more than this may wait for a session, whatever the setting: it is counted in 32 bits.
const BYTES_MAX: usize = 1 << 31;

/// A session as the hub sees it. What is handed over leaves with the batches it was added to.
pub struct SessionHandle {
    /// How it wants events written.
    pub variant: Variant,
    route: SessionRoute,
    backlog: Arc<Backlog>,
    /// Whether it may ever pass over news: only then it is asked.
    may_pass_over: bool,
    /// What was handed over, and its bytes.
    handed: u32,
    handed_bytes: u32,
    /// How much of it was taken when the backlog was looked at last. That is done when it matters
    /// only: the backlog is in another thread's hands.
    taken: u32,
    taken_bytes: u32,
}

/// The session reads more slowly than it is written to.
#[derive(Debug)]
pub struct Congested;

impl SessionHandle {
    /// The way to a session.
    pub fn new(variant: Variant, route: SessionRoute, backlog: Arc<Backlog>) -> Self {
        Self {
            variant,
            route,
            backlog,
            may_pass_over: false,
            handed: 0,
            handed_bytes: 0,
            taken: 0,
            taken_bytes: 0,
        }
    }

    /// The same way to one that may pass over news (see [`Backlog::pass_over`]).
    pub fn passing_over(self, may_pass_over: bool) -> Self {
        Self { may_pass_over, ..self }
    }

    /// The steady time of the last heartbeat, or of the opening.
    pub fn last_beat(&self) -> Duration {
        self.backlog.last_beat()
    }

    /// The session has shown a sign of life at this steady time.
    pub fn beat(&self, at: Duration) {
        self.backlog.beat(at);
    }

    /// As if the session had shown a sign of life at this steady time, unless it has since.
    pub fn beat_not_before(&self, at: Duration) {
        let at_ms = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
        self.backlog.last_beat_ms.fetch_max(at_ms, Ordering::Relaxed);
    }

    /// Whether the peer reads so slowly that it is not told what will soon be old.
    pub fn is_congested(&self) -> bool {
        let taken = self.backlog.taken_bytes.load(Ordering::Acquire);
        self.backlog.congested.load(Ordering::Relaxed)
            || self.handed_bytes.wrapping_sub(taken) > CONGESTED_BYTES
    }

    /// Whether much is on its way to it still: whoever can wait with more should.
    pub fn is_behind(&self) -> bool {
        let waiting = self.handed.wrapping_sub(self.backlog.taken.load(Ordering::Acquire));
        self.is_congested() || waiting > self.route.thread.messages_max / 2
    }

    /// Hands over deliveries, unless more than may would then wait for the session. What comes when
    /// nothing waits is taken whatever its size.
    ///
    /// # Errors
    /// [`Congested`]: nothing was handed over.
    pub fn deliver(
        &mut self,
        deliver: Deliver,
        bytes_max: usize,
        batches: &mut Batches,
    ) -> Result<(), Congested> {
        if self.may_pass_over && deliver.is_news() && self.backlog.is_passing_over() {
            return Ok(());
        }
        if self.is_full(deliver.bytes(), bytes_max) {
            self.taken = self.backlog.taken.load(Ordering::Acquire);
            self.taken_bytes = self.backlog.taken_bytes.load(Ordering::Acquire);
            if self.is_full(deliver.bytes(), bytes_max) {
                return Err(Congested);
            }
        }
        self.hand_over(deliver, batches);
        Ok(())
    }

    /// Whether there is no room for so many bytes more, as far as is known.
    fn is_full(&self, bytes: usize, bytes_max: usize) -> bool {
        let waiting = self.handed.wrapping_sub(self.taken);
        let queued = self.handed_bytes.wrapping_sub(self.taken_bytes);
        let queued = usize::try_from(queued).unwrap_or(usize::MAX);
        waiting >= self.route.thread.messages_max
            || (queued > 0 && queued.saturating_add(bytes) > bytes_max.min(BYTES_MAX))
    }

    /// Tells the session to end. One that cannot hear it ends with its socket.
    pub fn evict(&mut self, reason: CloseReason) {
        // Past the bound on purpose: it comes once a session, and most of all to one that does not
        // keep up. Untold it would live on, unknown to the hub, without deadline or answers.
        let mut batches = Batches::default();
        self.hand_over(Deliver::Own(vec![Delivery::Evict(reason)]), &mut batches);
        batches.send();
    }

    fn hand_over(&mut self, deliver: Deliver, batches: &mut Batches) {
        self.handed = self.handed.wrapping_add(1);
        self.handed_bytes = self.handed_bytes.wrapping_add(short(deliver.bytes()));
        batches.add(&self.route, deliver);
    }
}

/// What is on its way to a session, and its last sign of life: both the session and the hub look at it
/// without sending messages.
///
/// Each value has one writer: the session's thread, but for the heartbeat. So none needs a locked
/// instruction, and what is on its way is what the hub has handed over less what was taken.
#[derive(Debug)]
pub struct Backlog {
    last_beat_ms: AtomicU64,
    /// Things that have reached the session or its socket, and their bytes.
    taken: AtomicU32,
    taken_bytes: AtomicU32,
    /// Things in the mailbox.
    mailed: AtomicU32,
    /// Whether news may go past the mailbox.
    is_open: AtomicBool,
    congested: AtomicBool,
    /// [`TAKEN`], [`PASSED_OVER`] or [`MISSED`].
    news: AtomicU8,
}

/// News go to the session.
const TAKEN: u8 = 0;
/// The session reads from the store what they are about.
const PASSED_OVER: u8 = 1;
/// The same, and there were some.
const MISSED: u8 = 2;

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
            news: AtomicU8::new(TAKEN),
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

    /// Has the hub pass over news from now on: the session reads what they are about, and what it would do nothing
    /// with is not to fill its way. Only for the session.
    pub fn pass_over(&self) {
        self.news.store(PASSED_OVER, Ordering::SeqCst);
    }

    /// Has news go to the session again, unless some were passed over since [`Backlog::pass_over`]; whether they do.
    /// Only for the session.
    pub fn let_through(&self) -> bool {
        let (from, to) = (PASSED_OVER, TAKEN);
        let changed = self.news.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst);
        changed != Err(MISSED)
    }

    /// Whether news are passed over; then the session learns that there were some. Only for the hub.
    fn is_passing_over(&self) -> bool {
        if self.news.load(Ordering::SeqCst) == TAKEN {
            return false;
        }
        let (from, to) = (PASSED_OVER, MISSED);
        let changed = self.news.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst);
        changed != Err(TAKEN)
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
fn short(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use actix::{Actor, Context, Handler};

    use super::*;
    use crate::delivery::batch::{BatchPart, SessionSlot, SharedFrames, Thread, ThreadBatch};
    use crate::wire::Frame;
    use crate::wire::fixtures::PLAIN;

    const MESSAGES_MAX: u32 = 4;

    struct Dispatcher(Arc<Mutex<Vec<BatchPart>>>);

    impl Actor for Dispatcher {
        type Context = Context<Self>;
    }

    impl Handler<ThreadBatch> for Dispatcher {
        type Result = ();

        fn handle(&mut self, batch: ThreadBatch, _: &mut Context<Self>) {
            self.0.lock().unwrap().extend(batch.0);
        }
    }

    fn handle(heard: &Arc<Mutex<Vec<BatchPart>>>) -> SessionHandle {
        let dispatcher = Dispatcher(Arc::clone(heard)).start().recipient();
        let thread = Arc::new(Thread { dispatcher, messages_max: MESSAGES_MAX });
        let route = SessionRoute { thread, slot: SessionSlot { index: 0, generation: 0 } };
        let backlog = Arc::new(Backlog::new(Duration::ZERO));
        SessionHandle::new(PLAIN, route, backlog)
    }

    fn push(handle: &mut SessionHandle, bytes_max: usize) -> bool {
        let mut batches = Batches::default();
        let news = Deliver::Shared(SharedFrames::new([Frame::text("news")].into()));
        let handed = handle.deliver(news, bytes_max, &mut batches).is_ok();
        batches.send();
        handed
    }

    #[actix_web::test]
    async fn news_that_are_passed_over_fill_nothing_and_leave_word() {
        let heard = Arc::default();
        let mut handle = handle(&heard).passing_over(true);
        let backlog = Arc::clone(&handle.backlog);
        backlog.pass_over();
        assert!(backlog.let_through(), "there were none");
        backlog.pass_over();
        for _ in 0..=MESSAGES_MAX {
            assert!(push(&mut handle, usize::MAX));
        }
        assert!(!backlog.let_through() && !backlog.let_through(), "there were some");
        // What is no news comes all the same.
        let mut batches = Batches::default();
        let answer = Deliver::Own(vec![Delivery::Push(Frame::text("news")), Delivery::Told]);
        assert!(handle.deliver(answer, usize::MAX, &mut batches).is_ok());
        batches.send();
        backlog.pass_over();
        assert!(backlog.let_through() && push(&mut handle, usize::MAX));
        while heard.lock().unwrap().len() < 2 {
            actix_web::rt::task::yield_now().await;
        }
        assert_eq!(heard.lock().unwrap().len(), 2);
    }

    #[actix_web::test]
    async fn a_session_to_which_too_much_is_on_its_way_is_told_to_end() {
        let heard = Arc::default();
        let mut handle = handle(&heard);
        for _ in 0..MESSAGES_MAX {
            assert!(push(&mut handle, usize::MAX));
        }
        assert!(!push(&mut handle, usize::MAX));
        handle.evict(CloseReason::SlowConsumer);
        while heard.lock().unwrap().len() <= 4 {
            actix_web::rt::task::yield_now().await;
        }
        let heard = heard.lock().unwrap();
        let Some(BatchPart { slots, deliver: Deliver::Own(last) }) = heard.last() else {
            panic!("{heard:?}")
        };
        assert_eq!(slots.len(), 1);
        assert!(matches!(last[..], [Delivery::Evict(CloseReason::SlowConsumer)]));
    }

    #[actix_web::test]
    async fn what_was_taken_does_not_wait() {
        let mut handle = handle(&Arc::default());
        let backlog = Arc::clone(&handle.backlog);
        backlog.set_open(true);
        assert!(backlog.may_pass());
        // Larger than may wait, but alone.
        assert!(push(&mut handle, 1));
        assert!(!push(&mut handle, 7));
        backlog.mailed();
        assert!(!backlog.may_pass());
        backlog.took(4);
        assert!(backlog.may_pass());
        assert!(push(&mut handle, 1));
        assert!(push(&mut handle, 8));
        backlog.passed(8);
        assert!(push(&mut handle, 1));
    }
}
