//! What is kept: users, friendships, rooms, messages, registrations; on SQLite or PostgreSQL.
//!
//! `engine` is how things are stored, whatever they are; each other folder is an area, with its queries
//! and rules. [`Database`] is the database itself, for the thread that asks. [`Store`] is the same for
//! async callers.
//!
//! Invariants: nothing is acknowledged before it is committed; every accepted change is answered
//! exactly once, in the order of submission. The store knows no hub, no dialect and no socket.

pub mod accounts;
pub mod admin;
pub mod chat;
pub mod engine;
pub mod jobs;
mod schema;

use std::sync::Arc;

use actix::{Actor, Addr, ArbiterHandle, Recipient, SyncArbiter};
use diesel::r2d2::R2D2Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

use crate::store::chat::rosters::Rosters;
use crate::store::engine::executor::DbExecutor;
use crate::store::engine::gate::Gate;
use crate::store::engine::health::Health;
use crate::store::engine::lines::Lines;
use crate::store::engine::reader::{Called, Reader};
use crate::store::engine::writer::{Job, Scope, Subscribe, Writer};

pub use crate::store::chat::change::{Change, Committed, Done, To};
pub use crate::store::chat::limits::ChatLimits;
pub use crate::store::chat::rules::Rules;
pub use crate::store::engine::batched::Batched;
pub use crate::store::engine::connection::Either as Connection;
pub use crate::store::engine::copy::restore;
pub use crate::store::engine::database::Database;
pub use crate::store::engine::error::StoreError;
pub use crate::store::engine::files::Absence;
pub use crate::store::engine::health::Condition;
pub use crate::store::engine::lines::Line;
pub use crate::store::engine::lock::Holder;
pub use crate::store::engine::observer::Observer;
pub use crate::store::engine::settings::{Durability, Settings};

/// The store. Cheap to clone; its threads end with the last clone, after what was accepted.
#[derive(Clone)]
pub struct Store {
    writer: Addr<Writer>,
    readers: Addr<Reader>,
    lines: Arc<Lines>,
    gate: Gate,
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
        let gate = Gate::new(&settings, Arc::clone(&observer));
        let reads_max = settings.pending_reads_max.min(Semaphore::MAX_PERMITS);
        let reader = database.clone();
        let lines = Arc::new(Lines::new(settings.pending_reads_per_user_max));
        let tasks = Arc::clone(&lines);
        let readers = SyncArbiter::start(settings.readers.max(1), move || Reader {
            database: reader.clone(),
            lines: Arc::clone(&tasks),
        });
        let health = Arc::new(Health::new(Arc::clone(&observer)));
        let executor = DbExecutor {
            database: database.clone(),
            rules: Arc::new(rules),
            rosters: Arc::new(Rosters::default()),
            gate: gate.clone(),
            health: Arc::clone(&health),
            observer,
        };
        let executor = executor.start_thread();
        let batch_ops_max = settings.batch_ops_max;
        let writer =
            Writer::start_in_arbiter(arbiter, move |_| Writer::new(executor, batch_ops_max));
        let reads = Arc::new(Semaphore::new(reads_max));
        let room_min = settings.room_min();
        let database = Arc::new(database);
        Self { writer, readers, lines, gate, reads, reads_max, database, health, room_min }
    }

    /// Follows whether writes can be kept.
    pub fn condition(&self) -> watch::Receiver<Condition> {
        self.health.watch()
    }

    /// Names the one who gets the outcomes of all changes submitted from now on.
    pub fn subscribe(&self, subscriber: Recipient<Committed>) {
        self.writer.do_send(Subscribe(subscriber));
    }

    /// Accepts a change; its outcome comes to the subscriber, under the ticket, once committed.
    ///
    /// # Errors
    /// [`StoreError::Busy`], [`StoreError::Closed`]; then it is not accepted.
    pub fn submit(&self, ticket: u64, change: Change) -> Result<(), StoreError> {
        let permit = self.gate.enter(change.bytes())?;
        self.writer.do_send(Job::change(ticket, change, permit));
        Ok(())
    }

    /// Whether so many writes wait that whoever makes more should slow down.
    pub fn is_pressed(&self) -> bool {
        self.gate.is_pressed()
    }

    /// Runs `op` in the same queue and batches as the changes; answers once it is committed. It
    /// runs again if its batch has to be done again, and also if the caller goes away.
    ///
    /// # Errors
    /// Those of `op`; [`StoreError::Busy`] and [`StoreError::Closed`] if it is not accepted;
    /// [`StoreError::Panicked`], [`StoreError::Unavailable`], [`StoreError::Failed`].
    pub async fn write<T: Send + 'static>(
        &self,
        op: impl Fn(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.call(op, Scope::All).await
    }

    /// As [`Store::write`], for what neither looks at nor changes anything that changes are about
    /// (rooms, messages and what is hidden of them, nonces, groups, blocks): what the writer has in hand
    /// of these need not be written first, nor looked up again.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_beside<T: Send + 'static>(
        &self,
        op: impl Fn(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.call(op, Scope::Beside).await
    }

    async fn call<T: Send + 'static>(
        &self,
        op: impl Fn(&mut Connection) -> Result<T, StoreError> + Send + 'static,
        scope: Scope,
    ) -> Result<T, StoreError> {
        let permit = self.gate.enter(size_of_val(&op))?;
        let (job, answer) = Job::call(op, scope, Some(permit));
        self.writer.do_send(job);
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Runs `op` on one unchanging state of the database. What the caller has seen committed is in
    /// that state.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn read<T: Send + 'static>(
        &self,
        op: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.read_for(Line::Nobody, op).await
    }

    /// As [`Store::read`], for whoever stands in that line.
    ///
    /// # Errors
    /// As [`Store::read`]; [`StoreError::Busy`] also if too many look-ups of the user wait.
    pub async fn read_for<T: Send + 'static>(
        &self,
        line: Line,
        op: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.look(line, move |database, permit| {
            // Unlike a write, a look-up is for nobody but the one who waits.
            if reply.is_closed() {
                return;
            }
            let value = database.look(op);
            // Before the answer, so that whoever gets it finds room.
            drop(permit);
            drop(reply.send(value));
        })?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Has a reader do something.
    fn look(
        &self,
        line: Line,
        task: impl FnOnce(&Database, OwnedSemaphorePermit) + Send + 'static,
    ) -> Result<(), StoreError> {
        let permit = Arc::clone(&self.reads).try_acquire_owned()?;
        if !self.lines.add(line, Box::new(move |database| task(database, permit))) {
            return Err(StoreError::Busy);
        }
        // Past the mailbox's bound: there are no more calls than permits.
        self.readers.do_send(Called);
        Ok(())
    }

    /// How many look-ups wait or run.
    pub fn pending_reads(&self) -> i64 {
        let pending = self.reads_max.saturating_sub(self.reads.available_permits());
        i64::try_from(pending).unwrap_or(i64::MAX)
    }

    /// Asks the database for a sign of life, through the readers. May take as long as they have to
    /// do: the caller sets the time limit.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.database.check_lock()?;
        self.read(|conn| Ok(conn.ping()?)).await
    }

    /// Says, to all who ask for the database from now on, that a hub has it that listens at `address`.
    pub fn announce(&self, address: &str) {
        self.database.announce(address);
    }

    /// Waits until another process has taken the database, and gives the reason.
    pub async fn taken(&self) -> String {
        self.database.taken().await
    }

    /// Waits until everything accepted before is answered.
    pub async fn flush(&self) {
        let (marker, passed) = Job::call(|_| Ok(()), Scope::Beside, None);
        self.writer.do_send(marker);
        // However it ended, all before it have been answered.
        drop(passed.await);
    }

    /// Accepts nothing more, through any clone, and waits until everything accepted is answered.
    pub async fn close(self) {
        self.gate.close();
        self.reads.close();
        self.flush().await;
        self.database.release();
    }
}
