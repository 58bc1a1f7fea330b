//! The one thread that writes: a batch is one transaction.
//!
//! If anything in a batch fails, or its commit does, all of it is rolled back and done again job by
//! job, each in its own transaction: a bad job fails alone. What the jobs of a batch have in common
//! is in the unit of work they go through, and what batches have in common in a cache that is kept as
//! long as nobody else commits.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;
use std::sync::Arc;
use std::time::Instant;

use actix::{Actor, Addr, Arbiter, Context, Handler};

use crate::store::engine::Connection;
use crate::store::engine::batch::{Batch, Submitted};
use crate::store::engine::connection::FileState;
use crate::store::engine::database::Database;
use crate::store::engine::error::StoreError;
use crate::store::engine::health::Health;
use crate::store::engine::job::Areas;
use crate::store::engine::observer::Observer;
use crate::store::engine::write_quota::WriteQuota;

/// How often a job whose id is taken gets another one.
const MINTED_AGAIN_MAX: u32 = 8;

/// Commits batches.
pub(in crate::store) struct DbExecutor<A: Areas> {
    pub database: Database,
    pub areas: Arc<A>,
    pub kept: KeptCache<A::Cache>,
    pub quota: WriteQuota,
    pub health: Arc<Health>,
    pub observer: Arc<dyn Observer>,
}

/// A cache, and the state of the database that it is true of.
#[derive(Default)]
pub(in crate::store) struct KeptCache<C> {
    cache: C,
    as_of: Option<FileState>,
}

impl<C: Default> KeptCache<C> {
    /// What of it is true of a state: all or nothing.
    fn of(self, state: Option<FileState>) -> C {
        if state.is_some() && state == self.as_of { self.cache } else { C::default() }
    }
}

impl<A: Areas> DbExecutor<A> {
    /// Starts it on a thread of its own, which ends with the last address.
    ///
    /// No `SyncArbiter`: that would move each batch by way of the main thread, and wake it for nothing else.
    pub fn start_thread(self) -> Addr<Self> {
        Self::start_in_arbiter(&Arbiter::new().handle(), |_| self)
    }

    fn commit(&mut self, jobs: &mut [Submitted<A>]) -> Vec<Result<(), StoreError>> {
        let Err(error) = self.attempt(jobs) else { return jobs.iter().map(|_| Ok(())).collect() };
        // What may be stored is not done again; all else is.
        let mut outage = error.outage().filter(StoreError::is_unsettled);
        log::debug!("a batch of {} is done again job by job: {error}", jobs.len());
        let again = |job| {
            // If not even a fresh connection can begin, no job is to blame, and each further try
            // would wait in vain.
            let outcome = match outage.take() {
                Some(error) => Err(error),
                None => self.alone(job),
            };
            outage = outcome.as_ref().err().and_then(StoreError::outage);
            outcome
        };
        jobs.iter_mut().map(again).collect()
    }

    /// One job in a transaction of its own. If it meets a value that must be unique, its id may be
    /// somebody's already (an imported user's, or of another mint with the same number): it is minted
    /// again.
    fn alone(&mut self, job: &mut Submitted<A>) -> Result<(), StoreError> {
        let mut outcome = self.attempt(slice::from_mut(job));
        for _ in 0..MINTED_AGAIN_MAX {
            if !outcome.as_ref().is_err_and(StoreError::is_unique_violation) {
                break;
            }
            job.mint_again(&self.areas)?;
            outcome = self.attempt(slice::from_mut(job));
        }
        outcome
    }

    fn attempt(&mut self, jobs: &mut [Submitted<A>]) -> Result<(), StoreError> {
        // Not there any more if this fails: what was done in vain is in it, too.
        let kept = mem::take(&mut self.kept);
        let apply = |conn: &mut Connection, from: Option<FileState>| {
            let mut cache = kept.of(from);
            let mut unit = self.areas.begin(conn, &mut cache);
            A::prepare(&mut unit, jobs.iter().filter_map(Submitted::asked))?;
            jobs.iter_mut().try_for_each(|job| job.run(&self.areas, &mut unit))?;
            A::finish(unit)?;
            Ok(cache)
        };
        let transaction = || self.database.write_from(apply);
        // A panic would end the thread for good (decision 4). What it leaves is not looked at: the
        // connection is closed by its pool, and a job's value counts only after a commit.
        let committed = catch_unwind(AssertUnwindSafe(transaction));
        let (cache, as_of) = committed.unwrap_or(Err(StoreError::Panicked))?;
        self.kept = KeptCache { cache, as_of };
        Ok(())
    }
}

impl<A: Areas> Actor for DbExecutor<A> {
    type Context = Context<Self>;

    fn stopped(&mut self, _: &mut Context<Self>) {
        Arbiter::current().stop();
    }
}

impl<A: Areas> Handler<Batch<A>> for DbExecutor<A> {
    type Result = ();

    /// Waits for the disk: nothing else runs on this thread.
    fn handle(&mut self, mut batch: Batch<A>, _: &mut Context<Self>) {
        let (started, ops) = (Instant::now(), batch.jobs().len());
        let outcomes = self.commit(batch.jobs());
        for error in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
            self.health.heed(error);
        }
        self.observer.batch_committed(ops, started.elapsed());
        batch.answer(outcomes, || self.quota.report());
    }
}
