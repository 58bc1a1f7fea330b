//! The section `log`.

use super::rule::log_filter;
use super::section::section;

section! {
    /// The log, which goes to standard error.
    Log {
        /// What is logged: a level (off, error, warn, info, debug, trace), or levels per target,
        /// such as "warn,tradewind=debug".
        filter: String = "info".to_owned() => log_filter();
    }
}
