//! Who of an app's users is there, and at what: a class of devices at a time.

use crate::domain::apps::customer_request::Visit;
use crate::domain::apps::device::DeviceClass;
use crate::domain::clock::Timestamp;
use crate::domain::id::{DeviceId, UserId};

/// A user is there with a device of a class, or with none of it any more; as one who watches is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassChange {
    pub user: UserId,
    pub class: DeviceClass,
    pub is_online: bool,
    pub at: Timestamp,
    /// The device of the one who is told.
    pub listener: DeviceId,
    /// Where a visitor has come from; agents alone are told.
    pub visit: Option<Visit>,
}
