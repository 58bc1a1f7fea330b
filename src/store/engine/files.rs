//! Whether the files of a SQLite database are still those that are open.
//!
//! SQLite goes on with open files whatever becomes of their names: what is committed into a removed
//! one is gone with the process. So names and files are compared before each commit, by two calls of
//! the system (the third file is looked at once a second). A connection of our own stays open, so that
//! nobody, SQLite included, removes the files for good reason.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use diesel::connection::SimpleConnection as _;
use diesel::deserialize::QueryableByName;
use diesel::sql_types::Integer;
use diesel::{QueryResult, RunQueryDsl as _, SqliteConnection, sql_query};

use crate::store::engine::header::Header;
use crate::store::engine::inode::{Found, Inode, room};

/// How a file is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Absence {
    /// It has another name now: put back it is as good as before.
    #[error("{0} is not in its place: put it back")]
    Moved(String),
    /// It has no name any more.
    #[error("{0} was removed")]
    Removed(String),
    /// Its name is another file's.
    #[error("{0} was replaced by another file")]
    Replaced(String),
    /// It is the same file, but something else than SQLite has written to it, or cut it short.
    #[error("{0} was written over or cut short")]
    Overwritten(String),
    /// The system does not say.
    #[error("{0} cannot be looked at: {1}")]
    Unseen(String, String),
}

impl Absence {
    /// Whether it cannot be undone while the files are open.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Removed(_) | Self::Replaced(_) | Self::Overwritten(_) => true,
            Self::Moved(_) | Self::Unseen(..) => false,
        }
    }
}

/// The files of a database; none on PostgreSQL.
pub(in crate::store) struct Files {
    /// The database, its write-ahead log and the index of that.
    kept: Vec<OpenFile>,
    header: Option<Header>,
    anchor: Mutex<Option<SqliteConnection>>,
    /// What cannot be undone, and of which of them.
    lost: OnceLock<(usize, Absence)>,
}

/// A file that is open.
struct OpenFile {
    path: PathBuf,
    inode: Inode,
    /// As it was last seen.
    bytes: AtomicU64,
}

/// What SQLite says of a checkpoint.
#[derive(QueryableByName)]
struct Checkpoint {
    #[diesel(sql_type = Integer)]
    busy: i32,
}

impl Files {
    /// Those of a server.
    pub fn none() -> Self {
        Self { kept: Vec::new(), header: None, anchor: Mutex::new(None), lost: OnceLock::new() }
    }

    /// Those at a path, open in a connection that is kept for that.
    ///
    /// # Errors
    /// One of them is not there.
    pub fn keep(path: &str, mut anchor: SqliteConnection) -> io::Result<Self> {
        // The log is opened with the first look at the database.
        anchor.batch_execute("SELECT count(*) FROM sqlite_schema").map_err(io::Error::other)?;
        let kept =
            ["", "-wal", "-shm"].map(|end| OpenFile::at(PathBuf::from(format!("{path}{end}"))));
        let kept = kept.into_iter().collect::<io::Result<_>>()?;
        let header = Some(Header::of(Path::new(path))?);
        Ok(Self { kept, header, anchor: Mutex::new(Some(anchor)), ..Self::none() })
    }

    /// What counts for a commit: the database and its log are in place.
    ///
    /// # Errors
    /// How they are not.
    pub fn check(&self) -> Result<(), Absence> {
        self.look(2)
    }

    /// As [`Files::check`], and the index of the log.
    ///
    /// # Errors
    /// As [`Files::check`].
    pub fn check_all(&self) -> Result<(), Absence> {
        self.look(3)
    }

    /// Whether look-ups can go on. Removed and replaced files can still be read.
    ///
    /// # Errors
    /// [`Absence::Overwritten`]: what is left of such a file is not what it says.
    pub fn check_readable(&self) -> Result<(), Absence> {
        match self.lost.get() {
            Some((_, lost @ Absence::Overwritten(_))) => Err(lost.clone()),
            Some(_) | None => Ok(()),
        }
    }

    /// How many bytes the disk has room for.
    ///
    /// # Errors
    /// Those of the system.
    pub fn room(&self) -> io::Result<u64> {
        let folder = self.kept.first().and_then(|kept| kept.path.parent());
        folder.map_or(Ok(u64::MAX), room)
    }

    /// Once something cannot be undone: brings what the log holds into the database, wherever that is
    /// now, and leaves no log that would be taken for that of another file under the same name.
    ///
    /// # Errors
    /// Not all of it could be brought there.
    pub fn save(&self) -> io::Result<()> {
        if let Some((0, Absence::Overwritten(_))) = self.lost.get() {
            return self.set_log_aside();
        }
        match self.checkpoint("TRUNCATE") {
            Ok(true) => Ok(()),
            Ok(false) => Err(io::Error::other("the database is in use")),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    /// The database may be another one, copied over the old: the log must not get into it.
    fn set_log_aside(&self) -> io::Result<()> {
        // Never closed, so that no other connection is the last one, which would write the log.
        std::mem::forget(self.lock_anchor().take());
        self.kept.iter().skip(1).try_for_each(|kept| {
            let mut aside = kept.path.clone().into_os_string();
            aside.push("-lost");
            fs::rename(&kept.path, aside)
        })
    }

    fn look(&self, files: usize) -> Result<(), Absence> {
        if let Some((_, lost)) = self.lost.get() {
            return Err(lost.clone());
        }
        let each = self.kept.iter().take(files).enumerate();
        for (place, kept) in each {
            if let Err(absence) = self.look_at(place, kept) {
                if absence.is_final() {
                    self.lost.get_or_init(|| (place, absence.clone()));
                }
                return Err(absence);
            }
        }
        Ok(())
    }

    fn look_at(&self, place: usize, kept: &OpenFile) -> Result<(), Absence> {
        let found = kept.look(place == 0)?;
        let before = kept.bytes.swap(found.bytes, Ordering::Relaxed);
        let has_size = found.bytes >= before || self.may_shrink(place, &found);
        let is_database = || self.header.as_ref().is_none_or(|header| header.is_plausible(&found));
        if has_size && (place > 0 || is_database()) {
            Ok(())
        } else {
            Err(Absence::Overwritten(kept.shown()))
        }
    }

    /// Whether a file has become smaller for good reason.
    fn may_shrink(&self, place: usize, found: &Found) -> bool {
        match place {
            // This program makes no database smaller, but others may have tidied it up.
            0 => self.header.as_ref().is_some_and(|header| header.has_length(found)),
            // So may others do with the log, once all of it is in the database: then nothing of it is read.
            1 => self.checkpoint("PASSIVE").is_ok(),
            _ => true,
        }
    }

    fn checkpoint(&self, mode: &str) -> QueryResult<bool> {
        let mut anchor = self.lock_anchor();
        let Some(anchor) = anchor.as_mut() else { return Ok(true) };
        let said = sql_query(format!("PRAGMA wal_checkpoint({mode})"));
        Ok(said.get_result::<Checkpoint>(anchor)?.busy == 0)
    }

    fn lock_anchor(&self) -> MutexGuard<'_, Option<SqliteConnection>> {
        self.anchor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenFile {
    fn at(path: PathBuf) -> io::Result<Self> {
        let inode = Inode::of(&path)?;
        let bytes = AtomicU64::new(Found::at(&path, false)?.bytes);
        Ok(Self { path, inode, bytes })
    }

    /// What the system says of it, if it is where it was.
    fn look(&self, with_time: bool) -> Result<Found, Absence> {
        match Found::at(&self.path, with_time) {
            Ok(found) if self.inode.is(&found) => Ok(found),
            Ok(_) => Err(Absence::Replaced(self.shown())),
            Err(error) => Err(self.missing(&error)),
        }
    }

    fn missing(&self, error: &io::Error) -> Absence {
        let is_gone = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
        if !is_gone {
            Absence::Unseen(self.shown(), error.to_string())
        } else if self.inode.has_no_name() {
            Absence::Removed(self.shown())
        } else {
            Absence::Moved(self.shown())
        }
    }

    fn shown(&self) -> String {
        self.path.strip_prefix(Path::new(".")).unwrap_or(&self.path).display().to_string()
    }
}
