//! Subscriptions, and what may be set of them.

use std::time::Duration;

use crate::domain::pubsub::limits::{
    ACK_DEADLINE_DEFAULT_S, ATTEMPTS_MAX_DEFAULT, BACKOFF_MAX, BACKOFF_MIN_DEFAULT,
};
use crate::domain::pubsub::name::TopicName;
use crate::domain::pubsub::refusal::PubsubRefusal;
use crate::domain::pubsub::subscription::{
    DeadLetterPolicy, RetryPolicy, Subscription, SubscriptionConfig,
};
use crate::grpc::pubsub::convert::{absent, push, time};
use crate::grpc::pubsub::wire;

/// What stands for a topic that was deleted.
const DELETED_TOPIC: &str = "_deleted-topic_";

/// What is set of a subscription; what is not said is as Google has it then.
pub fn config_from(said: wire::Subscription) -> Result<SubscriptionConfig, PubsubRefusal> {
    absent(said.bigquery_config.is_none(), "bigquery_config")?;
    absent(said.cloud_storage_config.is_none(), "cloud_storage_config")?;
    absent(said.bigtable_config.is_none(), "bigtable_config")?;
    absent(said.message_transforms.is_empty(), "message_transforms")?;
    absent(said.tags.is_empty(), "tags")?;
    let or_default = SubscriptionConfig::default();
    let expires_after = match &said.expiration_policy {
        None => or_default.expires_after,
        Some(policy) => duration(policy.ttl.as_ref(), "expiration_policy.ttl")?,
    };
    let retention =
        duration(said.message_retention_duration.as_ref(), "message_retention_duration")?;
    Ok(SubscriptionConfig {
        push: said.push_config.and_then(push::config_from),
        ack_deadline_s: seconds(said.ack_deadline_seconds, "ack_deadline_seconds")?
            .unwrap_or(ACK_DEADLINE_DEFAULT_S),
        retains_acked: said.retain_acked_messages,
        retention: retention.unwrap_or(or_default.retention),
        labels: said.labels,
        is_ordered: said.enable_message_ordering,
        expires_after,
        filter: said.filter,
        dead_letter: said.dead_letter_policy.map(dead_letter_from).transpose()?,
        retry: said.retry_policy.as_ref().map(retry_from).transpose()?,
        is_exactly_once: said.enable_exactly_once_delivery,
    })
}

fn dead_letter_from(policy: wire::DeadLetterPolicy) -> Result<DeadLetterPolicy, PubsubRefusal> {
    let attempts = seconds(policy.max_delivery_attempts, "max_delivery_attempts")?;
    Ok(DeadLetterPolicy {
        topic: TopicName::parse(&policy.dead_letter_topic)?,
        attempts_max: attempts.unwrap_or(ATTEMPTS_MAX_DEFAULT),
    })
}

fn retry_from(policy: &wire::RetryPolicy) -> Result<RetryPolicy, PubsubRefusal> {
    let min = duration(policy.minimum_backoff.as_ref(), "minimum_backoff")?;
    let max = duration(policy.maximum_backoff.as_ref(), "maximum_backoff")?;
    Ok(RetryPolicy {
        backoff_min: min.unwrap_or(BACKOFF_MIN_DEFAULT),
        backoff_max: max.unwrap_or(BACKOFF_MAX),
    })
}

fn duration(
    said: Option<&prost_types::Duration>,
    what: &str,
) -> Result<Option<Duration>, PubsubRefusal> {
    said.map(|said| time::duration_from(said, what)).transpose()
}

/// A number that is not negative; none if it is 0, which nobody can tell from nothing.
fn seconds(said: i32, what: &str) -> Result<Option<u32>, PubsubRefusal> {
    let number = u32::try_from(said);
    let number = number.map_err(|_| PubsubRefusal::invalid(format!("{what} is negative")))?;
    Ok(Some(number).filter(|number| *number > 0))
}

/// What a topic is called whose name is not there any more.
pub fn topic_to(name: Option<&TopicName>) -> String {
    name.map_or_else(|| DELETED_TOPIC.to_owned(), ToString::to_string)
}

/// A subscription as it is told.
pub fn to_wire(subscription: Subscription) -> wire::Subscription {
    let config = subscription.config;
    wire::Subscription {
        name: subscription.name.to_string(),
        topic: topic_to(subscription.topic_name.as_ref()),
        push_config: Some(config.push.map(push::config_to).unwrap_or_default()),
        ack_deadline_seconds: number(config.ack_deadline_s),
        retain_acked_messages: config.retains_acked,
        message_retention_duration: Some(time::duration_to(config.retention)),
        labels: config.labels,
        enable_message_ordering: config.is_ordered,
        expiration_policy: Some(wire::ExpirationPolicy {
            ttl: config.expires_after.map(time::duration_to),
        }),
        filter: config.filter,
        dead_letter_policy: config.dead_letter.map(|policy| wire::DeadLetterPolicy {
            dead_letter_topic: policy.topic.to_string(),
            max_delivery_attempts: number(policy.attempts_max),
        }),
        retry_policy: config.retry.map(|policy| wire::RetryPolicy {
            minimum_backoff: Some(time::duration_to(policy.backoff_min)),
            maximum_backoff: Some(time::duration_to(policy.backoff_max)),
        }),
        detached: subscription.detached,
        enable_exactly_once_delivery: config.is_exactly_once,
        topic_message_retention_duration: subscription.topic_retention.map(time::duration_to),
        state: wire::subscription::State::Active.into(),
        ..Default::default()
    }
}

fn number(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
