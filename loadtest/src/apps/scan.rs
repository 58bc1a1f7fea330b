//! What the hub says to a console and to a device.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// The code of what went well.
pub const DONE: &str = "1";

/// A frame to a device.
#[derive(Debug, PartialEq, Eq)]
pub enum ToDevice<'a> {
    /// It is let in, or not: the code.
    Auth(i64),
    Messages(Vec<Downstream<'a>>),
    /// A frame of the device was not understood.
    Error,
    /// A frame that does not matter here.
    Other,
    /// Not of the protocol's form.
    Nonsense,
}

/// A message to a device.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub struct Downstream<'a> {
    #[serde(borrow, rename = "msgId")]
    pub id: Cow<'a, str>,
    #[serde(borrow)]
    pub data: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    action: Cow<'a, str>,
    #[serde(borrow)]
    body: &'a RawValue,
}

#[derive(Deserialize)]
struct Outcome {
    #[serde(rename = "resultCode")]
    code: i64,
}

#[derive(Deserialize)]
struct Messages<'a> {
    #[serde(borrow)]
    msgs: Vec<Downstream<'a>>,
}

/// Reads a frame to a device.
pub fn to_device(text: &[u8]) -> ToDevice<'_> {
    let Ok(Envelope { action, body }) = serde_json::from_slice(text) else {
        return ToDevice::Nonsense;
    };
    match action.as_ref() {
        "authResult" => serde_json::from_str(body.get())
            .map_or(ToDevice::Nonsense, |Outcome { code }| ToDevice::Auth(code)),
        "onMsgReceived" => serde_json::from_str(body.get())
            .map_or(ToDevice::Nonsense, |Messages { msgs }| ToDevice::Messages(msgs)),
        "onError" => ToDevice::Error,
        _ => ToDevice::Other,
    }
}

/// A line to a console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// What it is about, such as `onSendGroupMsgResult`.
    pub name: &'a str,
    pub code: &'a str,
    rest: &'a str,
}

impl<'a> Line<'a> {
    /// Reads a line.
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let (name, rest) = text.split_once(' ')?;
        let (code, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        Some(Self { name, code, rest })
    }

    /// The first id in it: of a group, in lines about groups.
    pub fn id(&self) -> Option<&'a str> {
        let is_id = |word: &&str| word.len() == 32 && word.bytes().all(|b| b.is_ascii_hexdigit());
        self.rest.split(' ').find(is_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_to_devices_are_told_apart() {
        let auth = br#"{"action":"authResult","body":{"resultCode":-304,"resultMsg":"x"}}"#;
        assert_eq!(to_device(auth), ToDevice::Auth(-304));
        let told = br#"{"action":"onMsgReceived","body":{"msgs":[{"msgId":"a","type":1,"data":"\u00e4"}]}}"#;
        let message = Downstream { id: "a".into(), data: "ä".into() };
        assert_eq!(to_device(told), ToDevice::Messages(vec![message]));
        assert_eq!(to_device(br#"{"action":"onError","body":{}}"#), ToDevice::Error);
        assert_eq!(to_device(br#"{"action":"logout","body":{}}"#), ToDevice::Other);
        for nonsense in [&b"{}"[..], b"x", br#"{"action":"authResult","body":{}}"#] {
            assert_eq!(to_device(nonsense), ToDevice::Nonsense);
        }
    }

    #[test]
    fn a_line_has_a_name_a_code_and_perhaps_an_id() {
        let group = "40000d6c6a1b86c0806647b0ab329ae4";
        let text = format!("onDeviceGroupCreateResult 1 a b {group} load 2 None [] 801");
        let line = Line::parse(text.as_bytes()).unwrap();
        assert_eq!(
            (line.name, line.code, line.id()),
            ("onDeviceGroupCreateResult", DONE, Some(group))
        );
        assert_eq!(Line::parse(b"onError -1 c None").unwrap().id(), None);
        assert_eq!(Line::parse(b"onError"), None);
    }
}
