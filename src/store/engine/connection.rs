//! One connection to either database, and the pools that keep them.
//!
//! Plain queries run on [`Either`] itself. Upserts and inserts of many rows do not compile
//! there (decision 2): `each_backend!` expands the same query in both arms. A connection goes back
//! to its pool only if its last transaction has ended cleanly; all others are closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::dsl::sql;
use diesel::r2d2::R2D2Connection;
use diesel::result::Error as DieselError;
use diesel::sql_types::{BigInt, Text};
use diesel::{
    Connection as _, ConnectionError, PgConnection, QueryResult, RunQueryDsl, SqliteConnection,
};
use r2d2::{ManageConnection, Pool};

use crate::store::engine::error::StoreError;
use crate::store::engine::files::Files;
use crate::store::engine::location::Location;
use crate::store::engine::settings::{Durability, Settings};
use crate::store::engine::settle::Number;

/// Between two tries to turn write-ahead logging on, in milliseconds.
const WRITE_AHEAD_RETRY_MS: u32 = 10;
/// Pages of write-ahead log after which the writer moves them into the database file.
///
/// Twenty times SQLite's default: each checkpoint syncs twice, and the writer waits for it.
const CHECKPOINT_PAGES: u32 = 20_000;
/// The number of the next connection.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// A connection to the database, whichever it is.
// Not named `Connection` here: what the derive expands to imports diesel's trait of that name
// beside everything in this module.
#[derive(diesel::MultiConnection)]
pub enum Either {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// Expands a query once per backend, for what [`Either`] itself cannot express.
macro_rules! each_backend {
    ($connection:expr, $inner:ident => $query:expr) => {
        match $connection {
            $crate::store::engine::Connection::Sqlite($inner) => $query,
            $crate::store::engine::Connection::Postgres($inner) => $query,
        }
    };
}
pub(in crate::store) use each_backend;

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum ConnectionRole {
    /// Changes; one at a time over all processes.
    Writer,
    /// Look-ups; each sees one unchanging state.
    Reader,
}

/// Opens connections of one role.
#[derive(Clone)]
pub(in crate::store) struct Opener {
    location: Location,
    settings: Settings,
    role: ConnectionRole,
    files: Arc<Files>,
}

/// A connection of a pool.
pub(in crate::store) struct Pooled {
    connection: Either,
    opener: Opener,
    /// Whether the last transaction has ended cleanly.
    sound: bool,
    /// Its number, which no other connection of this process has.
    number: u64,
    /// How many transactions it has begun to end.
    transactions: u64,
}

/// A state of a SQLite file, as one connection sees it. While two are equal, nobody has committed anything
/// in between: what was true then is true now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct FileState {
    connection: u64,
    transactions: u64,
    /// Changed by every commit of another connection.
    version: i64,
}

impl Opener {
    /// For the database that has these files open.
    pub fn new(
        location: Location,
        settings: &Settings,
        role: ConnectionRole,
        files: Arc<Files>,
    ) -> Self {
        Self { location, settings: settings.clone(), role, files }
    }

    /// A new connection, set up for its role.
    ///
    /// # Errors
    /// [`StoreError::Failed`], [`StoreError::Gone`].
    pub fn open(&self) -> Result<Either, StoreError> {
        let place = self.location.place();
        let failed = |error| StoreError::failed(&place, one_line(error));
        // What is there under its name by now may be another file.
        self.files.check()?;
        match &self.location {
            Location::Sqlite(path) => {
                let mut sqlite = SqliteConnection::establish(&existing(path)).map_err(failed)?;
                let mode = self.set_up_sqlite(&mut sqlite);
                let mode = mode.map_err(|error| StoreError::failed(&place, error))?;
                if mode != "wal" {
                    let cause = "write-ahead logging is not possible on this file system";
                    return Err(StoreError::failed(&place, cause));
                }
                Ok(Either::Sqlite(sqlite))
            }
            Location::Postgres(url) => {
                let mut postgres = PgConnection::establish(url).map_err(failed)?;
                let done = postgres.batch_execute(&self.postgres_settings());
                done.map_err(|error| StoreError::failed(&place, error))?;
                Ok(Either::Postgres(postgres))
            }
        }
    }

    /// A pool of at most `size` connections, opened when first needed.
    pub fn pool(self, size: usize) -> Pool<Self> {
        let timeout = Duration::from_millis(self.settings.busy_timeout_ms.max(1).into());
        Pool::builder()
            .max_size(u32::try_from(size).unwrap_or(u32::MAX).max(1))
            .min_idle(Some(0))
            .test_on_check_out(false)
            .max_lifetime(None)
            .idle_timeout(None)
            .connection_timeout(timeout)
            .build_unchecked(self)
    }

    /// States every pragma, since defaults depend on how SQLite was built. Returns the mode of the
    /// journal.
    fn set_up_sqlite(&self, sqlite: &mut SqliteConnection) -> QueryResult<String> {
        let Settings { busy_timeout_ms, cache_kib, mmap_mib, .. } = self.settings;
        let mode = self.write_ahead(sqlite)?;
        let synchronous = match self.settings.durability {
            Durability::Synced => "FULL",
            Durability::Relaxed => "NORMAL",
        };
        let own = match self.role {
            ConnectionRole::Writer => format!("PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}"),
            // Pages are looked at where the system keeps them, instead of being copied one by one.
            ConnectionRole::Reader => {
                let mmap_bytes = u64::from(mmap_mib).saturating_mul(1024 * 1024);
                format!("PRAGMA query_only = ON; PRAGMA mmap_size = {mmap_bytes}")
            }
        };
        sqlite.batch_execute(&format!(
            "PRAGMA busy_timeout = {busy_timeout_ms}; PRAGMA synchronous = {synchronous}; \
             PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{cache_kib}; {own}"
        ))?;
        Ok(mode)
    }

    /// Turns write-ahead logging on. Where several processes do that to a new file at once, SQLite
    /// refuses without regard to its timeout; so the wait is ours, and that timeout is set later.
    fn write_ahead(&self, sqlite: &mut SqliteConnection) -> QueryResult<String> {
        let turn_on = |sqlite: &mut SqliteConnection| {
            sql::<Text>("PRAGMA journal_mode = WAL").get_result(sqlite)
        };
        for _ in 0..self.settings.busy_timeout_ms / WRITE_AHEAD_RETRY_MS {
            match turn_on(sqlite) {
                Err(DieselError::DatabaseError(_, cause)) if cause.message().contains("locked") => {
                    thread::sleep(Duration::from_millis(WRITE_AHEAD_RETRY_MS.into()));
                }
                done => return done,
            }
        }
        turn_on(sqlite)
    }

    fn postgres_settings(&self) -> String {
        let lock_timeout = format!("SET lock_timeout = {}", self.settings.busy_timeout_ms);
        match self.settings.durability {
            Durability::Synced => lock_timeout,
            Durability::Relaxed => format!("{lock_timeout}; SET synchronous_commit = off"),
        }
    }
}

impl ManageConnection for Opener {
    type Connection = Pooled;
    type Error = StoreError;

    fn connect(&self) -> Result<Pooled, StoreError> {
        Ok(Pooled {
            connection: self.open()?,
            opener: self.clone(),
            sound: true,
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            transactions: 0,
        })
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), StoreError> {
        Ok(pooled.connection.ping()?)
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        !pooled.sound || pooled.connection.is_broken()
    }
}

impl Pooled {
    /// Begins a transaction.
    ///
    /// # Errors
    /// The database is unreachable, or locked by somebody else for too long.
    pub fn begin(&mut self) -> QueryResult<()> {
        // Until the end of `finish`; a panic or a lost connection leaves it so.
        self.sound = false;
        begin(&mut self.connection, self.opener.role)
    }

    /// As [`Pooled::finish`], with the state in which the transaction began; gives also the one in which it
    /// has left the database. PostgreSQL names none: there `PRAGMA data_version` has no like.
    ///
    /// # Errors
    /// As [`Pooled::finish`].
    pub fn finish_from<T>(
        &mut self,
        op: impl FnOnce(&mut Either, Option<FileState>) -> Result<T, StoreError>,
    ) -> Result<(T, Option<FileState>), StoreError> {
        let (connection, transactions) = (self.number, self.transactions);
        let (value, from) = self.finish(|conn| {
            // Within the transaction, in which nobody else can commit.
            let version = version(conn)?;
            let from = version.map(|version| FileState { connection, transactions, version });
            Ok((op(conn, from)?, from))
        })?;
        Ok((value, from.map(|from| FileState { transactions: self.transactions, ..from })))
    }

    /// Runs `op` in the transaction and ends it: all of it is committed, or nothing.
    ///
    /// # Errors
    /// Those of `op`; [`StoreError::Database`] if it cannot be committed, [`StoreError::Unsettled`] if
    /// nobody knows.
    pub fn finish<T>(
        &mut self,
        op: impl FnOnce(&mut Either) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.transactions = self.transactions.wrapping_add(1);
        match op(&mut self.connection) {
            Ok(value) => {
                self.commit()?;
                Ok(value)
            }
            Err(error) => {
                self.sound = Either::rollback_transaction(&mut self.connection).is_ok();
                Err(error)
            }
        }
    }

    /// Commits. A connection that has died meanwhile is not sound, whatever became of the transaction.
    fn commit(&mut self) -> Result<(), StoreError> {
        let number = match self.opener.role {
            ConnectionRole::Writer => Number::of(&mut self.connection)?,
            ConnectionRole::Reader => None,
        };
        let Err(error) = Either::commit_transaction(&mut self.connection) else {
            self.sound = true;
            return Ok(());
        };
        let patience = self.opener.settings.settle_timeout();
        match number.map(|number| number.was_committed(&self.opener, patience)).transpose()? {
            Some(true) => Ok(()),
            Some(false) | None => Err(error.into()),
        }
    }
}

/// What changes when another connection to the same SQLite file commits.
fn version(connection: &mut Either) -> QueryResult<Option<i64>> {
    match connection {
        Either::Sqlite(sqlite) => sql::<BigInt>("PRAGMA data_version").get_result(sqlite).map(Some),
        Either::Postgres(_) => Ok(None),
    }
}

/// Begins a transaction: a writer alone in the whole database (or PostgreSQL schema), a reader with
/// one state for all its queries.
///
/// SQLite would let a deferred transaction fail at its first write; PostgreSQL would let two
/// writers read the same counter of a room. The lock is let go by the end of the transaction.
pub(in crate::store) fn begin(connection: &mut Either, role: ConnectionRole) -> QueryResult<()> {
    match (connection, role) {
        (Either::Sqlite(sqlite), ConnectionRole::Writer) => {
            AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")
        }
        (Either::Sqlite(sqlite), ConnectionRole::Reader) => {
            AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN DEFERRED")
        }
        (Either::Postgres(postgres), ConnectionRole::Writer) => {
            AnsiTransactionManager::begin_transaction_sql(
                postgres,
                "BEGIN; SELECT pg_advisory_xact_lock(hashtext('tradewind'), \
                 hashtext(current_schema()))",
            )
        }
        (Either::Postgres(postgres), ConnectionRole::Reader) => {
            AnsiTransactionManager::begin_transaction_sql(
                postgres,
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            )
        }
    }
}

/// The name of a SQLite file that must be there already: SQLite would make an empty one.
fn existing(path: &str) -> String {
    let escaped = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let authority = if path.starts_with('/') { "//" } else { "" };
    format!("file:{authority}{escaped}?mode=rw")
}

/// libpq explains itself over several lines; a log line is one.
pub(in crate::store) fn one_line(error: ConnectionError) -> ConnectionError {
    match error {
        ConnectionError::BadConnection(text) => {
            let lines: Vec<&str> = text.lines().map(str::trim).collect();
            ConnectionError::BadConnection(lines.join(" "))
        }
        other => other,
    }
}
