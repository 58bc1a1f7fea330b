//! How the store is run. Every limit has a name here; nothing in the store is unbounded.

use std::time::Duration;

/// What a commit waits for before it is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Until it is on disk: nothing acknowledged is lost, also when the power fails.
    Synced,
    /// Until the operating system has it: a power failure can lose the last commits.
    Relaxed,
}

/// How much a user may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Members of a group.
    pub members_max: usize,
    /// Groups one user may be in.
    pub groups_per_user_max: i64,
    /// Requests for friendship that one user may make in a day; `None` for any number.
    pub friend_requests_per_day: Option<i64>,
    /// Groups that one user may be put into by others in a day; `None` for any number.
    pub additions_per_day: Option<i64>,
}

/// How the store is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `sqlite://relative/path`, `sqlite:///absolute/path`, `postgres://…` or `postgresql://…`.
    pub url: String,
    /// What a commit waits for.
    pub durability: Durability,
    /// Threads that read, each with a connection of its own.
    pub readers: usize,
    /// At most so many writes share one commit.
    pub batch_ops_max: usize,
    /// At most so many writes wait for their commit; more are refused as busy.
    pub pending_ops_max: usize,
    /// While more writes than this wait, those who write should slow down.
    pub pressure_ops: usize,
    /// At most so many bytes of text wait for their commit; more are refused as busy.
    pub pending_bytes_max: usize,
    /// At most so many reads wait or run; more are refused as busy.
    pub pending_reads_max: usize,
    /// At most so many reads of one user wait; more are refused as busy.
    pub pending_reads_per_user_max: usize,
    /// Page cache of each SQLite connection, in KiB.
    pub cache_kib: u32,
    /// How much of a SQLite file reading connections map into memory, in MiB; 0 for none.
    pub mmap_mib: u32,
    /// How long to wait for another process's lock, and for a new connection, in milliseconds.
    pub busy_timeout_ms: u32,
    /// With less room on the disk of a SQLite file the store is not well, in bytes; 0 for any.
    pub room_min: u64,
    /// How long to ask PostgreSQL whether a commit has come through whose answer got lost.
    pub settle_timeout: Duration,
    /// About how much text one slice of a history page holds, in bytes.
    pub history_slice_bytes: usize,
    /// How much a user may have.
    pub limits: Limits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            url: "sqlite://data/tradewind.db".to_owned(),
            durability: Durability::Synced,
            readers: 2,
            batch_ops_max: 256,
            pending_ops_max: 10_000,
            pressure_ops: 2_500,
            pending_bytes_max: 16 * 1024 * 1024,
            pending_reads_max: 10_000,
            pending_reads_per_user_max: 1_000,
            cache_kib: 16_384,
            mmap_mib: 2_047,
            busy_timeout_ms: 5_000,
            room_min: 256 * 1024,
            settle_timeout: Duration::from_secs(30),
            history_slice_bytes: 262_144,
            limits: Limits {
                members_max: 1_000,
                groups_per_user_max: 500,
                friend_requests_per_day: None,
                additions_per_day: None,
            },
        }
    }
}
