//! What sessions of apps ask: each at its own door, and answered in its turn.

use crate::domain::apps::console::{ConsoleLine, ConsoleRequest, RequestId, ResultCode};
use crate::domain::apps::customer_request::{CustomerAnswer, CustomerRequest};
use crate::domain::id::DownstreamId;
use crate::domain::uuid::Uuid;

/// What a session of an app asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppsRequest {
    Console(ConsoleRequest),
    Device(DeviceRequest),
    Customer(CustomerRequest),
}

/// What a device asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceRequest {
    /// Something for the app's consoles and servers.
    Upstream {
        /// `None` if what was given cannot be sent.
        data: Option<String>,
        server: ServerNamed,
        /// The sender's own name for it, to be found in the answer.
        echo: Option<String>,
    },
    /// The device has these messages; whatever else is named is passed over.
    Acknowledge(Vec<DownstreamId>),
}

/// The server that a device sends something to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerNamed {
    /// Whoever is there of the app.
    Any,
    By(Uuid),
    /// By what can be no registration.
    Wrong,
}

/// What came of a request of an app's session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppsAnswer {
    /// It is done, and there is nothing to say.
    Done,
    /// It is done; all who are concerned, the asker among them, are told by an event. The request ends behind that
    /// event, so that what the asker says next is answered after it.
    Told,
    /// A line for the asker alone.
    Line(ConsoleLine),
    UpstreamSent {
        code: ResultCode,
        request: RequestId,
        echo: Option<String>,
    },
    Customer(CustomerAnswer),
}
