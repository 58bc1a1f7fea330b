//! Group commit: changes wait here while the batch before them commits.
//!
//! One batch is in flight, the next gathers meanwhile. There is no timer: a lone write goes out at
//! once, and the more there is to do, the larger the batches.

use std::collections::VecDeque;
use std::mem;

use actix::{Actor, Addr, AsyncContext, Context, Handler, Message, Recipient};
use tokio::sync::oneshot;

use crate::store::chat::change::{Change, Committed, Done};
use crate::store::chat::ledger::Ledger;
use crate::store::chat::rules::Rules;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::executor::DbExecutor;
use crate::store::engine::gate::Permit;

/// Gathers jobs into batches.
pub(in crate::store) struct Writer {
    executor: Addr<DbExecutor>,
    subscriber: Option<Recipient<Committed>>,
    waiting: VecDeque<Job>,
    in_flight: bool,
    batch_ops_max: usize,
}

/// A write on its way.
#[derive(Message)]
#[rtype(result = "()")]
pub(in crate::store) struct Job {
    work: Work,
    /// None only for the store's own markers.
    permit: Option<Permit>,
}

#[expect(clippy::large_enum_variant, reason = "nearly all are changes")]
enum Work {
    /// Answered through [`Committed`]; `done` counts only once it is committed.
    Change {
        ticket: u64,
        change: Change,
        done: Option<Done>,
    },
    Call(Box<dyn Call>, Scope),
}

/// What a function may look at and change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Scope {
    /// Everything.
    All,
    /// Nothing that a ledger or its memory holds.
    Beside,
}

/// A function to run in a batch, and somebody who waits for its value.
trait Call: Send {
    fn run(&mut self, conn: &mut Connection) -> Result<(), StoreError>;
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

struct Function<F, T> {
    op: F,
    /// Counts only once it is committed.
    value: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Call for Function<F, T>
where
    F: Fn(&mut Connection) -> Result<T, StoreError> + Send,
    T: Send,
{
    fn run(&mut self, conn: &mut Connection) -> Result<(), StoreError> {
        self.value = Some((self.op)(conn)?);
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self { value, reply, .. } = *self;
        let value = outcome.and_then(|()| value.ok_or(StoreError::Closed));
        // Whoever asked may have gone; the write is done all the same.
        drop(reply.send(value));
    }
}

impl Job {
    /// A change, to be answered under its ticket.
    pub fn change(ticket: u64, change: Change, permit: Permit) -> Self {
        Self { work: Work::Change { ticket, change, done: None }, permit: Some(permit) }
    }

    /// A function, and where its value will come.
    pub fn call<T: Send + 'static>(
        op: impl Fn(&mut Connection) -> Result<T, StoreError> + Send + 'static,
        scope: Scope,
        permit: Option<Permit>,
    ) -> (Self, oneshot::Receiver<Result<T, StoreError>>) {
        let (reply, answer) = oneshot::channel();
        let call = Box::new(Function { op, value: None, reply });
        (Self { work: Work::Call(call, scope), permit }, answer)
    }

    /// Does it, within a transaction; can be done again after a rollback.
    ///
    /// # Errors
    /// Those of the work.
    pub fn run(&mut self, ledger: &mut Ledger<'_>, rules: &Rules) -> Result<(), StoreError> {
        match &mut self.work {
            Work::Change { change, done, .. } => *done = Some(rules.apply(ledger, change)?),
            Work::Call(call, Scope::All) => call.run(ledger.settled()?)?,
            Work::Call(call, Scope::Beside) => call.run(ledger.conn())?,
        }
        Ok(())
    }

    /// Gives it another id, if it came with one; all others are minted when it is done.
    ///
    /// # Errors
    /// [`StoreError::Mint`].
    pub fn mint_again(&mut self, rules: &Rules) -> Result<(), StoreError> {
        if let Work::Change { change: Change::Post { id, .. }, .. } = &mut self.work {
            *id = rules.mint.message()?;
        }
        Ok(())
    }

    /// The change, if it is one.
    pub fn asked(&self) -> Option<&Change> {
        match &self.work {
            Work::Change { change, .. } => Some(change),
            Work::Call(..) => None,
        }
    }
}

/// Jobs for one transaction. Answers all of them, also if it is dropped undone.
#[derive(Message)]
#[rtype(result = "()")]
pub(in crate::store) struct Batch {
    jobs: Vec<Job>,
    subscriber: Option<Recipient<Committed>>,
    writer: Addr<Writer>,
}

impl Batch {
    /// The jobs, in the order of submission.
    pub fn jobs(&mut self) -> &mut [Job] {
        &mut self.jobs
    }

    /// Answers each job with its outcome, and asks for the next batch. `vacated` is called when the
    /// jobs have given up their room, before anybody is answered.
    pub fn answer(&mut self, outcomes: Vec<Result<(), StoreError>>, vacated: impl FnOnce()) {
        let mut committed = Vec::new();
        let mut calls = Vec::new();
        for (Job { work, permit }, outcome) in mem::take(&mut self.jobs).into_iter().zip(outcomes) {
            // Before the answer, so that whoever gets it finds room.
            drop(permit);
            match work {
                Work::Change { ticket, done, .. } => {
                    let done = outcome.and_then(|()| done.ok_or(StoreError::Closed));
                    committed.push((ticket, done));
                }
                Work::Call(call, _) => calls.push((call, outcome)),
            }
        }
        vacated();
        if let Some(subscriber) = self.subscriber.as_ref().filter(|_| !committed.is_empty()) {
            // Past the mailbox's bound: an answer must not get lost, and there are no more of them
            // than changes the subscriber has submitted.
            subscriber.do_send(Committed(committed));
        }
        for (call, outcome) in calls {
            call.answer(outcome);
        }
        // Past the mailbox's bound: there is one batch at a time.
        self.writer.do_send(Answered);
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        if !self.jobs.is_empty() {
            self.answer(self.jobs.iter().map(|_| Err(StoreError::Closed)).collect(), || ());
        }
    }
}

/// The batch in flight is answered.
#[derive(Message)]
#[rtype(result = "()")]
struct Answered;

/// What had come with the first job of a batch is there.
#[derive(Message)]
#[rtype(result = "()")]
struct Gathered;

/// Who gets what is committed.
#[derive(Message)]
#[rtype(result = "()")]
pub(in crate::store) struct Subscribe(pub Recipient<Committed>);

impl Writer {
    pub fn new(executor: Addr<DbExecutor>, batch_ops_max: usize) -> Self {
        let (waiting, batch_ops_max) = (VecDeque::new(), batch_ops_max.max(1));
        Self { executor, subscriber: None, waiting, in_flight: false, batch_ops_max }
    }

    fn send_batch(&mut self, writer: Addr<Self>) {
        if self.in_flight || self.waiting.is_empty() {
            return;
        }
        let size = self.waiting.len().min(self.batch_ops_max);
        let jobs = self.waiting.drain(..size).collect();
        self.in_flight = true;
        // Past the mailbox's bound: there is one batch at a time. If the executor has gone, the
        // batch is dropped and so answered.
        self.executor.do_send(Batch { jobs, subscriber: self.subscriber.clone(), writer });
    }
}

impl Actor for Writer {
    type Context = Context<Self>;
}

impl Handler<Job> for Writer {
    type Result = ();

    fn handle(&mut self, job: Job, ctx: &mut Context<Self>) {
        self.waiting.push_back(job);
        if !self.in_flight && self.waiting.len() == 1 {
            // Behind what is in the mailbox already, so that a burst goes out together.
            ctx.notify(Gathered);
        }
    }
}

impl Handler<Answered> for Writer {
    type Result = ();

    fn handle(&mut self, Answered: Answered, ctx: &mut Context<Self>) {
        self.in_flight = false;
        self.send_batch(ctx.address());
    }
}

impl Handler<Gathered> for Writer {
    type Result = ();

    fn handle(&mut self, Gathered: Gathered, ctx: &mut Context<Self>) {
        self.send_batch(ctx.address());
    }
}

impl Handler<Subscribe> for Writer {
    type Result = ();

    fn handle(&mut self, Subscribe(subscriber): Subscribe, _: &mut Context<Self>) {
        self.subscriber = Some(subscriber);
    }
}
