//! What a run cost.

use serde::Serialize;

use crate::number::float;
use crate::record::Book;

/// With fewer sessions memory per session is noise.
const ENOUGH: u64 = 100;

/// CPU and memory; the server's only if its process is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Costs {
    /// What "per unit" means.
    pub unit: String,
    /// The tester's CPU seconds in the measured part.
    pub own_cpu_seconds: f64,
    /// The tester's share of one core in the measured part.
    pub own_cores: f64,
    /// The tester's CPU per unit, in microseconds.
    pub own_us_per_unit: Option<f64>,
    /// The server's CPU seconds in the measured part.
    pub server_cpu_seconds: Option<f64>,
    /// The server's share of one core in the measured part.
    pub server_cores: Option<f64>,
    /// The server's CPU per unit, in microseconds.
    pub server_us_per_unit: Option<f64>,
    pub opening_seconds: f64,
    pub opened_per_second: Option<f64>,
    /// The server's CPU per session opened, in microseconds.
    pub server_us_per_opening: Option<f64>,
    /// The server's memory before the sessions, in KiB.
    pub server_rss_before_kib: Option<u64>,
    /// The server's memory with all sessions open, before the load, in KiB.
    pub server_rss_open_kib: Option<u64>,
    /// The server's memory at the end of the measured part, in KiB.
    pub server_rss_end_kib: Option<u64>,
    /// (open - before) / sessions, in KiB.
    pub server_rss_per_session_kib: Option<f64>,
    /// (end - before) / sessions, in KiB.
    pub server_rss_per_session_end_kib: Option<f64>,
}

impl Costs {
    /// Reads the samples of a record; costs are divided by a tally.
    pub fn of(book: &Book, (tally, unit): (&str, &str)) -> Self {
        let at = |name| book.samples.get(name).copied().unwrap_or_default();
        let (before, open, from, to) = (at("before"), at("open"), at("from"), at("to"));
        let seconds = (to.at - from.at).max(1e-9);
        let units = book.tallies.get(tally).map_or(0, |tally| tally.measured);
        let per_unit = |cpu: f64| (units > 0).then(|| cpu * 1e6 / float(units));
        let own = (to.own_cpu - from.own_cpu).max(0.0);
        let between = |a: Option<f64>, b: Option<f64>| Some((b? - a?).max(0.0));
        let server = between(from.server_cpu, to.server_cpu);
        // Of all sessions, those open when the load began.
        let opened = if open.at > 0.0 { book.opened_before_load } else { 0 };
        let per_session = |rss: Option<u64>| {
            let grown = float(rss?) - float(before.server_rss?);
            (opened >= ENOUGH).then(|| grown / float(opened))
        };
        let opening = (open.at - before.at).max(0.0);
        let opening_cpu = between(before.server_cpu, open.server_cpu);
        Self {
            unit: unit.to_owned(),
            own_cpu_seconds: own,
            own_cores: own / seconds,
            own_us_per_unit: per_unit(own),
            server_cpu_seconds: server,
            server_cores: server.map(|cpu| cpu / seconds),
            server_us_per_unit: server.and_then(per_unit),
            opening_seconds: opening,
            opened_per_second: (opened > 0).then(|| float(opened) / opening.max(1e-9)),
            server_us_per_opening: opening_cpu
                .filter(|_| opened > 0)
                .map(|cpu| cpu * 1e6 / float(opened)),
            server_rss_before_kib: before.server_rss,
            server_rss_open_kib: open.server_rss,
            server_rss_end_kib: to.server_rss,
            server_rss_per_session_kib: per_session(open.server_rss),
            server_rss_per_session_end_kib: per_session(to.server_rss),
        }
    }
}
