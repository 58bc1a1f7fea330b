//! Folders that must be written to, secrets that nobody else may read, and the disk below.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::finding::Finding;
use crate::private;
use crate::server::Config;

/// Below this much room on the disk somebody should look, and below that the hub soon stops writing.
const ROOM_WARNING: u64 = 1_024 * 1_024 * 1_024;
const ROOM_BAD: u64 = 64 * 1_024 * 1_024;
/// How often a block is written and synced, and when that is slow.
const SYNCS: usize = 15;
const SLOW_SYNC: Duration = Duration::from_millis(20);
const BLOCK: [u8; 4_096] = [0x5a; 4_096];

/// Which files and folders the hub has, and how fast the disk keeps a write.
pub fn check(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    let sqlite = config.store.url.expose().strip_prefix("sqlite://").map(PathBuf::from);
    if let Some(file) = &sqlite {
        findings.extend(folder(&folder_of(file)));
        findings.extend(mode("database file", file, "messages"));
    }
    if config.auth.secret.is_empty() {
        let key = Path::new(&config.auth.secret_file);
        findings.extend(mode("key file", key, "the secret that signs tokens"));
    }
    findings
}

fn folder_of(file: &Path) -> PathBuf {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new(".")).to_owned()
}

/// The folder of the data: can it be written to, has it room, how long does the disk take?
fn folder(folder: &Path) -> Vec<Finding> {
    let shown = folder.display();
    let help = "let the hub's user write there, or set store.url";
    if let Err(error) = writable(folder) {
        return vec![Finding::bad(
            "data folder",
            format!("{shown} cannot be written to: {error}"),
            help,
        )];
    }
    let there = existing(folder);
    let mut findings = vec![Finding::good("data folder", format!("{shown} can be written to"))];
    findings.push(room(&there));
    findings.push(sync(&there));
    findings
}

/// Whether files can be made in a folder, or the folder itself where it is missing.
pub fn writable(folder: &Path) -> io::Result<()> {
    let there = folder.ancestors().find(|above| above.exists());
    if there.is_some_and(|there| !there.is_dir()) {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    let probe = Probe::make(&existing(folder))?;
    (&probe.file).write_all(&BLOCK)
}

/// The nearest folder above that is there.
fn existing(folder: &Path) -> PathBuf {
    let there = folder.ancestors().find(|above| above.is_dir()).unwrap_or(Path::new("."));
    if there.as_os_str().is_empty() { PathBuf::from(".") } else { there.to_owned() }
}

/// A file that is gone when it is dropped.
struct Probe {
    file: File,
    path: PathBuf,
}

impl Probe {
    fn make(folder: &Path) -> io::Result<Self> {
        let path = folder.join(format!(".tradewind-doctor-{}", std::process::id()));
        Ok(Self { file: private::create_file(&path)?, path })
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            log::warn!("{}: cannot be removed: {error}", self.path.display());
        }
    }
}

fn room(folder: &Path) -> Finding {
    const CHECK: &str = "disk room";
    let help = "make room, or move the data to a larger disk";
    match rustix::fs::statvfs(folder) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let found = format!("{} MiB are free", free / 1_048_576);
            match free {
                _ if free < ROOM_BAD => Finding::bad(CHECK, found, help),
                _ if free < ROOM_WARNING => Finding::warning(CHECK, found, help),
                _ => Finding::good(CHECK, found),
            }
        }
        Err(error) => Finding::bad(CHECK, format!("not known: {error}"), "look at it by hand"),
    }
}

fn sync(folder: &Path) -> Finding {
    const CHECK: &str = "disk sync";
    match sync_time(folder) {
        Ok(time) => {
            let found =
                format!("a commit waits {:.2} ms for the disk", time.as_secs_f64() * 1_000.0);
            if time < SLOW_SYNC {
                Finding::good(CHECK, found)
            } else {
                let help = "messages are acknowledged no sooner: use a faster disk, or \
                            store.durability = \"relaxed\" if the last ones may be lost with the power";
                Finding::warning(CHECK, found, help)
            }
        }
        Err(error) => Finding::bad(CHECK, format!("the disk fails: {error}"), "replace the disk"),
    }
}

/// The median time of writing a block and having it on the disk.
fn sync_time(folder: &Path) -> io::Result<Duration> {
    let probe = Probe::make(folder)?;
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        let began = Instant::now();
        (&probe.file).write_all(&BLOCK)?;
        probe.file.sync_data()?;
        times.push(began.elapsed());
    }
    times.sort();
    Ok(times.get(SYNCS / 2).copied().unwrap_or_default())
}

/// Whether others on this machine may read a file that only its owner should.
fn mode(check: &'static str, file: &Path, holds: &str) -> Option<Finding> {
    let shown = file.display();
    let found = match fs::metadata(file) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Some(Finding::good(check, format!("{shown} will be made at the first start")));
        }
        Err(error) => {
            let help = "let the hub's user read it";
            return Some(Finding::bad(check, format!("{shown}: {error}"), help));
        }
    };
    others_may(&found).map(|mode| match mode {
        0 => Finding::good(check, format!("{shown} is for its owner only")),
        _ => Finding::bad(
            check,
            format!(
                "others on this machine may get at {holds} in {shown} (mode {mode:03o} for them)"
            ),
            format!("chmod 600 {shown}"),
        ),
    })
}

/// What others than the owner may do with a file; nothing where modes are not known.
fn others_may(found: &fs::Metadata) -> Option<u32> {
    #[cfg(unix)]
    return Some(std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o077);
    #[cfg(not(unix))]
    None
}
