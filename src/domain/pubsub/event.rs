//! What happens to subscriptions, for those that deliver.

use std::sync::Arc;

use super::message::PublishedMessage;
use crate::domain::id::SubscriptionId;

/// Something that has happened, and is committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PubsubEvent {
    /// Messages wait for subscriptions, in the order of their ids.
    Published {
        messages: Arc<[Arc<PublishedMessage>]>,
        /// Each with which of the messages; None for all of them.
        waiting: Vec<(SubscriptionId, Option<Arc<[usize]>>)>,
    },
    /// A subscription is not what it was: its settings, or what waits, or whether it is there at all.
    Changed(SubscriptionId),
}
