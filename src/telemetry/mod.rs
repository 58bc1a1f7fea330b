//! What the process says about itself: metrics for machines, log lines for people.
//!
//! Metrics live in a struct that is passed in, with a registry of their own, so that two servers
//! in one process (tests) do not share them. The log is the one global, because the `log` crate
//! has it so. Neither knows what it measures.

mod bridges;
mod log_json;
mod log_line;
pub mod metrics;
mod pubsub;
mod settings;

use env_logger::{Builder, Target};
use log::{Level, LevelFilter, Record};

pub use self::bridges::BridgeMetrics;
pub use self::metrics::Metrics;
pub use self::pubsub::PubsubMetrics;
pub use self::settings::{Format, Settings};

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

/// Sends log events to standard error, one line each. What peers send that is no HTTP is not logged
/// unless the filter names `actix_http::h1::dispatcher`. To be called once, by the program itself.
///
/// # Errors
/// [`TelemetryError::Log`] if a logger is there already.
pub fn log_to_stderr(settings: &Settings) -> Result<(), TelemetryError> {
    let (filter, format) = (settings.filter.as_str(), settings.format);
    let mut builder = Builder::new();
    // It calls whatever a stranger sends that is no HTTP an error.
    builder.filter_module("actix_http::h1::dispatcher", LevelFilter::Off);
    if !is_logged(filter, ACTIX_SERVER, Level::Debug) {
        // How actix starts is for those who look for faults in it.
        builder.filter_module(ACTIX_SERVER, LevelFilter::Warn);
    }
    builder
        .parse_filters(filter)
        .target(Target::Stderr)
        .format(move |out, record| {
            let time = out.timestamp_millis();
            match format {
                Format::Text => log_line::write(out, &time, record),
                Format::Json => log_json::write(out, &time, record),
            }
        })
        .try_init()
        .map_err(TelemetryError::Log)
}

const ACTIX_SERVER: &str = "actix_server";

/// Whether a filter lets through what a target says at a level.
fn is_logged(filter: &str, target: &str, level: Level) -> bool {
    let record = Record::builder().target(target).level(level).build();
    Builder::new().parse_filters(filter).build().matches(&record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_actix_starts_is_told_at_debug_only() {
        for (filter, is_told) in [
            ("info", false),
            ("warn,tradewind=debug", false),
            ("debug", true),
            ("info,actix_server=debug", true),
        ] {
            assert_eq!(is_logged(filter, ACTIX_SERVER, Level::Debug), is_told, "{filter}");
        }
    }
}
