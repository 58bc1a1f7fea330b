//! The section `control`.

use std::time::Duration;

use crate::config::{at_least, section};

section! {
    /// The socket by which commands reach a hub that runs, for the hub's own user only.
    Control {
        /// The path of the socket. Empty: control.sock beside the SQLite file, or, on PostgreSQL, beside
        /// auth.secret_file; if a hub on another file in that folder has it, control-FILE.sock.
        socket: String = String::new();
        /// How many commands are served at once; others wait.
        connections_max: usize = 8 => at_least(1);
        /// The longest request, in bytes.
        request_bytes_max: usize = 65_536 => at_least(1_024);
        /// How long a request may take to come, and each part of the answer to be taken, in milliseconds.
        timeout_ms: u64 = 5_000 => at_least(1);
        /// How many users or devices one `seed` may make while the hub runs; without it there is no limit.
        seed_users_max: usize = 100_000 => at_least(1);
    }
}

impl Control {
    /// How long a request may take to come, and each part of the answer to be taken.
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}
