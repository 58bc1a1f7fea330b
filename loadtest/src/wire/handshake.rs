//! The upgrade. The key is the example of RFC 6455, so its answer is known beforehand.

use super::decode::Broken;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &[u8] = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
/// The longest answer taken.
const ANSWER_MAX: usize = 16 << 10;

/// What the server answered.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// 101, and how many bytes the answer took.
    Upgraded(usize),
    /// Another status.
    Refused(u16),
}

/// The request.
pub fn request(host: &str, path: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    .into_bytes()
}

/// The answer, once it is complete.
pub fn answer(bytes: &[u8]) -> Result<Option<Answer>, Broken> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        let long = bytes.len() > ANSWER_MAX;
        return if long { Err(Broken("an endless HTTP answer")) } else { Ok(None) };
    };
    let head = bytes.get(..end).unwrap_or_default();
    let status = head.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
    let status = status.and_then(|digits| digits.parse().ok());
    match status.ok_or(Broken("no HTTP answer"))? {
        101 if head.windows(ACCEPT.len()).any(|part| part == ACCEPT) => {
            Ok(Some(Answer::Upgraded(end + 4)))
        }
        101 => Err(Broken("Sec-WebSocket-Accept is wrong")),
        status => Ok(Some(Answer::Refused(status))),
    }
}
