//! What a server sends over TCP: `{"cId": …, "st": …, "pm": {…}}`.
//!
//! What is no object, or has no number and stamp, cannot be answered, and is passed over: its sender used the delimiter
//! in what it sent, or nobody waits for it.

use serde_json::value::RawValue;

use crate::domain::apps::server::ServerCall;
use crate::domain::uuid::Uuid;
use crate::wire::json;
use crate::wire::owl::fields::{FieldNames, OwlAction, OwlFields};

/// Under what something was asked, and is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OwlKey {
    /// The sender's time of it.
    pub stamp: i64,
    /// Its number.
    pub command: u16,
}

/// The meaning of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwlFrame {
    Ask(OwlKey, OwlAsk),
    /// The server is there; nothing else is to be done.
    Alive,
    /// It means nothing, and is passed over.
    Nothing,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwlAsk {
    /// The connection is to be the channel of a registration.
    Channel {
        service: String,
        /// `None` if what was given can be none.
        server: Option<Uuid>,
    },
    Call(Box<ServerCall>),
}

const KEEP_ALIVE: u16 = 2;
const CHANNEL: u16 = 403;
/// What a device has sent, as it is told; a server says so that it has come.
pub const UPSTREAM: u16 = 512;

const NAMES: FieldNames = ["sId", "sRId", "rn", "gn", "gd", "dl", "gId", "data", "q", "nt", "nb"];

/// Reads a frame.
pub fn frame(text: &str) -> OwlFrame {
    read(text).unwrap_or(OwlFrame::Nothing)
}

fn read(text: &str) -> Option<OwlFrame> {
    let [command, stamp, parameters] = json::members(text, ["cId", "st", "pm"])?;
    let command = u16::try_from(json::number(command?)?).ok()?;
    if command == KEEP_ALIVE || command == UPSTREAM {
        return Some(OwlFrame::Alive);
    }
    let key = OwlKey { stamp: json::number(stamp?)?, command };
    let parameters = parameters.map_or("", RawValue::get);
    let ask = match command {
        CHANNEL => channel(parameters),
        command => {
            let action = action_of(command)?;
            OwlAsk::Call(Box::new(OwlFields::read(parameters, names_of(action)).call(action)))
        }
    };
    Some(OwlFrame::Ask(key, ask))
}

fn channel(parameters: &str) -> OwlAsk {
    let fields = OwlFields::read(parameters, named(NAMES, "sRId", "rId"));
    OwlAsk::Channel { service: fields.service(), server: fields.server() }
}

const fn action_of(command: u16) -> Option<OwlAction> {
    Some(match command {
        301 => OwlAction::Register,
        302 => OwlAction::Unregister,
        501 => OwlAction::SendUnicast,
        502 => OwlAction::SendMulticast,
        503 => OwlAction::SendBroadcast,
        561 => OwlAction::SendGroup,
        801 => OwlAction::CreateGroup,
        802 => OwlAction::AddDevices,
        803 => OwlAction::SubtractDevices,
        804 => OwlAction::DeleteGroup,
        _ => return None,
    })
}

/// A few fields are called otherwise, depending on what is asked.
fn names_of(action: OwlAction) -> FieldNames {
    match action {
        OwlAction::SendMulticast => named(NAMES, "dl", "dRIds"),
        OwlAction::SendUnicast => named(named(NAMES, "dl", "dRId"), "nb", "noti"),
        OwlAction::Register
        | OwlAction::Unregister
        | OwlAction::CreateGroup
        | OwlAction::AddDevices
        | OwlAction::SubtractDevices
        | OwlAction::DeleteGroup
        | OwlAction::SendBroadcast
        | OwlAction::SendGroup => NAMES,
    }
}

/// The names with one in the place of another.
fn named(names: FieldNames, usual: &str, other: &'static str) -> FieldNames {
    names.map(|name| if name == usual { other } else { name })
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
