//! What is published, pulled and acknowledged.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::scalar::{WireBytes, WireInt};
use super::time::WireTime;
use super::{objects, unless_empty};
use crate::domain::id::PublishedId;
use crate::domain::pubsub::message::{Attributes, MessageDraft, PulledMessage};

/// A publish.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PublishJson {
    pub topic: Option<String>,
    #[serde(deserialize_with = "objects")]
    messages: Option<Vec<PubsubMessageJson>>,
}

/// A message, on its way in or out.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct PubsubMessageJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<WireBytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<Attributes>,
    /// On its way in, it counts for nothing, as does the time.
    #[serde(alias = "message_id", skip_serializing_if = "Option::is_none")]
    message_id: Option<Value>,
    #[serde(alias = "publish_time", skip_serializing_if = "Option::is_none")]
    publish_time: Option<PublishTimeJson>,
    #[serde(alias = "ordering_key", skip_serializing_if = "Option::is_none")]
    ordering_key: Option<String>,
}

/// The time of a message: ours, or whatever a publisher has put there.
#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged)]
enum PublishTimeJson {
    Ours(WireTime),
    Said(Value),
}

/// What was published.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PublishedJson {
    message_ids: Vec<String>,
}

/// A pull.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct PullJson {
    pub subscription: Option<String>,
    #[serde(alias = "max_messages")]
    pub max_messages: Option<WireInt>,
    #[serde(alias = "return_immediately")]
    pub return_immediately: Option<bool>,
}

/// What was pulled.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PulledJson {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    received_messages: Vec<ReceivedMessageJson>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ReceivedMessageJson {
    ack_id: String,
    message: PubsubMessageJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_attempt: Option<u32>,
}

/// Deliveries that are acknowledged.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct AcksJson {
    pub subscription: Option<String>,
    #[serde(alias = "ack_ids")]
    pub ack_ids: Option<Vec<String>>,
}

/// Deliveries that have another deadline from now on.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct AckDeadlineJson {
    pub subscription: Option<String>,
    #[serde(alias = "ack_ids")]
    pub ack_ids: Option<Vec<String>>,
    #[serde(alias = "ack_deadline_seconds")]
    pub ack_deadline_seconds: Option<WireInt>,
}

impl PublishJson {
    /// What is to be published.
    pub fn drafts(self) -> Vec<MessageDraft> {
        let messages = self.messages.unwrap_or_default().into_iter();
        let drafts = messages.map(|message| MessageDraft {
            data: message.data.unwrap_or_default().0,
            attributes: message.attributes.unwrap_or_default(),
            ordering_key: message.ordering_key.unwrap_or_default(),
        });
        drafts.collect()
    }
}

impl From<Vec<PublishedId>> for PublishedJson {
    fn from(ids: Vec<PublishedId>) -> Self {
        Self { message_ids: ids.into_iter().map(|id| id.to_string()).collect() }
    }
}

impl From<Vec<PulledMessage>> for PulledJson {
    fn from(messages: Vec<PulledMessage>) -> Self {
        Self { received_messages: messages.into_iter().map(ReceivedMessageJson::from).collect() }
    }
}

impl From<PulledMessage> for ReceivedMessageJson {
    fn from(pulled: PulledMessage) -> Self {
        let (message, draft) = (&pulled.message, &pulled.message.draft);
        Self {
            ack_id: pulled.ack_id,
            message: PubsubMessageJson {
                data: unless_empty(WireBytes(draft.data.clone())),
                attributes: unless_empty(draft.attributes.clone()),
                message_id: Some(message.id.to_string().into()),
                publish_time: Some(PublishTimeJson::Ours(WireTime(message.published_at()))),
                ordering_key: unless_empty(draft.ordering_key.clone()),
            },
            delivery_attempt: pulled.delivery_attempt,
        }
    }
}
