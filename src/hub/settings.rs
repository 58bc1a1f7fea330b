//! The sections `hub` and `presence`.

use std::time::Duration;

use super::InviteBounds;
use crate::config::{at_least, section};

section! {
    /// The hub, which all sessions talk to.
    Settings {
        /// How many commands may wait for the hub. More are refused as "busy".
        mailbox_max: usize = 65_536 => at_least(1);
        /// How long commands under way may take to finish when the node stops, in milliseconds.
        drain_timeout_ms: u64 = 5_000 => at_least(1);
    }
}

section! {
    /// Who is there, as sessions with the feature "presence" hear of it.
    PresenceSettings {
        /// How long after the last session of a user has gone his friends are told, in milliseconds;
        /// unless he is back by then.
        offline_grace_ms: u64 = 5_000;
    }
}

impl Settings {
    /// How long commands under way may take to finish when the node stops.
    pub fn drain_timeout(&self) -> Duration {
        Duration::from_millis(self.drain_timeout_ms)
    }
}

impl PresenceSettings {
    /// How long after the last session of a user has gone friends are told.
    pub(super) fn offline_grace(&self) -> Duration {
        Duration::from_millis(self.offline_grace_ms)
    }
}

/// The hub's sections, and what it takes of others.
#[derive(Clone, Debug)]
pub struct HubSettings {
    /// The hub's own.
    pub hub: Settings,
    /// When the finer presence says that somebody has gone.
    pub presence: PresenceSettings,
    /// How many invitations are known, and how long.
    pub invites: InviteBounds,
    /// How often one socket of customer chat may say that its user types.
    pub typing_interval: Duration,
    /// Bytes of frames that may wait for one session.
    pub outbox_bytes_max: usize,
    /// Sessions that one user may have; `None` for any number.
    pub sessions_per_user_max: Option<usize>,
}
