//! The section `rewind`.

use super::rule::at_least;
use super::section::section;
use super::value::choice;

choice! {
    /// The two forms of the REWIND wire.
    Compat {
        /// As its README has it.
        Readme = "readme",
        /// As the shipped WIND app needs it.
        Wind = "wind",
    }
}

section! {
    /// The REWIND dialect.
    Rewind {
        /// The form of the wire if a connection does not ask for one by ?compat=: "readme", or
        /// "wind" for the shipped app, which cannot ask.
        default_compat: Compat = Compat::Readme;
        /// How long a session may be without heartbeat, in milliseconds.
        heartbeat_timeout_ms: u64 = 45_000 => at_least(1);
        /// How many messages a page of history holds at most.
        page_max: u32 = 200 => at_least(1);
    }
}
