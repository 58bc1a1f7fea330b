//! What REWIND reads: one JSON object a frame.
//!
//! The phase is asked before the payload: what may not be said yet is refused whatever it holds.

use serde_json::value::RawValue;

use crate::domain::accounts::command::{AccountsQuery, AccountsWrite};
use crate::domain::accounts::friendship::FriendVerb;
use crate::domain::accounts::user::Who;
use crate::domain::chat::command::{Absent, ChatQuery, ChatWrite};
use crate::domain::chat::message::{Content, ContentError, Nonce};
use crate::domain::chat::room::RoomKey;
use crate::domain::close::CloseReason;
use crate::domain::command::Query;
use crate::domain::id::{MessageId, UserId};
use crate::domain::principal::{Credential, Principal};
use crate::wire::json::{self, JsonMembers};
use crate::wire::rewind::features::{self, Features};
use crate::wire::rewind::{Mode, RewindOptions, encode, time};
use crate::wire::{Decoded, Phase};

/// A frame that is answered with an error; most are.
pub(in crate::wire::rewind) type Read<T> = Result<T, encode::Error>;

/// Reads a text frame of a session in `phase`.
pub fn text(options: RewindOptions, text: &str, phase: Phase) -> Decoded {
    let Some([kind, payload]) = json::members(text, ["type", "payload"]) else {
        return Decoded::Reply(encode::error(encode::NOT_JSON));
    };
    let Some(kind) = kind.and_then(json::string).filter(|kind| !kind.is_empty()) else {
        return Decoded::Reply(encode::error(encode::INVALID));
    };
    let me = phase.principal().and_then(Principal::user);
    let read = match (kind.as_ref(), me) {
        ("heartbeat", _) => return Decoded::Heartbeat(encode::heartbeat(payload)),
        ("auth", _) if phase == Phase::Opened => {
            let refused = encode::error(encode::NO_HEARTBEAT);
            return Decoded::ReplyAndClose(refused, CloseReason::HeartbeatOmitted);
        }
        ("auth", _) => identify(options, payload),
        ("chat" | "load" | "mutual_users", None) => Err(encode::NOT_READY),
        ("chat", Some(me)) => chat(options, payload, me),
        ("load", Some(me)) => load(options, payload, me),
        ("mutual_users", Some(_)) => mutual_users(options, payload),
        (kind, Some(me)) => {
            features::decode::frame(options, kind, payload, me).unwrap_or(Err(encode::UNKNOWN_TYPE))
        }
        (_, None) => Err(encode::UNKNOWN_TYPE),
    };
    read.unwrap_or_else(|error| Decoded::Reply(encode::error(error)))
}

/// The named members of a payload.
pub(in crate::wire::rewind) fn object<'a, const N: usize>(
    payload: Option<&'a RawValue>,
    names: [&str; N],
) -> Read<JsonMembers<'a, N>> {
    payload.and_then(|raw| json::members(raw.get(), names)).ok_or(encode::INVALID)
}

/// Whether a text field says nothing: absent, `null` or empty.
fn is_blank(raw: Option<&RawValue>) -> bool {
    raw.is_none_or(|raw| json::is_null(raw) || raw.get() == "\"\"")
}

fn identify(options: RewindOptions, payload: Option<&RawValue>) -> Read<Decoded> {
    let [token, features] = object(payload, ["auth", "features"])?;
    if is_blank(token) {
        return Err(encode::TOKEN_MISSING);
    }
    let token = token.and_then(json::string).ok_or(encode::TOKEN_MISMATCH)?;
    let features = match options.mode {
        Mode::Readme => features::decode::asked(features)?,
        // The shipped client must not be told what it does not know.
        Mode::Wind => Features::NONE,
    };
    let options = RewindOptions { features, ..options }.options();
    Ok(Decoded::Identify { credential: Credential::Token(token.into_owned()), options })
}

fn chat(options: RewindOptions, payload: Option<&RawValue>, me: UserId) -> Read<Decoded> {
    let [kind, id, room, content, name] =
        object(payload, ["type", "id", "chat_id", "content", "nonce"])?;
    let write = match kind.and_then(json::string).as_deref() {
        Some("send") => {
            let room = crate::wire::rewind::decode::room(options, room, me)?;
            // A blank one leaves no trace, wherever it was meant to go.
            let Some(content) = text_content(content)? else { return Ok(Decoded::Ignore) };
            let nonce = nonce(name)?;
            ChatWrite::Post { room, content, nonce, absent: Absent::Kept }
        }
        Some("edit") => {
            let message = message_id(id.ok_or(encode::INVALID)?)?;
            let room = crate::wire::rewind::decode::room(options, room, me)?;
            ChatWrite::Edit { room, message, content: text_content(content)? }
        }
        Some(_) | None => return Err(encode::UNKNOWN_CHAT),
    };
    Ok(Decoded::Write(write.into()))
}

fn load(options: RewindOptions, payload: Option<&RawValue>, me: UserId) -> Read<Decoded> {
    let [kind, room, cursor, count, page] =
        object(payload, ["type", "load_id", "datetime", "count", "page"])?;
    let query: Query = match kind.and_then(json::string).as_deref() {
        Some("mutual_users") => AccountsQuery::Friends.into(),
        Some("requests") if options.features.has(Features::ASKED) => AccountsQuery::Requests.into(),
        Some("chat") => {
            let cursor = cursor.and_then(json::string);
            let room = crate::wire::rewind::decode::room(options, room, me)?;
            let before = cursor.and_then(|text| time::cursor(&text)).ok_or(encode::INVALID)?;
            let count = count.and_then(json::count).ok_or(encode::INVALID)?;
            match features::decode::is_page(options, page)? {
                true => ChatQuery::Page { room, before, count }.into(),
                false => ChatQuery::History { room, before, count }.into(),
            }
        }
        Some(_) | None => return Err(encode::UNKNOWN_LOAD),
    };
    Ok(Decoded::Query(query))
}

fn mutual_users(options: RewindOptions, payload: Option<&RawValue>) -> Read<Decoded> {
    let [kind, name] = object(payload, ["type", "name"])?;
    let verb = match kind.and_then(json::string).as_deref() {
        Some("request") => FriendVerb::Request,
        Some("response") => FriendVerb::Accept,
        Some("remove") => FriendVerb::Discard,
        Some("withdraw") if options.features.has(Features::ASKED) => FriendVerb::Withdraw,
        Some("delete") => FriendVerb::End,
        Some(_) | None => return Err(encode::UNKNOWN_MUTUAL_USERS),
    };
    let name = name.and_then(json::string).filter(|name| !name.is_empty());
    let who = Who::Named(name.ok_or(encode::NAME_MISSING)?.into_owned());
    let write = AccountsWrite::Befriend { verb, who };
    Ok(Decoded::Write(write.into()))
}

/// The room at an address, seen from `me`; `None` if it can be nobody's.
pub(in crate::wire::rewind) fn room(
    options: RewindOptions,
    room: Option<&RawValue>,
    me: UserId,
) -> Read<Option<RoomKey>> {
    let address = room.and_then(json::id).ok_or(encode::INVALID)?;
    Ok(key(options, address, me))
}

/// The room at an address; a group only for sessions that know of groups.
pub(in crate::wire::rewind) fn key(
    options: RewindOptions,
    address: i64,
    me: UserId,
) -> Option<RoomKey> {
    let has_groups = options.features.has(Features::GROUP);
    RoomKey::at(address, me).filter(|room| has_groups || room.pair().is_some())
}

/// A message's id; text that is no id is an id nobody has.
fn message_id(raw: &RawValue) -> Read<Option<MessageId>> {
    match json::id(raw) {
        Some(id) => Ok(MessageId::new(id)),
        None if json::string(raw).is_some() => Ok(None),
        None => Err(encode::INVALID),
    }
}

/// The text of a message, `None` if blank.
fn text_content(raw: Option<&RawValue>) -> Read<Option<Content>> {
    if is_blank(raw) {
        return Ok(None);
    }
    let text = raw.and_then(json::string).ok_or(encode::INVALID)?.into_owned();
    match Content::new(text) {
        Ok(content) => Ok(Some(content)),
        Err(ContentError::TooLong | ContentError::Nul) => Err(encode::INVALID),
    }
}

/// The sender's own name for a message (the superset of REWIND), if it has one.
fn nonce(raw: Option<&RawValue>) -> Read<Option<Nonce>> {
    let Some(raw) = raw.filter(|raw| !json::is_null(raw)) else { return Ok(None) };
    let nonce = json::string(raw).and_then(|text| Nonce::new(text.into_owned()));
    nonce.map(Some).ok_or(encode::INVALID)
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
