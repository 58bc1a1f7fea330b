//! What a run found: for people, for programs, as a page.

pub mod costs;
pub mod html;
pub mod plot;
pub mod table;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use crate::args::Common;
use crate::check::Check;
use crate::net::{Net, Protocol, Traffic};
use crate::number::{float, seconds};
use crate::proc;
use crate::record::meter::{Meter, Point, Quantiles, Share};
use crate::scenario::engine::Engine;
use costs::Costs;

/// How often something happened in the measured part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// What.
    pub name: String,
    /// What one of them is.
    pub unit: String,
    /// How often in the measured part.
    pub count: u64,
    /// How often a second.
    pub per_second: f64,
    /// How often in the whole run.
    pub count_all: u64,
}

/// Times with the correction for coordinated omission.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Corrected {
    /// The time after which the next one would have begun, in microseconds: the median.
    pub interval: f64,
    /// The times.
    pub times: Quantiles,
}

/// How long something took; times in microseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Times {
    /// What.
    pub name: String,
    /// As measured; in an open loop from the moment it was meant to begin.
    pub measured: Quantiles,
    /// Of a closed loop.
    pub corrected: Option<Corrected>,
    /// By percentile; corrected, if there is a correction.
    pub curve: Vec<Share>,
    /// By second of the measured part; as measured.
    pub points: Vec<Point>,
}

impl Times {
    /// The figures to quote.
    pub fn quoted(&self) -> &Quantiles {
        self.corrected.as_ref().map_or(&self.measured, |corrected| &corrected.times)
    }
}

/// Everything.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The version of the tester.
    pub version: String,
    /// The kind of load.
    pub mode: String,
    /// When it began.
    pub started_at: String,
    /// Where the hub was.
    pub address: String,
    /// The user's own words.
    pub note: String,
    /// What was set.
    pub conditions: Vec<(String, String)>,
    /// The machine.
    pub machine: String,
    /// How busy it was before.
    pub load_average_before: String,
    /// How long was measured.
    pub seconds: f64,
    /// Whether somebody ended it before its time.
    pub interrupted: bool,
    /// Sessions open at most at once.
    pub sessions: u64,
    /// How often things happened.
    pub rates: Vec<Rate>,
    /// How long they took.
    pub times: Vec<Times>,
    /// What it cost.
    pub costs: Costs,
    /// What went over the wire, in the whole run.
    pub traffic: Traffic,
    /// Errors by their words.
    pub errors: BTreeMap<String, u64>,
    /// Once and in order, in the whole run.
    pub check: Check,
}

impl Report {
    /// What is known before the run.
    pub fn begin(mode: &str, common: &Common) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            mode: mode.to_owned(),
            started_at: jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
            address: address(common),
            note: common.note.clone(),
            conditions: vec![("protocol".to_owned(), common.protocol.to_string())],
            machine: proc::machine(),
            load_average_before: proc::load_average(),
            seconds: 0.0,
            interrupted: false,
            sessions: 0,
            rates: Vec::new(),
            times: Vec::new(),
            costs: Costs::default(),
            traffic: Traffic::default(),
            errors: BTreeMap::new(),
            check: Check::default(),
        }
    }

    /// What is known after it.
    pub fn fill(&mut self, engine: &Engine, net: &Net) {
        let (mode, book) = (engine.mode(), &engine.desk.book);
        let window = book.window.map_or(0, |window| window.to.saturating_sub(window.from));
        self.seconds = seconds(window);
        self.interrupted = engine.was_interrupted();
        self.conditions.extend(mode.conditions().into_iter().map(|(k, v)| (k.to_owned(), v)));
        self.sessions = book.open_max;
        self.traffic = net.traffic;
        self.errors.clone_from(&book.errors);
        self.check = book.check.clone();
        for (name, unit) in mode.rates() {
            let tally = book.tallies.get(name).copied().unwrap_or_default();
            self.rates.push(Rate {
                name: name.to_owned(),
                unit: unit.to_owned(),
                count: tally.measured,
                per_second: float(tally.measured) / self.seconds.max(1e-9),
                count_all: tally.all,
            });
        }
        let closed = mode.is_closed_loop();
        self.times = book.meters.iter().map(|meter| times(meter, closed)).collect();
        self.costs = Costs::of(book, mode.unit());
    }

    /// Whether the mode sends messages.
    pub fn has_messages(&self) -> bool {
        !matches!(self.mode.as_str(), "idle" | "storm")
    }

    /// Whether there is anything to speak of.
    pub fn did_something(&self) -> bool {
        self.seconds > 0.0 && self.sessions > 0
    }
}

fn address(common: &Common) -> String {
    let path = if common.protocol == Protocol::Tcp { "" } else { &common.path };
    format!("{}://{}{path}", common.protocol.scheme(), common.address)
}

fn times(meter: &Meter, closed: bool) -> Times {
    let corrected = if closed { meter.corrected() } else { None };
    let curve =
        corrected.as_ref().map_or_else(|| meter.curve(), |(_, corrected)| corrected.curve());
    Times {
        name: meter.name.to_owned(),
        measured: meter.measured(),
        corrected: corrected
            .map(|(interval, meter)| Corrected { interval, times: meter.measured() }),
        curve,
        points: meter.points.clone(),
    }
}

/// Writes what was asked for; the table goes to standard output unless the JSON does.
pub fn write(report: &Report, common: &Common) -> anyhow::Result<()> {
    let table = table::render(report);
    if common.json.as_deref() == Some(Path::new("-")) {
        write!(std::io::stderr(), "{table}")?;
    } else {
        write!(std::io::stdout(), "{table}")?;
    }
    if let Some(path) = &common.json {
        let text = serde_json::to_string_pretty(report)? + "\n";
        put(path, &text)?;
    }
    if let Some(path) = &common.html {
        put(path, &html::render(report))?;
    }
    Ok(())
}

fn put(path: &Path, text: &str) -> anyhow::Result<()> {
    if path == Path::new("-") {
        return Ok(std::io::stdout().write_all(text.as_bytes())?);
    }
    std::fs::write(path, text).with_context(|| path.display().to_string())
}
