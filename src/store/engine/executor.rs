//! The one thread that writes: a batch is one transaction.
//!
//! If anything in a batch fails, or its commit does, all of it is rolled back and done again job by
//! job, each in its own transaction: a bad job fails alone. What the changes of a batch have in common
//! is in the `Ledger` they go through.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;
use std::sync::Arc;
use std::time::Instant;

use actix::{Actor, Addr, Arbiter, Context, Handler};

use crate::store::chat::change::Change;
use crate::store::chat::ledger::Ledger;
use crate::store::chat::memory::Memory;
use crate::store::chat::rosters::Rosters;
use crate::store::chat::rules::Rules;
use crate::store::engine::Connection;
use crate::store::engine::database::Database;
use crate::store::engine::error::StoreError;
use crate::store::engine::gate::Gate;
use crate::store::engine::health::Health;
use crate::store::engine::observer::Observer;
use crate::store::engine::writer::{Batch, Job};

/// How often a job whose id is taken gets another one.
const MINTED_AGAIN_MAX: u32 = 8;

/// Commits batches.
pub(in crate::store) struct DbExecutor {
    pub database: Database,
    pub rules: Arc<Rules>,
    pub rosters: Arc<Rosters>,
    pub gate: Gate,
    pub health: Arc<Health>,
    pub observer: Arc<dyn Observer>,
}

impl DbExecutor {
    /// Starts it on a thread of its own, which ends with the last address.
    ///
    /// No `SyncArbiter`: that would move each batch by way of the main thread, and wake it for nothing else.
    pub fn start_thread(self) -> Addr<Self> {
        Self::start_in_arbiter(&Arbiter::new().handle(), |_| self)
    }

    fn commit(&self, jobs: &mut [Job]) -> Vec<Result<(), StoreError>> {
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
    fn alone(&self, job: &mut Job) -> Result<(), StoreError> {
        let mut outcome = self.attempt(slice::from_mut(job));
        for _ in 0..MINTED_AGAIN_MAX {
            if !outcome.as_ref().is_err_and(StoreError::is_unique_violation) {
                break;
            }
            job.mint_again(&self.rules)?;
            outcome = self.attempt(slice::from_mut(job));
        }
        outcome
    }

    fn attempt(&self, jobs: &mut [Job]) -> Result<(), StoreError> {
        let apply = |conn: &mut Connection, memory: &mut Memory| {
            let mut ledger = Ledger::new(conn, memory, &self.rosters);
            let changes = || jobs.iter().filter_map(Job::asked);
            ledger
                .prepare(changes().filter_map(Change::pair), changes().filter_map(Change::key))?;
            jobs.iter_mut().try_for_each(|job| job.run(&mut ledger, &self.rules))?;
            ledger.write()
        };
        let transaction = || self.database.write_with_memory(apply);
        // A panic would end the thread for good (decision 4). What it leaves is not looked at: the
        // connection is closed by its pool, and a job's value counts only after a commit.
        catch_unwind(AssertUnwindSafe(transaction)).unwrap_or(Err(StoreError::Panicked))
    }
}

impl Actor for DbExecutor {
    type Context = Context<Self>;

    fn stopped(&mut self, _: &mut Context<Self>) {
        Arbiter::current().stop();
    }
}

impl Handler<Batch> for DbExecutor {
    type Result = ();

    /// Waits for the disk: nothing else runs on this thread.
    fn handle(&mut self, mut batch: Batch, _: &mut Context<Self>) {
        let (started, ops) = (Instant::now(), batch.jobs().len());
        let outcomes = self.commit(batch.jobs());
        for error in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
            self.health.heed(error);
        }
        self.observer.batch_committed(ops, started.elapsed());
        batch.answer(outcomes, || self.gate.report());
    }
}
