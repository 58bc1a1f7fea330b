//! What the store can be asked to write, without a word of what it is.
//!
//! A command is of the kind there are many of: it is held without a box, and what comes of it is told to
//! all subscribers. A [`Job`] is a function of one area: its answer goes back to whoever waits for it, its news
//! go to the subscribers.
//! What a job may touch is its type: only an area can make jobs of its [`StorePart`].

use std::marker::PhantomData;

use crate::domain::chat::room::RoomKey;
use crate::domain::news::News;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;

/// What a job may look at and change. Those that share nothing may overtake each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touches {
    /// What is in rooms, and who is in them; if it is known beforehand, in this one only.
    Rooms(Option<RoomKey>),
    /// Nothing of rooms: users and what they alone have to do with, jobs, service keys.
    Accounts,
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

    pub(in crate::store) fn into_op(self) -> F {
        self.op
    }
}

/// All that is stored in one database, as the engine sees it.
pub(in crate::store) trait Areas: Send + Sync + 'static {
    /// What is asked most, and so held without a box.
    type Command: Send + Unpin + 'static;
    /// What comes of it.
    type Outcome: Clone + Send + Sync + Unpin + 'static;
    /// What is remembered from one transaction to the next, on the same connection and as long as nobody
    /// else has committed.
    type Cache: Default + Send + Unpin + 'static;
    /// What one transaction has done and not written yet.
    type Unit<'u>;

    /// What a command may touch.
    fn touches(command: &Self::Command) -> Touches;

    /// Gives a command another id, if it came with one; all others are minted when it is done.
    ///
    /// # Errors
    /// [`StoreError::Mint`].
    fn mint_again(&self, command: &mut Self::Command) -> Result<(), StoreError>;

    /// Begins the work of a transaction.
    fn begin<'u>(&'u self, conn: &'u mut Connection, cache: &'u mut Self::Cache) -> Self::Unit<'u>;

    /// Looks up at once what many commands will ask for one by one.
    ///
    /// # Errors
    /// As [`Areas::apply`].
    fn prepare<'j>(
        unit: &mut Self::Unit<'_>,
        commands: impl Iterator<Item = &'j Self::Command> + Clone,
    ) -> Result<(), StoreError>;

    /// Does a command.
    ///
    /// # Errors
    /// [`StoreError::Mint`], [`StoreError::Database`], [`StoreError::Corrupt`].
    fn apply(
        &self,
        unit: &mut Self::Unit<'_>,
        command: &Self::Command,
    ) -> Result<Self::Outcome, StoreError>;

    /// The connection, for a job that touches this: what the unit holds of it is written first, and
    /// looked up again later.
    ///
    /// # Errors
    /// As [`Areas::apply`].
    fn lend<'l>(
        unit: &'l mut Self::Unit<'_>,
        touches: Touches,
    ) -> Result<&'l mut Connection, StoreError>;

    /// Writes what has not been written.
    ///
    /// # Errors
    /// As [`Areas::apply`].
    fn finish(unit: Self::Unit<'_>) -> Result<(), StoreError>;
}
