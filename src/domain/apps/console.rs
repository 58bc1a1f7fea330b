//! What operators ask at the console of an app, and the lines that say what came of it.
//!
//! A line goes to all consoles of the app. It is a value here; its text is the dialect's.

use crate::domain::clock::Timestamp;
use crate::domain::id::DeviceId;
use crate::domain::pubsub::name::SubscriptionName;
use crate::domain::uuid::Uuid;

/// The longest name of a device group, or of a server's registration, in characters.
pub const NAME_CHARS_MAX: usize = 128;
/// The longest description of a device group, in characters.
pub const DESCRIPTION_CHARS_MAX: usize = 512;
/// The longest text that can be a device's id, in characters.
pub const DEVICE_TEXT_CHARS_MAX: usize = 128;
/// Registrations of servers in one app, besides the hub's own.
pub const SERVERS_MAX: i64 = 10;

/// How a request ended, by the numbers of the original.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultCode {
    /// 1.
    Done,
    /// -1: unknown error.
    Unknown,
    /// -101.
    NotRegistered,
    /// -102: the name is registered already; the answer has its id.
    NameKnown,
    /// -104.
    ServerIdWrong,
    /// -302: nobody is there.
    NoChannel,
    /// -304: a bad argument.
    Argument,
}

/// What is asked, with the fields that are valid, and whether the whole is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleRequest {
    pub action: ConsoleAction,
    /// Why nothing is to be done; the line says it all the same.
    pub fault: Option<ConsoleFault>,
}

/// Why nothing comes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsoleFault {
    /// A field is missing or bad. All consoles are told.
    Argument,
    /// Requests come too fast. Only who asks is told.
    Rate,
}

/// What an operator does. Fields that were missing or bad are `None`, or empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsoleAction {
    CreateGroup {
        name: Option<String>,
        description: Option<String>,
        devices: Vec<String>,
    },
    AddDevices {
        group: Option<String>,
        devices: Vec<String>,
    },
    SubtractDevices {
        group: Option<String>,
        devices: Vec<String>,
    },
    DeleteGroup {
        group: Option<String>,
    },
    SendUnicast {
        text: String,
        device: String,
    },
    SendMulticast {
        text: String,
        devices: Vec<String>,
    },
    SendBroadcast {
        text: String,
    },
    SendGroup {
        text: String,
        group: Option<String>,
    },
    /// With the service's id or the app's UUID.
    Register {
        service: String,
        name: String,
    },
    /// Of the server that asks. Operators cannot.
    Unregister,
}

/// One line for the consoles of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsoleLine {
    GroupCreated {
        code: ResultCode,
        /// As it is shown: 32 hexadecimal digits.
        group: Option<String>,
        name: Option<String>,
        size: i64,
        description: Option<String>,
        failed: Vec<String>,
        request: RequestId,
    },
    DevicesAdded(DeviceGroupChange),
    DevicesSubtracted(DeviceGroupChange),
    GroupDeleted {
        code: ResultCode,
        group: Option<String>,
        request: RequestId,
    },
    Sent {
        code: ResultCode,
        request: RequestId,
    },
    Registered {
        code: ResultCode,
        server: Option<Uuid>,
    },
    Unregistered {
        code: ResultCode,
    },
    Upstream {
        device: DeviceId,
        at: Timestamp,
        data: String,
    },
    /// A message of Pub/Sub, by a bridge.
    Published {
        subscription: SubscriptionName,
        /// When it was published.
        at: Timestamp,
        data: String,
    },
}

/// Devices were put into a group, or taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceGroupChange {
    pub code: ResultCode,
    /// As it is shown: that of a known group in 32 hexadecimal digits, any other as it was given.
    pub group: Option<String>,
    /// How many are in it now.
    pub total: i64,
    /// How many this request has put in, or taken out.
    pub changed: i64,
    /// Those for which nothing was done, as they were given.
    pub failed: Vec<String>,
    pub request: RequestId,
}

/// The name of a request: what was asked, and a time in milliseconds that grows with each request of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestId {
    pub command: CommandId,
    pub ms: i64,
}

/// The number of what can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandId {
    Register,
    Unregister,
    Unicast,
    Multicast,
    Broadcast,
    Upstream,
    Group,
    CreateGroup,
    AddDevices,
    SubtractDevices,
    DeleteGroup,
}

impl ConsoleLine {
    /// How the request ended of which it tells; what a device or a topic has sent is no request of a console's.
    pub const fn code(&self) -> ResultCode {
        match self {
            Self::GroupCreated { code, .. }
            | Self::GroupDeleted { code, .. }
            | Self::Sent { code, .. }
            | Self::Registered { code, .. }
            | Self::Unregistered { code } => *code,
            Self::DevicesAdded(change) | Self::DevicesSubtracted(change) => change.code,
            Self::Upstream { .. } | Self::Published { .. } => ResultCode::Done,
        }
    }
}

impl CommandId {
    /// As the wire says it.
    pub const fn number(self) -> u16 {
        match self {
            Self::Register => 301,
            Self::Unregister => 302,
            Self::Unicast => 501,
            Self::Multicast => 502,
            Self::Broadcast => 503,
            Self::Upstream => 511,
            Self::Group => 561,
            Self::CreateGroup => 801,
            Self::AddDevices => 802,
            Self::SubtractDevices => 803,
            Self::DeleteGroup => 804,
        }
    }
}

impl ConsoleAction {
    /// Its number.
    pub const fn command(&self) -> CommandId {
        match self {
            Self::CreateGroup { .. } => CommandId::CreateGroup,
            Self::AddDevices { .. } => CommandId::AddDevices,
            Self::SubtractDevices { .. } => CommandId::SubtractDevices,
            Self::DeleteGroup { .. } => CommandId::DeleteGroup,
            Self::SendUnicast { .. } => CommandId::Unicast,
            Self::SendMulticast { .. } => CommandId::Multicast,
            Self::SendBroadcast { .. } => CommandId::Broadcast,
            Self::SendGroup { .. } => CommandId::Group,
            Self::Register { .. } => CommandId::Register,
            Self::Unregister => CommandId::Unregister,
        }
    }

    /// The line that says that nothing came of it, with the fields that were valid.
    pub fn failed(self, code: ResultCode, ms: i64) -> ConsoleLine {
        let request = RequestId { command: self.command(), ms };
        let change = |group| DeviceGroupChange {
            code,
            group,
            total: 0,
            changed: 0,
            failed: Vec::new(),
            request,
        };
        match self {
            Self::CreateGroup { name, description, .. } => ConsoleLine::GroupCreated {
                code,
                group: None,
                name,
                size: 0,
                description,
                failed: Vec::new(),
                request,
            },
            Self::AddDevices { group, .. } => ConsoleLine::DevicesAdded(change(group)),
            Self::SubtractDevices { group, .. } => ConsoleLine::DevicesSubtracted(change(group)),
            Self::DeleteGroup { group } => ConsoleLine::GroupDeleted { code, group, request },
            Self::SendUnicast { .. }
            | Self::SendMulticast { .. }
            | Self::SendBroadcast { .. }
            | Self::SendGroup { .. } => ConsoleLine::Sent { code, request },
            Self::Register { .. } => ConsoleLine::Registered { code, server: None },
            Self::Unregister => ConsoleLine::Unregistered { code },
        }
    }

    /// How much text it holds, in bytes.
    pub fn bytes(&self) -> usize {
        let all = |texts: &[String]| texts.iter().map(String::len).sum::<usize>();
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        match self {
            Self::CreateGroup { name, description, devices } => {
                text(name).saturating_add(text(description)).saturating_add(all(devices))
            }
            Self::AddDevices { group, devices } | Self::SubtractDevices { group, devices } => {
                text(group).saturating_add(all(devices))
            }
            Self::DeleteGroup { group } => text(group),
            Self::SendUnicast { text, device } => text.len().saturating_add(device.len()),
            Self::SendMulticast { text, devices } => text.len().saturating_add(all(devices)),
            Self::SendBroadcast { text } | Self::SendGroup { text, .. } => text.len(),
            Self::Register { service, name } => service.len().saturating_add(name.len()),
            Self::Unregister => 0,
        }
    }
}
