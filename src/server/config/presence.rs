//! The section `presence`.

use crate::config::section;

section! {
    /// Who is there, as sessions with the feature "presence" hear of it.
    Presence {
        /// How long after the last session of a user has gone his friends are told, in milliseconds;
        /// unless he is back by then.
        offline_grace_ms: u64 = 5_000;
    }
}
