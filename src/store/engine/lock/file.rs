//! The lock on a SQLite file: the system's lock on a file beside it, `<name>.lock`.
//!
//! Never on the database file itself, nor may that be opened here: to close any descriptor of it
//! gives up all locks of SQLite in this process. The name is that of the file itself, whatever links
//! lead to it.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use crate::private;
use crate::store::engine::error::StoreError;
use crate::store::engine::lock::{Asked, Holder};

/// More than any holder says.
const TEXT_BYTES_MAX: u64 = 1_024;

/// The lock, held until this is dropped.
pub(in crate::store) struct FileLock(File);

impl FileLock {
    /// Asks for the lock on the database at `path`, which must exist.
    ///
    /// # Errors
    /// [`StoreError::Failed`] naming the file.
    pub fn ask(path: &str, me: &Holder) -> Asked<Self> {
        let place = beside(path).map_err(|error| StoreError::failed(path, error))?;
        let failed = |error| StoreError::failed(&place.display().to_string(), error);
        let file = private::open_file(&place).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {
                let lock = Self(file);
                lock.say(me).map_err(failed)?;
                Ok(Ok(lock))
            }
            Err(TryLockError::WouldBlock) => Ok(Err(said(&file))),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Writes who has it. Whoever reads meanwhile finds nobody, and asks again.
    ///
    /// # Errors
    /// Those of writing.
    pub fn say(&self, me: &Holder) -> io::Result<()> {
        self.0.set_len(0)?;
        self.0.write_all_at(format!("{}\n", me.text()).as_bytes(), 0)
    }
}

/// Who has the lock on the database at `path`.
///
/// # Errors
/// [`StoreError::Failed`] naming the file.
pub(in crate::store) fn holder(path: &str) -> Result<Option<Option<Holder>>, StoreError> {
    let asked = beside(path).and_then(File::open).and_then(|file| match file.try_lock() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Ok(Some(said(&file))),
        Err(TryLockError::Error(error)) => Err(error),
    });
    match asked {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        asked => asked.map_err(|error| StoreError::failed(path, error)),
    }
}

fn said(file: &File) -> Option<Holder> {
    let mut text = String::new();
    file.take(TEXT_BYTES_MAX).read_to_string(&mut text).ok()?;
    Holder::parse(&text)
}

/// The name of the lock of the file that `path` leads to.
///
/// # Errors
/// There is no such file; or it has several names, and so several locks: SQLite would keep a log of
/// its own for each, and a hub under the other name would destroy what is in the first.
fn beside(path: &str) -> io::Result<PathBuf> {
    let names = fs::metadata(path)?.nlink();
    if names > 1 {
        return Err(io::Error::other(format!(
            "the file has {names} names (hard links), and whoever uses another one would damage it; \
             remove the others"
        )));
    }
    let mut name = fs::canonicalize(Path::new(path))?.into_os_string();
    name.push(".lock");
    Ok(name.into())
}
