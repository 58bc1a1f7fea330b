//! What whoever does jobs writes: each for [`Store::run`](crate::store::Store::run).

use crate::domain::clock::Timestamp;
use crate::store::engine::job::{Job, Op, QuietOp, quiet};
use crate::store::jobs::queue::{self, DueJob};
use crate::store::jobs::{JobsRight, Lease};

/// What becomes of a job whose holder has done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// It is forgotten; see [`queue::finish`].
    Forget,
    /// It has failed, and waits until then.
    Postpone(Timestamp),
    /// It waits as it was.
    GiveBack,
}

/// Takes jobs of a kind that are due; see [`queue::claim`].
pub fn claim(
    kind: &'static str,
    now: Timestamp,
    lease: Lease,
    limit: u32,
) -> Job<JobsRight, impl Op<Vec<DueJob>>> {
    write(move |conn| queue::claim(conn, kind, now, lease, limit))
}

/// Holds a job for longer; see [`queue::renew`].
pub fn renew(job: DueJob, until: Timestamp) -> Job<JobsRight, impl Op<bool>> {
    write(move |conn| queue::renew(conn, &job, until))
}

/// Ends the holder's hold on a job.
pub fn settle(job: DueJob, settlement: Settlement) -> Job<JobsRight, impl Op<()>> {
    write(move |conn| match settlement {
        Settlement::Forget => queue::finish(conn, &job),
        Settlement::Postpone(due_at) => queue::fail(conn, &job, due_at),
        Settlement::GiveBack => queue::release(conn, &job),
    })
}

/// Gives back all that a node holds; see [`queue::free`].
pub fn free(node: i16) -> Job<JobsRight, impl Op<()>> {
    write(move |conn| queue::free(conn, node))
}

/// Not named after a job, which is a row here.
fn write<T>(op: impl QuietOp<T>) -> Job<JobsRight, impl Op<T>> {
    quiet(JobsRight(()), op)
}
