//! The part of NATS's protocol, and of JetStream's, that publishing and pulling need.

use std::io::Write as _;

use serde::Deserialize;

use crate::rewind::stamp::Stamp;
use crate::wire::decode::Broken;

/// What a connection begins with; the answer is [`Said::Pong`].
pub const HELLO: &[u8] =
    b"CONNECT {\"verbose\":false,\"headers\":true,\"lang\":\"tradewind\"}\r\nPING\r\n";
/// Bytes of a line, and of a message.
const LINE_MAX: usize = 32 << 10;
const PAYLOAD_MAX: usize = 16 << 20;

/// What the server says.
#[derive(Debug, PartialEq, Eq)]
pub enum Said<'a> {
    Message(Message<'a>),
    Ping,
    Pong,
    Error(&'a str),
    /// What it says of itself.
    Other,
}

/// A message of a subject.
#[derive(Debug, PartialEq, Eq)]
pub struct Message<'a> {
    pub subject: &'a str,
    /// Where an answer goes.
    pub reply: Option<&'a str>,
    pub payload: &'a [u8],
}

/// What is at the front of what has come, once it is complete, and how many bytes it took.
///
/// # Errors
/// If it is nothing of NATS.
pub fn read(bytes: &[u8]) -> Result<Option<(Said<'_>, usize)>, Broken> {
    let Some(end) = bytes.windows(2).position(|two| two == b"\r\n") else {
        return if bytes.len() > LINE_MAX { Err(Broken("an endless line")) } else { Ok(None) };
    };
    let line = std::str::from_utf8(bytes.get(..end).unwrap_or_default());
    let line = line.map_err(|_| Broken("a line that is no text"))?;
    let mut words = line.split_ascii_whitespace();
    let said = match words.next().unwrap_or_default() {
        "MSG" => return message(&words.collect::<Vec<_>>(), "0", bytes, end + 2),
        "HMSG" => {
            let words: Vec<&str> = words.collect();
            let [to @ .., headers, length] = &*words else { return Err(Broken("nothing of NATS")) };
            return message(&[to, &[length]].concat(), headers, bytes, end + 2);
        }
        "PING" => Said::Ping,
        "PONG" => Said::Pong,
        "-ERR" => Said::Error(line),
        "INFO" | "+OK" => Said::Other,
        _ => return Err(Broken("nothing of NATS")),
    };
    Ok(Some((said, end + 2)))
}

/// A message, whose first bytes are its headers.
fn message<'a>(
    words: &[&'a str],
    headers: &str,
    bytes: &'a [u8],
    start: usize,
) -> Result<Option<(Said<'a>, usize)>, Broken> {
    let (subject, reply, length) = match *words {
        [subject, _, length] => (subject, None, length),
        [subject, _, reply, length] => (subject, Some(reply), length),
        _ => return Err(Broken("nothing of NATS")),
    };
    let length = length.parse().ok().filter(|length| *length <= PAYLOAD_MAX);
    let length: usize = length.ok_or(Broken("a message of NATS without a good length"))?;
    let rest = bytes.get(start..).unwrap_or_default();
    if rest.len() < length + 2 {
        return Ok(None);
    }
    let headers = headers.parse().ok().filter(|headers| *headers <= length);
    let headers: usize = headers.ok_or(Broken("a message of NATS without good headers"))?;
    let payload = rest.get(headers..length).unwrap_or_default();
    Ok(Some((Said::Message(Message { subject, reply, payload }), start + length + 2)))
}

/// How many messages JetStream says that it has stored; else why not.
pub fn stored(payload: &[u8]) -> Result<usize, String> {
    #[derive(Deserialize)]
    struct Stored {
        seq: Option<u64>,
        /// Of a batch.
        count: Option<usize>,
        error: Option<Refused>,
    }
    #[derive(Deserialize)]
    struct Refused {
        description: String,
    }
    match serde_json::from_slice(payload) {
        Ok(Stored { error: Some(refused), .. }) => Err(refused.description),
        Ok(Stored { seq: Some(_), count, .. }) => Ok(count.unwrap_or(1)),
        Ok(_) | Err(_) => Err("no answer to a publish".to_owned()),
    }
}

/// Where answers to a session go, but for their number.
fn inbox(session: u32) -> String {
    format!("_INBOX.load.{session}")
}

/// The number of what an answer to a session answers; none if it is a message that was asked for.
pub fn answered(subject: &str, session: u32) -> Option<u32> {
    subject.strip_prefix(&inbox(session))?.strip_prefix('.')?.parse().ok()
}

/// Appends what a session begins with: it hears what is said to it.
pub fn listen(out: &mut Vec<u8>, session: u32) {
    drop(write!(out, "SUB {}.* 1\r\n", inbox(session)));
}

/// Appends a message of a size, which is to be answered.
pub fn publish(out: &mut Vec<u8>, topic: &str, session: u32, stamp: Stamp, size: usize) {
    drop(write!(out, "PUB {topic} {}.{} {size}\r\n", inbox(session), stamp.seq));
    stamp.write(out, size);
    out.extend_from_slice(b"\r\n");
}

/// Appends messages of a size that are stored all or none, the last of which is to be answered.
pub fn publish_batch(
    out: &mut Vec<u8>,
    topic: &str,
    session: u32,
    stamps: impl ExactSizeIterator<Item = Stamp>,
    size: usize,
) {
    let all = stamps.len();
    for (place, stamp) in (1..).zip(stamps) {
        let begun = (stamp.seq + 1).saturating_sub(crate::number::short(place));
        let (reply, commit) = match place == all {
            true => (format!(" {}.{}", inbox(session), stamp.seq), "Nats-Batch-Commit:1\r\n"),
            false => (String::new(), ""),
        };
        let head = format!(
            "NATS/1.0\r\nNats-Batch-Id:{session}-{begun}\r\nNats-Batch-Sequence:{place}\r\n{commit}\r\n"
        );
        let length = head.len() + size;
        drop(write!(out, "HPUB {topic}{reply} {} {length}\r\n{head}", head.len()));
        stamp.write(out, size);
        out.extend_from_slice(b"\r\n");
    }
}

/// Appends a request for so many messages of a consumer, which is named `STREAM.CONSUMER`.
pub fn pull(out: &mut Vec<u8>, consumer: &str, session: u32, many: usize) {
    let wanted = format!(r#"{{"batch":{many}}}"#);
    let length = wanted.len();
    let inbox = inbox(session);
    drop(write!(
        out,
        "PUB $JS.API.CONSUMER.MSG.NEXT.{consumer} {inbox}.pulled {length}\r\n{wanted}\r\n"
    ));
}

/// Appends that a message is done with.
pub fn acknowledge(out: &mut Vec<u8>, reply: &str) {
    drop(write!(out, "PUB {reply} 4\r\n+ACK\r\n"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_says_is_read_once_it_is_whole() {
        let said = b"MSG _INBOX.load.3.17 1 23\r\n{\"stream\":\"S\",\"seq\":12}\r\nPING\r\n";
        for end in 0..said.len() - 6 {
            assert_eq!(read(&said[..end]), Ok(None), "{end}");
        }
        let (message, used) = read(said).unwrap().unwrap();
        let Said::Message(message) = message else { panic!("{message:?}") };
        assert_eq!(answered(message.subject, 3), Some(17));
        assert_eq!(answered(message.subject, 4), None);
        assert_eq!((message.reply, stored(message.payload)), (None, Ok(1)));
        assert_eq!(stored(br#"{"stream":"S","seq":9,"batch":"b","count":5}"#), Ok(5));
        assert_eq!(read(&said[used..]), Ok(Some((Said::Ping, 6))));
    }

    #[test]
    fn what_nats_does_not_say_is_refused() {
        for nonsense in
            ["HTTP/1.1 200 OK\r\n", "MSG a\r\n", "MSG a 1 x\r\n", "MSG a 1 99999999999\r\n"]
        {
            assert!(read(nonsense.as_bytes()).is_err(), "{nonsense}");
        }
        let refusal = br#"{"error":{"code":503,"description":"insufficient resources"},"seq":0}"#;
        assert_eq!(stored(refusal), Err("insufficient resources".to_owned()));
        assert!(stored(b"{}").is_err());
    }
}
