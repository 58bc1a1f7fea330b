//! What the dialect reads: JSON objects that are told apart by their keys.
//!
//! The first frame must show who one is, else the session ends; from then on whatever cannot be
//! understood is answered, and survived.

use serde_json::value::RawValue;

use crate::domain::chat::command::{Absent, ChatWrite, Signal};
use crate::domain::chat::invite::InviteStep;
use crate::domain::chat::message::{Content, ContentError};
use crate::domain::chat::room::RoomKey;
use crate::domain::close::CloseReason;
use crate::domain::id::UserId;
use crate::domain::principal::Credential;
use crate::wire::chatting::{Style, encode, id};
use crate::wire::{Context, Decoded, json};

/// Why a frame is not understood.
type Reason = &'static str;

const NOT_AN_OBJECT: Reason = "A frame must be a JSON object.";
const NO_TARGET: Reason = "target_id must be an integer of at least 0, or its digits.";
const NOT_TEXT: Reason = "message must be a string.";
const TOO_LONG: Reason = "message is longer than 65536 bytes.";
const NUL: Reason = "message must not hold U+0000.";
const UNKNOWN: Reason = "A frame must have a message, or be an invite_game of invite or cancel.";

/// Reads a text frame.
pub fn text(style: Style<'_>, text: &str, context: Context<'_>) -> Decoded {
    const NAMES: [&str; 5] = ["token", "target_id", "message", "type", "status"];
    let members = json::members(text, NAMES);
    let Some(me) = context.user() else {
        let token = members.and_then(|[token, ..]| token);
        return identify(style, token);
    };
    let Some([token, target, message, kind, status]) = members else {
        return bad_request(style, NOT_AN_OBJECT, context);
    };
    if token.is_some() && target.is_none() {
        return identify(style, token);
    }
    let Some(target) = target.and_then(id::from_json) else {
        return bad_request(style, NO_TARGET, context);
    };
    let command = match message {
        Some(message) => content(message).map(|content| chat(me, target, content)),
        None => invite(kind, status)
            .map(|step| UserId::new(target).map(|peer| signal(peer, Signal::Invite(step))))
            .ok_or(UNKNOWN),
    };
    match command {
        Ok(Some(write)) => Decoded::Write(write.into()),
        // The id is of a style that no user's has.
        Ok(None) => Decoded::Reply(encode::unreachable(style, target, context)),
        Err(reason) => bad_request(style, reason, context),
    }
}

/// Reads a binary frame.
pub fn binary(style: Style<'_>, context: Context<'_>) -> Decoded {
    match context.user() {
        None => Decoded::Close(CloseReason::NotIdentified),
        Some(_) => bad_request(style, NOT_AN_OBJECT, context),
    }
}

fn identify(style: Style<'_>, token: Option<&RawValue>) -> Decoded {
    match token.and_then(json::string) {
        Some(token) => Decoded::Identify {
            credential: Credential::Token(token.into_owned()),
            options: style.ids.variant().options(),
        },
        None => Decoded::Close(CloseReason::NotIdentified),
    }
}

fn bad_request(style: Style<'_>, reason: Reason, context: Context<'_>) -> Decoded {
    Decoded::Reply(encode::bad_request(style, reason, context))
}

fn content(message: &RawValue) -> Result<Content, Reason> {
    let text = json::string(message).ok_or(NOT_TEXT)?;
    Content::new(text.into_owned()).map_err(|error| match error {
        ContentError::TooLong => TOO_LONG,
        ContentError::Nul => NUL,
    })
}

fn chat(me: UserId, target: i64, content: Content) -> Option<ChatWrite> {
    let peer = UserId::new(target)?;
    Some(if peer == me {
        signal(me, Signal::Note(content))
    } else {
        let room = RoomKey::direct(me, peer);
        ChatWrite::Post { room, content, nonce: None, absent: Absent::Refused }
    })
}

fn signal(peer: UserId, signal: Signal) -> ChatWrite {
    ChatWrite::Signal { peer, signal }
}

fn invite(kind: Option<&RawValue>, status: Option<&RawValue>) -> Option<InviteStep> {
    if kind.and_then(json::string)? != "invite_game" {
        return None;
    }
    match status.and_then(json::string)?.as_ref() {
        "invite" => Some(InviteStep::Open),
        "cancel" => Some(InviteStep::Cancel),
        _ => None,
    }
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
