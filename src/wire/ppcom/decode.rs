//! What the socket reads: JSON objects with a `type`, in whatever case.
//!
//! `null` is as good as nothing. The first frame that asks for anything must show who one is, else the
//! session ends; from then on whatever cannot be understood is answered, and survived.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::domain::apps::command::AppsRequest;
use crate::domain::apps::customer::{CustomerMessage, MESSAGE_UUID_BYTES_MAX};
use crate::domain::apps::customer_request::{CustomerRequest, CustomerSend};
use crate::domain::close::CloseReason;
use crate::domain::id::{AppId, GroupId, UserId};
use crate::domain::uuid::Uuid;
use crate::wire::ppcom::ack::{AckCode, AckOf, AckedMessage, ack, ack_message};
use crate::wire::ppcom::auth;
use crate::wire::{Context, Decoded, Frame, json};

/// Reads a text frame.
pub fn text(text: &str, context: Context<'_>) -> Decoded {
    let Some([kind, send, conversation]) =
        json::members(text, ["type", "send", "conversation_uuid"])
    else {
        return Decoded::Reply(ack(AckOf::Unknown, AckCode::NotJson));
    };
    let kind = kind.and_then(json::string).and_then(|name| AckOf::of_type(&name));
    let Some(kind) = kind else {
        return Decoded::Reply(ack(AckOf::Unknown, AckCode::NoType));
    };
    let Some(me) = context.user() else {
        return match kind {
            AckOf::Auth => auth::read(text),
            AckOf::Send
            | AckOf::Typing
            | AckOf::TypingWatch
            | AckOf::TypingUnwatch
            | AckOf::Unknown => {
                let frame = refusal(kind, send, AckCode::NoToken);
                Decoded::ReplyAndClose(frame, CloseReason::Unauthorized)
            }
        };
    };
    match kind {
        AckOf::Auth | AckOf::Unknown => Decoded::Reply(ack(kind, AckCode::Parameters)),
        AckOf::Send => message(send, me),
        AckOf::TypingWatch => match conversation.and_then(filled) {
            Some(text) => ask(CustomerRequest::Watch(conversation_of(&text))),
            None => Decoded::Reply(ack(kind, AckCode::Parameters)),
        },
        AckOf::TypingUnwatch => ask(CustomerRequest::Unwatch),
        AckOf::Typing => ask(CustomerRequest::Type),
    }
}

fn refusal(kind: AckOf, send: Option<&RawValue>, code: AckCode) -> Frame {
    match kind {
        AckOf::Send => refused(send, code),
        AckOf::Auth
        | AckOf::Typing
        | AckOf::TypingWatch
        | AckOf::TypingUnwatch
        | AckOf::Unknown => ack(kind, code),
    }
}

fn ask(request: CustomerRequest) -> Decoded {
    Decoded::Apps(AppsRequest::Customer(request))
}

/// The answer to a message of which nothing comes, with as much as it says of itself.
fn refused(send: Option<&RawValue>, code: AckCode) -> Frame {
    let members = send.and_then(|send| json::members(send.get(), ["uuid", "conversation_uuid"]));
    let [uuid, conversation] = members.unwrap_or_default().map(|text| text.and_then(json::string));
    let named = AckedMessage { uuid: uuid.as_deref(), conversation_uuid: conversation.as_deref() };
    ack_message(named, code)
}

fn message(send: Option<&RawValue>, me: UserId) -> Decoded {
    let Some(draft) = send.and_then(|send| draft(send, me)) else {
        return Decoded::Reply(refused(send, AckCode::Parameters));
    };
    ask(CustomerRequest::Send(Box::new(draft)))
}

/// A message, if all is there that must be and it is the user's own.
fn draft(send: &RawValue, me: UserId) -> Option<CustomerSend> {
    const NAMES: [&str; 10] = [
        "uuid",
        "to_type",
        "to_uuid",
        "from_type",
        "from_uuid",
        "conversation_uuid",
        "message_type",
        "message_subtype",
        "message_body",
        "app_uuid",
    ];
    let members = json::members(send.get(), NAMES)?;
    let [uuid, to_type, to_uuid, from_type, from, conversation, kind, subtype, body, app] = members;
    // They must be there, and say nothing: the conversation does.
    for unused in [to_type, to_uuid, from_type] {
        unused.and_then(filled)?;
    }
    let from = Uuid::parse(&from.and_then(filled)?).and_then(UserId::of_uuid)?;
    let app = match app.filter(|app| !json::is_null(app)) {
        Some(app) => Some(AppId::of_uuid(Uuid::parse(&json::string(app)?)?)?),
        None => None,
    };
    let text = |member: Option<&RawValue>| member.and_then(filled).map(Cow::into_owned);
    let (uuid, conversation_text) = (text(uuid)?, text(conversation)?);
    let message = CustomerMessage {
        conversation: conversation_of(&conversation_text),
        message_type: text(kind)?,
        subtype: text(subtype)?,
        body: text(body)?,
        uuid,
    };
    let good = from == me && message.uuid.len() <= MESSAGE_UUID_BYTES_MAX;
    good.then_some(CustomerSend { app, conversation_text, message })
}

fn conversation_of(text: &str) -> Option<GroupId> {
    Uuid::parse(text).and_then(GroupId::of_uuid)
}

/// A text with something in it; all else is as good as nothing.
pub(super) fn filled(raw: &RawValue) -> Option<Cow<'_, str>> {
    json::string(raw).filter(|text| !text.is_empty())
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
