//! Why something of Pub/Sub is not done: a status of Google's canonical list, and a text for people.

use std::collections::BTreeMap;
use std::fmt;

/// The canonical statuses (`google.rpc.Code`) that are answered with. gRPC numbers them, REST maps them to its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PubsubStatus {
    InvalidArgument,
    FailedPrecondition,
    Unauthenticated,
    PermissionDenied,
    NotFound,
    AlreadyExists,
    Aborted,
    ResourceExhausted,
    Internal,
    Unimplemented,
    Unavailable,
    DeadlineExceeded,
}

/// Why something is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PubsubRefusal {
    pub status: PubsubStatus,
    /// What the client is told.
    pub message: String,
    /// With exactly-once delivery, the ids of acknowledgements that did not work, and why.
    pub acks: BTreeMap<String, AckFailure>,
}

/// Why an id of an acknowledgement did not work, under exactly-once delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AckFailure {
    /// It is of a delivery that is over, or of none.
    InvalidAckId,
    /// It may work again later.
    Unavailable,
}

impl AckFailure {
    /// The word for it in the metadata of an `ErrorInfo`.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::InvalidAckId => "PERMANENT_FAILURE_INVALID_ACK_ID",
            Self::Unavailable => "TRANSIENT_FAILURE_UNAVAILABLE",
        }
    }
}

impl PubsubRefusal {
    /// A refusal with a text.
    pub fn new(status: PubsubStatus, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), acks: BTreeMap::new() }
    }

    /// Something in the request is wrong, whatever is there.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(PubsubStatus::InvalidArgument, message)
    }

    /// It may be asked, but not of this as it is now.
    pub fn precondition(message: impl Into<String>) -> Self {
        Self::new(PubsubStatus::FailedPrecondition, message)
    }

    /// There is no such thing.
    pub fn not_found(what: &impl fmt::Display) -> Self {
        Self::new(PubsubStatus::NotFound, format!("Resource not found: {what}"))
    }

    /// There is one already.
    pub fn exists(what: &impl fmt::Display) -> Self {
        Self::new(PubsubStatus::AlreadyExists, format!("Resource already exists: {what}"))
    }
}

impl fmt::Display for PubsubRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.status, self.message)
    }
}
