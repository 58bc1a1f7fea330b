//! Jobs on their way: one by one in the queue, then together in a batch, then answered.

use std::mem;
use std::sync::Arc;

use actix::{Addr, Message, Recipient};
use tokio::sync::oneshot;

use crate::domain::news::News;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::job::{Areas, Job, Op, StorePart, Touches, Yield};
use crate::store::engine::write_queue::Queued;
use crate::store::engine::write_quota::Permit;
use crate::store::engine::writer::{Answered, Writer};

/// A write on its way, with the way its answer takes.
pub(in crate::store) struct Submitted<A: Areas> {
    work: Work<A>,
    /// None only for the store's own markers.
    permit: Option<Permit>,
}

/// Nearly all are commands, and those have no box.
enum Work<A: Areas> {
    /// Answered through [`CommittedBatch`]; `outcome` counts only once it is committed.
    Command {
        ticket: u64,
        command: A::Command,
        outcome: Option<A::Outcome>,
    },
    Job(Box<dyn BoxedJob>, Touches),
}

/// A function to run in a batch, and somebody who waits for its answer.
trait BoxedJob: Send {
    fn run(&mut self, conn: &mut Connection) -> Result<(), StoreError>;
    /// What is told of it, once it is committed.
    fn news(&self) -> Vec<News>;
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

struct Function<F, T> {
    op: F,
    /// Counts only once it is committed.
    done: Option<Yield<T>>,
    reply: oneshot::Sender<Result<Yield<T>, StoreError>>,
}

impl<F, T> BoxedJob for Function<F, T>
where
    F: Op<T>,
    T: Send,
{
    fn run(&mut self, conn: &mut Connection) -> Result<(), StoreError> {
        self.done = Some((self.op)(conn)?);
        Ok(())
    }

    fn news(&self) -> Vec<News> {
        self.done.as_ref().map_or_else(Vec::new, |done| done.news.clone())
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self { done, reply, .. } = *self;
        let done = outcome.and_then(|()| done.ok_or(StoreError::Closed));
        // Whoever asked may have gone; the write is done all the same.
        drop(reply.send(done));
    }
}

impl<A: Areas> Submitted<A> {
    /// A command, to be answered under its ticket.
    pub fn command(ticket: u64, command: A::Command, permit: Permit) -> Self {
        Self { work: Work::Command { ticket, command, outcome: None }, permit: Some(permit) }
    }

    /// A job, and where what it yields will come.
    pub fn job<P: StorePart, T: Send + 'static>(
        job: Job<P, impl Op<T>>,
        permit: Option<Permit>,
    ) -> (Self, oneshot::Receiver<Result<Yield<T>, StoreError>>) {
        let (reply, answer) = oneshot::channel();
        let call = Box::new(Function { op: job.into_op(), done: None, reply });
        (Self { work: Work::Job(call, P::TOUCHES), permit }, answer)
    }

    /// Does it, within a transaction; can be done again after a rollback.
    ///
    /// # Errors
    /// Those of the work.
    pub fn run(&mut self, areas: &A, unit: &mut A::Unit<'_>) -> Result<(), StoreError> {
        match &mut self.work {
            Work::Command { command, outcome, .. } => *outcome = Some(areas.apply(unit, command)?),
            Work::Job(call, touches) => call.run(A::lend(unit, *touches)?)?,
        }
        Ok(())
    }

    /// Gives it another id, if it came with one.
    ///
    /// # Errors
    /// [`StoreError::Mint`].
    pub fn mint_again(&mut self, areas: &A) -> Result<(), StoreError> {
        match &mut self.work {
            Work::Command { command, .. } => areas.mint_again(command),
            Work::Job(..) => Ok(()),
        }
    }

    /// The command, if it is one.
    pub fn asked(&self) -> Option<&A::Command> {
        match &self.work {
            Work::Command { command, .. } => Some(command),
            Work::Job(..) => None,
        }
    }
}

impl<A: Areas> Message for Submitted<A> {
    type Result = ();
}

impl<A: Areas> Queued for Submitted<A> {
    fn touches(&self) -> Touches {
        match &self.work {
            Work::Command { command, .. } => A::touches(command),
            Work::Job(_, touches) => *touches,
        }
    }

    fn bytes(&self) -> usize {
        self.permit.as_ref().map_or(0, Permit::bytes)
    }
}

/// What came of a command that was submitted under a ticket. What is done is committed.
pub type CommandOutcome<O> = (u64, Result<O, Arc<StoreError>>);

/// What one job of a batch, or one command, means for subscribers.
#[derive(Clone, Debug)]
pub enum BatchEntry<O> {
    Command(CommandOutcome<O>),
    /// What a job has to tell: something.
    Job(Vec<News>),
}

/// What has come of one batch, in the order in which it was done. All subscribers share it.
#[derive(Debug)]
pub struct CommittedBatch<O>(Arc<Vec<BatchEntry<O>>>);

impl<O> CommittedBatch<O> {
    /// All that has come of it, to look at.
    pub fn entries(&self) -> &[BatchEntry<O>] {
        &self.0
    }
}

impl<O: Clone> CommittedBatch<O> {
    /// All that has come of it, to keep; copied only if another subscriber looks at it still.
    pub fn into_entries(self) -> Vec<BatchEntry<O>> {
        Arc::unwrap_or_clone(self.0)
    }
}

impl<O> BatchEntry<O> {
    /// What came of the command, if it is one.
    pub fn outcome(&self) -> Option<&CommandOutcome<O>> {
        match self {
            Self::Command(outcome) => Some(outcome),
            Self::Job(_) => None,
        }
    }
}

impl<O> Clone for CommittedBatch<O> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<O: 'static> Message for CommittedBatch<O> {
    type Result = ();
}

/// Those who hear of what is committed.
pub(in crate::store) type Subscribers<A> =
    Arc<Vec<Recipient<CommittedBatch<<A as Areas>::Outcome>>>>;

/// Jobs for one transaction. Answers all of them, also if it is dropped undone.
pub(in crate::store) struct Batch<A: Areas> {
    pub(in crate::store::engine) jobs: Vec<Submitted<A>>,
    pub(in crate::store::engine) subscribers: Subscribers<A>,
    pub(in crate::store::engine) writer: Addr<Writer<A>>,
}

impl<A: Areas> Batch<A> {
    /// The jobs, in the order in which they are done.
    pub fn jobs(&mut self) -> &mut [Submitted<A>] {
        &mut self.jobs
    }

    /// Answers each job with its outcome, and asks for the next batch. `vacated` is called when the
    /// jobs have given up their room, before anybody is answered.
    pub fn answer(&mut self, outcomes: Vec<Result<(), StoreError>>, vacated: impl FnOnce()) {
        let mut committed = Vec::new();
        let mut calls = Vec::new();
        let jobs = mem::take(&mut self.jobs).into_iter();
        for (Submitted { work, permit }, done) in jobs.zip(outcomes) {
            // Before the answer, so that whoever gets it finds room.
            drop(permit);
            match work {
                Work::Command { ticket, outcome, .. } => {
                    let outcome = done.and_then(|()| outcome.ok_or(StoreError::Closed));
                    committed.push(BatchEntry::Command((ticket, outcome.map_err(Arc::new))));
                }
                Work::Job(call, _) => {
                    let news = if done.is_ok() { call.news() } else { Vec::new() };
                    if !news.is_empty() {
                        committed.push(BatchEntry::Job(news));
                    }
                    calls.push((call, done));
                }
            }
        }
        vacated();
        self.tell(committed);
        for (call, done) in calls {
            call.answer(done);
        }
        // Past the mailbox's bound: there is one batch at a time.
        self.writer.do_send(Answered);
    }

    /// Past the mailboxes' bounds: an answer must not get lost, and there are no more of them than
    /// writes that were submitted.
    fn tell(&self, committed: Vec<BatchEntry<A::Outcome>>) {
        let Some((last, others)) = self.subscribers.split_last() else { return };
        if committed.is_empty() {
            return;
        }
        let committed = CommittedBatch(Arc::new(committed));
        for subscriber in others {
            subscriber.do_send(committed.clone());
        }
        // Not shared, if there is nobody else.
        last.do_send(committed);
    }
}

impl<A: Areas> Message for Batch<A> {
    type Result = ();
}

impl<A: Areas> Drop for Batch<A> {
    fn drop(&mut self) {
        if !self.jobs.is_empty() {
            self.answer(self.jobs.iter().map(|_| Err(StoreError::Closed)).collect(), || ());
        }
    }
}
