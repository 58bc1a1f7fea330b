//! Numbers and bytes.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An int32: a number, or the same as text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WireInt(pub i32);

impl Serialize for WireInt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i32(self.0)
    }
}

impl<'de> Deserialize<'de> for WireInt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IntVisitor;

        impl Visitor<'_> for IntVisitor {
            type Value = WireInt;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number of 32 bits")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<WireInt, E> {
                let number = i32::try_from(number);
                number.map(WireInt).map_err(|_| E::custom("a number is out of range"))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<WireInt, E> {
                let number = i32::try_from(number);
                number.map(WireInt).map_err(|_| E::custom("a number is out of range"))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<WireInt, E> {
                // 10.0 and 1e1 are whole, too: without a fraction it is written as a whole number is.
                let whole = (number.fract() == 0.0).then(|| format!("{number:.0}").parse().ok());
                let whole = whole.flatten().map(WireInt);
                whole.ok_or_else(|| E::invalid_value(Unexpected::Float(number), &self))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<WireInt, E> {
                let number = text.parse().map(WireInt);
                number.map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(IntVisitor)
    }
}

/// Bytes in base64: of either alphabet, with or without padding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WireBytes(pub Vec<u8>);

const fn lenient(alphabet: &Alphabet) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(alphabet, config)
}

const OF_STANDARD: GeneralPurpose = lenient(&STANDARD);
const OF_URLS: GeneralPurpose = lenient(&URL_SAFE);

impl Serialize for WireBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&OF_STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for WireBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BytesVisitor;

        impl Visitor<'_> for BytesVisitor {
            type Value = WireBytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("base64")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<WireBytes, E> {
                let is_of_urls = text.bytes().any(|byte| matches!(byte, b'-' | b'_'));
                let engine = if is_of_urls { OF_URLS } else { OF_STANDARD };
                let bytes = engine.decode(text).map(WireBytes);
                bytes.map_err(|_| E::custom("bytes are no base64"))
            }
        }

        deserializer.deserialize_str(BytesVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_may_be_text() {
        for (text, number) in [
            ("0", Some(0)),
            ("-1", Some(-1)),
            ("\"10\"", Some(10)),
            ("10.0", Some(10)),
            ("1e1", Some(10)),
            ("2147483647", Some(i32::MAX)),
            ("-2147483648", Some(i32::MIN)),
            ("2147483648", None),
            ("1e10", None),
            ("1.5", None),
            ("\"\"", None),
            ("\"ten\"", None),
            ("true", None),
            ("[]", None),
        ] {
            let read = serde_json::from_str::<WireInt>(text).ok();
            assert_eq!(read, number.map(WireInt), "{text}");
        }
    }

    #[test]
    fn bytes_come_in_either_alphabet_and_go_in_one() {
        for (text, bytes) in [
            ("", Some(&b""[..])),
            ("SGVsbG8sIFdvcmxkIQ==", Some(b"Hello, World!")),
            ("SGVsbG8sIFdvcmxkIQ", Some(b"Hello, World!")),
            ("+/8=", Some(&[0xfb, 0xff])),
            ("-_8=", Some(&[0xfb, 0xff])),
            ("-_8", Some(&[0xfb, 0xff])),
            ("+_8=", None),
            ("A", None),
            ("QQ=", Some(b"A")),
            ("QQ===", None),
            ("Q Q=", None),
            ("é", None),
        ] {
            let read = serde_json::from_value::<WireBytes>(text.into()).ok();
            assert_eq!(read, bytes.map(|bytes| WireBytes(bytes.to_vec())), "{text}");
        }
        assert!(serde_json::from_str::<WireBytes>("1").is_err());
        let written = serde_json::to_string(&WireBytes(vec![0xfb, 0xff])).unwrap();
        assert_eq!(written, "\"+/8=\"");
    }
}
