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
    pub fn is(&self, found: &Found) -> bool {
        self.identity == found.identity
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

/// What the system says of whatever has a name.
pub(in crate::store) struct Found {
    identity: (u64, u64),
    pub bytes: u64,
    /// When it was written, if that was asked.
    pub modified: Option<(i64, i64)>,
}

impl Found {
    /// At a path.
    ///
    /// Linux gives a file whose times somebody has asked for exact ones with its next write, and its next
    /// `fsync` has to bring them to disk: nobody must ask before each commit when the log was written.
    ///
    /// # Errors
    /// There is nothing, or it cannot be looked at.
    #[cfg(target_os = "linux")]
    pub fn at(path: &Path, with_time: bool) -> io::Result<Self> {
        use rustix::fs::{AtFlags, CWD, StatxFlags, makedev, statx};
        use rustix::io::Errno;

        let time = if with_time { StatxFlags::MTIME } else { StatxFlags::empty() };
        let found =
            match statx(CWD, path, AtFlags::empty(), StatxFlags::INO | StatxFlags::SIZE | time) {
                Ok(found) => found,
                Err(Errno::NOSYS) => return Ok(Self::of(&fs::metadata(path)?)),
                Err(error) => return Err(error.into()),
            };
        let written = found.stx_mtime;
        Ok(Self {
            identity: (makedev(found.stx_dev_major, found.stx_dev_minor), found.stx_ino),
            bytes: found.stx_size,
            modified: with_time.then(|| (written.tv_sec, written.tv_nsec.into())),
        })
    }

    /// At a path.
    ///
    /// # Errors
    /// There is nothing, or it cannot be looked at.
    #[cfg(not(target_os = "linux"))]
    pub fn at(path: &Path, _: bool) -> io::Result<Self> {
        Ok(Self::of(&fs::metadata(path)?))
    }

    /// All of it.
    pub fn of(found: &Metadata) -> Self {
        let (identity, modified) = (identity(found), Some(modified(found)));
        Self { identity, bytes: found.len(), modified }
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

#[cfg(unix)]
fn modified(found: &Metadata) -> (i64, i64) {
    use std::os::unix::fs::MetadataExt as _;
    (found.mtime(), found.mtime_nsec())
}

#[cfg(not(unix))]
fn modified(_: &Metadata) -> (i64, i64) {
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_file_is_not_asked_unless_it_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "four").unwrap();
        let inode = Inode::of(&path).unwrap();
        let all = Found::of(&fs::metadata(&path).unwrap());
        for (with_time, modified) in [(false, None), (true, all.modified)] {
            let found = Found::at(&path, with_time).unwrap();
            assert!(inode.is(&found) && inode.is(&all));
            assert_eq!((found.bytes, found.modified), (4, modified));
        }
        fs::rename(&path, folder.path().join("b")).unwrap();
        assert_eq!(Found::at(&path, true).err().unwrap().kind(), io::ErrorKind::NotFound);
    }
}
