//! How long one kind of thing took: percentiles over the run and over each second.

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::number::float;

/// The longest time told apart, in nanoseconds: two minutes.
const LONGEST: u64 = 120_000_000_000;
/// Significant digits.
const DIGITS: u8 = 3;
/// The percentiles of the curve.
const CURVE: [f64; 15] = [
    0.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.5, 99.9, 99.95, 99.99, 99.995, 99.999, 100.0,
];

/// A percentile that is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Percentile {
    /// Half took at most this.
    P50,
    /// Nine of ten took at most this.
    P90,
    /// 99 of 100 took at most this.
    P99,
    /// 999 of 1,000 took at most this.
    P999,
}

impl Percentile {
    /// All, the lowest first.
    pub const ALL: [Self; 4] = [Self::P50, Self::P90, Self::P99, Self::P999];

    /// Its share, in per cent.
    pub fn share(self) -> f64 {
        match self {
            Self::P50 => 50.0,
            Self::P90 => 90.0,
            Self::P99 => 99.0,
            Self::P999 => 99.9,
        }
    }

    /// How many things there must have been: of fewer, none lies above it.
    pub fn needs(self) -> u64 {
        match self {
            Self::P50 => 2,
            Self::P90 => 10,
            Self::P99 => 100,
            Self::P999 => 1000,
        }
    }

    /// How people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P99 => "p99",
            Self::P999 => "p99.9",
        }
    }
}

/// What is known of a percentile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Level {
    /// Microseconds.
    Time(f64),
    /// So many failed that it is one of them.
    Failed,
    /// It needs more things than there were.
    TooFew,
}

/// Times in microseconds. A percentile that is not there needs more things than there were, or lies among
/// those that failed, which count as longer than all others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Quantiles {
    /// How many times were taken.
    pub count: u64,
    /// How many things were due and never came to their end.
    pub failed: u64,
    /// From which percentile on they failed.
    pub failed_from: Option<f64>,
    pub p50: Option<f64>,
    pub p90: Option<f64>,
    pub p99: Option<f64>,
    pub p999: Option<f64>,
    /// The longest of those that came to their end.
    pub max: Option<f64>,
    pub mean: Option<f64>,
}

impl Quantiles {
    /// What is known of a percentile.
    pub fn level(&self, percentile: Percentile) -> Level {
        let value = match percentile {
            Percentile::P50 => self.p50,
            Percentile::P90 => self.p90,
            Percentile::P99 => self.p99,
            Percentile::P999 => self.p999,
        };
        match value {
            Some(time) => Level::Time(time),
            None if self.all() < percentile.needs() => Level::TooFew,
            None => Level::Failed,
        }
    }

    /// How many things were due.
    pub fn all(&self) -> u64 {
        self.count.saturating_add(self.failed)
    }
}

/// One second of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Its beginning, in seconds since the record began.
    pub second: f64,
    pub times: Quantiles,
}

/// A point of the curve of percentiles.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    pub percentile: f64,
    /// Microseconds.
    pub time: f64,
}

/// The record of one kind of thing.
#[derive(Debug)]
pub struct Meter {
    /// What is timed.
    pub name: &'static str,
    due: u64,
    all: Option<Histogram<u64>>,
    second: Option<Histogram<u64>>,
    /// The seconds so far.
    pub points: Vec<Point>,
}

impl Meter {
    /// Nothing yet.
    pub fn new(name: &'static str) -> Self {
        let new = || Histogram::new_with_bounds(1, LONGEST, DIGITS).ok();
        Self { name, due: 0, all: new(), second: new(), points: Vec::new() }
    }

    /// So many were due, and either a time is recorded of each, or it has failed.
    pub fn due(&mut self, count: u64) {
        self.due = self.due.saturating_add(count);
    }

    /// How many were due.
    pub fn all_due(&self) -> u64 {
        self.due
    }

    fn failed(&self) -> u64 {
        self.due.saturating_sub(self.all.as_ref().map_or(0, Histogram::len))
    }

    /// Records a time for the run; longer ones than can be told apart count as the longest.
    pub fn record(&mut self, nanos: u64) {
        if let Some(all) = &mut self.all {
            all.saturating_record(nanos.max(1));
        }
    }

    /// Records a time for the present second.
    pub fn record_second(&mut self, nanos: u64) {
        if let Some(second) = &mut self.second {
            second.saturating_record(nanos.max(1));
        }
    }

    /// Ends a second.
    pub fn end_second(&mut self, second: f64) {
        if let Some(histogram) = &mut self.second {
            self.points.push(Point { second, times: quantiles(histogram, 0) });
            histogram.reset();
        }
    }

    /// What was recorded.
    pub fn measured(&self) -> Quantiles {
        self.all.as_ref().map(|all| quantiles(all, self.failed())).unwrap_or_default()
    }

    /// What a client would have seen that had not waited: a time longer than `interval` stands for
    /// those that would have begun meanwhile, as HdrHistogram corrects coordinated omission.
    pub fn corrected(&self) -> Option<(f64, Self)> {
        let all = self.all.as_ref()?;
        let interval = all.value_at_percentile(50.0).max(1);
        let corrected = all.clone_correct(interval);
        let due = corrected.len().saturating_add(self.failed());
        let all = Some(corrected);
        let meter = Self { name: self.name, due, all, second: None, points: Vec::new() };
        Some((float(interval) / 1e3, meter))
    }

    /// The curve of percentiles, as far as there are enough times for it.
    pub fn curve(&self) -> Vec<Share> {
        let Some(all) = self.all.as_ref().filter(|all| !all.is_empty()) else { return Vec::new() };
        let failed = self.failed();
        let share = |percentile: f64| {
            let time = time_at(all, failed, percentile)?;
            Some(Share { percentile, time })
        };
        CURVE.into_iter().filter_map(share).collect()
    }
}

/// The time at a percentile, in microseconds, if there were enough things and it is not one that failed.
fn time_at(histogram: &Histogram<u64>, failed: u64, percentile: f64) -> Option<f64> {
    let there = histogram.len();
    let all = float(there.saturating_add(failed));
    let above = all * (100.0 - percentile) / 100.0;
    if percentile < 100.0 && above < 1.0 - 1e-9 {
        return None;
    }
    if failed == 0 {
        return Some(float(histogram.value_at_percentile(percentile)) / 1e3);
    }
    let rank = (all * percentile / 100.0 - 1e-9).ceil().max(1.0);
    // Half a place before it, so that rounding cannot lead to the next.
    let share = (rank - 0.5) / float(there);
    (rank <= float(there)).then(|| float(histogram.value_at_quantile(share)) / 1e3)
}

fn quantiles(histogram: &Histogram<u64>, failed: u64) -> Quantiles {
    let count = histogram.len();
    let failed_from =
        (failed > 0).then(|| 100.0 * float(count) / float(count.saturating_add(failed)));
    if count == 0 {
        return Quantiles { failed, failed_from, ..Quantiles::default() };
    }
    let at = |percentile: Percentile| {
        let enough = count.saturating_add(failed) >= percentile.needs();
        time_at(histogram, failed, percentile.share()).filter(|_| enough)
    };
    Quantiles {
        count,
        failed,
        failed_from,
        p50: at(Percentile::P50),
        p90: at(Percentile::P90),
        p99: at(Percentile::P99),
        p999: at(Percentile::P999),
        max: Some(float(histogram.max()) / 1e3),
        mean: Some(histogram.mean() / 1e3),
    }
}
