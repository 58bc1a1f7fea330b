//! The section `log`.

use super::rule::log_filter;
use super::section::section;
use super::value::choice;

choice! {
    /// How an event of the log is written.
    LogFormat {
        /// A line for people.
        Text = "text",
        /// A JSON object on one line.
        Json = "json",
    }
}

section! {
    /// The log, which goes to standard error.
    Log {
        /// What is logged: a level (off, error, warn, info, debug, trace), or levels per target,
        /// such as "warn,tradewind=debug".
        filter: String = "info".to_owned() => log_filter();
        /// How: "text", a line an event for people, or "json", an object a line with the members
        /// time, level, target, message and those of the event.
        format: LogFormat = LogFormat::Text;
    }
}
