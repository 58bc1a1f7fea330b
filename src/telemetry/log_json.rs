//! How a log event becomes one JSON object on one line, for programs that gather logs.

use std::fmt::Display;
use std::io;

use log::Record;
use log::kv::{self, Key, Value, VisitSource};
use serde_json::{Map, Value as Json};

/// Writes `record` as one line: `{"time":…,"level":…,"target":…,"message":…}` and its fields, which
/// stay numbers and truth values where they are.
pub(super) fn write(
    out: &mut impl io::Write,
    time: &impl Display,
    record: &Record<'_>,
) -> io::Result<()> {
    let mut fields = JsonFields(Map::new());
    record.key_values().visit(&mut fields).map_err(|fault| io::Error::other(fault.to_string()))?;
    let own = [
        ("time", time.to_string()),
        ("level", record.level().to_string()),
        ("target", record.target().to_owned()),
        ("message", record.args().to_string()),
    ];
    // Ours last: an event cannot say that it is another one.
    fields.0.extend(own.map(|(key, text)| (key.to_owned(), Json::from(text))));
    writeln!(out, "{}", Json::Object(fields.0))
}

struct JsonFields(Map<String, Json>);

impl<'kvs> VisitSource<'kvs> for JsonFields {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        let json = value.to_i64().map(Json::from).or_else(|| value.to_u64().map(Json::from));
        let json = json.or_else(|| value.to_bool().map(Json::from));
        self.0.insert(key.to_string(), json.unwrap_or_else(|| Json::from(value.to_string())));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use log::Level;

    use super::*;

    #[test]
    fn an_event_is_one_object() {
        let fields: [(&str, Value<'_>); 4] = [
            ("session", Value::from(7_u64)),
            ("full", Value::from(true)),
            ("name", Value::from("a\nb\"")),
            ("level", Value::from("forged")),
        ];
        let mut out = Vec::new();
        let args = format_args!("closed\n{{}}");
        let record = Record::builder()
            .level(Level::Warn)
            .target("tradewind::hub")
            .args(args)
            .key_values(&fields)
            .build();
        write(&mut out, &"2026-01-01T00:00:00.000Z", &record).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        let expected = serde_json::json!({
            "time": "2026-01-01T00:00:00.000Z",
            "level": "WARN",
            "target": "tradewind::hub",
            "message": "closed\n{}",
            "session": 7,
            "full": true,
            "name": "a\nb\"",
        });
        assert_eq!(serde_json::from_str::<Json>(&text).unwrap(), expected);
    }
}
