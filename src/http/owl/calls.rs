//! What can be asked, by its path, and the names of fields.

use crate::domain::apps::server::ServerCall;
use crate::wire::owl::{FieldNames, OwlAction, OwlFields};

const NAMES: FieldNames = [
    "serviceId",
    "serverRegId",
    "registerName",
    "groupName",
    "description",
    "deviceList",
    "groupId",
    "data",
    "queuing",
    "notiTitle",
    "notiBody",
];

/// What a path asks for.
pub(super) fn action(noun: &str, verb: &str) -> Option<OwlAction> {
    Some(match (noun, verb) {
        ("server", "register") => OwlAction::Register,
        ("server", "unregister") => OwlAction::Unregister,
        ("deviceGroup", "create") => OwlAction::CreateGroup,
        ("deviceGroup", "add") => OwlAction::AddDevices,
        ("deviceGroup", "subtract") => OwlAction::SubtractDevices,
        ("deviceGroup", "remove") => OwlAction::DeleteGroup,
        ("downstream", "multicast") => OwlAction::SendMulticast,
        ("downstream", "broadcast") => OwlAction::SendBroadcast,
        ("downstream", "group") => OwlAction::SendGroup,
        _ => return None,
    })
}

/// The call in a body; `None` if that is no object.
pub(super) fn read(action: OwlAction, body: &str) -> Option<ServerCall> {
    let names = match action {
        OwlAction::SendMulticast => {
            NAMES.map(|name| if name == "deviceList" { "deviceRegIds" } else { name })
        }
        OwlAction::Register
        | OwlAction::Unregister
        | OwlAction::CreateGroup
        | OwlAction::AddDevices
        | OwlAction::SubtractDevices
        | OwlAction::DeleteGroup
        | OwlAction::SendUnicast
        | OwlAction::SendBroadcast
        | OwlAction::SendGroup => NAMES,
    };
    Some(OwlFields::of_object(body, names)?.call(action))
}
