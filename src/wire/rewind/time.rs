//! REWIND's time: `YYYY-MM-DD HH:MM:SS.ffffff` in Korea (UTC+9), without a zone.

use std::str::FromStr;

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine as _, alphabet};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

use crate::domain::clock::Timestamp;

/// Korea, all the year round.
const KOREA: Offset = Offset::constant(9);

/// Base64 of either padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A written moment, before its digits are put in.
const BLANK: [u8; 26] = *b"0000-00-00 00:00:00.000000";

/// A moment as REWIND writes it.
pub struct Korean(pub Timestamp);

impl Korean {
    /// The text.
    pub fn text(&self) -> String {
        let moment = jiff::Timestamp::from_microsecond(self.0.micros()).unwrap_or_default();
        let at = KOREA.to_datetime(moment);
        let mut text = BLANK;
        let mut places = text.iter_mut().rev();
        // Digit by digit, from the last one: any formatter takes longer than all the rest of a frame.
        for (number, digits) in [
            (at.subsec_nanosecond() / 1_000, 6),
            (at.second().into(), 2),
            (at.minute().into(), 2),
            (at.hour().into(), 2),
            (at.day().into(), 2),
            (at.month().into(), 2),
            (at.year().into(), 4),
        ] {
            let mut rest = number;
            for place in places.by_ref().take(digits) {
                *place += u8::try_from(rest % 10).unwrap_or(0);
                rest /= 10;
            }
            // The mark before.
            places.next();
        }
        str::from_utf8(&text).map(str::to_owned).unwrap_or_default()
    }
}

/// Reads a cursor: base64 (either alphabet, padded or not) of a time.
///
/// Clients pad neither month nor day, and may leave out the fraction or add `+09:00`.
pub fn cursor(encoded: &str) -> Option<Timestamp> {
    let standard = encoded.trim().replace('-', "+").replace('_', "/");
    let text = String::from_utf8(LENIENT.decode(standard).ok()?).ok()?;
    parse(text.trim())
}

fn parse(text: &str) -> Option<Timestamp> {
    let text = text.strip_suffix("+09:00").unwrap_or(text);
    let (date, time) = text.split_once(' ')?;
    let at = DateTime::from_parts(parse_date(date)?, parse_time(time)?);
    // The last hours of the year 9999 lie beyond what jiff can hold: as late as can be.
    let micros = KOREA.to_timestamp(at).map_or(i64::MAX, |moment| moment.as_microsecond());
    Some(Timestamp::from_micros(micros))
}

fn parse_date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let whole = parts.next().is_none() && year.len() == 4;
    let date = Date::new(number(year, 4)?, number(month, 2)?, number(day, 2)?).ok()?;
    whole.then_some(date)
}

fn parse_time(text: &str) -> Option<Time> {
    let (clock, micros) = match text.split_once('.') {
        Some((clock, fraction)) => (clock, number::<i32>(&format!("{fraction:0<6}"), 6)?),
        None => (text, 0),
    };
    let mut parts = clock.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    let whole = parts.next().is_none() && !text.ends_with('.');
    let nanos = micros.checked_mul(1_000)?;
    let time = Time::new(number(hour, 2)?, number(minute, 2)?, number(second, 2)?, nanos).ok()?;
    whole.then_some(time)
}

/// Digits only, at least one and at most `digits_max`.
fn number<T: FromStr>(text: &str, digits_max: usize) -> Option<T> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if plain && text.len() <= digits_max { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use crate::wire::rewind::time::*;
    use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE};

    #[test]
    fn writes_six_digits_and_korean_time() {
        let at = |micros| Korean(Timestamp::from_micros(micros)).text();
        assert_eq!(at(1_640_186_356_000_880), "2021-12-23 00:19:16.000880");
        assert_eq!(at(1_640_186_356_000_000), "2021-12-23 00:19:16.000000");
        assert_eq!(at(2_169_182_936_987_654), "2038-09-27 15:48:56.987654");
        assert_eq!(at(0), "1970-01-01 09:00:00.000000");
    }

    #[test]
    fn reads_what_it_writes_and_what_clients_write() {
        let expected = Some(Timestamp::from_micros(1_641_135_855_012_300));
        for text in [
            "2022-01-03 00:04:15.012300",
            "2022-1-3 00:04:15.012300",
            "2022-1-3 0:4:15.0123",
            "2022-01-03 00:04:15.012300+09:00",
        ] {
            assert_eq!(cursor(&BASE64_STANDARD.encode(text)), expected, "{text}");
            assert_eq!(cursor(&BASE64_STANDARD_NO_PAD.encode(text)), expected, "{text}");
            assert_eq!(cursor(&BASE64_URL_SAFE.encode(text)), expected, "{text}");
        }
        let last = cursor(&BASE64_STANDARD.encode("9999-12-31 23:59:59.999999"));
        assert_eq!(last, Some(Timestamp::from_micros(i64::MAX)));
        let whole = cursor(&BASE64_STANDARD.encode("2022-01-03 00:04:15"));
        assert_eq!(whole, Some(Timestamp::from_micros(1_641_135_855_000_000)));
    }

    #[test]
    fn refuses_anything_else() {
        for text in [
            "",
            "now",
            "2022-13-01 00:00:00",
            "2022-02-30 00:00:00",
            "2022-01-01 24:00:00",
            "2022-01-01 00:00",
            "2022-01-01 00:00:00.",
            "2022-01-01 00:00:00.1234567",
            "2022-01-01",
            "22-01-01 00:00:00",
            "2022-01-01 00:00:00Z",
            "2022-01-01 00:00:-1",
            "2022-01-01-01 00:00:00",
            "2022-01-01 00:00:00:00",
        ] {
            assert_eq!(cursor(&BASE64_STANDARD.encode(text)), None, "{text}");
        }
        assert_eq!(cursor("%%%"), None);
        assert_eq!(cursor("////"), None);
    }
}
