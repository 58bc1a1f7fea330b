//! The section `rewind`.

use std::time::Duration;

use crate::config::{at_least, section};
use crate::wire::rewind::Mode;

section! {
    /// The REWIND dialect.
    Settings {
        /// The form of the wire if a connection does not ask for one by ?compat=: "readme", or
        /// "wind" for the shipped app, which cannot ask.
        default_compat: Mode = Mode::Readme;
        /// How long a socket may take to show its token, in milliseconds. People log in meanwhile.
        auth_timeout_ms: u64 = 300_000 => at_least(1);
        /// How long a session may be without heartbeat, in milliseconds; with features, without
        /// heartbeat and without answer to a ping.
        heartbeat_timeout_ms: u64 = 45_000 => at_least(1);
        /// How often the peer of a session with features is pinged, in milliseconds. Must leave it time to
        /// answer: less than heartbeat_timeout_ms.
        ping_interval_ms: u64 = 25_000 => at_least(1);
        /// How many messages a page of history holds at most.
        page_max: u32 = 200 => at_least(1);
    }
}

impl Settings {
    /// How long a socket may take to show its token.
    pub(super) fn auth_timeout(&self) -> Duration {
        Duration::from_millis(self.auth_timeout_ms)
    }

    /// How long a session may be without heartbeat.
    pub(super) fn heartbeat_timeout(&self) -> Duration {
        Duration::from_millis(self.heartbeat_timeout_ms)
    }

    /// How often the peer of a session with features is pinged.
    pub(super) fn ping_interval(&self) -> Duration {
        Duration::from_millis(self.ping_interval_ms)
    }
}
