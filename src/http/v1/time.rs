//! Times as RFC 3339 has them, in UTC and microseconds: `2026-11-22T09:41:40.711260Z`.

use jiff::Timestamp as Moment;

use crate::domain::clock::Timestamp;

/// A time as text; one outside the years 1 to 9999 is the nearest inside.
pub fn text(moment: Timestamp) -> String {
    let nearest = if moment.micros() < 0 { Moment::MIN } else { Moment::MAX };
    let moment = Moment::from_microsecond(moment.micros()).unwrap_or(nearest);
    moment.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_six_digits_and_a_zone() {
        let at = |micros| text(Timestamp::from_micros(micros));
        assert_eq!(at(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(at(1_795_340_500_711_260), "2026-11-22T09:41:40.711260Z");
        assert_eq!(at(i64::MAX).len(), at(0).len());
    }
}
