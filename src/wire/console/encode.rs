//! What the dialect writes: a line of text for each result, the name of a listener first, then fields with one
//! space between them. Values are written as Python shows them, since the original's lines came from there.

use std::fmt::{self, Write as _};

use crate::domain::apps::console::{
    CommandId, ConsoleLine, DeviceGroupChange, RequestId, ResultCode,
};
use crate::domain::close::CloseReason;
use crate::domain::principal::IdentifyError;
use crate::domain::text::is_control;
use crate::wire::Frame;
use crate::wire::close::CloseCodes;
use crate::wire::console::result::{code_number, code_text};

/// The close code of a console whose log-in is none, or none any more.
const NOT_IDENTIFIED: u16 = 4401;

/// What a line begins with that shows a message of Pub/Sub.
const PUBLISHED: &str = "onPubsubMsgReceived";

/// A line.
pub fn line(line: &ConsoleLine) -> Frame {
    Frame::text(match line {
        ConsoleLine::GroupCreated { code, group, name, size, description, failed, request } => {
            let (group, name, description) = (OrNone(group), OrNone(name), OrNone(description));
            let (code, failed) = (CodeAndWords(*code), PythonList(failed));
            let (listener, request) = (listener(request.command), RequestName(*request));
            format!("{listener} {code} {group} {name} {size} {description} {failed} {request}")
        }
        ConsoleLine::DevicesAdded(change) | ConsoleLine::DevicesSubtracted(change) => {
            let DeviceGroupChange { code, group, total, changed, failed, request } = change;
            let (code, group, failed) = (CodeAndWords(*code), OrNone(group), PythonList(failed));
            let (listener, request) = (listener(request.command), RequestName(*request));
            format!("{listener} {code} {group} {total} {changed} {failed} {request}")
        }
        ConsoleLine::GroupDeleted { code, group, request } => {
            let (code, group) = (CodeAndWords(*code), OrNone(group));
            format!("{} {code} {group} {}", listener(request.command), RequestName(*request))
        }
        ConsoleLine::Sent { code, request } => {
            format!(
                "{} {} {}",
                listener(request.command),
                CodeAndWords(*code),
                RequestName(*request)
            )
        }
        ConsoleLine::Registered { code, server } => {
            let server = server.map(|server| server.hex());
            format!("{} {} {}", listener(CommandId::Register), CodeAndWords(*code), OrNone(&server))
        }
        ConsoleLine::Unregistered { code } => {
            format!("{} {}", listener(CommandId::Unregister), CodeAndWords(*code))
        }
        ConsoleLine::Upstream { device, at, data } => {
            let (device, listener) = (device.uuid().hex(), listener(CommandId::Upstream));
            format!("{listener} {device} {} {data}", at.millis())
        }
        ConsoleLine::Published { subscription, at, data } => {
            format!("{PUBLISHED} {subscription} {} {}", at.millis(), EscapedLine(data))
        }
    })
}

/// The line for a frame that asks for nothing there is, or for which there is no time.
pub fn error(code: ResultCode) -> Frame {
    Frame::text(format!("onError {} None", CodeAndWords(code)))
}

/// The name that a line begins with.
const fn listener(command: CommandId) -> &'static str {
    match command {
        CommandId::Register => "onRegisterResult",
        CommandId::Unregister => "onUnregisterResult",
        CommandId::Unicast => "onSendUnicastMsgResult",
        CommandId::Multicast => "onSendMulticastMsgResult",
        CommandId::Broadcast => "onSendBroadcastMsgResult",
        CommandId::Upstream => "onUpstreamMsgReceived",
        CommandId::Group => "onSendGroupMsgResult",
        CommandId::CreateGroup => "onDeviceGroupCreateResult",
        CommandId::AddDevices => "onDeviceGroupAddResult",
        CommandId::SubtractDevices => "onDeviceGroupSubtractResult",
        CommandId::DeleteGroup => "onDeviceGroupDeleteResult",
    }
}

/// A text without anything that breaks a line, or controls what is around it: such characters are written as escapes, and
/// the backslash twice.
struct EscapedLine<'a>(&'a str);

impl fmt::Display for EscapedLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '\\' | '\n' | '\r' | '\t' => write!(f, "{}", c.escape_default())?,
                c if is_control(c) => write!(f, "\\u{:04x}", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// The number of a result and its words.
struct CodeAndWords(ResultCode);

impl fmt::Display for CodeAndWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", code_number(self.0), code_text(self.0))
    }
}

/// A text, or `None`.
struct OrNone<'a>(&'a Option<String>);

impl fmt::Display for OrNone<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_deref().unwrap_or("None"))
    }
}

/// `['a', 'b']`. Ids of devices hold no quotes (`device_list::is_id_text`).
struct PythonList<'a>(&'a [String]);

impl fmt::Display for PythonList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (at, item) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { ", " };
            write!(f, "{separator}'{item}'")?;
        }
        f.write_str("]")
    }
}

/// A request's name: its command's number, and its time at once behind it.
struct RequestName(RequestId);

impl fmt::Display for RequestName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.0.command.number(), self.0.ms)
    }
}

/// The end of a console that was not let in.
pub fn not_identified(error: IdentifyError) -> CloseReason {
    match error {
        IdentifyError::Credential | IdentifyError::Principal | IdentifyError::Form(_) => {
            CloseReason::NotIdentified
        }
        IdentifyError::Busy | IdentifyError::Internal => CloseReason::Overload,
    }
}

/// Close code and reason of an ended session.
pub fn close(reason: CloseReason) -> (u16, String) {
    CLOSE_CODES.of(reason)
}

const CLOSE_CODES: CloseCodes = CloseCodes {
    not_identified: (NOT_IDENTIFIED, "not logged in"),
    unauthorized: (NOT_IDENTIFIED, "not logged in"),
    token_ended: NOT_IDENTIFIED,
    replaced: 4001,
};

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
