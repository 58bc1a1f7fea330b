//! Ids on the wire: read as number or digits, written as the client wants them. Never a float.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::wire::chatting::Ids;
use crate::wire::json;

/// The most digits an id can have.
const DIGITS_MAX: usize = 19;

/// An id, written in one of the forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireId(pub Ids, pub i64);

impl Serialize for WireId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Ids::Number => to.serialize_i64(self.1),
            Ids::String => to.collect_str(&self.1),
        }
    }
}

/// An id of 1 to 19 digits below 2^63; `None` for any other text.
pub fn from_digits(text: &str) -> Option<i64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if digits && (1..=DIGITS_MAX).contains(&text.len()) { text.parse().ok() } else { None }
}

/// An id in JSON: an integer, or digits in a string.
pub fn from_json(raw: &RawValue) -> Option<i64> {
    if raw.get().starts_with('"') {
        from_digits(&json::string(raw)?)
    } else {
        from_digits(raw.get())
    }
}

#[cfg(test)]
mod tests {
    use crate::wire::chatting::id::*;

    fn read(json: &str) -> Option<i64> {
        from_json(&RawValue::from_string(json.to_owned()).unwrap())
    }

    #[test]
    fn ids_are_integers_or_digits() {
        let most = i64::MAX.to_string();
        assert_eq!(read(&most), Some(i64::MAX));
        assert_eq!(read(&format!("\"{most}\"")), Some(i64::MAX));
        assert_eq!(read("0"), Some(0));
        assert_eq!(read("\"0000000000000000007\""), Some(7));
        assert_eq!(read("\"\\u0037\""), Some(7));
        for bad in [
            "null",
            "true",
            "1.5",
            "1.0",
            "1e3",
            "-1",
            "-0",
            "\"\"",
            "\"abc\"",
            "\"-1\"",
            "\" 1\"",
            "\"+1\"",
            "\"1.0\"",
            "\"٣\"",
            "[]",
            "[1]",
            "{}",
            "9223372036854775808",
            "\"9223372036854775808\"",
            "\"00000000000000000007\"",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn ids_are_written_exactly_in_either_form() {
        let json = |ids| serde_json::to_string(&WireId(ids, i64::MAX)).unwrap();
        assert_eq!(json(Ids::Number), "9223372036854775807");
        assert_eq!(json(Ids::String), "\"9223372036854775807\"");
    }
}
