//! What the system knows of a file: which one it is, whether it still has a name, how much room its
//! disk has.

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;

/// A file, whatever its name is by now.
pub(in crate::store) struct Inode {
    /// Names the file without opening it: closing an open one would drop the locks that SQLite has on
    /// it, since POSIX gives locks to processes.
    #[cfg(target_os = "linux")]
    handle: fs::File,
    /// Its device, and its number there.
    identity: (u64, u64),
}

impl Inode {
    /// The file that has this name now.
    ///
    /// # Errors
    /// There is none, or it cannot be looked at.
    #[cfg(target_os = "linux")]
    pub fn of(path: &Path) -> io::Result<Self> {
        use rustix::fs::{Mode, OFlags, open};

        let handle = fs::File::from(open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?);
        let identity = identity(&handle.metadata()?);
        Ok(Self { handle, identity })
    }

    /// The file that has this name now.
    ///
    /// # Errors
    /// There is none, or it cannot be looked at.
    #[cfg(not(target_os = "linux"))]
    pub fn of(path: &Path) -> io::Result<Self> {
        Ok(Self { identity: identity(&fs::metadata(path)?) })
    }

    /// Whether this is what was found.
    pub fn is(&self, found: &Metadata) -> bool {
        self.identity == identity(found)
    }

    /// Whether it has been removed, and so cannot come back under any name. Elsewhere than on Linux
    /// nobody can tell.
    pub fn has_no_name(&self) -> bool {
        #[cfg(target_os = "linux")]
        {
            use std::os::unix::fs::MetadataExt as _;
            self.handle.metadata().is_ok_and(|found| found.nlink() == 0)
        }
        #[cfg(not(target_os = "linux"))]
        false
    }
}

#[cfg(unix)]
fn identity(found: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (found.dev(), found.ino())
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

/// How many bytes can still be written to the disk of a file.
///
/// # Errors
/// Those of the system.
#[cfg(unix)]
pub(in crate::store) fn room(path: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(path)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Nobody can tell.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub(in crate::store) fn room(_: &Path) -> io::Result<u64> {
    Ok(u64::MAX)
}
