//! What an app sends to devices: kept for each until the device says that it has it.

use std::time::Duration;

use crate::domain::clock::Timestamp;
use crate::domain::id::DownstreamId;
use crate::domain::uuid::Uuid;

/// The longest text to or from devices, in bytes.
pub const DATA_BYTES_MAX: usize = 65_536;
/// Messages that wait for one device; of more, the oldest go.
pub const WAITING_MAX: usize = 1_000;
/// Messages of one frame that brings what waited.
pub const BATCH_MAX: usize = 100;
/// Text of one frame that brings what waited, in bytes; a longer message comes alone.
pub const BATCH_BYTES_MAX: usize = 1_048_576;
/// How long a message waits that is not to wait: whoever is there has got it by then.
pub const UNQUEUED_KEPT: Duration = Duration::from_secs(60);
/// Ids that one request may name.
pub const DEVICES_MAX: usize = 2_000;
/// Devices of one group.
pub const GROUP_DEVICES_MAX: i64 = 1_000_000;

/// A message to devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Downstream {
    pub id: DownstreamId,
    /// The registration of the server that sends it.
    pub sender: Uuid,
    pub data: String,
    /// By the hub's clock.
    pub sent_at: Timestamp,
    /// The title of a notification, for devices that show one.
    pub title: Option<String>,
    pub body: Option<String>,
}

/// How a message is sent, beside what it says and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendManner {
    /// Whether it waits for devices that are not there.
    pub queued: bool,
    /// The title of a notification, for devices that show one.
    pub title: Option<String>,
    pub body: Option<String>,
}

impl Default for SendManner {
    /// Kept for whoever is not there, and without a notification.
    fn default() -> Self {
        Self { queued: true, title: None, body: None }
    }
}
