//! What the worker has to know of a kind of job.

use std::error::Error;

use futures_util::future::LocalBoxFuture;

use crate::store::StoreError;

/// Whoever does the jobs of one kind.
pub trait JobKind {
    /// How its jobs are done. Asked once, at the start.
    fn policy(&self) -> JobPolicy;

    /// Hears how many of its jobs are not done, due or not.
    fn waiting(&self, _jobs: i64) {}

    /// Does a job. Dropped in the middle if the process stops, or has lost the job to another one; the job is
    /// done again then.
    fn run(&self, payload: String) -> LocalBoxFuture<'_, Result<JobEnd, JobFault>>;
}

/// How the jobs of a kind are done.
#[derive(Clone, Copy, Debug)]
pub struct JobPolicy {
    /// The name of the kind, in the table and in the log.
    pub kind: &'static str,
    /// What the log says of a job that is done, such as "sent".
    pub done: &'static str,
    /// How many are done at the same time.
    pub at_once_max: u32,
    /// After so many tries a job is given up.
    pub attempts_max: u32,
    /// The wait before the second try, in milliseconds; it doubles from then on.
    pub retry_first_ms: u64,
    pub retry_max_ms: u64,
}

/// How a job ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobEnd {
    Done,
    /// There was nothing left to be done.
    Void,
}

/// Why a job is not done.
#[derive(Debug)]
pub enum JobFault {
    /// Another try may succeed.
    Passing(Box<dyn Error>),
    /// No other try can succeed.
    Permanent(Box<dyn Error>),
    /// The store could not say what is to be done, or to whom. That is no try.
    Store(StoreError),
}

impl From<StoreError> for JobFault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
