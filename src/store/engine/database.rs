//! The database, used by the thread that asks: for the command line, and under the actors.
//!
//! Never call it from an async context: every function waits for the disk.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, fs};

use diesel::RunQueryDsl;
use diesel::dsl::sql;
use diesel::sql_types::Text;
use r2d2::{Pool, PooledConnection};

use crate::domain::clock::Timestamp;
use crate::store::engine::Connection;

use crate::store::engine::connection::{ConnectionRole, FileState, Opener};
use crate::store::engine::copy;
use crate::store::engine::error::StoreError;
use crate::store::engine::files::Files;
use crate::store::engine::location::Location;
use crate::store::engine::lock::{self, Holder, Lock, OtherAddresses};
use crate::store::engine::settings::Settings;

/// The first SQLite without the fault that could damage a write-ahead log at a checkpoint.
const SQLITE_MIN: [u32; 3] = [3, 51, 3];

/// The database: one connection that writes, some that read. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    location: Location,
    settings: Settings,
    files: Arc<Files>,
    writer: Pool<Opener>,
    readers: Pool<Opener>,
    /// None for those who only look, or who are alone for sure.
    lock: Option<Arc<Lock>>,
}

impl Database {
    /// Connects, and checks what is there. Does not migrate.
    ///
    /// # Errors
    /// [`StoreError::Url`], [`StoreError::OldSqlite`]; [`StoreError::Failed`] naming the file or
    /// server and the cause.
    pub fn open(settings: &Settings) -> Result<Self, StoreError> {
        let location = Location::parse(settings.url.expose())?;
        location.refuse_half_restored()?;
        location.prepare()?;
        let opener = |role, files: &Arc<Files>| {
            Opener::new(location.clone(), settings, role, Arc::clone(files))
        };
        // Opened here and now, since a pool tells only that it has waited in vain.
        let mut first = opener(ConnectionRole::Writer, &Arc::new(Files::none())).open()?;
        check_version(&mut first)?;
        let files = Arc::new(location.keep(first)?);
        Ok(Self {
            writer: opener(ConnectionRole::Writer, &files).pool(1),
            readers: opener(ConnectionRole::Reader, &files).pool(settings.readers),
            settings: settings.clone(),
            files,
            location,
            lock: None,
        })
    }

    /// As [`Database::open`], with the lock on it: nobody else has it until the last clone is
    /// dropped, or [`Database::release`]. Waits for a command that has it now, but not for a hub.
    ///
    /// # Errors
    /// As [`Database::open`], and [`StoreError::Held`].
    pub fn own(settings: &Settings, now: Timestamp) -> Result<Self, StoreError> {
        let location = Location::parse(settings.url.expose())?;
        location.refuse_half_restored()?;
        location.prepare()?;
        let patience = settings.busy_timeout();
        let lock = Some(Arc::new(Lock::take(&location, now, patience)?));
        Ok(Self { lock, ..Self::open(settings)? })
    }

    /// As [`Database::own`], of a database that must be there.
    ///
    /// # Errors
    /// As [`Database::own`].
    pub fn own_existing(settings: &Settings, now: Timestamp) -> Result<Self, StoreError> {
        Location::parse(settings.url.expose())?.must_exist()?;
        Self::own(settings, now)
    }

    /// Who has the lock on a database: `None` for nobody, `Some(None)` for somebody of whom no more
    /// can be told. Makes nothing.
    ///
    /// # Errors
    /// [`StoreError::Url`], [`StoreError::Failed`].
    pub fn holder(settings: &Settings) -> Result<Option<Option<Holder>>, StoreError> {
        lock::holder(&Location::parse(settings.url.expose())?)
    }

    /// The file that a SQLite database is in, by its own name, whatever links lead there.
    pub fn file(settings: &Settings) -> Option<PathBuf> {
        match Location::parse(settings.url.expose()).ok()? {
            Location::Sqlite(path) => Some(fs::canonicalize(&path).unwrap_or(path.into())),
            Location::Postgres(_) => None,
        }
    }

    /// Says, to all who ask from now on, that a hub has it that listens at `address`.
    pub fn announce(&self, address: &str, others: OtherAddresses<'_>) {
        if let Some(lock) = &self.lock {
            lock.announce(address, others);
        }
    }

    /// What this process says about itself as the holder of the lock, if it is.
    pub fn me(&self) -> Option<&Holder> {
        self.lock.as_ref().map(|lock| lock.me())
    }

    /// Gives the lock back. Nothing can be written any more.
    pub fn release(&self) {
        if let Some(lock) = &self.lock {
            lock.release();
        }
    }

    /// Waits until another process has the lock that this one had, and gives the reason.
    pub(in crate::store) async fn taken(&self) -> String {
        match &self.lock {
            Some(lock) => lock.taken().await,
            None => std::future::pending().await,
        }
    }

    /// Nothing, if the lock is held or there was none.
    pub(in crate::store) fn check_lock(&self) -> Result<(), StoreError> {
        self.lock.as_ref().map_or(Ok(()), |lock| lock.check())
    }

    /// Connects to a database that must be there: a slip of the pen makes no empty one.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub fn open_existing(settings: &Settings) -> Result<Self, StoreError> {
        Location::parse(settings.url.expose())?.must_exist()?;
        Self::open(settings)
    }

    /// Where it is: the file, or the server's address without user and password.
    pub fn place(&self) -> String {
        self.location.place()
    }

    /// Runs `op` in one transaction, alone among all writers of all processes.
    ///
    /// # Errors
    /// Those of `op`, after which nothing is kept; [`StoreError::Unavailable`] before it has run,
    /// [`StoreError::Failed`] after.
    pub fn write<T>(
        &self,
        op: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let place = self.location.place();
        self.check_lock()?;
        let in_place = |conn: &mut Connection| {
            let value = op(conn)?;
            self.files.check()?;
            Ok(value)
        };
        self.begin(&self.writer)?.finish(in_place).map_err(|error| error.at(&place))
    }

    /// As [`Database::write`], with the states before and after; see [`Pooled::finish_from`].
    ///
    /// [`Pooled::finish_from`]: crate::store::engine::connection::Pooled::finish_from
    pub(in crate::store) fn write_from<T>(
        &self,
        op: impl FnOnce(&mut Connection, Option<FileState>) -> Result<T, StoreError>,
    ) -> Result<(T, Option<FileState>), StoreError> {
        let place = self.location.place();
        self.check_lock()?;
        let in_place = |conn: &mut Connection, from: Option<FileState>| {
            let value = op(conn, from)?;
            self.files.check()?;
            Ok(value)
        };
        self.begin(&self.writer)?.finish_from(in_place).map_err(|error| error.at(&place))
    }

    /// Runs `op` on one unchanging state of the database. It cannot change anything.
    ///
    /// # Errors
    /// As [`Database::write`].
    pub fn read<T>(
        &self,
        op: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let place = self.location.place();
        self.files.check_readable()?;
        self.begin(&self.readers)?.finish(op).map_err(|error| error.at(&place))
    }

    /// As [`Database::read`], and a panic of `op` is an error, too. Nothing of `op` outlives it.
    pub(in crate::store) fn look<T>(
        &self,
        op: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let read = AssertUnwindSafe(|| self.read(op));
        catch_unwind(read).unwrap_or(Err(StoreError::Panicked))
    }

    /// Writes a consistent copy, on disk when this returns, to a file that must not exist. It is marked
    /// as a copy; the database can be in use meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] on PostgreSQL; [`StoreError::Failed`] naming the file.
    pub fn backup(&self, to: &Path) -> Result<(), StoreError> {
        // Its own connection: it takes long, and must not be in a transaction.
        let mut conn = match self.opener(ConnectionRole::Writer).open()? {
            Connection::Sqlite(sqlite) => sqlite,
            Connection::Postgres(_) => {
                return Err(StoreError::Unsupported("use pg_dump to back up PostgreSQL"));
            }
        };
        copy::write(&mut conn, to)
    }

    pub(in crate::store) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(in crate::store) fn files(&self) -> &Arc<Files> {
        &self.files
    }

    fn opener(&self, role: ConnectionRole) -> Opener {
        Opener::new(self.location.clone(), &self.settings, role, Arc::clone(&self.files))
    }

    /// A connection in a transaction.
    fn begin(&self, pool: &Pool<Opener>) -> Result<PooledConnection<Opener>, StoreError> {
        let place = self.location.place();
        // A pool that has to open one tries as long as it is told to wait.
        if pool.state().idle_connections == 0 {
            self.files.check()?;
        }
        let mut pooled = pool.get().map_err(|error| StoreError::unavailable(&place, &error))?;
        pooled.begin().map_err(|error| StoreError::unavailable(&place, &error))?;
        Ok(pooled)
    }
}

/// Without the settings, whose URL may hold a password.
impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Database").field(&self.location.place()).finish()
    }
}

fn check_version(conn: &mut Connection) -> Result<(), StoreError> {
    match conn {
        Connection::Sqlite(sqlite) => {
            let found: String = sql::<Text>("SELECT sqlite_version()").get_result(sqlite)?;
            refuse_old(found)
        }
        Connection::Postgres(_) => Ok(()),
    }
}

fn refuse_old(found: String) -> Result<(), StoreError> {
    let numbers: Vec<u32> = found.split('.').map_while(|part| part.parse().ok()).collect();
    if numbers.as_slice() >= SQLITE_MIN.as_slice() {
        Ok(())
    } else {
        let needed = SQLITE_MIN.map(|number| number.to_string()).join(".");
        Err(StoreError::OldSqlite { found, needed })
    }
}

#[cfg(test)]
mod tests {
    use crate::store::engine::database::*;

    #[test]
    fn sqlite_before_3_51_3_is_refused() {
        for good in ["3.51.3", "3.51.10", "3.52.0", "3.100.0", "4.0.0"] {
            assert!(refuse_old(good.to_owned()).is_ok(), "{good}");
        }
        for old in ["3.51.2", "3.51", "3.9.9", "2.100.100", "", "next"] {
            let error = refuse_old(old.to_owned()).unwrap_err().to_string();
            assert_eq!(error, format!("SQLite {old} is too old, 3.51.3 is needed"));
        }
    }
}
