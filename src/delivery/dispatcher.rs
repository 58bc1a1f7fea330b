//! The dispatcher of a thread: takes batches to the thread's sessions.
//!
//! Where the actor would do nothing else, news go straight into the socket, without a turn of its
//! task: the session is told, nothing is before the news in its mailbox, and nothing waits to be
//! written. All else goes through the mailbox, in order.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context as Task, Poll};

use actix::fut::ActorFuture;
use actix::{Actor, AsyncContext as _, Context, Handler};

use super::batch::{BatchPart, ThreadBatch};
use super::deliver::Deliver;
use super::local::{LocalSessions, WrittenNews};
use crate::telemetry::Metrics;

/// Sessions served before others of the thread get their turn.
const SESSIONS_PER_TURN: usize = 128;

/// Serves the sessions of a thread.
pub(super) struct ThreadDispatcher {
    sessions: Rc<RefCell<LocalSessions>>,
    queue: VecDeque<BatchPart>,
    /// How many of the sessions that the first part is for have been served.
    served: usize,
    written: WrittenNews,
    metrics: Metrics,
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
            if let BatchPart::Multicast(slots, _) = part {
                // In the order of memory, ours and the system's, which made the sockets in it.
                slots.sort_unstable_by_key(|slot| slot.index);
            }
        }
        self.queue.extend(batch.0);
    }
}

impl ThreadDispatcher {
    /// A dispatcher with nothing to do.
    pub(super) fn new(sessions: Rc<RefCell<LocalSessions>>, metrics: Metrics) -> Self {
        let (queue, written) = (VecDeque::new(), WrittenNews::default());
        Self { sessions, queue, served: 0, written, metrics }
    }

    /// Serves one session; false if nothing is left.
    fn step(&mut self) -> bool {
        if let Some(BatchPart::Multicast(slots, news)) = self.queue.front()
            && let Some(slot) = slots.get(self.served)
        {
            self.served = self.served.saturating_add(1);
            if let Some(session) = self.sessions.borrow().get(*slot) {
                session.tell(news, &mut self.written, &self.metrics);
            }
            return true;
        }
        self.served = 0;
        match self.queue.pop_front() {
            None => return false,
            Some(BatchPart::Multicast(..)) => {}
            Some(BatchPart::Unicast(slot, items)) => {
                if let Some(session) = self.sessions.borrow().get(slot) {
                    session.mail(Deliver::Own(items));
                }
            }
        }
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
        for _ in 0..SESSIONS_PER_TURN {
            if !dispatcher.step() {
                // Nothing is kept for the next batch.
                dispatcher.queue = VecDeque::new();
                dispatcher.written = WrittenNews::default();
                return Poll::Pending;
            }
        }
        task.waker().wake_by_ref();
        Poll::Pending
    }
}
