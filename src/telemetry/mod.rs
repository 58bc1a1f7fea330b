//! What the process says about itself: metrics for machines, log lines for people.
//!
//! Metrics live in a struct that is passed in, with a registry of their own, so that two servers
//! in one process (tests) do not share them. The log is the one global, because the `log` crate
//! has it so. Neither knows what it measures.

mod log_line;
pub mod metrics;

use env_logger::{Builder, Target};
use log::LevelFilter;

pub use self::metrics::Metrics;

/// Why telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// A metric is malformed or there twice.
    #[error("the metrics cannot be set up")]
    Metrics(#[source] prometheus::Error),
    /// The process has a logger already.
    #[error("the log cannot be set up")]
    Log(#[source] log::SetLoggerError),
}

/// Sends log events to standard error, one line each: time in UTC, level, target, message, and
/// the event's fields as `key=value`. `filter` is that of `env_logger`, such as
/// `info,tradewind=debug`; what peers send that is no HTTP is not logged unless it names
/// `actix_http::h1::dispatcher`. To be called once, by the program itself.
///
/// # Errors
/// [`TelemetryError::Log`] if a logger is there already.
pub fn log_to_stderr(filter: &str) -> Result<(), TelemetryError> {
    Builder::new()
        // It calls whatever a stranger sends that is no HTTP an error.
        .filter_module("actix_http::h1::dispatcher", LevelFilter::Off)
        .parse_filters(filter)
        .target(Target::Stderr)
        .format(|out, record| {
            let time = out.timestamp_millis();
            log_line::write(out, &time, record)
        })
        .try_init()
        .map_err(TelemetryError::Log)
}
