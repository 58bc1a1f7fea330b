//! The dispatcher of a thread: takes batches to the thread's sessions. All of it stays on the thread.
//!
//! Where the actor would do nothing else, news go straight into the socket, without a turn of its
//! task: the session is told, nothing is before the news in its mailbox, and nothing waits to be
//! written. All else goes through the mailbox, in order.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::mem;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context as Task, Poll};

use actix::fut::ActorFuture;
use actix::{Actor, AsyncContext as _, Context, Handler, Recipient};
use bytes::BytesMut;

use super::batch::{
    BatchPart, Deliver, SessionRoute, SessionSlot, SharedFrames, Thread, ThreadBatch,
};
use super::handle::Backlog;
use crate::telemetry::Metrics;
use crate::wire::Frame;

/// Sessions served before others of the thread get their turn.
const SESSIONS_PER_TURN: usize = 128;
/// Slots made at once, at least.
const SLOTS_MIN: usize = 64;

/// Serves the sessions of a thread.
struct ThreadDispatcher {
    sessions: Rc<RefCell<LocalSessions>>,
    queue: VecDeque<BatchPart>,
    /// How many of the sessions that the first part is for have been served.
    served: usize,
    written: WrittenNews,
    metrics: Metrics,
}

/// News as sockets get them, kept from one session to the next.
#[derive(Default)]
struct WrittenNews {
    of: Option<SharedFrames>,
    bytes: BytesMut,
}

impl Actor for ThreadDispatcher {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.spawn(ServeQueue);
    }
}

impl Handler<ThreadBatch> for ThreadDispatcher {
    type Result = ();

    fn handle(&mut self, mut batch: ThreadBatch, _: &mut Context<Self>) {
        for part in &mut batch.0 {
            // In the order of memory, ours and the system's, which made the sockets in it.
            part.slots.sort_unstable_by_key(|slot| slot.index);
        }
        self.queue.extend(batch.0);
    }
}

impl ThreadDispatcher {
    /// A dispatcher with nothing to do.
    fn new(sessions: Rc<RefCell<LocalSessions>>, metrics: Metrics) -> Self {
        let (queue, written) = (VecDeque::new(), WrittenNews::default());
        Self { sessions, queue, served: 0, written, metrics }
    }

    /// Serves sessions, as many as have a turn; whether none is left.
    fn serve(&mut self) -> bool {
        let sessions = self.sessions.borrow();
        let mut left = SESSIONS_PER_TURN;
        while let Some(BatchPart { slots, deliver }) = self.queue.front_mut() {
            let due = slots.get(self.served..).unwrap_or_default();
            let now = due.get(..left).unwrap_or(due);
            for session in now.iter().filter_map(|slot| sessions.get(*slot)) {
                match deliver {
                    Deliver::Shared(news) if session.pass(news, &mut self.written) => {
                        let frames = u64::try_from(news.frames().len()).unwrap_or(u64::MAX);
                        self.metrics.frames_out.inc_by(frames);
                    }
                    Deliver::Shared(news) => session.mail(Deliver::Shared(news.clone())),
                    // For this one alone, so that nothing is left of it.
                    Deliver::Own(items) => session.mail(Deliver::Own(mem::take(items))),
                }
            }
            if now.len() < due.len() {
                self.served = self.served.saturating_add(now.len());
                return false;
            }
            left = left.saturating_sub(now.len());
            self.served = 0;
            self.queue.pop_front();
        }
        // Nothing is kept for the next batch.
        self.queue = VecDeque::new();
        self.written = WrittenNews::default();
        true
    }
}

/// Serves as long as there is somebody to serve. Polled after the mailbox, like a session's pump.
struct ServeQueue;

impl ActorFuture<ThreadDispatcher> for ServeQueue {
    type Output = ();

    fn poll(
        self: Pin<&mut Self>,
        dispatcher: &mut ThreadDispatcher,
        _: &mut Context<ThreadDispatcher>,
        task: &mut Task<'_>,
    ) -> Poll<()> {
        if !dispatcher.serve() {
            task.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

/// A way into a socket past its session. Only the session's thread uses it.
pub trait Bypass {
    /// Appends a frame as any socket gets it.
    fn write(&self, frame: &Frame, bytes: &mut BytesMut);

    /// Takes all of some news, written, unless something else waits to be written, or nothing can be:
    /// then none of them.
    fn pass(&self, news: &[u8]) -> bool;
}

/// A session as its thread's dispatcher sees it.
pub struct LocalSession {
    /// Past its mailbox, if its socket lets news in.
    pub bypass: Option<Rc<dyn Bypass>>,
    pub mailbox: Recipient<Deliver>,
    pub backlog: Arc<Backlog>,
}

impl LocalSession {
    /// Writes news past the session if the session would only write them; whether it is done.
    fn pass(&self, news: &SharedFrames, written: &mut WrittenNews) -> bool {
        let Some(bypass) = self.bypass.as_deref().filter(|_| self.backlog.may_pass()) else {
            return false;
        };
        if !written.of.as_ref().is_some_and(|of| of.is(news)) {
            written.bytes.clear();
            news.frames().iter().for_each(|frame| bypass.write(frame, &mut written.bytes));
            written.of = Some(news.clone());
        }
        let passes = bypass.pass(&written.bytes);
        if passes {
            self.backlog.passed(news.bytes());
        }
        passes
    }

    /// Puts something into the mailbox.
    fn mail(&self, deliver: Deliver) {
        self.backlog.mailed();
        // Past the mailbox's bound: the hub has kept it.
        self.mailbox.do_send(deliver);
    }
}

/// The sessions of a thread, each at the index of its slot.
#[derive(Default)]
struct LocalSessions {
    slots: Vec<LocalSlot>,
    free: Vec<u32>,
}

struct LocalSlot {
    generation: u32,
    session: Option<LocalSession>,
}

impl LocalSessions {
    fn insert(&mut self, session: LocalSession) -> SessionSlot {
        let next = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        let index = self.free.pop().unwrap_or(next);
        match self.slot(index) {
            Some(slot) => slot.session = Some(session),
            None => {
                if self.slots.len() == self.slots.capacity() {
                    // By less than half: there may be many.
                    self.slots.reserve_exact(SLOTS_MIN.max(self.slots.len() / 8));
                }
                self.slots.push(LocalSlot { generation: 0, session: Some(session) });
            }
        }
        let generation = self.slot(index).map_or(0, |slot| slot.generation);
        SessionSlot { index, generation }
    }

    fn remove(&mut self, at: SessionSlot) {
        if self.get(at).is_some()
            && let Some(slot) = self.slot(at.index)
        {
            *slot = LocalSlot { generation: slot.generation.wrapping_add(1), session: None };
            self.free.push(at.index);
        }
    }

    fn slot(&mut self, index: u32) -> Option<&mut LocalSlot> {
        self.slots.get_mut(usize::try_from(index).ok()?)
    }

    /// The session in a slot, if it has not gone.
    fn get(&self, at: SessionSlot) -> Option<&LocalSession> {
        let slot = self.slots.get(usize::try_from(at.index).ok()?)?;
        slot.session.as_ref().filter(|_| slot.generation == at.generation)
    }
}

thread_local! {
    static LOCAL: RefCell<LocalThread> = RefCell::default();
}

/// This thread, with its dispatcher if there is one yet.
#[derive(Default)]
struct LocalThread {
    sessions: Rc<RefCell<LocalSessions>>,
    thread: Option<Arc<Thread>>,
}

/// Makes a session of this thread known to its dispatcher. To be followed by [`leave`].
pub fn join(session: LocalSession, messages_max: usize, metrics: &Metrics) -> SessionRoute {
    LOCAL.with_borrow_mut(|local| {
        let slot = local.sessions.borrow_mut().insert(session);
        // A thread may outlive what runs on it.
        let known = local.thread.take().filter(|thread| thread.dispatcher.connected());
        let thread = known.unwrap_or_else(|| {
            let sessions = Rc::clone(&local.sessions);
            let dispatcher = ThreadDispatcher::new(sessions, metrics.clone()).start().recipient();
            let messages_max = u32::try_from(messages_max).unwrap_or(u32::MAX);
            Arc::new(Thread { dispatcher, messages_max })
        });
        local.thread = Some(Arc::clone(&thread));
        SessionRoute { thread, slot }
    })
}

/// Takes a session of this thread out again.
pub fn leave(slot: SessionSlot) {
    LOCAL.with_borrow(|local| local.sessions.borrow_mut().remove(slot));
}
