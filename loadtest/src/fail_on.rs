//! Conditions under which a run counts as failed: `errors,p99>50ms,rate<95%`.

use anyhow::{Context as _, bail, ensure};
use serde::Serialize;

use crate::number::float;
use crate::record::meter::{Level, Percentile};
use crate::report::table::{number, time};
use crate::report::{Report, Times};

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    words: String,
    what: What,
    above: bool,
    equal: bool,
    bound: f64,
}

/// What is held against a bound.
#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    /// All that went wrong, counted.
    Errors,
    /// How much ended a second.
    Rate,
    /// The same, of what was asked for.
    Share,
    /// A percentile in microseconds, of whatever was timed of the hub.
    At(Percentile),
    /// The longest time, in microseconds.
    Max,
    /// The mean time, in microseconds.
    Mean,
}

/// Whether a condition is met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    pub condition: String,
    /// Whether it is met, or cannot be told not to be.
    pub met: bool,
    pub found: String,
}

/// Reads conditions with commas between; `has_rate` says whether a rate is asked for.
///
/// # Errors
/// If one of them is none.
pub fn parse(text: &str, has_rate: bool) -> anyhow::Result<Vec<Condition>> {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    parts
        .into_iter()
        .map(|part| condition(part, has_rate).with_context(|| format!("--fail-on '{part}'")))
        .collect()
}

fn condition(text: &str, has_rate: bool) -> anyhow::Result<Condition> {
    let words = text.to_owned();
    ensure!(!text.is_empty(), "a condition is empty");
    if text == "errors" {
        return Ok(Condition { words, what: What::Errors, above: true, equal: false, bound: 0.0 });
    }
    let place = text.find(['<', '>']).context(
        "not `errors`, nor a name, `<` or `>` and a value, such as `p99>50ms` or `rate<95%`",
    )?;
    let (name, rest) = text.split_at_checked(place).unwrap_or_default();
    let above = rest.starts_with('>');
    let rest = rest.get(1..).unwrap_or_default();
    let equal = rest.starts_with('=');
    let value = rest.strip_prefix('=').unwrap_or(rest).trim();
    let (what, bound) = bounded(name.trim(), value, has_rate)?;
    Ok(Condition { words, what, above, equal, bound })
}

fn bounded(name: &str, value: &str, has_rate: bool) -> anyhow::Result<(What, f64)> {
    let what = match name {
        "errors" => return Ok((What::Errors, amount(value)?)),
        "rate" if value.ends_with('%') => {
            ensure!(has_rate, "there is no rate to be a share of: it needs --rate");
            return Ok((What::Share, amount(value.trim_end_matches('%'))?));
        }
        "rate" => return Ok((What::Rate, amount(value.trim_end_matches("/s"))?)),
        "max" => What::Max,
        "mean" => What::Mean,
        "p999" => What::At(Percentile::P999),
        name => {
            let found = Percentile::ALL.into_iter().find(|percentile| percentile.name() == name);
            What::At(found.with_context(|| {
                format!("`{name}` is none of errors, rate, p50, p90, p99, p99.9, max, mean")
            })?)
        }
    };
    Ok((what, duration(value)?))
}

fn amount(text: &str) -> anyhow::Result<f64> {
    let value: f64 = text.trim().parse().with_context(|| format!("`{text}` is no number"))?;
    ensure!(value.is_finite() && value >= 0.0, "`{text}` is no amount");
    Ok(value)
}

/// Microseconds.
fn duration(text: &str) -> anyhow::Result<f64> {
    for (unit, micros) in [("µs", 1.0), ("us", 1.0), ("ms", 1e3), ("s", 1e6)] {
        if let Some(value) = text.strip_suffix(unit) {
            return Ok(amount(value)? * micros);
        }
    }
    bail!("`{text}` is no time: it needs a unit, µs, ms or s")
}

impl Condition {
    /// Looks at a report; `rate` is what was asked for a second. What cannot be told is met.
    pub fn judge(&self, report: &Report, rate: Option<f64>) -> Outcome {
        let per_second = report.rates.first().map_or(0.0, |rate| rate.per_second);
        let (met, found) = match self.what {
            What::Errors => {
                let count = float(report.wrong());
                (self.is_met(count), format!("{count} errors"))
            }
            What::Rate => (self.is_met(per_second), format!("{}/s", number(per_second))),
            What::Share => {
                let share = 100.0 * per_second / rate.unwrap_or(f64::INFINITY);
                (self.is_met(share), format!("{share:.1} % of the rate"))
            }
            What::At(percentile) => {
                self.over_times(report, |times| times.quoted().level(percentile))
            }
            What::Max => self.over_times(report, |times| longest(times, times.quoted().max)),
            What::Mean => self.over_times(report, |times| longest(times, times.quoted().mean)),
        };
        Outcome { condition: self.words.clone(), met, found }
    }

    fn over_times(&self, report: &Report, level: impl Fn(&Times) -> Level) -> (bool, String) {
        let about_hub = report.times.iter().filter(|times| !times.is_about_tester());
        let mut found: Vec<(bool, String)> = about_hub
            .map(|times| match level(times) {
                Level::Time(micros) => {
                    (self.is_met(micros), format!("{} of {}", time(micros), times.name))
                }
                Level::Failed => (true, format!("{} failed", times.name)),
                Level::TooFew => {
                    let count = times.quoted().all();
                    (true, format!("cannot be told of {count} times of {}", times.name))
                }
            })
            .collect();
        found.sort_by_key(|(met, _)| !met);
        found.into_iter().next().unwrap_or((true, "nothing was timed".to_owned()))
    }

    fn is_met(&self, value: f64) -> bool {
        let beyond = if self.above { value > self.bound } else { value < self.bound };
        beyond || self.equal && (value - self.bound).abs() < f64::EPSILON
    }
}

/// The longest and the mean are as bad as can be when something failed.
fn longest(times: &Times, micros: Option<f64>) -> Level {
    match micros {
        Some(_) | None if times.measured.failed > 0 => Level::Failed,
        Some(micros) => Level::Time(micros),
        None => Level::TooFew,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read() {
        let found =
            parse("errors, p99>50ms,rate<95%,rate<=1000/s,p99.9>=2s,max>30us", true).unwrap();
        let bounds: Vec<f64> = found.iter().map(|condition| condition.bound).collect();
        assert_eq!(bounds, [0.0, 50e3, 95.0, 1000.0, 2e6, 30.0]);
        assert_eq!(parse("errors>3", false).unwrap()[0].bound, 3.0);
        assert_eq!(parse("p999>1ms", false).unwrap()[0].what, What::At(Percentile::P999));
    }

    #[test]
    fn what_is_no_condition_says_what_is_wrong_with_it() {
        for (text, why) in [
            ("", "empty"),
            ("errors,", "empty"),
            ("p99", "such as `p99>50ms`"),
            ("p98>5ms", "`p98` is none of"),
            ("p99>50", "needs a unit"),
            ("p99>fastms", "no number"),
            ("p99>-1ms", "no amount"),
            ("rate<", "no number"),
            ("rate<x%", "no number"),
            ("p99=50ms", "such as"),
            ("p99>nans", "no amount"),
        ] {
            let error = format!("{:#}", parse(text, true).unwrap_err());
            assert!(error.contains("--fail-on") && error.contains(why), "{text}: {error}");
        }
        let error = format!("{:#}", parse("rate<95%", false).unwrap_err());
        assert!(error.contains("needs --rate"), "{error}");
    }

    #[test]
    fn bounds_are_sharp() {
        let met = |text: &str, value: f64| parse(text, true).unwrap()[0].is_met(value);
        assert_eq!([50e3, 50.1e3].map(|value| met("p99>50ms", value)), [false, true]);
        assert_eq!([50e3, 49e3].map(|value| met("p99>=50ms", value)), [true, false]);
        assert_eq!([95.0, 94.9].map(|value| met("rate<95%", value)), [false, true]);
        assert_eq!([0.0, 1.0].map(|value| met("errors", value)), [false, true]);
    }
}
