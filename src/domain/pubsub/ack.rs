//! Which delivery of a message an acknowledgement is of.

use crate::domain::id::{PublishedId, SubscriptionId};

/// One delivery of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeliveryTag {
    pub subscription: SubscriptionId,
    pub message: PublishedId,
    /// Grows with each delivery of the subscription, over restarts too.
    pub number: u64,
}
