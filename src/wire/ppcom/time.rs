//! Time as customer chat writes it: UTC, without a zone.

use jiff::tz::Offset;

use crate::domain::clock::Timestamp;

/// `YYYY-MM-DD HH:MM:SS`.
pub fn to_the_second(at: Timestamp) -> String {
    civil(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `YYYY-MM-DD HH:MM:SS ffffff`.
pub fn to_the_microsecond(at: Timestamp) -> String {
    civil(at).strftime("%Y-%m-%d %H:%M:%S %6f").to_string()
}

fn civil(at: Timestamp) -> jiff::civil::DateTime {
    let moment = jiff::Timestamp::from_microsecond(at.micros()).unwrap_or_default();
    Offset::UTC.to_datetime(moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_written_in_utc() {
        let at = Timestamp::from_micros(1_476_004_475_000_123);
        assert_eq!(to_the_second(at), "2016-10-09 09:14:35");
        assert_eq!(to_the_microsecond(at), "2016-10-09 09:14:35 000123");
    }
}
