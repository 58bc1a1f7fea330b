//! The frame by which a socket shows who it is.
//!
//! Faults have an order that clients know: the token comes before all else in the frame. So what is missing beside
//! it is no answer here, but goes to whoever judges the token, as the number of the answer.

use serde_json::value::RawValue;

use crate::domain::apps::customer_request::Visit;
use crate::domain::close::CloseReason;
use crate::domain::principal::Credential;
use crate::wire::ppcom::ack::{AckCode, AckOf, ack};
use crate::wire::ppcom::decode::filled;
use crate::wire::ppcom::{AGENT, SCHEME};
use crate::wire::{Decoded, Options, json};

/// The most that a page may say of itself, in bytes of JSON.
pub const EXTRA_BYTES_MAX: usize = 16_384;

/// Reads a frame of type `auth`.
pub fn read(text: &str) -> Decoded {
    const NAMES: [&str; 6] =
        ["api_token", "app_uuid", "user_uuid", "device_uuid", "is_service_user", "extra_data"];
    let members = json::members(text, NAMES).unwrap_or_default();
    let [token, app, user, device, is_agent, extra] = members;
    let Some(token) = token.and_then(filled) else {
        return Decoded::ReplyAndClose(
            ack(AckOf::Auth, AckCode::NoToken),
            CloseReason::Unauthorized,
        );
    };
    let ids = [app, user, device].map(|id| id.and_then(filled));
    let is_agent = is_agent.and_then(|raw| match raw.get() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    });
    let visit = extra.and_then(visit);
    let fault = if ids.iter().any(Option::is_none) {
        Some(AckCode::NoIds)
    } else if is_agent.is_none() {
        Some(AckCode::NoRole)
    } else if is_agent == Some(false) && visit.is_none() {
        Some(AckCode::NoVisit)
    } else {
        let is_long = extra.is_some_and(|extra| extra.get().len() > EXTRA_BYTES_MAX);
        is_long.then_some(AckCode::Parameters)
    };
    let [app, user, device] = ids.map(|id| id.unwrap_or_default().into_owned());
    let is_agent = is_agent.unwrap_or(false);
    let role = if is_agent { "agent" } else { "visitor" };
    let fault = fault.map(|code| code.number().to_string()).unwrap_or_default();
    let Visit { url, title } = visit.unwrap_or_else(|| Visit::new("", ""));
    let parts = vec![token.into_owned(), app, user, device, role.to_owned(), fault, url, title];
    Decoded::Identify {
        credential: Credential::Scheme { name: SCHEME, parts },
        options: if is_agent { AGENT } else { Options::default() },
    }
}

/// The page that a visitor has come from, if the text is an object.
fn visit(extra: &RawValue) -> Option<Visit> {
    let [title, location] = json::members(extra.get(), ["title", "location"])?;
    let location = location.and_then(|location| json::members(location.get(), ["href"]));
    let url = location.and_then(|[href]| href).and_then(json::string);
    let title = title.and_then(json::string);
    Some(Visit::new(&url.unwrap_or_default(), &title.unwrap_or_default()))
}
