//! What a server is answered, and told, over TCP.
//!
//! The SDK reads each piece that TCP hands it as UTF-8 by itself, and splits at a delimiter that data may hold: so what
//! is not ASCII is written as escapes, and so is `|`.

use std::fmt::Write as _;

use serde::Serialize;

use crate::domain::apps::console::{
    CommandId, ConsoleLine, DeviceGroupChange, RequestId, ResultCode,
};
use crate::domain::apps::server::{ServerAnswer, ServerNews};
use crate::domain::clock::Timestamp;
use crate::wire::console::code_number;
use crate::wire::owl::DELIMITER;
use crate::wire::owl::decode::{OwlKey, UPSTREAM};

/// The numbers of results of groups are so much above those of what was asked.
const LATER: u16 = 11_000;

/// Where channels are, as host:port.
#[derive(Clone, Copy, Debug)]
pub struct ChannelAddress<'a>(pub &'a str);

/// An answer that comes at once.
#[derive(Serialize)]
struct OwlAnswer<P> {
    #[serde(rename = "cId")]
    command: u16,
    rc: i32,
    st: i64,
    #[serde(rename = "syncT")]
    at: i64,
    pm: P,
}

/// An answer that may come later, of what is done with a group.
#[derive(Serialize)]
struct LateAnswer<'a> {
    #[serde(rename = "cId")]
    command: u16,
    st: i64,
    pm: LateResult<'a>,
}

#[derive(Serialize)]
struct LateResult<'a> {
    arc: i32,
    #[serde(rename = "syncT")]
    at: i64,
    ast: i64,
    #[serde(rename = "sId")]
    service: &'a str,
    #[serde(rename = "gId")]
    group: Option<&'a str>,
    #[serde(flatten)]
    counts: Counts<'a>,
}

/// How many devices there are, and what was done with them; each under the name of what was asked.
#[derive(Default, Serialize)]
struct Counts<'a> {
    #[serde(rename = "ds", skip_serializing_if = "Option::is_none")]
    created: Option<i64>,
    #[serde(rename = "tds", skip_serializing_if = "Option::is_none")]
    total: Option<i64>,
    #[serde(rename = "ads", skip_serializing_if = "Option::is_none")]
    added: Option<i64>,
    #[serde(rename = "sds", skip_serializing_if = "Option::is_none")]
    subtracted: Option<i64>,
    #[serde(rename = "fd", skip_serializing_if = "Option::is_none")]
    failed: Option<&'a [String]>,
}

#[derive(Serialize)]
struct Registered<'a> {
    #[serde(rename = "sRId")]
    server: String,
    cu: &'a str,
    pcu: &'a str,
}

#[derive(Serialize)]
struct SentId {
    #[serde(rename = "mId")]
    message: String,
}

#[derive(Serialize)]
struct Linked {
    hb: u32,
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct NewsFrame<'a> {
    #[serde(rename = "cId")]
    command: u16,
    st: i64,
    pm: NewsList<'a>,
}

#[derive(Serialize)]
struct NewsList<'a> {
    #[serde(rename = "sId")]
    service: &'a str,
    msgs: Vec<NewsJson<'a>>,
}

#[derive(Serialize)]
struct NewsJson<'a> {
    #[serde(rename = "mId")]
    id: String,
    #[serde(rename = "dRId")]
    device: String,
    #[serde(rename = "svrT")]
    at: i64,
    data: &'a str,
}

/// The answer to a call, with its delimiter.
pub fn answer(
    key: OwlKey,
    answer: &ServerAnswer,
    (service, channel): (&str, ChannelAddress<'_>),
    now: Timestamp,
) -> Vec<u8> {
    let late = |code: ResultCode, group, counts| {
        let (arc, at, ast) = (code_number(code), now.millis(), key.stamp);
        let pm = LateResult { arc, at, ast, service, group, counts };
        written(&LateAnswer { command: key.command.saturating_add(LATER), st: key.stamp, pm })
    };
    match &answer.line {
        ConsoleLine::GroupCreated { code, group, size, failed, .. } => {
            let counts = Counts { created: Some(*size), failed: Some(failed), ..Counts::default() };
            late(*code, group.as_deref(), counts)
        }
        ConsoleLine::DevicesAdded(change) => {
            let counts = Counts { added: Some(change.changed), ..of(change) };
            late(change.code, change.group.as_deref(), counts)
        }
        ConsoleLine::DevicesSubtracted(change) => {
            let counts = Counts { subtracted: Some(change.changed), ..of(change) };
            late(change.code, change.group.as_deref(), counts)
        }
        ConsoleLine::GroupDeleted { code, group, .. } => {
            late(*code, group.as_deref(), Counts::default())
        }
        ConsoleLine::Sent { code, .. } => match answer.message {
            Some(id) => at_once(key, *code, now, SentId { message: id.uuid().hex() }),
            None => at_once(key, *code, now, Nothing {}),
        },
        ConsoleLine::Registered { code, server } => match server {
            Some(server) => {
                let ChannelAddress(channel) = channel;
                let pm = Registered { server: server.hex(), cu: channel, pcu: channel };
                at_once(key, *code, now, pm)
            }
            None => at_once(key, *code, now, Nothing {}),
        },
        ConsoleLine::Unregistered { code } => at_once(key, *code, now, Nothing {}),
        // Nobody has asked for it.
        ConsoleLine::Upstream { .. } | ConsoleLine::Published { .. } => Vec::new(),
    }
}

fn of(change: &DeviceGroupChange) -> Counts<'_> {
    Counts { total: Some(change.total), failed: Some(&change.failed), ..Counts::default() }
}

/// The answer to who wants a channel, with how often it is to show that it is there, in minutes.
pub fn linked(key: OwlKey, outcome: Result<u32, ResultCode>, now: Timestamp) -> Vec<u8> {
    match outcome {
        Ok(hb) => at_once(key, ResultCode::Done, now, Linked { hb }),
        Err(code) => at_once(key, code, now, Nothing {}),
    }
}

fn at_once<P: Serialize>(key: OwlKey, code: ResultCode, now: Timestamp, pm: P) -> Vec<u8> {
    let (rc, st, at) = (code_number(code), key.stamp, now.millis());
    written(&OwlAnswer { command: key.command, rc, st, at, pm })
}

/// What devices have sent, in one frame; nothing for none.
pub fn news<'a>(service: &str, news: impl IntoIterator<Item = &'a ServerNews>) -> Vec<u8> {
    let mut st = 0;
    let msgs = news.into_iter().map(|news| {
        let RequestId { command, ms } = news.request;
        st = ms;
        let id = format!("{}{ms}", command.number());
        let (device, at) = (news.device.uuid().hex(), news.at.millis());
        NewsJson { id, device, at, data: &news.data }
    });
    let msgs: Vec<NewsJson<'_>> = msgs.collect();
    if msgs.is_empty() {
        return Vec::new();
    }
    debug_assert_eq!(CommandId::Upstream.number().saturating_add(1), UPSTREAM);
    written(&NewsFrame { command: UPSTREAM, st, pm: NewsList { service, msgs } })
}

/// A frame in ASCII, with its delimiter. A value that cannot be written is a fault of ours, and no frame.
fn written(value: &impl Serialize) -> Vec<u8> {
    match serde_json::to_string(value) {
        Ok(json) => {
            let mut ascii = escaped(&json).into_bytes();
            ascii.extend_from_slice(DELIMITER);
            ascii
        }
        Err(error) => {
            log::error!("an answer could not be written: {error}");
            Vec::new()
        }
    }
}

/// JSON in ASCII without `|`. Whatever is escaped stands in strings.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() && c != '|' {
            text.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // To a string nothing fails to be written.
            write!(text, "\\u{unit:04x}").unwrap_or_default();
        }
    }
    text
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
