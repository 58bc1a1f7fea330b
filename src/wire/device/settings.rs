//! The section `device`.

use std::time::Duration;

use crate::config::{at_least, section};
use crate::domain::apps::downstream::DATA_BYTES_MAX;

/// A message of the longest text, as most of them are written, and what is around it.
const FRAME_BYTES_MIN: usize = 2 * DATA_BYTES_MAX;

section! {
    /// The dialect of devices.
    Settings {
        /// How long a socket may take to show its token, in milliseconds.
        auth_timeout_ms: u64 = 10_000 => at_least(1);
        /// How often the peer of a session is pinged, in milliseconds.
        ping_interval_ms: u64 = 30_000 => at_least(1);
        /// How long a session may be without any sign of its peer, in milliseconds: longer than
        /// two pings.
        ping_timeout_ms: u64 = 75_000 => at_least(1);
        /// The longest frame of a device, in bytes. A longer one ends the session.
        frame_bytes_max: usize = 262_144 => at_least(FRAME_BYTES_MIN);
        /// The same while it is not known whose a socket is.
        frame_before_auth_bytes_max: usize = 16_384 => at_least(1_024);
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
}
