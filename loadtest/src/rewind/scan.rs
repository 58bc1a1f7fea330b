//! What the hub says. The forms Tradewind writes are read in place; all others by `serde_json`.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// A frame of the hub.
#[derive(Debug, PartialEq, Eq)]
pub enum Said<'a> {
    /// A message, live or loaded.
    Chat(Chat<'a>),
    /// The echo of a heartbeat; `None` if it is not one of ours.
    Heartbeat(Option<u64>),
    Auth,
    Group(Group),
    Error {
        /// REWIND's code.
        code: u16,
        reason: String,
    },
    /// A frame that does not matter here.
    Other,
    /// No JSON, or not of REWIND's form.
    Nonsense,
}

/// A change of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The group.
    pub id: u64,
    /// Who was added, if somebody was.
    pub added: Option<u64>,
}

/// A message.
#[derive(Debug, PartialEq, Eq)]
pub struct Chat<'a> {
    /// Whether it was sent, rather than edited.
    pub sent: bool,
    pub author: u64,
    pub content: Cow<'a, str>,
    /// When the hub took it.
    pub created_at: Cow<'a, str>,
}

/// Reads a frame.
pub fn scan(text: &[u8]) -> Said<'_> {
    fast_chat(text).or_else(|| fast_heartbeat(text)).unwrap_or_else(|| slow(text))
}

fn fast_chat(text: &[u8]) -> Option<Said<'_>> {
    let rest = text.strip_prefix(br#"{"type":"chat","payload":{"type":"send","id":""#)?;
    let (_, rest) = plain(rest)?;
    let (author, rest) = plain(rest.strip_prefix(br#","user_id":""#)?)?;
    let (_, rest) = plain(rest.strip_prefix(br#","chat_id":""#)?)?;
    let (content, rest) = plain(rest.strip_prefix(br#","content":""#)?)?;
    let (created_at, rest) = plain(rest.strip_prefix(br#","created_at":""#)?)?;
    (rest == b"}}").then_some(())?;
    Some(Said::Chat(Chat {
        sent: true,
        author: author.parse().ok()?,
        content: Cow::Borrowed(content),
        created_at: Cow::Borrowed(created_at),
    }))
}

/// Text up to the next quotation mark, if nothing in it is escaped; and what follows.
fn plain(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    let (text, rest) = bytes.split_at_checked(end)?;
    Some((std::str::from_utf8(text).ok()?, rest.strip_prefix(b"\"")?))
}

fn fast_heartbeat(text: &[u8]) -> Option<Said<'_>> {
    let rest = text.strip_prefix(br#"{"type":"heartbeat","payload":{"count":"#)?;
    let digits = rest.strip_suffix(b"}}")?;
    Some(Said::Heartbeat(Some(std::str::from_utf8(digits).ok()?.parse().ok()?)))
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow, default)]
    payload: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct AnyChat {
    r#type: String,
    user_id: String,
    content: String,
    created_at: String,
}

#[derive(Deserialize)]
struct AnyGroup {
    r#type: String,
    group: WithId,
    #[serde(default)]
    user: Option<WithId>,
}

#[derive(Deserialize)]
struct WithId {
    id: String,
}

#[derive(Deserialize)]
struct Count {
    count: u64,
}

#[derive(Deserialize)]
struct AnyError {
    code: u16,
    #[serde(default)]
    reason: String,
}

fn slow(text: &[u8]) -> Said<'_> {
    let Ok(envelope) = serde_json::from_slice::<Envelope<'_>>(text) else {
        return Said::Nonsense;
    };
    let payload = envelope.payload.map_or("null", RawValue::get);
    match envelope.r#type.as_ref() {
        "chat" => any_chat(payload),
        "heartbeat" => {
            Said::Heartbeat(serde_json::from_str(payload).ok().map(|Count { count }| count))
        }
        "auth" => Said::Auth,
        "group" => any_group(payload).map_or(Said::Nonsense, Said::Group),
        "error" => serde_json::from_str(payload)
            .map_or(Said::Nonsense, |AnyError { code, reason }| Said::Error { code, reason }),
        _ => Said::Other,
    }
}

fn any_group(payload: &str) -> Option<Group> {
    let group: AnyGroup = serde_json::from_str(payload).ok()?;
    let user = group.user.filter(|_| group.r#type == "add");
    let added = user.map(|user| user.id.parse()).transpose().ok()?;
    Some(Group { id: group.group.id.parse().ok()?, added })
}

fn any_chat(payload: &str) -> Said<'_> {
    let Ok(chat) = serde_json::from_str::<AnyChat>(payload) else { return Said::Nonsense };
    let Ok(author) = chat.user_id.parse() else { return Said::Nonsense };
    Said::Chat(Chat {
        sent: chat.r#type == "send",
        author,
        content: Cow::Owned(chat.content),
        created_at: Cow::Owned(chat.created_at),
    })
}
