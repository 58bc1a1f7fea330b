//! What a device says: objects of an action and a body.

use serde_json::value::RawValue;

use super::{SCHEME, encode};
use crate::domain::apps::command::{AppsRequest, DeviceRequest, ServerNamed};
use crate::domain::apps::console::ResultCode;
use crate::domain::apps::downstream::DATA_BYTES_MAX;
use crate::domain::close::CloseReason;
use crate::domain::id::DownstreamId;
use crate::domain::principal::Credential;
use crate::domain::uuid::Uuid;
use crate::wire::{Context, Decoded, Options, json};

/// Reads a text frame. Before it is known who the device is, only one is of use.
pub fn text(text: &str, context: Context<'_>) -> Decoded {
    let is_known = context.phase.principal().is_some();
    let [action, body] = json::members(text, ["action", "body"]).unwrap_or_default();
    let action = action.and_then(json::string);
    let decoded = match (action.as_deref(), body) {
        // Once is for life.
        (Some("auth"), _) if is_known => {
            Some(Decoded::Reply(encode::not_authenticated(ResultCode::Argument)))
        }
        (Some("auth"), body) => return body.and_then(auth).unwrap_or_else(refused),
        _ if !is_known => return Decoded::Close(CloseReason::Unauthorized),
        (Some("sendUpstreamMsg"), Some(body)) => upstream(body),
        (Some("ackMsgs"), Some(body)) => acknowledge(body),
        _ => None,
    };
    decoded.unwrap_or_else(|| Decoded::Reply(encode::error(ResultCode::Argument)))
}

fn refused() -> Decoded {
    let answer = encode::not_authenticated(ResultCode::Argument);
    Decoded::ReplyAndClose(answer, CloseReason::Unauthorized)
}

fn auth(body: &RawValue) -> Option<Decoded> {
    let [token, device] = json::members(body.get(), ["apiToken", "deviceId"])?;
    let parts = [token, device].map(|part| Some(json::string(part?)?.into_owned()));
    let parts: Vec<String> = parts.into_iter().collect::<Option<_>>()?;
    let credential = Credential::Scheme { name: SCHEME, parts };
    Some(Decoded::Identify { credential, options: Options::default() })
}

fn upstream(body: &RawValue) -> Option<Decoded> {
    let names = ["data", "serverRegId", "umi"];
    let [data, server, echo] = json::members(body.get(), names)?;
    let data = json::string(data?)?;
    let may_be_sent = (1..=DATA_BYTES_MAX).contains(&data.len()) && !data.contains('\0');
    let server = match optional(server)? {
        None => ServerNamed::Any,
        Some(text) => Uuid::parse(&text).map_or(ServerNamed::Wrong, ServerNamed::By),
    };
    let data = may_be_sent.then(|| data.into_owned());
    let request = DeviceRequest::Upstream { data, server, echo: optional(echo)? };
    Some(Decoded::Apps(AppsRequest::Device(request)))
}

/// A text, or nothing where the member is missing or null; `None` for anything else.
fn optional(member: Option<&RawValue>) -> Option<Option<String>> {
    match member {
        Some(raw) if !json::is_null(raw) => Some(Some(json::string(raw)?.into_owned())),
        Some(_) | None => Some(None),
    }
}

fn acknowledge(body: &RawValue) -> Option<Decoded> {
    let [ids] = json::members(body.get(), ["msgIds"])?;
    let texts: Vec<String> = serde_json::from_str(ids?.get()).ok()?;
    let named = |text: &String| Uuid::parse(text).and_then(DownstreamId::of_uuid);
    let ids = texts.iter().filter_map(named).collect();
    Some(Decoded::Apps(AppsRequest::Device(DeviceRequest::Acknowledge(ids))))
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
