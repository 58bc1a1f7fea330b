//! The section `app_server`.

use std::time::Duration;

use crate::config::{at_least, section, socket_address_or_empty};
use crate::domain::apps::downstream::DATA_BYTES_MAX;

/// JSON may write each byte of a message with six, and the frame around it needs some too.
const FRAME_BYTES_MIN: usize = 6 * DATA_BYTES_MAX + 1_024;

section! {
    /// The console of apps: groups of devices, and messages to them.
    Settings {
        /// A second IP address and port to listen on, where the console is at /, as clients made for
        /// RationalOwl's sample want it. Empty: none. On the first address the console is at /console.
        bind: String = String::new() => socket_address_or_empty();
        /// What one socket may ask for per second. Above it only the asker is told, by lines with -1.
        frames_per_second: u32 = 50 => at_least(1);
        /// The longest frame of a console, in bytes. A longer one ends the session.
        frame_bytes_max: usize = 1_048_576 => at_least(FRAME_BYTES_MIN);
        /// How often the peer of a session is pinged, in milliseconds.
        ping_interval_ms: u64 = 30_000 => at_least(1);
        /// How long a session may be without any sign of its peer, in milliseconds: two pings that were not
        /// answered, and the time for an answer.
        ping_timeout_ms: u64 = 75_000 => at_least(1);
        /// A folder whose files are served below /static/assets/, in place of the console's own where they
        /// have the same name. Empty: none.
        assets_dir: String = String::new();
        /// Whether the page loads the script of RationalOwl's sample and its two libraries, which are to be
        /// put into assets_dir: rational.js, lib/jquery-3.2.1.min.js and
        /// lib/reconnecting-websocket.min.js. That script evaluates what is typed into the page, so the
        /// page's policy lets scripts do that then ('unsafe-eval').
        original_script: bool = false;
    }
}

impl Settings {
    /// How often the peer of a session is pinged.
    pub(super) fn ping_interval(&self) -> Duration {
        Duration::from_millis(self.ping_interval_ms)
    }

    /// How long a session may be without any sign of its peer.
    pub(super) fn ping_timeout(&self) -> Duration {
        Duration::from_millis(self.ping_timeout_ms)
    }
}
