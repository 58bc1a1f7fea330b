//! The summary on the terminal.

use crate::number::float;

use super::Report;

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

/// What the check found, in one line.
pub fn verdict(report: &Report) -> String {
    let check = &report.check;
    let faults = [
        (check.lost, "lost"),
        (check.cut_off, "undelivered because the reader's session ended"),
        (check.duplicated, "duplicated"),
        (check.disordered, "out of order"),
        (check.refused_but_delivered, "delivered though refused"),
        (check.foreign, "delivered to the wrong one or changed"),
    ];
    let found: Vec<String> = faults
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!("{count} {words}"))
        .collect();
    match (found.is_empty(), report.has_messages()) {
        (true, true) => "every acknowledged message came exactly once and in order".to_owned(),
        (true, false) => "no messages were sent in this mode".to_owned(),
        (false, _) => format!("FAULTS: {}", found.join(", ")),
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

/// The whole table.
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(text.trim_end());
        out.push('\n');
    };
    let early = if report.interrupted { ", interrupted" } else { "" };
    line(format!(
        "{} at {}, {:.1} s measured{early}, {} sessions",
        report.mode, report.address, report.seconds, report.sessions
    ));
    for (name, value) in &report.conditions {
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
        let mut row = |name: &str, q: &crate::record::meter::Quantiles| {
            let cells = [q.p50, q.p90, q.p99, q.p999, q.max].map(|us| format!("{:>10}", time(us)));
            line(format!("  {name:<34}{} {:>10}", cells.concat(), q.count));
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
    line(format!("  {}", verdict(report)));
    for example in &report.check.examples {
        line(format!("    {example}"));
    }
    out
}
