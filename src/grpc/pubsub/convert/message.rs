//! What is published, and what is received.

use std::mem;

use prost::Message as _;

use crate::domain::pubsub::message::{MessageDraft, PulledMessage};
use crate::grpc::pubsub::convert::time;
use crate::grpc::pubsub::{ANSWER_BYTES_MAX, wire};

/// A message as a publisher sends it. The id and the time that it may have are not the publisher's to give.
pub fn draft_from(message: wire::PubsubMessage) -> MessageDraft {
    MessageDraft {
        data: message.data,
        attributes: message.attributes,
        ordering_key: message.ordering_key,
    }
}

/// A message as a consumer gets it.
pub fn received_to(pulled: PulledMessage) -> wire::ReceivedMessage {
    let message = &pulled.message;
    let message = wire::PubsubMessage {
        data: message.draft.data.clone(),
        attributes: message.draft.attributes.clone(),
        message_id: message.id.to_string(),
        publish_time: Some(time::timestamp_to(message.published_at())),
        ordering_key: message.draft.ordering_key.clone(),
    };
    let attempt = pulled.delivery_attempt.unwrap_or_default();
    wire::ReceivedMessage {
        ack_id: pulled.ack_id,
        message: Some(message),
        delivery_attempt: i32::try_from(attempt).unwrap_or(i32::MAX),
    }
}

/// Parts that are small enough for an answer each, and as large as that allows; a message that is larger goes alone.
pub fn portions(pulled: Vec<PulledMessage>) -> Vec<Vec<wire::ReceivedMessage>> {
    let (mut all, mut portion, mut bytes) = (Vec::new(), Vec::new(), 0_usize);
    for received in pulled.into_iter().map(received_to) {
        // With the head of the field, which has the message's length.
        let more = received.encoded_len().saturating_add(6);
        if !portion.is_empty() && bytes.saturating_add(more) > ANSWER_BYTES_MAX {
            all.push(mem::take(&mut portion));
            bytes = 0;
        }
        bytes = bytes.saturating_add(more);
        portion.push(received);
    }
    all.push(portion);
    all
}
