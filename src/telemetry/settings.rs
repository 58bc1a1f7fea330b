//! The section `log`.

use log::LevelFilter;

use crate::config::{Rule, choice, section};

choice! {
    /// How an event of the log is written.
    Format {
        /// Time in UTC, level, target, message, and the event's fields as `key=value`.
        Text = "text",
        /// One JSON object with the same members.
        Json = "json",
    }
}

section! {
    /// The log, which goes to standard error.
    Settings {
        /// What is logged: a level (off, error, warn, info, debug, trace), or levels per target,
        /// such as "warn,tradewind=debug".
        filter: String = "info".to_owned() => log_filter();
        /// How: "text", a line an event for people, or "json", an object a line with the members
        /// time, level, target, message and those of the event.
        format: Format = Format::Text;
    }
}

/// A filter of `env_logger`: `level`, or `target=level`, with commas between and `/regex` after.
///
/// Stricter in one point: a bare word must be a level, since `env_logger` takes a misspelt level
/// for a target and then logs nothing.
fn log_filter() -> Rule<String> {
    Rule::new("log levels, such as info or warn,tradewind=debug", |filter: &String| {
        let directives = filter.split_once('/').map_or(filter.as_str(), |(before, _)| before);
        directives.split(',').all(|directive| {
            let level = directive.rsplit_once('=').map_or(directive, |(_, level)| level);
            level.trim().parse::<LevelFilter>().is_ok()
        })
    })
}
