//! What servers of an app ask for themselves, by the id of the service and a registration; and what they are told.
//!
//! They ask what operators ask at a console, and all consoles of the app are told what came of it.

use crate::domain::apps::console::{ConsoleLine, ConsoleRequest, RequestId};
use crate::domain::apps::downstream::SendManner;
use crate::domain::clock::Timestamp;
use crate::domain::id::{DeviceId, DownstreamId};
use crate::domain::uuid::Uuid;

/// Something that a server of an app asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerCall {
    /// The service's id as it was given, a secret of the app.
    pub service: String,
    /// The registration; `None` if what was given can be none.
    pub server: Option<Uuid>,
    pub request: ConsoleRequest,
    /// How a message is sent, if one is.
    pub manner: SendManner,
}

/// What came of it, for the one who has asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAnswer {
    pub line: ConsoleLine,
    /// The message that was sent, if one was.
    pub message: Option<DownstreamId>,
}

/// Something that a device has sent, for a server that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerNews {
    pub device: DeviceId,
    /// By the hub's clock.
    pub at: Timestamp,
    pub data: String,
    /// The name of the request, which the device is told, too.
    pub request: RequestId,
}
