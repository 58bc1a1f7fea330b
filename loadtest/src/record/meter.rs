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

/// Times in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Quantiles {
    /// How many times were taken.
    pub count: u64,
    /// Half took at most this.
    pub p50: f64,
    /// Nine of ten took at most this.
    pub p90: f64,
    /// 99 of 100 took at most this.
    pub p99: f64,
    /// 999 of 1,000 took at most this.
    pub p999: f64,
    /// The longest.
    pub max: f64,
    /// The mean.
    pub mean: f64,
}

/// One second of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Its beginning, in seconds since the record began.
    pub second: f64,
    /// What ended in it.
    pub times: Quantiles,
}

/// A point of the curve of percentiles.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    /// The percentile.
    pub percentile: f64,
    /// Microseconds.
    pub time: f64,
}

/// The record of one kind of thing.
#[derive(Debug)]
pub struct Meter {
    /// What is timed.
    pub name: &'static str,
    all: Option<Histogram<u64>>,
    second: Option<Histogram<u64>>,
    /// The seconds so far.
    pub points: Vec<Point>,
}

impl Meter {
    /// Nothing yet.
    pub fn new(name: &'static str) -> Self {
        let new = || Histogram::new_with_bounds(1, LONGEST, DIGITS).ok();
        Self { name, all: new(), second: new(), points: Vec::new() }
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
            self.points.push(Point { second, times: quantiles(histogram) });
            histogram.reset();
        }
    }

    /// What was recorded.
    pub fn measured(&self) -> Quantiles {
        self.all.as_ref().map(quantiles).unwrap_or_default()
    }

    /// What a client would have seen that had not waited: a time longer than `interval` stands for
    /// those that would have begun meanwhile, as HdrHistogram corrects coordinated omission.
    pub fn corrected(&self) -> Option<(f64, Self)> {
        let all = self.all.as_ref()?;
        let interval = all.value_at_percentile(50.0).max(1);
        let corrected = all.clone_correct(interval);
        let meter =
            Self { name: self.name, all: Some(corrected), second: None, points: Vec::new() };
        Some((float(interval) / 1e3, meter))
    }

    /// The curve of percentiles, as far as there are enough times for it.
    pub fn curve(&self) -> Vec<Share> {
        let Some(all) = self.all.as_ref().filter(|all| !all.is_empty()) else { return Vec::new() };
        let enough = |percentile: &f64| {
            *percentile >= 100.0 || float(all.len()) * (100.0 - percentile) / 100.0 >= 1.0
        };
        let share = |percentile: f64| Share {
            percentile,
            time: float(all.value_at_percentile(percentile)) / 1e3,
        };
        CURVE.into_iter().filter(enough).map(share).collect()
    }
}

fn quantiles(histogram: &Histogram<u64>) -> Quantiles {
    if histogram.is_empty() {
        return Quantiles::default();
    }
    let at = |percentile| float(histogram.value_at_percentile(percentile)) / 1e3;
    Quantiles {
        count: histogram.len(),
        p50: at(50.0),
        p90: at(90.0),
        p99: at(99.0),
        p999: at(99.9),
        max: float(histogram.max()) / 1e3,
        mean: histogram.mean() / 1e3,
    }
}
