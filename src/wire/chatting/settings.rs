//! The section `chatting`.

use std::time::Duration;

use crate::config::{at_least, not_empty, section};
use crate::wire::chatting::Ids;

section! {
    /// The chatting dialect, for game lobbies.
    Settings {
        /// How ids are written if a connection does not ask by ?ids=: "number", or "string".
        ids: Ids = Ids::Number;
        /// How long a socket may take to show its token, in milliseconds.
        login_timeout_ms: u64 = 10_000 => at_least(1);
        /// How often the peer of a session is pinged, in milliseconds.
        ping_interval_ms: u64 = 10_000 => at_least(1);
        /// How long a session may be without any sign of its peer, in milliseconds. Must be longer than
        /// a ping takes to be sent and answered: twice ping_interval_ms or more.
        ping_timeout_ms: u64 = 25_000 => at_least(1);
        /// How long an invitation is known, in milliseconds.
        invite_timeout_ms: u64 = 600_000 => at_least(1);
        /// How many invitations of one user are known. Of more the oldest are forgotten: taking one
        /// of them back tells no room.
        invites_per_user_max: usize = 64 => at_least(1);
        /// The message of the answer to a good token.
        logged_in_text: String = "You have successfully logged".to_owned() => not_empty();
        /// The error of a frame to somebody who cannot be reached.
        unreachable_text: String = "No User or Offline".to_owned() => not_empty();
        /// The error of a frame that is not understood.
        bad_request_text: String = "Bad Request".to_owned() => not_empty();
        /// Who is named as the sender of a system message.
        system_text: String = "admin".to_owned() => not_empty();
        /// What a request to block nobody is told.
        no_such_user_text: String = "해당 id가 존재하지 않습니다.".to_owned() => not_empty();
    }
}

impl Settings {
    /// How long a socket may take to show its token.
    pub(super) fn login_timeout(&self) -> Duration {
        Duration::from_millis(self.login_timeout_ms)
    }

    /// How often the peer of a session is pinged.
    pub(super) fn ping_interval(&self) -> Duration {
        Duration::from_millis(self.ping_interval_ms)
    }

    /// How long a session may be without any sign of its peer.
    pub(super) fn ping_timeout(&self) -> Duration {
        Duration::from_millis(self.ping_timeout_ms)
    }

    /// How long an invitation is known.
    pub fn invite_timeout(&self) -> Duration {
        Duration::from_millis(self.invite_timeout_ms)
    }
}
