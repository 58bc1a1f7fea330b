//! The upgrade. The key is the example of RFC 6455, so its answer is known beforehand.

use super::decode::Broken;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &[u8] = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const ANSWER_MAX: usize = 16 << 10;

/// What is read of the body of a refusal.
const BODY_MAX: usize = 4 << 10;

/// What the server answered.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// 101, and how many bytes the answer took.
    Upgraded(usize),
    /// Another status.
    Refused(Refusal),
}

/// An answer that is no upgrade.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub words: String,
}

/// The request, with a token for the header if one is to be shown there.
pub fn request(host: &str, path: &str, token: Option<&str>) -> Vec<u8> {
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n{token}\r\n"
    )
    .into_bytes()
}

/// The answer, once it is complete.
pub fn answer(bytes: &[u8]) -> Result<Option<Answer>, Broken> {
    match bytes {
        [0x15 | 0x16, 3, ..] => return Err(Broken("the server speaks TLS: try wss://")),
        _ if !bytes.iter().zip(b"HTTP/").all(|(byte, wanted)| byte == wanted) => {
            return Err(Broken("no HTTP answer"));
        }
        _ => {}
    }
    let Some(head) = head(bytes) else {
        let long = bytes.len() > ANSWER_MAX;
        return if long { Err(Broken("an endless HTTP answer")) } else { Ok(None) };
    };
    let end = head.len() + 4;
    match status(head).ok_or(Broken("no HTTP answer"))? {
        101 if head.windows(ACCEPT.len()).any(|part| part == ACCEPT) => {
            Ok(Some(Answer::Upgraded(end)))
        }
        101 => Err(Broken("Sec-WebSocket-Accept is wrong")),
        _ => {
            let length = header(head, "content-length").and_then(|length| length.parse().ok());
            let complete = bytes.len() - end >= length.unwrap_or(0).min(BODY_MAX);
            Ok(refusal(bytes).filter(|_| complete).map(Answer::Refused))
        }
    }
}

/// The refusal as far as it has come.
pub fn refusal(bytes: &[u8]) -> Option<Refusal> {
    let head = head(bytes)?;
    let status = status(head).filter(|status| *status != 101)?;
    let mut body = bytes.get(head.len() + 4..).unwrap_or_default();
    if header(head, "transfer-encoding").is_some() {
        body = chunk(body).unwrap_or_default();
    }
    let to = header(head, "location").map(|place| format!("to {place}"));
    let words = to.or_else(|| message(body)).unwrap_or_else(|| phrase(head));
    Some(Refusal { status, words })
}

/// The head of what begins with one, without its end.
pub fn head(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    bytes.get(..end)
}

/// The status of an answer.
pub fn status(head: &[u8]) -> Option<u16> {
    std::str::from_utf8(head.get(9..12)?).ok()?.parse().ok()
}

/// The value of a header, whose name is in small letters here.
pub fn header(head: &[u8], name: &str) -> Option<String> {
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(found, _)| found.eq_ignore_ascii_case(name))?;
    Some(value.trim().to_owned())
}

/// The first chunk of a body, which is all of a short one.
fn chunk(body: &[u8]) -> Option<&[u8]> {
    let end = body.windows(2).position(|two| two == b"\r\n")?;
    let digits = std::str::from_utf8(body.get(..end)?).ok()?;
    let length = usize::from_str_radix(digits, 16).ok()?;
    let rest = body.get(end + 2..)?;
    rest.get(..length.min(rest.len()))
}

/// What a body says: the message of a JSON, or its text if that is short.
pub fn message(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim();
    if let Ok(json) = serde_json::from_str::<serde_json::Value>(text) {
        let inner = ["payload", "error"].into_iter().find_map(|name| json.get(name));
        let inner = inner.filter(|inner| inner.is_object()).unwrap_or(&json);
        let words = ["message", "reason", "error", "code"];
        return words.into_iter().find_map(|name| Some(inner.get(name)?.as_str()?.to_owned()));
    }
    let short = !text.is_empty() && !text.starts_with('<') && text.len() < 200;
    short.then(|| text.lines().next().unwrap_or_default().to_owned())
}

/// What stands behind the status.
fn phrase(head: &[u8]) -> String {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    String::from_utf8_lossy(line.get(13..).unwrap_or_default()).into_owned()
}
