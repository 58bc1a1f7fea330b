//! The head of a SQLite file, by which a file that was written over in place is told from one that
//! SQLite has written to.

use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::store::engine::inode::Found;

const MAGIC: &[u8] = b"SQLite format 3\0";
/// Both versions of the format say that there is a write-ahead log. A backup's do not.
const WRITE_AHEAD: &[u8] = &[2, 2];

/// The head of a file that is in use.
pub(in crate::store) struct Header {
    /// Never closed: that would drop the locks that SQLite has on it.
    file: ManuallyDrop<File>,
    seen: Mutex<Seen>,
}

/// As it was last seen.
struct Seen {
    /// When the file was written.
    modified: Option<(i64, i64)>,
    /// How often SQLite has changed the head, and the schema. Neither falls.
    counters: [u32; 2],
}

impl Header {
    /// That of a file.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub fn of(path: &Path) -> io::Result<Self> {
        let file = ManuallyDrop::new(File::open(path)?);
        let none = || io::Error::other("it has no head of a database");
        let counters = read(&file).ok_or_else(none)?;
        let modified = Found::of(&file.metadata()?).modified;
        Ok(Self { file, seen: Mutex::new(Seen { modified, counters }) })
    }

    /// Whether the file is as long as its head says. SQLite makes it shorter (VACUUM by somebody, then a
    /// checkpoint) only after it has said so there.
    pub fn has_length(&self, found: &Found) -> bool {
        length(&self.file) == Some(found.bytes)
    }

    /// Whether the file can be what SQLite has made of it. Reads only if it was written to.
    pub fn is_plausible(&self, found: &Found) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if found.modified == seen.modified {
            return true;
        }
        let Some(counters) = read(&self.file) else { return false };
        let falls = counters.iter().zip(&seen.counters).any(|(now, before)| now < before);
        *seen = Seen { modified: found.modified, counters };
        !falls
    }
}

/// The counters of a head that is one.
fn read(file: &File) -> Option<[u32; 2]> {
    let head = head(file)?;
    Some([number(&head, 24)?, number(&head, 40)?])
}

/// How long a file is by its head: its pages, and how many there are.
fn length(file: &File) -> Option<u64> {
    let head = head(file)?;
    let page = match head.get(16..18)? {
        // What has no room in two bytes.
        [0, 1] => 65_536,
        two => u64::from(u16::from_be_bytes(two.try_into().ok()?)),
    };
    page.checked_mul(number(&head, 28)?.into())
}

/// A head that is one.
fn head(file: &File) -> Option<[u8; 44]> {
    let mut head = [0; 44];
    read_start(file, &mut head).ok()?;
    let is_one = head.starts_with(MAGIC) && head.get(18..20) == Some(WRITE_AHEAD);
    is_one.then_some(head)
}

fn number(head: &[u8], at: usize) -> Option<u32> {
    let bytes = head.get(at..at.saturating_add(4))?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

#[cfg(unix)]
fn read_start(file: &File, into: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, 0)
}

#[cfg(not(unix))]
fn read_start(mut file: &File, into: &mut [u8]) -> io::Result<()> {
    use std::io::{Read as _, Seek as _};
    file.rewind()?;
    file.read_exact(into)
}
