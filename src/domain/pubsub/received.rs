//! Pushes that have come to this hub.

use crate::domain::clock::Timestamp;

/// How many are kept, the latest.
pub const RECEIVED_MAX: i64 = 1_000;
/// How much of a payload is kept, in bytes.
pub const PAYLOAD_KEPT_BYTES: usize = 65_536;
/// How much of a payload is shown, in bytes.
pub const PAYLOAD_SHOWN_BYTES: usize = 4_096;

/// A push that has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceivedPush {
    /// As its sender names it; perhaps empty.
    pub subscription: String,
    /// As its sender names it. Without one it is not known from another.
    pub message_id: Option<String>,
    /// Who sent it, if a good token has come with it.
    pub sender: Option<PushSender>,
    pub payload: Vec<u8>,
}

/// What a push has shown of its sender, and was found good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushSender {
    pub token: String,
    /// As JSON.
    pub claims: String,
}

/// A push that has been kept, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptPush {
    pub subscription: String,
    pub message_id: Option<String>,
    pub sender: Option<PushSender>,
    /// At most [`PAYLOAD_SHOWN_BYTES`] from its beginning.
    pub payload: Vec<u8>,
    /// How long it was.
    pub payload_bytes: u64,
    pub received_at: Timestamp,
}
