//! Plots as SVG. Colours come from the page's style, so that they fit light and dark.

use crate::number::{float_len, whole};

const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 250.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 38.0;

/// A line of a plot.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its name in the legend.
    pub name: String,
    pub points: Vec<(f64, f64)>,
}

/// A mark on an axis.
pub type Mark = (f64, String);

/// How values lie on an axis.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What it shows, with its unit.
    pub title: String,
    /// Its first value.
    pub from: f64,
    /// Its last value.
    pub to: f64,
    pub logarithmic: bool,
    pub marks: Vec<Mark>,
}

impl Axis {
    /// From 0 to a value, in round steps.
    pub fn linear(title: &str, to: f64, name: impl Fn(f64) -> String) -> Self {
        let to = if to > 0.0 { to } else { 1.0 };
        let power = 10_f64.powf((to / 5.0).log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .map(|times| times * power)
            .into_iter()
            .find(|step| to / step <= 5.0)
            .unwrap_or(to);
        let count = whole((to / step).floor());
        let marks = (0..=count).map(|place| crate::number::float(place) * step);
        let marks = marks.map(|value| (value, name(value))).collect();
        Self { title: title.to_owned(), from: 0.0, to, logarithmic: false, marks }
    }

    /// From the round number below some values to that above: 1, 2, 5, 10, 20 and so on. Marks are
    /// at all of them if they are few, else at the powers of ten.
    pub fn powers(title: &str, (low, high): (f64, f64), name: impl Fn(f64) -> String) -> Self {
        let (low, high) = (low.max(1e-3), high.max(2e-3));
        let mut power = 10_f64.powf(low.log10().floor());
        let mut round = Vec::new();
        while round.last().is_none_or(|(value, _)| *value < high * 1.2) && power < 1e15 {
            round.extend([1.0, 2.0, 5.0].map(|times| (times * power, times == 1.0)));
            power *= 10.0;
        }
        let from = round.iter().map(|(value, _)| *value).filter(|value| *value <= low);
        let from = from.fold(low.min(1e-3), f64::max);
        let to = round.iter().map(|(value, _)| *value).find(|value| *value >= high);
        let to = to.unwrap_or(high).max(from * 2.0);
        round.retain(|(value, _)| (from..=to).contains(value));
        if round.len() > 10 {
            round.retain(|(_, whole)| *whole);
        }
        let marks = round.into_iter().map(|(value, _)| (value, name(value))).collect();
        Self { title: title.to_owned(), from, to, logarithmic: true, marks }
    }

    fn share(&self, value: f64) -> f64 {
        let (value, from, to) = if self.logarithmic {
            (value.max(self.from).ln(), self.from.ln(), self.to.ln())
        } else {
            (value, self.from, self.to)
        };
        ((value - from) / (to - from).max(1e-12)).clamp(0.0, 1.0)
    }
}

fn left(axis: &Axis, value: f64) -> f64 {
    LEFT + axis.share(value) * (WIDTH - LEFT - RIGHT)
}

fn top(axis: &Axis, value: f64) -> f64 {
    HEIGHT - BOTTOM - axis.share(value) * (HEIGHT - TOP - BOTTOM)
}

/// Draws lines; `what` describes the plot to those who cannot see it.
pub fn draw(what: &str, x: &Axis, y: &Axis, lines: &[Line]) -> String {
    let mut out = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
        escape(what)
    );
    let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    let mut put = |text: String| out.push_str(&text);
    for (value, name) in &y.marks {
        let at = top(y, *value);
        put(format!("<path class=\"grid\" d=\"M{LEFT} {at:.1}H{right}\"/>"));
        let (x, y) = (LEFT - 6.0, at + 3.5);
        put(format!("<text class=\"end\" x=\"{x}\" y=\"{y:.1}\">{}</text>", escape(name)));
    }
    for (value, name) in &x.marks {
        let at = left(x, *value);
        put(format!("<path class=\"tick\" d=\"M{at:.1} {bottom}v4\"/>"));
        let y = bottom + 15.0;
        put(format!("<text class=\"mid\" x=\"{at:.1}\" y=\"{y}\">{}</text>", escape(name)));
    }
    put(format!("<path class=\"axis\" d=\"M{LEFT} {bottom}H{right}\"/>"));
    let middle = (LEFT + right) / 2.0;
    let low = HEIGHT - 6.0;
    put(format!("<text class=\"mid name\" x=\"{middle}\" y=\"{low}\">{}</text>", escape(&x.title)));
    for (number, line) in lines.iter().enumerate() {
        put(stroke(x, y, number, line));
    }
    out + "</svg>"
}

fn stroke(x: &Axis, y: &Axis, number: usize, line: &Line) -> String {
    let mut path = String::new();
    for (place, (across, up)) in line.points.iter().enumerate() {
        let sign = if place == 0 { 'M' } else { 'L' };
        path.push_str(&format!("{sign}{:.1} {:.1}", left(x, *across), top(y, *up)));
    }
    let mut out = format!("<path class=\"line s{number}\" d=\"{path}\"/>");
    if line.points.len() <= 60 {
        for (across, up) in &line.points {
            let (cx, cy) = (left(x, *across), top(y, *up));
            out.push_str(&format!(
                "<circle class=\"dot s{number}\" cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"2\"/>"
            ));
        }
    }
    out
}

/// The names of the lines.
pub fn legend(lines: &[Line]) -> String {
    let item = |(number, line): (usize, &Line)| {
        format!("<span><i class=\"s{number}\"></i>{}</span>", escape(&line.name))
    };
    let items: String = lines.iter().enumerate().map(item).collect();
    format!("<div class=\"legend\">{items}</div>")
}

/// The lowest and highest of what is drawn.
pub fn range(lines: &[Line]) -> (f64, f64) {
    let ups = || lines.iter().flat_map(|line| line.points.iter().map(|(_, up)| *up));
    let low = ups().fold(f64::INFINITY, f64::min);
    let high = ups().fold(0.0, f64::max);
    if low.is_finite() { (low, high) } else { (1.0, 10.0) }
}

/// Text that cannot become a part of the page's structure.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// The mean of some values.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / float_len(values.len()).max(1.0)
}
