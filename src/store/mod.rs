//! What is kept: users, friendships, rooms, messages, registrations; on SQLite or PostgreSQL.
//!
//! `engine` is how things are stored, whatever they are; each other folder is an area, with its queries
//! and rules, and `areas` is where both meet. Areas depend one way: accounts, then chat, then apps. [`Database`] is the
//! database itself, for the thread that asks. [`Store`] is the same for async callers.
//!
//! Invariants: nothing is acknowledged before it is committed; every accepted command is answered
//! exactly once, in the order of submission. The store knows no hub, no dialect and no socket.

pub mod accounts;
pub mod admin;
pub mod apps;
mod areas;
mod batched;
pub mod chat;
pub mod engine;
pub mod jobs;
pub mod prober;
pub mod pubsub;
mod schema;
mod upgrade;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actix::{Actor, Addr, ArbiterHandle, Recipient, SyncArbiter};
use diesel::r2d2::R2D2Connection;
use tokio::sync::{Semaphore, oneshot, watch};

use crate::domain::news::News;
use crate::store::apps::known::KnownConversations;
use crate::store::areas::{AllAreas, marker};
use crate::store::chat::member_cache::MemberCache;
use crate::store::engine::executor::{DbExecutor, Follower, KeptCache};
use crate::store::engine::health::Health;
use crate::store::engine::job::Submitted;
use crate::store::engine::lines::{LineTurn, Lines};
use crate::store::engine::reader::{Reader, TakeNext};
use crate::store::engine::write_queue::BatchMax;
use crate::store::engine::writer::{CountSubscribers, Follow, Subscribe, WriteQuota, Writer};

pub use crate::store::batched::Batched;
pub use crate::store::chat::command::{ChatCommand, ChatOutcome, Ephemeral};
pub use crate::store::chat::limits::ChatLimits;
pub use crate::store::chat::rules::Rules;
pub use crate::store::engine::connection::Either as Connection;
pub use crate::store::engine::copy::restore;
pub use crate::store::engine::database::Database;
pub use crate::store::engine::error::StoreError;
pub use crate::store::engine::executor::{BatchEntry, FollowedNews};
pub use crate::store::engine::files::Absence;
pub use crate::store::engine::health::Condition;
pub use crate::store::engine::job::{Job, Op, ReadOp, StorePart, Yield};
pub use crate::store::engine::lines::Line;
pub use crate::store::engine::lock::{Holder, OtherAddresses};
pub use crate::store::engine::observer::Observer;
pub use crate::store::engine::settings::{Durability, Settings};

/// What came of one batch: outcomes of commands, and news of jobs.
pub type Committed = crate::store::engine::executor::CommittedBatch<ChatOutcome>;

/// The store. Cheap to clone; its threads end with the last clone, after what was accepted.
#[derive(Clone)]
pub struct Store {
    inner: Arc<StoreThreads>,
}

/// The ways to the threads of a store, and its bounds. Behind one pointer, since a session clones the store
/// when it opens.
struct StoreThreads {
    writer: Addr<Writer<AllAreas>>,
    readers: Addr<Reader>,
    lines: Arc<Lines>,
    quota: WriteQuota,
    commands: AtomicU64,
    reads: Arc<Semaphore>,
    reads_max: usize,
    /// To ask whether the lock on the database is held still.
    database: Arc<Database>,
    health: Arc<Health>,
    room_min: u64,
}

impl Store {
    /// Starts the threads. Must be called inside a running actix system; batches are gathered on
    /// `arbiter`. The database must be migrated.
    pub fn start(
        database: Database,
        rules: Rules,
        observer: Arc<dyn Observer>,
        arbiter: &ArbiterHandle,
    ) -> Self {
        if cfg!(feature = "storing-nothing") {
            log::error!("this program was built for a benchmark: it stores no message");
        }
        let settings = database.settings().clone();
        let quota = WriteQuota::new(&settings, Arc::clone(&observer));
        let reads_max = settings.pending_reads_max.min(Semaphore::MAX_PERMITS);
        let reader = database.clone();
        let lines = Arc::new(Lines::new(settings.pending_reads_per_user_max));
        let tasks = Arc::clone(&lines);
        let readers = SyncArbiter::start(settings.readers.max(1), move || Reader {
            database: reader.clone(),
            lines: Arc::clone(&tasks),
        });
        let health = Arc::new(Health::new(Arc::clone(&observer)));
        let (members, conversations) = (MemberCache::default(), KnownConversations::default());
        let areas = AllAreas { rules, members, conversations };
        let executor = DbExecutor {
            database: database.clone(),
            areas: Arc::new(areas),
            kept: KeptCache::default(),
            quota: quota.clone(),
            health: Arc::clone(&health),
            observer,
        };
        let executor = executor.start_thread();
        let batch_max = BatchMax { ops: settings.batch_ops_max, bytes: settings.batch_bytes_max };
        let writer = Writer::start_in_arbiter(arbiter, move |_| Writer::new(executor, batch_max));
        let reads = Arc::new(Semaphore::new(reads_max));
        let room_min = settings.room_min();
        let database = Arc::new(database);
        let inner = StoreThreads {
            writer,
            readers,
            lines,
            quota,
            commands: AtomicU64::new(0),
            reads,
            reads_max,
            database,
            health,
            room_min,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Follows whether writes can be kept.
    pub fn condition(&self) -> watch::Receiver<Condition> {
        self.inner.health.watch()
    }

    /// Adds one who gets what is committed from now on, whoever has asked for it: the outcomes of all
    /// commands, and the news of all jobs. All get the same.
    pub fn subscribe(&self, subscriber: Recipient<Committed>) {
        self.inner.writer.do_send(Subscribe::<AllAreas>(subscriber));
    }

    /// How many get what is committed; who has ended counts until the next batch.
    pub async fn subscribers(&self) -> usize {
        self.inner.writer.send(CountSubscribers).await.unwrap_or(0)
    }

    /// Adds one who from now on hears alone of some news: those that it `follows`.
    pub fn follow(&self, follows: fn(&News) -> bool, recipient: Recipient<FollowedNews>) {
        self.inner.writer.do_send(Follow(Follower { follows, recipient }));
    }

    /// Accepts a command; its outcome comes to the subscribers, under the ticket, once committed.
    ///
    /// # Errors
    /// [`StoreError::Busy`], [`StoreError::Closed`]; then it is not accepted.
    pub fn submit(&self, ticket: u64, command: ChatCommand) -> Result<(), StoreError> {
        let permit = self.inner.quota.enter(command.change.bytes())?;
        self.inner.commands.fetch_add(1, Ordering::Relaxed);
        self.inner.writer.do_send(Submitted::Command { ticket, command, outcome: None, permit });
        Ok(())
    }

    /// How many commands it has taken since its start: whoever has much to write, and nobody waits for it, can see
    /// whether others write.
    pub fn commands(&self) -> u64 {
        self.inner.commands.load(Ordering::Relaxed)
    }

    /// Whether so many writes wait that whoever makes more should slow down.
    pub fn is_pressed(&self) -> bool {
        self.inner.quota.is_pressed()
    }

    /// Runs a job of an area in the same batches as the commands; answers once it is committed. It runs
    /// again if its batch has to be done again, and also if the caller goes away.
    ///
    /// # Errors
    /// Those of the job; [`StoreError::Busy`] and [`StoreError::Closed`] if it is not accepted;
    /// [`StoreError::Panicked`], [`StoreError::Unavailable`], [`StoreError::Failed`].
    pub async fn run<P, T, F>(&self, job: Job<P, F>) -> Result<T, StoreError>
    where
        P: StorePart,
        T: Send + 'static,
        F: Op<T>,
    {
        Ok(self.yielded(job).await?.answer)
    }

    /// As [`Store::run`], with the news: subscribers have them in their mailboxes by then.
    ///
    /// # Errors
    /// As [`Store::run`].
    pub async fn yielded<P, T, F>(&self, job: Job<P, F>) -> Result<Yield<T>, StoreError>
    where
        P: StorePart,
        T: Send + 'static,
        F: Op<T>,
    {
        let permit = self.inner.quota.enter(job.bytes())?;
        let (job, answer) = Submitted::job(job, Some(permit));
        self.inner.writer.do_send(job);
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Runs `op` on one unchanging state of the database. What the caller has seen committed is in
    /// that state.
    ///
    /// # Errors
    /// As [`Store::run`].
    pub async fn read<T: Send + 'static>(&self, op: impl ReadOp<T>) -> Result<T, StoreError> {
        self.read_for(Line::Nobody, op).await
    }

    /// As [`Store::read`], for whoever stands in that line.
    ///
    /// # Errors
    /// As [`Store::read`]; [`StoreError::Busy`] also if too many look-ups of the user wait.
    pub async fn read_for<T: Send + 'static>(
        &self,
        line: Line,
        op: impl ReadOp<T>,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.look(line, move |database, turn| {
            // Unlike a write, a look-up is for nobody but the one who waits.
            if reply.is_closed() {
                return;
            }
            let value = database.look(op);
            drop(turn);
            drop(reply.send(value));
        })?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Has a reader do something.
    fn look(
        &self,
        line: Line,
        task: impl FnOnce(&Database, LineTurn) + Send + 'static,
    ) -> Result<(), StoreError> {
        let permit = Arc::clone(&self.inner.reads).try_acquire_owned()?;
        if !self.inner.lines.add(line, permit, Box::new(task)) {
            return Err(StoreError::Busy);
        }
        // Past the mailbox's bound: there are no more calls than permits.
        self.inner.readers.do_send(TakeNext);
        Ok(())
    }

    /// How many look-ups wait or run.
    pub fn pending_reads(&self) -> i64 {
        let pending = self.inner.reads_max.saturating_sub(self.inner.reads.available_permits());
        i64::try_from(pending).unwrap_or(i64::MAX)
    }

    /// Asks the database for a sign of life, through the readers. May take as long as they have to
    /// do: the caller sets the time limit.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.inner.database.check_lock()?;
        self.read(|conn| Ok(conn.ping()?)).await
    }

    /// Says, to all who ask for the database from now on, that a hub has it that listens at `address`.
    pub fn announce(&self, address: &str, others: OtherAddresses<'_>) {
        self.inner.database.announce(address, others);
    }

    /// Waits until another process has taken the database, and gives the reason.
    pub async fn taken(&self) -> String {
        self.inner.database.taken().await
    }

    /// Waits until everything accepted before is answered.
    pub async fn flush(&self) {
        let (flush, passed) = Submitted::job(marker(), None);
        self.inner.writer.do_send(flush);
        // However it ended, all before it have been answered.
        drop(passed.await);
    }

    /// Accepts nothing more, through any clone, and waits until everything accepted is answered.
    pub async fn close(self) {
        self.inner.quota.close();
        self.inner.reads.close();
        self.flush().await;
        self.inner.database.release();
    }
}
