//! The section `ws`.

use std::time::Duration;

use crate::config::{at_least, choice, section};
use crate::domain::chat::message::CONTENT_BYTES_MAX;

/// JSON may write each byte of a message with six, and the frame around it needs some too.
const FRAME_BYTES_MIN: usize = 6 * CONTENT_BYTES_MAX + 1_024;

choice! {
    /// What holds a socket.
    AdapterChoice {
        /// The session itself.
        Upgraded = "upgraded",
        /// actix-web-actors.
        Actors = "actors",
    }
}

section! {
    /// WebSocket sessions.
    Settings {
        /// What holds a socket: "upgraded" (the session itself) or "actors" (actix-web-actors).
        adapter: AdapterChoice = AdapterChoice::Upgraded;
        /// The longest frame or fragmented message a peer may send, in bytes. A longer one ends
        /// the session.
        frame_bytes_max: usize = 524_288 => at_least(FRAME_BYTES_MIN);
        /// The same while it is not known whose a socket is. It holds a log-in and its token.
        frame_before_auth_bytes_max: usize = 16_384 => at_least(1_024);
        /// How many bytes may wait for a peer that reads slowly. One more ends the session.
        outbox_bytes_max: usize = 1_048_576 => at_least(1);
        /// How many events may wait for a session.
        mailbox_max: usize = 4_096 => at_least(1);
        /// How many commands of a session may be on their way at once.
        pipeline_max: usize = 64 => at_least(1);
        /// How many sessions may be open at once.
        sessions_max: usize = 100_000 => at_least(1);
        /// After how long without any sign of a peer its connection is given up, in milliseconds.
        tcp_user_timeout_ms: u32 = 20_000 => at_least(1);
        /// How long a peer may take to answer a close frame, in milliseconds.
        close_timeout_ms: u64 = 2_000 => at_least(1);
    }
}

impl Settings {
    /// The longest frame or message of a peer that is not known yet, in bytes.
    pub fn first_frame_bytes_max(&self) -> usize {
        self.frame_before_auth_bytes_max.min(self.frame_bytes_max)
    }

    /// After how long without any sign of a peer its connection is given up.
    pub fn tcp_user_timeout(&self) -> Duration {
        Duration::from_millis(self.tcp_user_timeout_ms.into())
    }

    /// How long a peer may take to answer a Close frame.
    pub fn close_timeout(&self) -> Duration {
        Duration::from_millis(self.close_timeout_ms)
    }
}
