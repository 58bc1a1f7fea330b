//! The section `store`. Every limit has a name here; nothing in the store is unbounded.

use std::time::Duration;

use crate::config::{Secret, at_least, choice, section, url_of};

choice! {
    /// What a commit waits for before it is acknowledged.
    Durability {
        /// For the disk: nothing acknowledged is lost at power loss.
        Synced = "synced",
        /// For the operating system: the last commits can be lost at power loss.
        Relaxed = "relaxed",
    }
}

section! {
    /// The database.
    Settings {
        /// Where it is: `sqlite://PATH`, or `postgres://USER:PASSWORD@HOST/DATABASE`.
        url: Secret = Secret::new("sqlite://data/tradewind.db".to_owned())
            => url_of(&["sqlite", "postgres", "postgresql"]);
        /// "synced": a message is acknowledged when it is on the disk. "relaxed": faster, but the
        /// last messages can be lost when the power fails.
        durability: Durability = Durability::Synced;
        /// Threads that read beside the one that writes.
        readers: usize = 2 => at_least(1);
        /// How many writes are committed together at most.
        batch_ops_max: usize = 256 => at_least(1);
        /// How many bytes of writes are committed together at most; a larger write is committed alone.
        batch_bytes_max: usize = 4_194_304 => at_least(1);
        /// How many writes may wait. More are refused as "busy".
        pending_ops_max: usize = 10_000 => at_least(1);
        /// While more writes than this wait, sessions that write are read more slowly, so that their
        /// clients wait rather than being refused.
        pressure_ops: usize = 2_500 => at_least(1);
        /// How many bytes of writes may wait.
        pending_bytes_max: usize = 16_777_216 => at_least(1);
        /// How many reads may wait. More are refused as "busy".
        pending_reads_max: usize = 10_000 => at_least(1);
        /// How many reads of one user may wait. More are refused as "busy".
        pending_reads_per_user_max: usize = 1_000 => at_least(1);
        /// The page cache of each SQLite connection, in KiB.
        cache_kib: u32 = 16_384 => at_least(1);
        /// How much of a SQLite file the reading connections map into memory, in MiB; SQLite maps
        /// 2,047 at most, and reads what lies behind. With 0 a failing disk is an error of one
        /// look-up, where mapped it ends the program; pages of history then cost a quarter more.
        mmap_mib: u32 = 2_047;
        /// How long to wait for another program that locks the SQLite file, in milliseconds.
        busy_timeout_ms: u32 = 5_000 => at_least(1);
        /// With less room on the disk of the SQLite file the hub says that it is not ready, in KiB. It
        /// goes on writing as long as it can.
        room_min_kib: u32 = 256;
        /// How long the hub goes on refusing writes once its SQLite file was removed or replaced,
        /// before it ends, in milliseconds: so that whoever watches it sees why.
        lost_grace_ms: u64 = 5_000;
        /// How long PostgreSQL is asked whether a commit has come through whose answer got lost, in
        /// milliseconds. Others wait meanwhile.
        settle_timeout_ms: u64 = 30_000 => at_least(1);
        /// How many bytes of messages one read of history fetches at most, but always one message.
        history_slice_bytes: usize = 262_144 => at_least(1);
    }
}

impl Settings {
    /// With less room on the disk the store is not well, in bytes.
    pub(in crate::store) fn room_min(&self) -> u64 {
        u64::from(self.room_min_kib).saturating_mul(1_024)
    }

    /// How long writes are refused once the SQLite file was removed or replaced, before the hub ends.
    pub fn lost_grace(&self) -> Duration {
        Duration::from_millis(self.lost_grace_ms)
    }

    /// How long PostgreSQL is asked whether a commit has come through.
    pub(super) fn settle_timeout(&self) -> Duration {
        Duration::from_millis(self.settle_timeout_ms)
    }

    /// How long another program is waited for that has locked the database.
    pub(in crate::store) fn busy_timeout(&self) -> Duration {
        Duration::from_millis(self.busy_timeout_ms.into())
    }
}
