//! Requests and answers of Pub/Sub's REST, and the part of HTTP/1.1 that they need.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::rewind::stamp::Stamp;
use crate::wire::decode::Broken;
use crate::wire::handshake::{head, header, message, status};

/// Bytes of the head of an answer, and of an answer.
const HEAD_MAX: usize = 16 << 10;
const BODY_MAX: usize = 16 << 20;

/// An answer, and how many bytes it took.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    pub status: u16,
    pub body: &'a [u8],
    pub used: usize,
}

impl<'a> Answer<'a> {
    /// The answer at the front of what has come, once it is complete.
    ///
    /// # Errors
    /// If it is none.
    pub fn read(bytes: &'a [u8]) -> Result<Option<Self>, Broken> {
        let Some(head) = head(bytes) else {
            let long = bytes.len() > HEAD_MAX;
            return if long { Err(Broken("an endless HTTP answer")) } else { Ok(None) };
        };
        let status = status(head).ok_or(Broken("no HTTP answer"))?;
        let length = header(head, "content-length").and_then(|length| length.parse().ok());
        let length: usize = length.ok_or(Broken("an HTTP answer without content-length"))?;
        if length > BODY_MAX {
            return Err(Broken("an HTTP answer that is too long"));
        }
        let body = bytes.get(head.len() + 4..).unwrap_or_default();
        Ok(body.get(..length).map(|body| Self { status, body, used: head.len() + 4 + length }))
    }

    /// How many messages were published, if they were; else why not.
    pub fn published(status: u16, body: &[u8]) -> Result<usize, String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Published<'a> {
            #[serde(borrow)]
            message_ids: Vec<&'a str>,
        }
        if status != 200 {
            return Err(message(body).unwrap_or_else(|| "no words".to_owned()));
        }
        let published = serde_json::from_slice::<Published<'_>>(body);
        Ok(published.map_err(|_| "no answer to a publish".to_owned())?.message_ids.len())
    }
}

/// Appends a request that publishes messages of a size.
pub fn publish(
    out: &mut Vec<u8>,
    (host, topic): (&str, &str),
    stamps: impl Iterator<Item = Stamp>,
    size: usize,
) {
    let mut body = br#"{"messages":["#.to_vec();
    let mut data = Vec::with_capacity(size);
    let mut text = String::new();
    for (place, stamp) in stamps.enumerate() {
        data.clear();
        stamp.write(&mut data, size);
        text.clear();
        STANDARD.encode_string(&data, &mut text);
        body.extend_from_slice(if place == 0 { br#"{"data":""# } else { br#",{"data":""# });
        body.extend_from_slice(text.as_bytes());
        body.extend_from_slice(br#""}"#);
    }
    body.extend_from_slice(b"]}");
    // Writing to memory does not fail.
    drop(write!(
        out,
        "POST /v1/{topic}:publish HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    ));
    out.append(&mut body);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_once_it_is_whole() {
        let whole =
            b"HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n{\"messageIds\":[\"1\",\"2\"]}HTTP";
        for end in 0..whole.len() - 4 {
            assert_eq!(Answer::read(&whole[..end]), Ok(None), "{end}");
        }
        let answer = Answer::read(whole).unwrap().unwrap();
        assert_eq!((answer.status, answer.used), (200, whole.len() - 4));
        assert_eq!(Answer::published(answer.status, answer.body), Ok(2));
        assert!(Answer::read(b"HTTP/1.1 204 No\r\n\r\n").is_err(), "no length");
        assert!(Answer::read(b"HTTP/1.1 two\r\nContent-Length: 0\r\n\r\n").is_err());
        let refusal = br#"{"error":{"code":429,"message":"too much"}}"#;
        assert_eq!(Answer::published(429, refusal), Err("too much".to_owned()));
        assert!(Answer::published(200, b"{}").is_err());
    }
}
