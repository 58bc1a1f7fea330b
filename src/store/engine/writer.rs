//! Group commit: what is let in waits here while the batch before it commits.
//!
//! The queue is bounded, in operations and in bytes. That is decided where a write is submitted, so that the
//! submitter hears of it at once; the mailboxes behind it need no bound of their own.
//! One batch is in flight, the next gathers meanwhile. There is no timer: a lone write goes out at
//! once, and the more there is to do, the larger the batches.

use std::sync::Arc;

use actix::{Actor, Addr, AsyncContext, Context, Handler, Message, Recipient};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::store::engine::error::StoreError;
use crate::store::engine::executor::{Batch, CommittedBatch, DbExecutor, Follower, Subscribers};
use crate::store::engine::job::{Areas, Submitted};
use crate::store::engine::observer::Observer;
use crate::store::engine::settings::Settings;
use crate::store::engine::write_queue::{BatchMax, WriteQueue};

/// Lets writes in while there is room.
#[derive(Clone)]
pub(in crate::store) struct WriteQuota {
    ops: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    ops_max: usize,
    pressure_ops: usize,
    observer: Arc<dyn Observer>,
}

/// The room that one write takes up, given back when dropped.
pub(in crate::store) struct Permit {
    _op: OwnedSemaphorePermit,
    bytes: OwnedSemaphorePermit,
}

impl Permit {
    /// How many bytes it is for.
    pub fn bytes(&self) -> usize {
        self.bytes.num_permits()
    }
}

impl WriteQuota {
    /// A quota of which nothing is taken. The observer is told what waits.
    pub fn new(settings: &Settings, observer: Arc<dyn Observer>) -> Self {
        let ops_max = settings.pending_ops_max.min(Semaphore::MAX_PERMITS);
        let bytes_max = settings.pending_bytes_max.min(Semaphore::MAX_PERMITS);
        Self {
            ops: Arc::new(Semaphore::new(ops_max)),
            bytes: Arc::new(Semaphore::new(bytes_max)),
            ops_max,
            pressure_ops: settings.pressure_ops,
            observer,
        }
    }

    /// Lets in a write with so many bytes of text.
    ///
    /// # Errors
    /// [`StoreError::Busy`], [`StoreError::Closed`].
    pub fn enter(&self, bytes: usize) -> Result<Permit, StoreError> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let op = Arc::clone(&self.ops).try_acquire_owned()?;
        let bytes = Arc::clone(&self.bytes).try_acquire_many_owned(bytes)?;
        self.report();
        Ok(Permit { _op: op, bytes })
    }

    /// Tells the observer how many writes are inside.
    pub fn report(&self) {
        self.observer.pending(self.pending());
    }

    /// Whether so many writes are inside that whoever makes more should slow down.
    pub fn is_pressed(&self) -> bool {
        self.pending() > self.pressure_ops
    }

    fn pending(&self) -> usize {
        self.ops_max.saturating_sub(self.ops.available_permits())
    }

    /// Lets nobody in any more.
    pub fn close(&self) {
        self.ops.close();
    }
}

/// Gathers jobs into batches.
pub(in crate::store) struct Writer<A: Areas> {
    executor: Addr<DbExecutor<A>>,
    subscribers: Subscribers<A>,
    waiting: WriteQueue<Submitted<A>>,
    in_flight: bool,
}

/// The batch in flight is answered.
#[derive(Message)]
#[rtype(result = "()")]
pub(in crate::store::engine) struct Answered;

/// What had come with the first job of a batch is there.
#[derive(Message)]
#[rtype(result = "()")]
struct Gathered;

/// One more who gets what is committed.
pub(in crate::store) struct Subscribe<A: Areas>(pub Recipient<CommittedBatch<A::Outcome>>);

impl<A: Areas> Message for Subscribe<A> {
    type Result = ();
}

/// Adds one who alone hears of some news from now on.
#[derive(Message)]
#[rtype(result = "()")]
pub(in crate::store) struct Follow(pub Follower);

/// How many are kept who get what is committed; who has ended is, until the next batch.
#[derive(Message)]
#[rtype(result = "usize")]
pub(in crate::store) struct CountSubscribers;

impl<A: Areas> Writer<A> {
    /// A writer without subscribers; the executor commits what it gathers.
    pub fn new(executor: Addr<DbExecutor<A>>, batch_max: BatchMax) -> Self {
        let (subscribers, waiting) = (Subscribers::<A>::default(), WriteQueue::new(batch_max));
        Self { executor, subscribers, waiting, in_flight: false }
    }

    fn send_batch(&mut self, writer: Addr<Self>) {
        if self.in_flight || self.waiting.is_empty() {
            return;
        }
        // Some have ended meanwhile.
        if !self.subscribers.all.iter().all(Recipient::connected) {
            Arc::make_mut(&mut self.subscribers).all.retain(Recipient::connected);
        }
        let (jobs, subscribers) = (self.waiting.take(), Arc::clone(&self.subscribers));
        self.in_flight = true;
        // Past the mailbox's bound: there is one batch at a time. If the executor has gone, the
        // batch is dropped and so answered.
        self.executor.do_send(Batch { jobs, subscribers, writer });
    }
}

impl<A: Areas> Actor for Writer<A> {
    type Context = Context<Self>;
}

impl<A: Areas> Handler<Submitted<A>> for Writer<A> {
    type Result = ();

    fn handle(&mut self, job: Submitted<A>, ctx: &mut Context<Self>) {
        let is_first = self.waiting.is_empty();
        self.waiting.push(job);
        if !self.in_flight && is_first {
            // Behind what is in the mailbox already, so that a burst goes out together.
            ctx.notify(Gathered);
        }
    }
}

impl<A: Areas> Handler<Answered> for Writer<A> {
    type Result = ();

    fn handle(&mut self, Answered: Answered, ctx: &mut Context<Self>) {
        self.in_flight = false;
        self.send_batch(ctx.address());
    }
}

impl<A: Areas> Handler<Gathered> for Writer<A> {
    type Result = ();

    fn handle(&mut self, Gathered: Gathered, ctx: &mut Context<Self>) {
        self.send_batch(ctx.address());
    }
}

impl<A: Areas> Handler<Subscribe<A>> for Writer<A> {
    type Result = ();

    fn handle(&mut self, Subscribe(subscriber): Subscribe<A>, _: &mut Context<Self>) {
        // The batch in flight is told to those who had subscribed by then.
        Arc::make_mut(&mut self.subscribers).all.push(subscriber);
    }
}

impl<A: Areas> Handler<Follow> for Writer<A> {
    type Result = ();

    fn handle(&mut self, Follow(follower): Follow, _: &mut Context<Self>) {
        Arc::make_mut(&mut self.subscribers).followers.push(follower);
    }
}

impl<A: Areas> Handler<CountSubscribers> for Writer<A> {
    type Result = usize;

    fn handle(&mut self, CountSubscribers: CountSubscribers, _: &mut Context<Self>) -> usize {
        self.subscribers.all.len()
    }
}
