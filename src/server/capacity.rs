//! How many sessions this machine carries, and what ends it first.

use std::fmt;

use super::Config;

/// Files that are open beside sockets: the database's, the log, timers, the listener; with room.
const OTHER_FILES: u64 = 128;
/// What a session that is logged in takes of the process and of the system's own memory, in bytes.
const SESSION_BYTES: u64 = 11 * 1_024;
/// Memory that is left to everything else.
const OTHER_BYTES: u64 = 64 * 1_024 * 1_024;

/// Open files that the system grants to this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilesLimit {
    /// As many as now.
    pub soft: u64,
    /// As many as the process may ask for by itself.
    pub hard: u64,
}

/// Raises the number of files that may be open as far as the system lets the process, and gives it.
/// Where that cannot be done or known, nothing.
pub fn raise_files() -> Option<FilesLimit> {
    let files = files()?;
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        if let Err(error) = setrlimit(Resource::Nofile, limit) {
            log::warn!(soft = files.soft, hard = files.hard; "the limit of open files cannot be raised: {error}");
            return Some(files);
        }
    }
    Some(FilesLimit { soft: files.hard, ..files })
}

/// The limits of open files as they are; none means without end.
pub fn files() -> Option<FilesLimit> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit};
        let limit = getrlimit(Resource::Nofile);
        let number = |limit: Option<u64>| limit.unwrap_or(u64::MAX);
        Some(FilesLimit { soft: number(limit.current), hard: number(limit.maximum) })
    }
    #[cfg(not(unix))]
    None
}

/// How many requests of one address may be unfinished: no more than leave most of the files that the
/// process may open to others.
pub(super) fn unfinished_max(config: &Config) -> Option<usize> {
    let limits = &config.limits;
    let quarter = files().map(|FilesLimit { soft, .. }| soft / 4);
    let quarter = quarter.and_then(|files| usize::try_from(files).ok()).unwrap_or(usize::MAX);
    limits.on(limits.unfinished_requests_per_ip_max.min(quarter).max(1))
}

/// How many sessions there can be, and because of what no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    pub sessions: u64,
    /// What binds first.
    pub by: Bound,
}

/// What ends the number of sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// `ws.sessions_max`.
    Setting(u64),
    /// The limit of open files.
    Files(u64),
    /// Memory that is free, in bytes.
    Memory(u64),
}

impl Capacity {
    /// Of these settings on this machine.
    pub fn of(config: &Config, files: Option<FilesLimit>) -> Self {
        let setting = u64::try_from(config.ws.sessions_max).unwrap_or(u64::MAX);
        let by_setting = Self { sessions: setting, by: Bound::Setting(setting) };
        let servers = if config.owl.bind.is_empty() { 0 } else { config.owl.connections_max };
        let other_files = OTHER_FILES.saturating_add(u64::try_from(servers).unwrap_or(u64::MAX));
        let by_files = files.map(|FilesLimit { soft, .. }| Self {
            sessions: soft.saturating_sub(other_files),
            by: Bound::Files(soft),
        });
        let by_memory = free_memory().map(|bytes| Self {
            sessions: bytes.saturating_sub(OTHER_BYTES) / SESSION_BYTES,
            by: Bound::Memory(bytes),
        });
        let others = by_files.into_iter().chain(by_memory);
        others.fold(
            by_setting,
            |least, next| if next.sessions < least.sessions { next } else { least },
        )
    }
}

/// `19,872 sessions at once; the limit of open files (20000) binds first`.
impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} sessions at once; ", self.sessions)?;
        match self.by {
            Bound::Setting(max) => write!(f, "ws.sessions_max ({max})"),
            Bound::Files(files) => write!(f, "the limit of open files ({files}; ulimit -n)"),
            Bound::Memory(bytes) => write!(f, "free memory ({} MiB)", bytes / 1_048_576),
        }?;
        f.write_str(" binds first")
    }
}

/// What could be had without swapping (Linux only).
fn free_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()?.checked_mul(1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sessions_max: usize, soft: u64) -> Capacity {
        let mut config = Config::default();
        config.ws.sessions_max = sessions_max;
        Capacity::of(&config, Some(FilesLimit { soft, hard: soft }))
    }

    #[test]
    fn the_least_binds() {
        assert_eq!(of(100, 1_024), Capacity { sessions: 100, by: Bound::Setting(100) });
        assert_eq!(of(100_000, 1_024), Capacity { sessions: 896, by: Bound::Files(1_024) });
        assert_eq!(of(100_000, 10), Capacity { sessions: 0, by: Bound::Files(10) });
        let mut config = Config::default();
        (config.owl.bind, config.owl.connections_max) = ("127.0.0.1:9081".to_owned(), 96);
        let beside = Capacity::of(&config, Some(FilesLimit { soft: 1_024, hard: 1_024 }));
        assert_eq!(beside.sessions, 800, "servers of apps have files, too");
        let text = of(100_000, 1_024).to_string();
        assert_eq!(
            text,
            "896 sessions at once; the limit of open files (1024; ulimit -n) binds first"
        );
        assert!(matches!(of(usize::MAX, u64::MAX).by, Bound::Memory(_)));
    }
}
