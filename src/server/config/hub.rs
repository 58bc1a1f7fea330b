//! The section `hub`.

use crate::config::{at_least, section};

section! {
    /// The hub, which all sessions talk to.
    Hub {
        /// How many commands may wait for the hub. More are refused as "busy".
        mailbox_max: usize = 65_536 => at_least(1);
        /// How long commands under way may take to finish when the node stops, in milliseconds.
        drain_timeout_ms: u64 = 5_000 => at_least(1);
    }
}
