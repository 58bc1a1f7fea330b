//! The one thread that writes: a batch is one transaction, and is answered once that is committed.
//!
//! If anything in a batch fails, or its commit does, all of it is rolled back and done again job by
//! job, each in its own transaction: a bad job fails alone. What batches have in common is in a cache that is
//! kept as long as nobody else commits.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;
use std::sync::Arc;
use std::time::Instant;

use actix::{Actor, Addr, Arbiter, Context, Handler, Message, Recipient};

use crate::domain::news::News;
use crate::store::engine::Connection;
use crate::store::engine::connection::FileState;
use crate::store::engine::database::Database;
use crate::store::engine::error::StoreError;
use crate::store::engine::health::Health;
use crate::store::engine::job::{Areas, Submitted};
use crate::store::engine::observer::Observer;
use crate::store::engine::writer::WriteQuota;
use crate::store::engine::writer::{Answered, Writer};

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

/// Jobs for one transaction. Answers all of them, also if it is dropped undone.
pub(in crate::store) struct Batch<A: Areas> {
    pub(in crate::store::engine) jobs: Vec<Submitted<A>>,
    pub(in crate::store::engine) subscribers: Subscribers<A>,
    pub(in crate::store::engine) writer: Addr<Writer<A>>,
}

/// Those who hear of what is committed.
pub(in crate::store) struct SubscriberList<O: Send + Sync + 'static> {
    /// Hear of everything but what has a follower.
    pub all: Vec<Recipient<CommittedBatch<O>>>,
    pub followers: Vec<Follower>,
}

pub(in crate::store) type Subscribers<A> = Arc<SubscriberList<<A as Areas>::Outcome>>;

/// One who alone hears of some news: the others, who would pass over them, are not woken for these.
#[derive(Clone)]
pub(in crate::store) struct Follower {
    /// Whether they are its.
    pub follows: fn(&News) -> bool,
    pub recipient: Recipient<FollowedNews>,
}

/// News for a follower, in the order in which they were done.
#[derive(Clone, Debug)]
pub struct FollowedNews(pub Vec<News>);

impl Message for FollowedNews {
    type Result = ();
}

impl<O: Send + Sync> Default for SubscriberList<O> {
    fn default() -> Self {
        Self { all: Vec::new(), followers: Vec::new() }
    }
}

impl<O: Send + Sync> Clone for SubscriberList<O> {
    fn clone(&self) -> Self {
        Self { all: self.all.clone(), followers: self.followers.clone() }
    }
}

impl<O: Send + Sync> SubscriberList<O> {
    /// Tells followers what is theirs, past the bounds of their mailboxes, as with the others; what is left.
    fn tell_followers(&self, mut news: Vec<News>) -> Vec<News> {
        for follower in &self.followers {
            let (followed, others) = news.into_iter().partition(follower.follows);
            news = others;
            if !Vec::is_empty(&followed) {
                follower.recipient.do_send(FollowedNews(followed));
            }
        }
        news
    }
}

/// What has come of one batch, in the order in which it was done.
#[derive(Clone, Debug)]
pub struct CommittedBatch<O> {
    /// All subscribers share them.
    pub entries: Arc<Vec<BatchEntry<O>>>,
}

/// What one job of a batch, or one command, means for subscribers.
#[derive(Clone, Debug)]
pub enum BatchEntry<O> {
    /// What came of a command that was submitted under a ticket. What is done is committed.
    Command(u64, Result<O, Arc<StoreError>>),
    /// What a job has to tell: something.
    Job(Vec<News>),
    /// A job of which it is not known whether it is done, and what it would have had to tell.
    Unsettled,
}

impl<A: Areas> Message for Batch<A> {
    type Result = ();
}

impl<O: 'static> Message for CommittedBatch<O> {
    type Result = ();
}

impl<A: Areas> Handler<Batch<A>> for DbExecutor<A> {
    type Result = ();

    /// Waits for the disk: nothing else runs on this thread.
    fn handle(&mut self, mut batch: Batch<A>, _: &mut Context<Self>) {
        let (started, ops) = (Instant::now(), batch.jobs.len());
        let outcomes = self.commit(&mut batch.jobs);
        for error in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
            self.health.heed(error);
        }
        self.observer.batch_committed(ops, started.elapsed());
        batch.answer(outcomes, || self.quota.report());
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
    /// somebody's already (an imported user's, or of another mint with the same number): done again, it
    /// mints another.
    fn alone(&mut self, job: &mut Submitted<A>) -> Result<(), StoreError> {
        let mut outcome = self.attempt(slice::from_mut(job));
        for _ in 0..MINTED_AGAIN_MAX {
            if !outcome.as_ref().is_err_and(StoreError::is_unique_violation) {
                break;
            }
            if let Submitted::Command { command, .. } = job {
                A::take_id(command);
            }
            outcome = self.attempt(slice::from_mut(job));
        }
        outcome
    }

    fn attempt(&mut self, jobs: &mut [Submitted<A>]) -> Result<(), StoreError> {
        // Not there any more if this fails: what was done in vain is in it, too.
        let kept = mem::take(&mut self.kept);
        let transact = |conn: &mut Connection, from: Option<FileState>| {
            let mut cache = kept.of(from);
            self.areas.transact(conn, &mut cache, jobs)?;
            Ok(cache)
        };
        let transaction = || self.database.write_from(transact);
        // A panic would end the thread for good (decision 4). What it leaves is not looked at: the
        // connection is closed by its pool, and a job's value counts only after a commit.
        let committed = catch_unwind(AssertUnwindSafe(transaction));
        let (cache, as_of) = committed.unwrap_or(Err(StoreError::Panicked))?;
        self.kept = KeptCache { cache, as_of };
        Ok(())
    }
}

impl<A: Areas> Batch<A> {
    /// Answers each job with its outcome, and asks for the next batch. `vacated` is called when the
    /// jobs have given up their room, before anybody is answered.
    fn answer(&mut self, outcomes: Vec<Result<(), StoreError>>, vacated: impl FnOnce()) {
        let mut entries = Vec::new();
        let mut calls = Vec::new();
        for (job, done) in mem::take(&mut self.jobs).into_iter().zip(outcomes) {
            match job {
                // The permit goes before the answer, so that whoever gets it finds room.
                Submitted::Command { ticket, outcome, .. } => {
                    let outcome = done.and_then(|()| outcome.ok_or(StoreError::Closed));
                    entries.push(BatchEntry::Command(ticket, outcome.map_err(Arc::new)));
                }
                Submitted::Job { call, .. } => {
                    let news = if done.is_ok() { call.news() } else { Vec::new() };
                    let news = self.subscribers.tell_followers(news);
                    if !news.is_empty() {
                        entries.push(BatchEntry::Job(news));
                    }
                    if done.as_ref().is_err_and(StoreError::is_unsettled) {
                        entries.push(BatchEntry::Unsettled);
                    }
                    calls.push((call, done));
                }
            }
        }
        vacated();
        self.tell(entries);
        for (call, done) in calls {
            call.answer(done);
        }
        // Past the mailbox's bound: there is one batch at a time.
        self.writer.do_send(Answered);
    }

    /// Past the mailboxes' bounds: an answer must not get lost, and there are no more of them than
    /// writes that were submitted.
    fn tell(&self, entries: Vec<BatchEntry<A::Outcome>>) {
        let Some((last, others)) = self.subscribers.all.split_last() else { return };
        if entries.is_empty() {
            return;
        }
        let committed = CommittedBatch { entries: Arc::new(entries) };
        for subscriber in others {
            subscriber.do_send(committed.clone());
        }
        // Not shared, if there is nobody else.
        last.do_send(committed);
    }
}

impl<A: Areas> Drop for Batch<A> {
    fn drop(&mut self) {
        if !self.jobs.is_empty() {
            self.answer(self.jobs.iter().map(|_| Err(StoreError::Closed)).collect(), || ());
        }
    }
}

impl<A: Areas> Actor for DbExecutor<A> {
    type Context = Context<Self>;

    fn stopped(&mut self, _: &mut Context<Self>) {
        Arbiter::current().stop();
    }
}
