//! What the store can be asked to write, without a word of what it is.
//!
//! A command is of the kind there are many of: it is held without a box, and what comes of it is told to
//! all subscribers. A [`Job`] is a function of one area: its answer goes back to whoever waits for it, its news
//! go to the subscribers. Either is `Submitted`, and waits for its batch.
//! What a job may touch is its type: only an area can make jobs of its [`StorePart`].

use std::marker::PhantomData;

use actix::Message;
use tokio::sync::oneshot;

use crate::domain::news::News;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::write_queue::Queued;
use crate::store::engine::writer::Permit;

/// What a job may look at and change. Those that share nothing may overtake each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touches {
    /// What is in rooms, and who is in them.
    Rooms,
    /// Nothing of rooms: users and what they alone have to do with, jobs, service keys.
    Rest,
    /// Everything: all before it is done by then, and nothing after it.
    All,
}

/// A part of what is stored. Its value is the right to make jobs for it, and nobody else can make one.
pub trait StorePart: Send + 'static {
    /// What its jobs may touch.
    const TOUCHES: Touches;
}

/// What comes of a job. Jobs for later are no part of it: they are stored by the same transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Yield<T> {
    pub answer: T,
    /// For all subscribers, in order.
    pub news: Vec<News>,
}

impl<T> From<T> for Yield<T> {
    fn from(answer: T) -> Self {
        Self { answer, news: Vec::new() }
    }
}

/// What a job does, when it has nothing to tell.
pub trait QuietOp<T>: Fn(&mut Connection) -> Result<T, StoreError> + Send + 'static {}

impl<T, F> QuietOp<T> for F where F: Fn(&mut Connection) -> Result<T, StoreError> + Send + 'static {}

/// What a job does.
pub trait Op<T>: Fn(&mut Connection) -> Result<Yield<T>, StoreError> + Send + 'static {}

impl<T, F> Op<T> for F where F: Fn(&mut Connection) -> Result<Yield<T>, StoreError> + Send + 'static {}

/// What a look-up does. It cannot change anything.
pub trait ReadOp<T>: FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static {}

impl<T, F> ReadOp<T> for F where F: FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static
{}

/// A function to be run in a batch. It runs again if its batch has to be done again.
pub struct Job<P, F> {
    op: F,
    bytes: usize,
    part: PhantomData<P>,
}

/// A job of a part that has nothing to tell.
pub(in crate::store) fn quiet<P: StorePart, T>(
    right: P,
    op: impl QuietOp<T>,
) -> Job<P, impl Op<T>> {
    Job::new(right, move |conn: &mut Connection| op(conn).map(Yield::from))
}

impl<P: StorePart, F> Job<P, F> {
    pub(in crate::store) fn new<T>(_right: P, op: F) -> Self
    where
        F: Op<T>,
    {
        Self { bytes: size_of_val(&op), op, part: PhantomData }
    }

    /// The same, which holds so many bytes of text besides.
    pub(in crate::store) fn holding(self, bytes: usize) -> Self {
        Self { bytes: self.bytes.saturating_add(bytes), ..self }
    }

    /// The job of the same part that `wrap` makes of this one.
    pub(in crate::store) fn wrapped<G>(self, wrap: impl FnOnce(F) -> G) -> Job<P, G> {
        Job { op: wrap(self.op), bytes: self.bytes, part: PhantomData }
    }

    pub(in crate::store) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// A write on its way, with the way its answer takes.
pub(in crate::store) enum Submitted<A: Areas> {
    /// Answered under its ticket.
    Command {
        ticket: u64,
        command: A::Command,
        /// What came of it; counts only once it is committed.
        outcome: Option<A::Outcome>,
        permit: Permit,
    },
    Job {
        call: Box<dyn BoxedJob>,
        touches: Touches,
        /// None only for the store's own markers.
        permit: Option<Permit>,
    },
}

/// A function to run in a batch, and somebody who waits for its answer.
pub(in crate::store) trait BoxedJob: Send {
    /// Does it, within a transaction; can be done again after a rollback.
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
    /// A job, and where what it yields will come.
    pub fn job<P: StorePart, T: Send + 'static>(
        job: Job<P, impl Op<T>>,
        permit: Option<Permit>,
    ) -> (Self, oneshot::Receiver<Result<Yield<T>, StoreError>>) {
        let (reply, answer) = oneshot::channel();
        let call = Box::new(Function { op: job.op, done: None, reply });
        (Self::Job { call, touches: P::TOUCHES, permit }, answer)
    }

    /// The command, if it is one.
    pub fn command(&self) -> Option<&A::Command> {
        match self {
            Self::Command { command, .. } => Some(command),
            Self::Job { .. } => None,
        }
    }
}

impl<A: Areas> Message for Submitted<A> {
    type Result = ();
}

impl<A: Areas> Queued for Submitted<A> {
    fn touches(&self) -> Touches {
        match self {
            Self::Command { .. } => A::TOUCHES,
            Self::Job { touches, .. } => *touches,
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Command { permit, .. } => permit.bytes(),
            Self::Job { permit, .. } => permit.as_ref().map_or(0, Permit::bytes),
        }
    }
}

/// All that is stored in one database, as the engine sees it.
pub(in crate::store) trait Areas: Sized + Send + Sync + 'static {
    /// What is asked most, and so held without a box.
    type Command: Send + Unpin + 'static;
    /// What comes of it.
    type Outcome: Clone + Send + Sync + Unpin + 'static;
    /// What is remembered from one transaction to the next, on the same connection and as long as nobody
    /// else has committed.
    type Cache: Default + Send + Unpin + 'static;
    /// What commands may touch.
    const TOUCHES: Touches;

    /// Takes away the id that a command has come with: done again, it mints another.
    fn take_id(command: &mut Self::Command);

    /// Does all of a batch, in order, in a transaction that has begun. May be done again after a rollback.
    ///
    /// # Errors
    /// That of the first that fails: [`StoreError::Mint`], [`StoreError::Database`], [`StoreError::Corrupt`],
    /// and those of jobs.
    fn transact(
        &self,
        conn: &mut Connection,
        cache: &mut Self::Cache,
        batch: &mut [Submitted<Self>],
    ) -> Result<(), StoreError>;
}
