//! The page: one file, no script, nothing from elsewhere.

use super::compare::Comparison;
use super::plot::{Axis, Line, Mark, draw, escape, legend, range};
use super::table::{amounts as then_and_now, costs, count, level, levels, number, time};
use super::{Report, Times};
use crate::command_line;
use crate::record::meter::{Percentile, Point, Quantiles};

const STYLE: &str = include_str!("page.css");

/// The whole page.
pub fn render(report: &Report) -> String {
    let title = format!("{} · tradewind-loadtest", report.mode);
    let early = if report.interrupted { ", interrupted" } else { "" };
    let plots: String = report.times.iter().map(plots).collect();
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{}</title><style>{STYLE}</style></head><body><main>\
         <h1>Load test: {}</h1><p class=\"sub\">{} · {} · {:.1} s measured{early}</p>\
         {}{}<div class=\"card wide\"><h2>Times</h2>{}</div>\
         <div class=\"cards\"><div class=\"card\"><h2>Conditions</h2>{}</div>{}{plots}\
         <div class=\"card\"><h2>Rates and costs</h2>{}</div>{}{}</div>{}</main></body></html>\n",
        escape(&title),
        escape(&report.mode),
        escape(&report.address),
        escape(&report.started_at),
        report.seconds,
        found(report),
        tiles(report),
        times_table(report),
        conditions(report),
        throughput(report),
        amounts(report),
        errors(report),
        report.comparison.as_ref().map(comparison).unwrap_or_default(),
        method(report),
    )
}

fn found(report: &Report) -> String {
    let bad = if report.is_good() { "" } else { " bad" };
    let examples: String =
        report.check.examples.iter().map(|words| format!("<li>{}</li>", escape(words))).collect();
    let list = if examples.is_empty() { examples } else { format!("<ul>{examples}</ul>") };
    let words = escape(&report.summary());
    format!("<div class=\"verdict{bad}\">{words}{list}</div>")
}

fn tiles(report: &Report) -> String {
    let mut out = String::new();
    let mut tile = |value: String, name: String| {
        let (value, name) = (escape(&value), escape(&name));
        out.push_str(&format!("<div class=\"tile\"><b>{value}</b><span>{name}</span></div>"));
    };
    for rate in report.rates.iter().take(2) {
        tile(number(rate.per_second), format!("{} {} per second", rate.unit, rate.name));
    }
    if let Some(times) = report.times.last().filter(|times| times.measured.count > 0) {
        // The last one may be about the tester; what people feel is before it.
        let times = report.times.get(1).unwrap_or(times);
        let q = times.quoted();
        tile(level(q, Percentile::P50), format!("{}, p50", times.name));
        tile(level(q, Percentile::P99), format!("{}, p99", times.name));
    }
    if let Some(each) = report.costs.server_us_per_unit {
        tile(format!("{each:.1} µs"), format!("server CPU per {}", report.costs.unit));
    }
    // Other modes find memory that earlier runs have left.
    let each = report.costs.server_rss_per_session_kib.filter(|_| report.mode == "idle");
    if let Some(each) = each {
        tile(format!("{each:.1} KiB"), "server memory per session".to_owned());
    }
    format!("<div class=\"tiles\">{out}</div>")
}

fn times_table(report: &Report) -> String {
    let mut rows = String::new();
    for times in &report.times {
        let mut row = |name: &str, about: String, q: &Quantiles| {
            let cells: String = levels(q)
                .iter()
                .zip(["p50", "p90", "p99", "p99.9", "max"])
                .map(|(cell, name)| format!("<td data-name=\"{name}\">{}</td>", escape(cell)))
                .collect();
            let (name, about) = (escape(name), escape(&about));
            let count = count(q);
            rows.push_str(&format!(
                "<tr><th>{name}<small>{about}</small></th>{cells}\
                 <td data-name=\"count\">{count}</td></tr>"
            ));
        };
        row(&times.name, "as measured".to_owned(), &times.measured);
        if let Some(corrected) = &times.corrected {
            let about = format!("corrected, expected every {}", time(corrected.interval));
            row(&times.name, about, &corrected.times);
        }
    }
    format!(
        "<table class=\"num\"><thead><tr><th></th><th>p50</th><th>p90</th><th>p99</th>\
         <th>p99.9</th><th>max</th><th>count</th></tr></thead><tbody>{rows}</tbody></table>"
    )
}

fn plots(times: &Times) -> String {
    if times.measured.count == 0 {
        return String::new();
    }
    over_time(times) + &by_percentile(times)
}

fn card(title: &str, hint: &str, (x, y): (&Axis, &Axis), lines: &[Line]) -> String {
    let (name, hint) = (escape(title), escape(hint));
    let names = if lines.len() > 1 { legend(lines) } else { String::new() };
    format!(
        "<div class=\"card\"><h2>{name}</h2><p class=\"hint\">{hint}</p>{}{names}</div>",
        draw(title, x, y, lines)
    )
}

/// The seconds that are whole, as an axis.
fn second_axis(times: &Times) -> Axis {
    let last = times.points.last().map_or(1.0, |point| point.second + 1.0);
    Axis::linear("seconds since measuring began", last, |value| format!("{value}"))
}

fn over_time(times: &Times) -> String {
    let line = |name: &str, pick: fn(&Quantiles) -> Option<f64>| Line {
        name: name.to_owned(),
        points: times
            .points
            .iter()
            .filter_map(|point| Some((point.second + 0.5, pick(&point.times)?)))
            .collect(),
    };
    let lines = [line("p50", |q| q.p50), line("p99", |q| q.p99), line("max", |q| q.max)];
    let y = Axis::powers("time", range(&lines), time_short);
    let title = format!("{} over time", sentence(&times.name));
    card(
        &title,
        "What ended in each second, as measured; logarithmic scale",
        (&second_axis(times), &y),
        &lines,
    )
}

/// How many things ended in each second; things that were equally many share a line.
fn throughput(report: &Report) -> String {
    let mut shown: Vec<&Times> = Vec::new();
    for times in report.times.iter().filter(|times| times.measured.count > 0) {
        if shown.iter().all(|other| other.measured.count != times.measured.count) {
            shown.push(times);
        }
    }
    let Some(first) = shown.first() else { return String::new() };
    let line = |times: &&Times| {
        let points = times.points.iter();
        let count = |point: &Point| (point.second + 0.5, crate::number::float(point.times.count));
        Line { name: times.name.clone(), points: points.map(count).collect() }
    };
    let lines: Vec<Line> = shown.iter().take(3).map(line).collect();
    let y = Axis::linear("per second", range(&lines).1 * 1.05, number_short);
    let hint = "How many ended in each second";
    let title = format!("{} per second", sentence(&first.name));
    let title = if lines.len() > 1 { "Per second" } else { &title };
    card(title, hint, (&second_axis(first), &y), &lines)
}

fn by_percentile(times: &Times) -> String {
    // 50 % lies at 2, 99 % at 100: what is rare gets room.
    let across = |percentile: f64| 100.0 / (100.0 - percentile).max(1e-9);
    let rarest = times.curve.iter().filter(|share| share.percentile < 100.0);
    let to = rarest.map(|share| across(share.percentile)).fold(10.0, f64::max);
    let points: Vec<(f64, f64)> = times
        .curve
        .iter()
        .filter(|share| share.percentile < 100.0)
        .map(|share| (across(share.percentile), share.time))
        .collect();
    let lines = [Line { name: times.name.clone(), points }];
    let marks = [0.0, 50.0, 90.0, 99.0, 99.9, 99.99, 99.999];
    let marks: Vec<Mark> = marks
        .into_iter()
        .map(|percentile| (across(percentile), format!("{percentile}")))
        .filter(|(at, _)| *at <= to * 1.001)
        .collect();
    let x = Axis { title: "percentile".to_owned(), from: 1.0, to, logarithmic: true, marks };
    let y = Axis::powers("time", range(&lines), time_short);
    let title = format!("{} by percentile", sentence(&times.name));
    let hint = if times.corrected.is_some() {
        "Corrected for coordinated omission; logarithmic scales"
    } else {
        "As measured; logarithmic scales"
    };
    card(&title, hint, (&x, &y), &lines)
}

fn rows<'a>(lines: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let row = |(name, text): (&str, &str)| {
        format!("<tr><th>{}</th><td>{}</td></tr>", escape(name), escape(text))
    };
    format!("<table class=\"pairs\"><tbody>{}</tbody></table>", lines.map(row).collect::<String>())
}

fn conditions(report: &Report) -> String {
    let sessions = report.sessions.to_string();
    let command = command_line::line(&report.command_line);
    let hub = report.hub.words();
    let mut lines = vec![("command", command.as_str())];
    let told = hub.iter().chain(&report.conditions);
    lines.extend(told.map(|(name, text)| (name.as_str(), text.as_str())));
    lines.push(("sessions at most at once", &sessions));
    lines.push(("machine", &report.machine));
    lines.push(("load average before", &report.load_average_before));
    if !report.note.is_empty() {
        lines.push(("note", &report.note));
    }
    lines.push(("tester", &report.version));
    rows(lines.into_iter())
}

fn amounts(report: &Report) -> String {
    let rate = |rate: &super::Rate| {
        let each = number(rate.per_second);
        (rate.name.clone(), format!("{each} {}/s ({} in all)", rate.unit, rate.count))
    };
    let lines: Vec<(String, String)> = report.rates.iter().map(rate).chain(costs(report)).collect();
    rows(lines.iter().map(|(name, text)| (name.as_str(), text.as_str())))
}

fn errors(report: &Report) -> String {
    let unanswered = report.check.unanswered;
    let mut lines: Vec<(String, String)> =
        report.errors.iter().map(|(words, count)| (format!("{count} ×"), words.clone())).collect();
    if unanswered > 0 {
        lines.push((format!("{unanswered} ×"), "neither acknowledged nor refused".to_owned()));
    }
    let table = if lines.is_empty() {
        "<p>None.</p>".to_owned()
    } else {
        rows(lines.iter().map(|(name, text)| (name.as_str(), text.as_str())))
    };
    format!("<div class=\"card\"><h2>Errors and refusals</h2>{table}</div>")
}

fn comparison(found: &Comparison) -> String {
    let warnings = found.warnings.iter().map(|words| ("warning".to_owned(), words.clone()));
    let ratios = found.ratios.iter().map(|ratio| {
        let [then, now] = then_and_now(ratio);
        (ratio.name.clone(), format!("× {:.2} ({now}, then {then})", ratio.ratio))
    });
    let lines: Vec<(String, String)> = warnings.chain(ratios).collect();
    let table = rows(lines.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    let (with, then) = (escape(&found.with), escape(&found.then));
    format!("<div class=\"card\"><h2>Beside {with}</h2><p class=\"hint\">{then}</p>{table}</div>")
}

fn method(report: &Report) -> String {
    let loop_kind = if report.times.iter().any(|times| times.corrected.is_some()) {
        "The load waits for answers (closed loop), so a stall also stops the load. The corrected \
         times add what would have been sent meanwhile, one each median time (HdrHistogram's \
         correction of coordinated omission). Compare rates and CPU rather than these times."
    } else {
        "Times count from the moment something was meant to begin, also if it began later (open \
         loop), so a stall counts for all that it delays."
    };
    format!(
        "<footer><p>{loop_kind}</p><p>Tester and server may share cores: read the cores each of \
         them used. A server close to all cores there are was the limit; so was a tester close to \
         one. CPU is counted in steps of 10 ms.</p></footer>"
    )
}

fn sentence(name: &str) -> String {
    let mut signs = name.chars();
    signs.next().map(|first| first.to_uppercase().chain(signs).collect()).unwrap_or_default()
}

/// A round time.
fn time_short(micros: f64) -> String {
    match micros {
        us if us < 0.999 => format!("{:.0} ns", us * 1e3),
        us if us < 999.0 => format!("{us:.0} µs"),
        us if us < 999e3 => format!("{:.0} ms", us / 1e3),
        us => format!("{:.0} s", us / 1e6),
    }
}

/// A number that is short enough for an axis.
fn number_short(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{}M", value / 1e6),
        value if value >= 1e4 => format!("{}k", value / 1e3),
        value => format!("{}", (value * 1e3).round() / 1e3),
    }
}
