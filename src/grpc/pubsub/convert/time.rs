//! Durations and moments.

use std::time::Duration;

use prost_types::{Duration as WireDuration, Timestamp as WireTimestamp};

use crate::domain::clock::Timestamp;
use crate::domain::pubsub::refusal::PubsubRefusal;

const NANOS: i32 = 1_000_000_000;
/// Of moments that have four digits for the year (`google.protobuf.Timestamp`).
const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// A duration; none is negative.
pub fn duration_from(wire: &WireDuration, what: &str) -> Result<Duration, PubsubRefusal> {
    let seconds = u64::try_from(wire.seconds).ok();
    let nanos = u32::try_from(wire.nanos).ok().filter(|_| wire.nanos < NANOS);
    let duration = seconds.zip(nanos).map(|(seconds, nanos)| Duration::new(seconds, nanos));
    duration.ok_or_else(|| PubsubRefusal::invalid(format!("{what} is no duration")))
}

/// A duration as it is told.
pub fn duration_to(duration: Duration) -> WireDuration {
    WireDuration {
        seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(duration.subsec_nanos()).unwrap_or_default(),
    }
}

/// A moment, without what is below a microsecond.
pub fn timestamp_from(wire: &WireTimestamp, what: &str) -> Result<Timestamp, PubsubRefusal> {
    if !SECONDS.contains(&wire.seconds) || !(0..NANOS).contains(&wire.nanos) {
        return Err(PubsubRefusal::invalid(format!("{what} is no time")));
    }
    let micros = wire.seconds.saturating_mul(1_000_000);
    Ok(Timestamp::from_micros(micros.saturating_add(i64::from(wire.nanos / 1_000))))
}

/// A moment as it is told.
pub fn timestamp_to(moment: Timestamp) -> WireTimestamp {
    let micros = moment.micros();
    WireTimestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos: i32::try_from(micros.rem_euclid(1_000_000))
            .unwrap_or_default()
            .saturating_mul(1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back() {
        for micros in [0, -1, 1_700_000_000_123_456, -1_500_000] {
            let moment = Timestamp::from_micros(micros);
            assert_eq!(timestamp_from(&timestamp_to(moment), "it").unwrap(), moment);
        }
        let duration = Duration::new(600, 5);
        assert_eq!(duration_from(&duration_to(duration), "it").unwrap(), duration);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for (seconds, nanos) in [(-1, 0), (0, -1), (0, NANOS)] {
            assert!(duration_from(&WireDuration { seconds, nanos }, "it").is_err());
        }
        for (seconds, nanos) in [(0, -1), (0, NANOS), (i64::MAX, 0), (i64::MIN, 0)] {
            assert!(timestamp_from(&WireTimestamp { seconds, nanos }, "it").is_err());
        }
    }
}
