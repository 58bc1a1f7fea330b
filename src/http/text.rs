//! Text as clients put it into addresses and forms: percent-encoded UTF-8.
//!
//! `m%FCller` is not text: a decoder that is kind to it makes one U+FFFD of any bytes, and different
//! passwords become one. So it is refused, here, for all doors.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError};
use percent_encoding::percent_decode;
use serde::de::DeserializeOwned;

/// Why a form or a query cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FormFault {
    #[error("the percent-encoding is broken, or the text is not UTF-8")]
    NotText,
    /// The form lacks a field, has a field twice, or one that cannot be read.
    #[error(transparent)]
    Fields(#[from] serde_urlencoded::de::Error),
}

/// Reads the fields of a form, or of a query.
///
/// # Errors
/// Each variant of [`FormFault`].
pub fn form<T: DeserializeOwned>(encoded: &[u8]) -> Result<T, FormFault> {
    if !is_text(encoded) {
        return Err(FormFault::NotText);
    }
    Ok(serde_urlencoded::from_bytes(encoded)?)
}

/// Passes on requests whose path is text.
///
/// # Errors
/// What [`FormFault::NotText`] is here.
pub async fn path_is_text<E: From<FormFault> + ResponseError + 'static>(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    if !is_text(request.path().as_bytes()) {
        return Ok(request.error_response(E::from(FormFault::NotText)).map_into_right_body());
    }
    Ok(next.call(request).await?.map_into_left_body())
}

/// Whether a form is percent-encoded UTF-8. Fields are separated by ASCII, so the whole tells of each field.
fn is_text(encoded: &[u8]) -> bool {
    let mut after_percent = encoded.split(|byte| *byte == b'%').skip(1);
    after_percent.all(|rest| rest.len() >= 2 && rest.iter().take(2).all(u8::is_ascii_hexdigit))
        && percent_decode(encoded).decode_utf8().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pairs = Vec<(String, String)>;

    #[test]
    fn what_is_text_is_read() {
        for (encoded, value) in [
            ("a=", ""),
            ("a=m%C3%BCller+%2b%25%00", "müller +%\0"),
            ("a=müller", "müller"),
            ("a=%f0%9f%a6%80", "🦀"),
            ("a=%EF%BF%BD", "\u{FFFD}"),
            ("a=%E1%84%92%e1%85%a1%E1%86%AB", "\u{1112}\u{1161}\u{11AB}"),
        ] {
            let pairs: Pairs = form(encoded.as_bytes()).unwrap();
            assert_eq!(pairs, [("a".to_owned(), value.to_owned())], "{encoded}");
        }
        assert_eq!(form::<Pairs>(b"").unwrap(), []);
    }

    #[test]
    fn what_is_no_text_is_refused_in_names_and_values() {
        let broken: [&[u8]; 14] = [
            b"%FF",
            b"m%FCller",
            b"m\xFCller",
            b"%C3",
            b"%C3%",
            b"%C3%28",
            b"%ED%A0%80",
            b"%C0%AF",
            b"%F4%90%80%80",
            b"%",
            b"%4",
            b"%zz",
            b"%%41",
            b"%u0041",
        ];
        for bytes in broken {
            for (before, after) in [("a=", ""), ("", "=b"), ("a=", "&b=c"), ("", "")] {
                let encoded = [before.as_bytes(), bytes, after.as_bytes()].concat();
                let shown = String::from_utf8_lossy(&encoded);
                let fault = form::<Pairs>(&encoded);
                assert!(matches!(fault, Err(FormFault::NotText)), "{shown}");
            }
        }
    }

    #[test]
    fn any_text_comes_back_as_it_was_and_any_bytes_are_text_or_refused() {
        let mut runner = proptest::test_runner::TestRunner::default();
        let texts = proptest::arbitrary::any::<(String, String)>();
        let there_and_back = |pair: (String, String)| {
            let encoded = serde_urlencoded::to_string([pair.clone()]).unwrap();
            assert_eq!(form::<Pairs>(encoded.as_bytes()).unwrap(), [pair]);
            Ok(())
        };
        runner.run(&texts, there_and_back).unwrap();
        let bytes = proptest::arbitrary::any::<Vec<u8>>();
        let same_as_utf8 = |bytes: Vec<u8>| {
            let encoded: String = bytes.iter().map(|byte| format!("%{byte:02x}")).collect();
            assert_eq!(is_text(encoded.as_bytes()), str::from_utf8(&bytes).is_ok());
            Ok(())
        };
        runner.run(&bytes, same_as_utf8).unwrap();
    }
}
