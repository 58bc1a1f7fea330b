//! What the dialect reads: `{"action": "…", "body": {…}}`.
//!
//! A known action is always a request, also with a bad body: then it says so ([`ConsoleFault::Argument`]), and has
//! those fields that were good, since its line shows them. Whatever else comes is answered, and survived.

use serde_json::value::RawValue;

use crate::domain::apps::command::AppsRequest;
use crate::domain::apps::console::{
    ConsoleAction, ConsoleFault, ConsoleRequest, DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX, ResultCode,
};
use crate::domain::apps::downstream::DATA_BYTES_MAX;
use crate::wire::console::{device_list, encode};
use crate::wire::{Decoded, json};

/// Reads a text frame.
pub fn text(text: &str) -> Decoded {
    match request(text) {
        Some(request) => Decoded::Apps(AppsRequest::Console(request)),
        None => Decoded::Reply(encode::error(ResultCode::Argument)),
    }
}

/// The request of a frame; `None` if it is not JSON, or names no action that there is.
fn request(text: &str) -> Option<ConsoleRequest> {
    let [action, body] = json::members(text, ["action", "body"])?;
    if has_lone_surrogate(text) {
        return None;
    }
    let action = json::string(action?)?;
    let mut body = Body::read(body);
    let action = action_of(&action, &mut body)?;
    Some(ConsoleRequest { action, fault: body.fault })
}

fn action_of(action: &str, body: &mut Body<'_>) -> Option<ConsoleAction> {
    Some(match action {
        "createDeviceGroup" => ConsoleAction::CreateGroup {
            name: body.name(body.fields.group_name),
            description: body.description(),
            devices: body.devices(NoList::IsEmpty),
        },
        "addDeviceGroup" => ConsoleAction::AddDevices {
            group: body.id(body.fields.group_id),
            devices: body.devices(NoList::IsFault),
        },
        "subtractDeviceGroup" => ConsoleAction::SubtractDevices {
            group: body.id(body.fields.group_id),
            devices: body.devices(NoList::IsFault),
        },
        "deleteDeviceGroup" => ConsoleAction::DeleteGroup { group: body.id(body.fields.group_id) },
        "sendUnicastMsg" => ConsoleAction::SendUnicast {
            text: body.message(),
            device: body.id(body.fields.device_id).unwrap_or_default(),
        },
        "sendMulticastMsg" => ConsoleAction::SendMulticast {
            text: body.message(),
            devices: body.devices(NoList::IsFault),
        },
        "sendBroadcastMsg" => ConsoleAction::SendBroadcast { text: body.message() },
        "sendGroupMsg" => {
            ConsoleAction::SendGroup { text: body.message(), group: body.id(body.fields.group_id) }
        }
        "registerAppServer" => ConsoleAction::Register {
            service: body.id(body.fields.service_id).unwrap_or_default(),
            name: body.name(body.fields.registration).unwrap_or_default(),
        },
        _ => return None,
    })
}

/// The body of a request under the reader's hands.
struct Body<'a> {
    fields: BodyFields<'a>,
    /// Set by the first field that is missing or bad.
    fault: Option<ConsoleFault>,
}

/// The fields that any action has; other keys are passed over.
#[derive(Default)]
struct BodyFields<'a> {
    group_name: Option<&'a RawValue>,
    description: Option<&'a RawValue>,
    devices: Option<&'a RawValue>,
    group_id: Option<&'a RawValue>,
    message: Option<&'a RawValue>,
    device_id: Option<&'a RawValue>,
    service_id: Option<&'a RawValue>,
    registration: Option<&'a RawValue>,
}

/// What it means that there is no list of devices.
#[derive(Clone, Copy)]
pub enum NoList {
    IsEmpty,
    IsFault,
}

impl<'a> Body<'a> {
    fn read(body: Option<&'a RawValue>) -> Self {
        const NAMES: [&str; 8] = [
            "groupName",
            "groupDesc",
            "deviceList",
            "groupId",
            "message",
            "deviceId",
            "serviceId",
            "regName",
        ];
        let Some(members) = body.and_then(|body| json::members(body.get(), NAMES)) else {
            let fields = BodyFields::default();
            return Self { fields, fault: Some(ConsoleFault::Argument) };
        };
        let [
            group_name,
            description,
            devices,
            group_id,
            message,
            device_id,
            service_id,
            registration,
        ] = members;
        let fields = BodyFields {
            group_name,
            description,
            devices,
            group_id,
            message,
            device_id,
            service_id,
            registration,
        };
        Self { fields, fault: None }
    }

    /// What was read of a field, or the fault.
    fn good<T>(&mut self, read: Option<T>) -> Option<T> {
        if read.is_none() {
            self.fault = Some(ConsoleFault::Argument);
        }
        read
    }

    fn text(
        &mut self,
        field: Option<&'a RawValue>,
        is_good: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let text = field.and_then(json::string).filter(|text| is_good(text));
        self.good(text).map(std::borrow::Cow::into_owned)
    }

    fn id(&mut self, field: Option<&'a RawValue>) -> Option<String> {
        self.text(field, device_list::is_id_text)
    }

    fn name(&mut self, field: Option<&'a RawValue>) -> Option<String> {
        self.text(field, |name| !name.is_empty() && is_short(name, NAME_CHARS_MAX))
    }

    fn description(&mut self) -> Option<String> {
        let given = self.fields.description.filter(|given| !json::is_null(given))?;
        self.text(Some(given), |text| is_short(text, DESCRIPTION_CHARS_MAX))
    }

    fn message(&mut self) -> String {
        self.text(self.fields.message, is_message).unwrap_or_default()
    }

    fn devices(&mut self, absence: NoList) -> Vec<String> {
        let given = self.fields.devices.filter(|given| !json::is_null(given));
        let read = devices_of(given, absence);
        self.good(read).unwrap_or_default()
    }
}

/// A list of devices, if it is one, or may be missing.
pub fn devices_of(given: Option<&RawValue>, absence: NoList) -> Option<Vec<String>> {
    match (given, absence) {
        (Some(given), _) => device_list::from_json(given),
        (None, NoList::IsEmpty) => Some(Vec::new()),
        (None, NoList::IsFault) => None,
    }
}

/// Whether a text can be sent to devices.
pub fn is_message(text: &str) -> bool {
    (1..=DATA_BYTES_MAX).contains(&text.len()) && !text.contains('\0')
}

/// Whether a text has at most so many characters, and none that controls.
pub fn is_short(text: &str, chars_max: usize) -> bool {
    text.chars().count() <= chars_max && !text.chars().any(char::is_control)
}

/// Whether an escape in JSON names half a character. What is passed over unread is not asked, but such a text is
/// no JSON, wherever the half stands.
fn has_lone_surrogate(json: &str) -> bool {
    let mut rest = json;
    while let Some((_, escape)) = rest.split_once('\\') {
        let Some(unit) = code_unit(escape) else {
            // A backslash that is escaped does not escape what follows.
            let mut chars = escape.chars();
            chars.next();
            rest = chars.as_str();
            continue;
        };
        rest = escape.get(5..).unwrap_or_default();
        match unit {
            0xD800..=0xDBFF => {
                let low = rest.strip_prefix('\\').and_then(code_unit);
                if !matches!(low, Some(0xDC00..=0xDFFF)) {
                    return true;
                }
                rest = rest.get(6..).unwrap_or_default();
            }
            0xDC00..=0xDFFF => return true,
            _ => {}
        }
    }
    false
}

/// The unit that an escape names, of which the backslash has been read.
fn code_unit(escape: &str) -> Option<u16> {
    let digits = escape.strip_prefix('u')?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
