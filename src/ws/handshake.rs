//! The opening handshake, checked whole (RFC 6455, 4.2.1) before anything is answered with 101.
//!
//! The same for both adapters. Headers of older drafts (`Sec-WebSocket-Origin`, `-Key1`, `-Draft`)
//! are looked at by nobody.

use actix_http::ws::hash_key;
use actix_web::http::header::{
    ALLOW, CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue,
    SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
};
use actix_web::http::uri::Authority;
use actix_web::http::{Method, StatusCode, Version};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

/// The only version of the protocol.
const VERSION: &str = "13";
/// Bytes of the key, once decoded.
const KEY_BYTES: usize = 16;
/// Base64 with padding. Which bits fill up the last character does not matter: some clients do not care.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// Why a request is no WebSocket handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeFault {
    /// Another method than GET.
    #[error("a WebSocket is opened by GET")]
    Method,
    /// HTTP/1.0 and older.
    #[error("a WebSocket needs HTTP/1.1")]
    Http,
    /// None, or none that names a host.
    #[error("the header Host must name the host")]
    Host,
    /// No offer to go over to this protocol.
    #[error("this path is for WebSockets: the header Upgrade must be websocket")]
    Upgrade,
    /// The offer is not for this connection.
    #[error("the header Connection must name upgrade")]
    Connection,
    /// A body, which would be taken for frames.
    #[error("a handshake has no body")]
    Body,
    /// No version, or several.
    #[error("the header Sec-WebSocket-Version must be there once")]
    NoVersion,
    /// Another version.
    #[error("the header Sec-WebSocket-Version must be 13")]
    Version,
    /// No key, several, or one that is not 16 bytes of base64.
    #[error("the header Sec-WebSocket-Key must be there once, with 16 bytes in base64")]
    Key,
}

impl ResponseError for HandshakeFault {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Upgrade | Self::Version => StatusCode::UPGRADE_REQUIRED,
            Self::Http
            | Self::Host
            | Self::Connection
            | Self::Body
            | Self::NoVersion
            | Self::Key => StatusCode::BAD_REQUEST,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        match self {
            Self::Method => response.insert_header((ALLOW, "GET")),
            Self::Upgrade | Self::Version => response
                .insert_header((UPGRADE, "websocket"))
                .insert_header((SEC_WEBSOCKET_VERSION, VERSION)),
            Self::NoVersion => response.insert_header((SEC_WEBSOCKET_VERSION, VERSION)),
            Self::Http | Self::Host | Self::Connection | Self::Body | Self::Key => &mut response,
        };
        response.content_type("text/plain; charset=utf-8").body(format!("{self}.\n"))
    }
}

/// Checks a handshake; gives the beginning of the answer that accepts it.
///
/// # Errors
/// The first [`HandshakeFault`] that is found.
pub fn answer(request: &HttpRequest) -> Result<HttpResponseBuilder, HandshakeFault> {
    let key = check(request)?;
    let accept = HeaderValue::from_bytes(&hash_key(key)).map_err(|_| HandshakeFault::Key)?;
    let mut response = HttpResponse::build(StatusCode::SWITCHING_PROTOCOLS);
    response.upgrade("websocket").insert_header((SEC_WEBSOCKET_ACCEPT, accept));
    Ok(response)
}

/// The key, if all is as it must be.
fn check(request: &HttpRequest) -> Result<&[u8], HandshakeFault> {
    let headers = request.headers();
    if request.method() != Method::GET {
        return Err(HandshakeFault::Method);
    }
    if request.version() < Version::HTTP_11 {
        return Err(HandshakeFault::Http);
    }
    // The value alone: the parser below takes a list for no upgrade.
    if !headers.get_all(UPGRADE).any(|value| is(value, "websocket")) {
        return Err(HandshakeFault::Upgrade);
    }
    if !has_token(headers, CONNECTION, "upgrade") {
        return Err(HandshakeFault::Connection);
    }
    if !once(headers, HOST).is_some_and(names_a_host) {
        return Err(HandshakeFault::Host);
    }
    let empty = headers.get_all(CONTENT_LENGTH).all(|length| is(length, "0"));
    if !empty || headers.contains_key(TRANSFER_ENCODING) {
        return Err(HandshakeFault::Body);
    }
    let version = once(headers, SEC_WEBSOCKET_VERSION).ok_or(HandshakeFault::NoVersion)?;
    if !is(version, VERSION) {
        return Err(HandshakeFault::Version);
    }
    let key = once(headers, SEC_WEBSOCKET_KEY).map(|key| key.as_bytes().trim_ascii());
    key.filter(|key| BASE64.decode(key).is_ok_and(|key| key.len() == KEY_BYTES))
        .ok_or(HandshakeFault::Key)
}

/// The value of a header that must not be there twice.
fn once(headers: &HeaderMap, name: HeaderName) -> Option<&HeaderValue> {
    let mut values = headers.get_all(name);
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

fn is(value: &HeaderValue, text: &str) -> bool {
    value.as_bytes().trim_ascii().eq_ignore_ascii_case(text.as_bytes())
}

fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    let lists = headers.get_all(name).filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|item| item.trim().eq_ignore_ascii_case(token))
}

fn names_a_host(value: &HeaderValue) -> bool {
    let authority = Authority::try_from(value.as_bytes().trim_ascii());
    authority
        .is_ok_and(|authority| !authority.host().is_empty() && !authority.as_str().contains('@'))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    /// A good handshake, with headers replaced, and without those of which the value is empty.
    fn checked(headers: &[(&'static str, &'static str)]) -> Option<HandshakeFault> {
        let good = [
            ("host", "hub.example"),
            ("upgrade", "websocket"),
            ("connection", "Upgrade"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let kept = good.iter().filter(|(name, _)| headers.iter().all(|(other, _)| other != name));
        let mut request = TestRequest::get();
        for header in kept.chain(headers).filter(|(_, value)| !value.is_empty()) {
            request = request.append_header(*header);
        }
        answer(&request.to_http_request()).err()
    }

    #[test]
    fn every_part_is_looked_at() {
        let twice = ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        for (headers, fault) in [
            (&[("host", "")][..], Some(HandshakeFault::Host)),
            (&[("host", "a b")], Some(HandshakeFault::Host)),
            (&[("host", "me@hub.example")], Some(HandshakeFault::Host)),
            (&[("host", "[::1]:8080")], None),
            (&[("upgrade", "")], Some(HandshakeFault::Upgrade)),
            (&[("upgrade", "websockets")], Some(HandshakeFault::Upgrade)),
            (&[("upgrade", "h2c, websocket")], Some(HandshakeFault::Upgrade)),
            (&[("upgrade", "WebSocket")], None),
            (&[("connection", "")], Some(HandshakeFault::Connection)),
            (&[("connection", "keep-alive")], Some(HandshakeFault::Connection)),
            (&[("connection", "not-upgrade")], Some(HandshakeFault::Connection)),
            (&[("connection", "keep-alive, UPGRADE")], None),
            (&[("connection", "keep-alive"), ("connection", "upgrade")], None),
            (&[("content-length", "5")], Some(HandshakeFault::Body)),
            (&[("content-length", "0")], None),
            (&[("transfer-encoding", "chunked")], Some(HandshakeFault::Body)),
            (&[("sec-websocket-version", "")], Some(HandshakeFault::NoVersion)),
            (
                &[("sec-websocket-version", "13"), ("sec-websocket-version", "8")],
                Some(HandshakeFault::NoVersion),
            ),
            (&[("sec-websocket-version", "8")], Some(HandshakeFault::Version)),
            (&[("sec-websocket-version", "7")], Some(HandshakeFault::Version)),
            (&[("sec-websocket-version", "013")], Some(HandshakeFault::Version)),
            (&[("sec-websocket-version", "13, 8")], Some(HandshakeFault::Version)),
            (&[("sec-websocket-key", "")], Some(HandshakeFault::Key)),
            (&[("sec-websocket-key", "x")], Some(HandshakeFault::Key)),
            (&[("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ")], Some(HandshakeFault::Key)),
            (&[("sec-websocket-key", "dGhlIHNhbXBsZSBub25j")], Some(HandshakeFault::Key)),
            (&[("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZWQ=")], Some(HandshakeFault::Key)),
            (&[("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==, x")], Some(HandshakeFault::Key)),
            (&[twice, twice], Some(HandshakeFault::Key)),
            (&[("sec-websocket-key1", "4 @1  46546xW%0l 1 5")], None),
            (&[("sec-websocket-origin", "http://evil.example")], None),
        ] {
            assert_eq!(checked(headers), fault, "{headers:?}");
        }
    }

    #[test]
    fn the_key_of_the_specification_is_answered_as_it_says() {
        let request = TestRequest::get()
            .insert_header(("host", "server.example.com"))
            .insert_header(("upgrade", "websocket"))
            .insert_header(("connection", "Upgrade"))
            .insert_header(("sec-websocket-version", "13"))
            .insert_header(("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="));
        let response = answer(&request.to_http_request()).unwrap().finish();
        assert_eq!(
            response.headers().get(SEC_WEBSOCKET_ACCEPT).unwrap(),
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
    }
}
