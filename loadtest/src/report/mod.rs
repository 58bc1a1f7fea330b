//! What a run found: for people, for programs, as a page.

pub mod compare;
pub mod costs;
mod files;
pub mod html;
pub mod plot;
pub mod table;
pub mod verdict;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::address::Address;
use crate::args::Common;
use crate::check::Check;
use crate::command_line::without_query;
use crate::fail_on::Outcome;
use crate::hub::Hub;
use crate::net::{Net, Protocol, Traffic};
use crate::number::{float, seconds};
use crate::proc;
use crate::record::meter::{Meter, Point, Quantiles, Share};
use crate::record::trouble::Trouble;
use crate::scenario::engine::Engine;
use compare::Comparison;
use costs::Costs;
pub use files::Files;
use verdict::Verdict;

/// The times by which an open loop was late.
pub const LATENESS: &str = "sent later than meant";

/// How often something happened in the measured part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rate {
    pub name: String,
    /// What one of them is.
    pub unit: String,
    /// How often in the measured part.
    pub count: u64,
    pub per_second: f64,
    /// How often in the whole run.
    pub count_all: u64,
}

/// Times with the correction for coordinated omission.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Corrected {
    /// The time after which the next one would have begun, in microseconds: the median.
    pub interval: f64,
    pub times: Quantiles,
}

/// How long something took; times in microseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Times {
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
    /// Whether they say what the tester did, and nothing of the hub.
    pub fn is_about_tester(&self) -> bool {
        self.name == LATENESS
    }

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
    pub started_at: String,
    /// Where the hub was.
    pub address: String,
    /// The words of the command line, secrets left out.
    pub command_line: Vec<String>,
    pub hub: Hub,
    pub verdict: Verdict,
    /// The conditions under which it should count as failed.
    pub fail_on: Vec<Outcome>,
    /// The user's own words.
    pub note: String,
    pub conditions: Vec<(String, String)>,
    pub machine: String,
    /// How busy it was before.
    pub load_average_before: String,
    /// How long was measured.
    pub seconds: f64,
    /// Whether somebody ended it before its time.
    pub interrupted: bool,
    /// Sessions open at most at once.
    pub sessions: u64,
    pub rates: Vec<Rate>,
    pub times: Vec<Times>,
    pub costs: Costs,
    /// What went over the wire, in the whole run.
    pub traffic: Traffic,
    /// Errors by their words.
    pub errors: BTreeMap<String, u64>,
    /// What did not go as it should, in the whole run.
    pub trouble: Trouble,
    /// Once and in order, in the whole run.
    pub check: Check,
    /// The run beside an earlier one.
    pub comparison: Option<Comparison>,
    /// Whether things happened that the mode is for.
    #[serde(skip)]
    pub has_figures: bool,
}

impl Report {
    /// What is known before the run.
    pub fn begin(
        mode: &str,
        common: &Common,
        address: &Address,
        command_line: Vec<String>,
    ) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            mode: mode.to_owned(),
            started_at: jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
            address: shown(common, address),
            command_line,
            hub: Hub::default(),
            verdict: Verdict::default(),
            fail_on: Vec::new(),
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
            trouble: Trouble::default(),
            check: Check::default(),
            comparison: None,
            has_figures: false,
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
        self.trouble = book.trouble.clone();
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
        let (unit, _) = mode.unit();
        let count = book.tallies.get(unit).map_or(0, |tally| tally.measured);
        self.has_figures = count > 0 || mode.is_about_sessions();
        self.verdict = Verdict::of(self, book);
    }

    /// Whether there is anything to speak of.
    pub fn did_something(&self) -> bool {
        self.seconds > 0.0 && self.sessions > 0 && self.has_figures
    }

    /// How many things went wrong.
    pub fn wrong(&self) -> u64 {
        self.errors.values().sum::<u64>() + self.check.unanswered + self.check.faults()
    }

    /// Whether nothing went wrong, and no condition of the user's is met.
    pub fn is_good(&self) -> bool {
        self.verdict.good && self.fail_on.iter().all(|outcome| !outcome.met)
    }

    /// What to say of the run in the end: the verdict, and the conditions that are met.
    pub fn summary(&self) -> String {
        let met = self.fail_on.iter().filter(|outcome| outcome.met);
        let met: Vec<String> =
            met.map(|outcome| format!("{} ({})", outcome.condition, outcome.found)).collect();
        match (met.is_empty(), self.verdict.good) {
            (true, _) => self.verdict.words.clone(),
            (false, true) => format!("FAILED ON {}", met.join(", ")),
            (false, false) => format!("{}; FAILED ON {}", self.verdict.words, met.join(", ")),
        }
    }
}

fn shown(common: &Common, address: &Address) -> String {
    let path = match common.protocol {
        Protocol::Tcp | Protocol::Pubsub | Protocol::Nats => "",
        _ => common.path(address),
    };
    let scheme = common.protocol.scheme(address.is_encrypted);
    without_query(&format!("{scheme}://{}{path}", address.authority()))
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
