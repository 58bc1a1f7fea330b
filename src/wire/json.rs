//! Reading JSON objects without building them: the members one asks for, as raw text.
//!
//! Raw text keeps ids exact (no number ever passes through a float) and lets a heartbeat be echoed
//! byte for byte. Of a repeated member the last one counts, as in most parsers.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of an object, in the order of the names asked for.
pub type JsonMembers<'a, const N: usize> = [Option<&'a RawValue>; N];

/// Reads the named members of a JSON object; `None` if the text is not JSON, or no object.
pub fn members<'a, const N: usize>(text: &'a str, names: [&str; N]) -> Option<JsonMembers<'a, N>> {
    let mut json = serde_json::Deserializer::from_str(text);
    let members = json.deserialize_map(NamedMembers { names }).ok()?;
    json.end().ok()?;
    Some(members)
}

struct NamedMembers<'n, const N: usize> {
    names: [&'n str; N],
}

impl<'de, const N: usize> Visitor<'de> for NamedMembers<'_, N> {
    type Value = JsonMembers<'de, N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = [None; N];
        while let Some(slot) = map.next_key_seed(MemberName { names: &self.names })? {
            match slot.and_then(|slot| found.get_mut(slot)) {
                Some(member) => *member = Some(map.next_value::<&RawValue>()?),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

/// The members of a JSON object with their names, in their order; `None` as for [`members`].
pub fn entries(text: &str) -> Option<Vec<(Cow<'_, str>, &RawValue)>> {
    let mut json = serde_json::Deserializer::from_str(text);
    let entries = json.deserialize_map(All).ok()?;
    json.end().ok()?;
    Some(entries)
}

struct All;

impl<'de> Visitor<'de> for All {
    type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(entries)
    }
}

/// Reads a member's name as its place among the names asked for.
struct MemberName<'n, 'm> {
    names: &'n [&'m str],
}

impl<'de> DeserializeSeed<'de> for MemberName<'_, '_> {
    type Value = Option<usize>;

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for MemberName<'_, '_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.names.iter().position(|wanted| *wanted == name))
    }
}

/// The text of a JSON string; `None` for any other value.
pub fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    let inner = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str(raw.get()).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

/// Whether the value is `null`.
pub fn is_null(raw: &RawValue) -> bool {
    raw.get() == "null"
}

/// A canonical id (`0` or digits without leading zero, below 2^63), as a string or a number.
pub fn id(raw: &RawValue) -> Option<i64> {
    if raw.get().starts_with('"') { digits(&string(raw)?) } else { number(raw) }
}

/// A whole number of at least 0 and below 2^63.
pub fn number(raw: &RawValue) -> Option<i64> {
    digits(raw.get())
}

/// The number behind canonical digits.
pub fn digits(text: &str) -> Option<i64> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let padded = text.len() > 1 && text.starts_with('0');
    if digits && !padded { text.parse().ok() } else { None }
}

/// A whole number of at least 0, saturating; `None` for anything else.
pub fn count(raw: &RawValue) -> Option<u32> {
    let digits = raw.get().bytes().all(|b| b.is_ascii_digit());
    digits.then(|| raw.get().parse().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use crate::wire::json::*;

    fn raw(text: &str) -> &RawValue {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn finds_members_in_any_order_and_the_last_of_a_repeated_one() {
        let [a, b] =
            members(r#" {"x":[1,{"a":2}],"b":"t","a":1,"\u0061": {"n": [ ]} } "#, ["a", "b"])
                .unwrap();
        assert_eq!(a.unwrap().get(), r#"{"n": [ ]}"#);
        assert_eq!(b.unwrap().get(), r#""t""#);
        assert!(members("{}", ["a"]).unwrap()[0].is_none());
    }

    #[test]
    fn anything_but_one_object_is_nothing() {
        for text in ["", "[]", "[1,2]", "1", "null", "\"a\"", "{", "{} {}", "{\"a\":}", "{'a':1}"] {
            assert!(members(text, ["a", "b"]).is_none(), "{text}");
        }
        assert!(members(&"[".repeat(100_000), ["a"]).is_none());
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(50_000), "]".repeat(50_000));
        assert!(members(&deep, ["a"]).is_some());
    }

    #[test]
    fn ids_are_canonical_and_exact() {
        assert_eq!(id(raw("\"0\"")), Some(0));
        assert_eq!(id(raw("9223372036854775807")), Some(i64::MAX));
        assert_eq!(id(raw("\"9223372036854775807\"")), Some(i64::MAX));
        for text in [
            "\"\"",
            "\"+5\"",
            "\" 5\"",
            "\"5_0\"",
            "\"٥\"",
            "\"５\"",
            "\"05\"",
            "-1",
            "1.0",
            "1e3",
            "9223372036854775808",
            "null",
            "true",
            "[]",
            "{}",
        ] {
            assert_eq!(id(raw(text)), None, "{text}");
        }
    }

    #[test]
    fn counts_are_whole_and_saturate() {
        assert_eq!(count(raw("0")), Some(0));
        assert_eq!(count(raw("99999999999999999999")), Some(u32::MAX));
        for text in ["-1", "1.5", "50.0", "\"50\"", "null", "1e2"] {
            assert_eq!(count(raw(text)), None, "{text}");
        }
    }
}
