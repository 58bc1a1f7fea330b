//! Moments and durations.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp as Moment;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::clock::Timestamp;

/// The longest duration that there is in proto3: 10,000 years.
const DURATION_S_MAX: u64 = 315_576_000_000;

/// A duration: seconds with up to nine digits after the point, and `s`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WireDuration(pub Duration);

/// A moment as RFC 3339 has it, in UTC if it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireTime(pub Timestamp);

fn duration(text: &str) -> Option<Duration> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_suffix('s')?;
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if !is_number(seconds) || !is_number(fraction) || fraction.len() > 9 {
        return None;
    }
    let seconds = seconds.parse().ok().filter(|seconds| *seconds <= DURATION_S_MAX)?;
    let nanos = format!("{fraction:0<9}").parse().ok()?;
    Some(Duration::new(seconds, nanos))
}

impl Serialize for WireDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (seconds, nanos) = (self.0.as_secs(), self.0.subsec_nanos());
        match (nanos % 1_000_000, nanos % 1_000) {
            _ if nanos == 0 => serializer.collect_str(&format_args!("{seconds}s")),
            (0, _) => serializer.collect_str(&format_args!("{seconds}.{:03}s", nanos / 1_000_000)),
            (_, 0) => serializer.collect_str(&format_args!("{seconds}.{:06}s", nanos / 1_000)),
            (_, _) => serializer.collect_str(&format_args!("{seconds}.{nanos:09}s")),
        }
    }
}

impl<'de> Deserialize<'de> for WireDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let read = duration(&text).map(Self);
        read.ok_or_else(|| D::Error::custom("a duration is not like \"600s\" or \"1.500s\""))
    }
}

impl Serialize for WireTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let micros = self.0.micros();
        let nearest = if micros < 0 { Moment::MIN } else { Moment::MAX };
        let moment = Moment::from_microsecond(micros).unwrap_or(nearest);
        let form = match (micros % 1_000_000, micros % 1_000) {
            (0, _) => "%Y-%m-%dT%H:%M:%SZ",
            (_, 0) => "%Y-%m-%dT%H:%M:%S.%3fZ",
            (_, _) => "%Y-%m-%dT%H:%M:%S.%6fZ",
        };
        serializer.collect_str(&moment.strftime(form))
    }
}

impl<'de> Deserialize<'de> for WireTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let moment = text.parse::<Moment>().ok().filter(|_| has_a_year(&text));
        let time = moment.map(|moment| Self(Timestamp::from_micros(moment.as_microsecond())));
        time.ok_or_else(|| D::Error::custom("a time is not like \"2026-11-30T12:00:00Z\""))
    }
}

/// Whether a text begins with a year as RFC 3339 writes it, and has a T where that has one.
fn has_a_year(text: &str) -> bool {
    let year = text.get(..5).is_some_and(|year| {
        year.ends_with('-') && year.bytes().take(4).all(|byte| byte.is_ascii_digit())
    });
    year && matches!(text.as_bytes().get(10), Some(b'T' | b't')) && !text.contains('[')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_0_3_6_or_9_digits() {
        for (text, nanos, written) in [
            ("0s", 0, "0s"),
            ("600s", 600_000_000_000, "600s"),
            ("1.5s", 1_500_000_000, "1.500s"),
            ("1.500s", 1_500_000_000, "1.500s"),
            ("0.000001s", 1_000, "0.000001s"),
            ("3.000000001s", 3_000_000_001, "3.000000001s"),
        ] {
            let read: WireDuration = serde_json::from_value(text.into()).unwrap();
            assert_eq!(read.0.as_nanos(), nanos, "{text}");
            assert_eq!(serde_json::to_value(read).unwrap(), written);
        }
        for bad in [
            "",
            "s",
            "600",
            "1.s",
            ".5s",
            "-1s",
            "+1s",
            "1.0000000001s",
            "1 s",
            "1e3s",
            "315576000001s",
            "1.5.5s",
        ] {
            assert!(serde_json::from_value::<WireDuration>(bad.into()).is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<WireDuration>("600").is_err());
    }

    #[test]
    fn times_have_0_3_or_6_digits_and_are_utc() {
        for (text, micros, written) in [
            ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"),
            ("1970-01-01T00:00:00.5Z", 500_000, "1970-01-01T00:00:00.500Z"),
            ("1970-01-01T00:00:00.000001Z", 1, "1970-01-01T00:00:00.000001Z"),
            ("1970-01-01T00:00:00.123456789Z", 123_456, "1970-01-01T00:00:00.123456Z"),
            ("1970-01-01T01:00:00+01:00", 0, "1970-01-01T00:00:00Z"),
            ("1969-12-31T23:59:59.500Z", -500_000, "1969-12-31T23:59:59.500Z"),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000_000, "0001-01-01T00:00:00Z"),
        ] {
            let read: WireTime = serde_json::from_value(text.into()).unwrap();
            assert_eq!(read.0.micros(), micros, "{text}");
            assert_eq!(serde_json::to_value(read).unwrap(), written);
        }
        for bad in [
            "",
            "1970-01-01",
            "1970-01-01T00:00:00",
            "1970-01-01 00:00:00Z",
            "1970-13-01T00:00:00Z",
            "-000001-01-01T00:00:00Z",
            "1970-01-01T00:00:00Z[UTC]",
            "now",
        ] {
            assert!(serde_json::from_value::<WireTime>(bad.into()).is_err(), "{bad}");
        }
    }
}
