//! Group commit: jobs wait here while the batch before them commits.
//!
//! One batch is in flight, the next gathers meanwhile. There is no timer: a lone write goes out at
//! once, and the more there is to do, the larger the batches.

use std::sync::Arc;

use actix::{Actor, Addr, AsyncContext, Context, Handler, Message, Recipient};

use crate::store::engine::batch::{Batch, CommittedBatch, Submitted, Subscribers};
use crate::store::engine::executor::DbExecutor;
use crate::store::engine::job::Areas;
use crate::store::engine::write_queue::{BatchMax, WriteQueue};

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
        Arc::make_mut(&mut self.subscribers).push(subscriber);
    }
}
