//! The summary on the terminal.

use crate::number::float;

use super::Report;
use super::compare::{Comparison, Ratio};
use crate::command_line;
use crate::record::meter::{Level, Percentile, Quantiles};

/// A time in a unit that fits.
pub fn time(micros: f64) -> String {
    match micros {
        us if us < 1e3 => format!("{us:.0} µs"),
        us if us < 1e4 => format!("{:.2} ms", us / 1e3),
        us if us < 1e6 => format!("{:.1} ms", us / 1e3),
        us => format!("{:.2} s", us / 1e6),
    }
}

/// A number with its thousands set apart.
pub fn number(value: f64) -> String {
    if value < 100.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Memory in a unit that fits.
pub fn memory(kib: u64) -> String {
    if kib < 1 << 13 { format!("{kib} KiB") } else { format!("{:.1} MiB", float(kib) / 1024.0) }
}

/// A percentile in a unit that fits, or why there is none.
pub fn level(of: &Quantiles, percentile: Percentile) -> String {
    match of.level(percentile) {
        Level::Time(micros) => time(micros),
        Level::Failed => "failed".to_owned(),
        Level::TooFew => format!("n<{}", percentile.needs()),
    }
}

/// All percentiles, and the longest time of what did not fail.
pub fn levels(of: &Quantiles) -> Vec<String> {
    let longest = of.max.map_or_else(|| "–".to_owned(), time);
    Percentile::ALL.into_iter().map(|percentile| level(of, percentile)).chain([longest]).collect()
}

/// How many times were taken, and how many things failed.
pub fn count(of: &Quantiles) -> String {
    if of.failed == 0 {
        of.count.to_string()
    } else {
        format!("{} + {} failed", of.count, of.failed)
    }
}

/// Lines about CPU and memory.
pub fn costs(report: &Report) -> Vec<(String, String)> {
    let costs = &report.costs;
    let mut lines = Vec::new();
    let mut line = |name: &str, text: String| lines.push((name.to_owned(), text));
    let cpu = |seconds: f64, cores: f64, each: Option<f64>| {
        let each = each.map(|us| format!(", {us:.2} µs per {}", costs.unit)).unwrap_or_default();
        format!("{seconds:.2} s CPU, {cores:.2} cores{each}")
    };
    if let (Some(seconds), Some(cores)) = (costs.server_cpu_seconds, costs.server_cores) {
        line("server", cpu(seconds, cores, costs.server_us_per_unit));
    }
    line("tester", cpu(costs.own_cpu_seconds, costs.own_cores, costs.own_us_per_unit));
    if let (Some(before), Some(open), Some(end)) =
        (costs.server_rss_before_kib, costs.server_rss_open_kib, costs.server_rss_end_kib)
    {
        let (before, open, end) = (memory(before), memory(open), memory(end));
        line("server RSS", format!("{before} before, {open} all open, {end} at the end"));
    }
    if let Some(each) = costs.server_rss_per_session_kib {
        let end = costs.server_rss_per_session_end_kib.unwrap_or_default();
        line("per session", format!("{each:.1} KiB all open, {end:.1} KiB at the end"));
    }
    if let Some(rate) = costs.opened_per_second {
        let cpu = costs.server_us_per_opening;
        let cpu = cpu.map(|us| format!(", {us:.0} µs server CPU each")).unwrap_or_default();
        let opening = costs.opening_seconds;
        line("opening", format!("{} sessions/s for {opening:.2} s{cpu}", number(rate)));
    }
    lines
}

/// A table, and the verdict below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    figures: String,
    verdict: String,
    examples: String,
    good: bool,
}

impl Table {
    /// As a terminal shows it, the verdict in green or red if it has colours.
    pub fn paint(&self, coloured: bool) -> String {
        let Self { figures, verdict, examples, good } = self;
        match (coloured, good) {
            (false, _) => format!("{figures}  {verdict}\n{examples}"),
            (true, true) => format!("{figures}  \x1b[32m{verdict}\x1b[0m\n{examples}"),
            (true, false) => format!("{figures}  \x1b[1;31m{verdict}\x1b[0m\n{examples}"),
        }
    }
}

/// The whole table.
pub fn render(report: &Report) -> Table {
    let mut figures = String::new();
    figures_of(report, &mut figures);
    let examples = report.check.examples.iter().map(|example| format!("    {example}\n"));
    Table {
        figures,
        verdict: report.summary(),
        examples: examples.collect(),
        good: report.is_good(),
    }
}

fn figures_of(report: &Report, out: &mut String) {
    let mut line = |text: String| {
        out.push_str(text.trim_end());
        out.push('\n');
    };
    let early = if report.interrupted { ", interrupted" } else { "" };
    line(format!(
        "{} at {}, {:.1} s measured{early}, {} sessions",
        report.mode, report.address, report.seconds, report.sessions
    ));
    let command = command_line::line(&report.command_line);
    line(format!("  {:<24} {command}", "command"));
    for (name, value) in report.hub.words().iter().chain(&report.conditions) {
        line(format!("  {name:<24} {value}"));
    }
    line(String::new());
    for rate in &report.rates {
        let each = number(rate.per_second);
        line(format!("  {:<24} {each:>12} {}/s   ({})", rate.name, rate.unit, rate.count));
    }
    line(String::new());
    let head = ["p50", "p90", "p99", "p99.9", "max"].map(|name| format!("{name:>10}")).concat();
    line(format!("  {:<34}{head}      count", "time"));
    for times in &report.times {
        let mut row = |name: &str, q: &Quantiles| {
            let cells: String = levels(q).iter().map(|cell| format!("{cell:>10}")).collect();
            line(format!("  {name:<34}{cells} {:>10}", count(q)));
        };
        row(&times.name, &times.measured);
        if let Some(corrected) = &times.corrected {
            row(&format!("{}, corrected", times.name), &corrected.times);
        }
    }
    line(String::new());
    for (name, text) in costs(report) {
        line(format!("  {name:<24} {text}"));
    }
    for (words, count) in &report.errors {
        line(format!("  error ×{count:<16} {words}"));
    }
    if report.check.unanswered > 0 {
        line(format!(
            "  {} messages were neither acknowledged nor refused",
            report.check.unanswered
        ));
    }
    for text in report.comparison.iter().flat_map(comparison) {
        line(text);
    }
}

/// The run beside the earlier one.
fn comparison(found: &Comparison) -> Vec<String> {
    let mut lines = vec![String::new(), format!("  beside {}, {}:", found.with, found.then)];
    lines.extend(found.warnings.iter().map(|words| format!("  WARNING: {words}")));
    lines.extend(found.ratios.iter().map(|ratio| {
        let [then, now] = amounts(ratio);
        format!("  {:<34}{now:>12}   then {then:>12}   × {:.2}", ratio.name, ratio.ratio)
    }));
    lines.push(String::new());
    lines
}

/// What a figure was and is, with its unit.
pub fn amounts(ratio: &Ratio) -> [String; 2] {
    [ratio.then, ratio.now].map(|value| match ratio.unit.as_str() {
        "µs" => time(value),
        unit => format!("{} {unit}", number(value)),
    })
}
