//! The section `ppcom`.

use std::time::Duration;

use crate::config::{at_least, section};

section! {
    /// Customer chat: the socket of widgets and agents.
    Settings {
        /// How long a socket may take to show its token, in milliseconds.
        auth_timeout_ms: u64 = 30_000 => at_least(1);
        /// How often the peer of a session is pinged, in milliseconds.
        ping_interval_ms: u64 = 30_000 => at_least(1);
        /// How long a session may be without any sign of its peer, in milliseconds. Must be longer than
        /// a ping takes to be sent and answered: twice ping_interval_ms or more.
        ping_timeout_ms: u64 = 75_000 => at_least(1);
        /// How often one socket may say that its user types, in milliseconds; what comes sooner is dropped.
        typing_interval_ms: u64 = 1_000 => at_least(1);
        /// How long after the text for those who write while no agent is online it may be sent again in the
        /// same conversation, in seconds.
        offline_text_interval_seconds: u64 = 3_600 => at_least(1);
        /// The longest file that may be sent up, in bytes.
        file_bytes_max: usize = 4_194_304 => at_least(1);
        /// How many files may be on their way at once; each is held in memory.
        uploads_max: usize = 16 => at_least(1);
        /// How many bytes of files one user may have sent up.
        files_per_user_bytes_max: u64 = 268_435_456 => at_least(1);
    }
}

impl Settings {
    /// How long a socket may take to show its token.
    pub(super) fn auth_timeout(&self) -> Duration {
        Duration::from_millis(self.auth_timeout_ms)
    }

    /// How often the peer of a session is pinged.
    pub(super) fn ping_interval(&self) -> Duration {
        Duration::from_millis(self.ping_interval_ms)
    }

    /// How long a session may be without any sign of its peer.
    pub(super) fn ping_timeout(&self) -> Duration {
        Duration::from_millis(self.ping_timeout_ms)
    }

    /// How often one socket may say that its user types.
    pub fn typing_interval(&self) -> Duration {
        Duration::from_millis(self.typing_interval_ms)
    }

    /// How long the text for those who write while no agent is online is not sent again.
    pub fn offline_text_interval(&self) -> Duration {
        Duration::from_secs(self.offline_text_interval_seconds)
    }
}
