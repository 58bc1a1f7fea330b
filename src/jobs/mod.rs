//! What must happen later, and once.
//!
//! A job is a row that some transaction has left behind (`store::jobs`). The [`Worker`] claims jobs under a lease,
//! has their [`JobKind`] do them, and tries again what fails; so they survive any end of the process, and of
//! several processes on one database one does a job. Its timers (`sweeps`) work under leases, too.
//!
//! A new kind is a folder here with a [`JobKind`], and one line in `server`. It must bear that a job is done twice:
//! a process may die between the deed and the note of it.

mod backoff;
pub mod downstream;
pub mod kind;
pub mod mail;
mod run;
pub mod sweeps;
pub mod worker;

pub use kind::{JobEnd, JobFault, JobKind, JobPolicy};
pub use worker::{LEASE, Worker};
