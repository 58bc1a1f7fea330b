//! What is published, and what is delivered.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::clock::Timestamp;
use crate::domain::id::PublishedId;
use crate::domain::pubsub::name::TopicName;

/// Attributes of a message.
pub type Attributes = BTreeMap<String, String>;

/// A message as it is published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageDraft {
    pub data: Vec<u8>,
    pub attributes: Attributes,
    /// Empty: none.
    pub ordering_key: String,
}

/// Messages to publish together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    pub topic: TopicName,
    pub drafts: Vec<Arc<MessageDraft>>,
}

impl Publish {
    /// How much of a request it is, in bytes.
    pub fn bytes(&self) -> usize {
        self.drafts.iter().map(|draft| draft.bytes()).fold(0, usize::saturating_add)
    }
}

/// A message that was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedMessage {
    /// Grows in the order of publishing, over all topics.
    pub id: PublishedId,
    pub draft: Arc<MessageDraft>,
}

impl MessageDraft {
    /// How much of a request it is, in bytes.
    pub fn bytes(&self) -> usize {
        let attributes = self.attributes.iter();
        let attributes = attributes.map(|(key, value)| key.len().saturating_add(value.len()));
        attributes
            .fold(self.data.len(), usize::saturating_add)
            .saturating_add(self.ordering_key.len())
    }
}

impl PublishedMessage {
    /// When it was published.
    pub fn published_at(&self) -> Timestamp {
        self.id.published_at()
    }
}

/// A message on its way to a consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PulledMessage {
    /// Names this delivery, to acknowledge it.
    pub ack_id: String,
    pub message: Arc<PublishedMessage>,
    /// The first is 1. Only if there is a policy for dead letters.
    pub delivery_attempt: Option<u32>,
}
