//! How a log event becomes one line, whatever is in it.

use std::fmt::{self, Display, Write as _};
use std::io;

use log::Record;
use log::kv::{self, Key, Value, VisitSource};

/// Writes `record` as one line: time, level, target, message, `key=value` fields.
pub(super) fn write(
    out: &mut impl io::Write,
    time: &impl Display,
    record: &Record<'_>,
) -> io::Result<()> {
    let mut fields = LineFields(String::new());
    record.key_values().visit(&mut fields).map_err(|fault| io::Error::other(fault.to_string()))?;
    let message = record.args().to_string();
    let (level, target) = (record.level(), record.target());
    writeln!(out, "{time} {level} {target} {}{}", OneLine(&message), fields.0)
}

/// Text whose control characters are escaped, so that nobody can forge a line.
struct OneLine<'a>(&'a str);

impl Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if c.is_control() {
                write!(f, "{}", c.escape_default())?;
            } else {
                f.write_char(c)?;
            }
        }
        Ok(())
    }
}

struct LineFields(String);

impl<'kvs> VisitSource<'kvs> for LineFields {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        let text = value.to_string();
        let plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '"';
        if !text.is_empty() && text.chars().all(plain) {
            write!(self.0, " {key}={text}")?;
        } else {
            write!(self.0, " {key}={text:?}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use log::Level;

    use super::*;

    fn line(message: &str, fields: &[(&str, &str)]) -> String {
        let mut out = Vec::new();
        let args = format_args!("{message}");
        let record = Record::builder()
            .level(Level::Info)
            .target("tradewind::hub")
            .args(args)
            .key_values(&fields)
            .build();
        write(&mut out, &"2026-01-01T00:00:00.000Z", &record).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_event_is_one_line_with_its_fields() {
        assert_eq!(
            line("session closed", &[("session", "7"), ("reason", "too slow"), ("name", "")]),
            "2026-01-01T00:00:00.000Z INFO tradewind::hub session closed \
             session=7 reason=\"too slow\" name=\"\"\n"
        );
    }

    #[test]
    fn nobody_can_forge_a_line() {
        let forged = line("a\nb\u{1b}[2J", &[("name", "x\r\n2026 ERROR")]);
        assert_eq!(forged.lines().count(), 1, "{forged}");
        assert!(forged.contains("a\\nb\\u{1b}[2J name=\"x\\r\\n2026 ERROR\""), "{forged}");
    }
}
