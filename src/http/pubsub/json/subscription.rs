//! Subscriptions.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::push::PushConfigJson;
use super::scalar::WireInt;
use super::time::WireDuration;
use super::{DELETED_TOPIC, object, unless_empty, unsupported};
use crate::domain::pubsub::limits;
use crate::domain::pubsub::name::TopicName;
use crate::domain::pubsub::refusal::PubsubRefusal;
use crate::domain::pubsub::subscription::{
    DeadLetterPolicy, RetryPolicy, Subscription, SubscriptionConfig,
};
use crate::domain::pubsub::topic::Labels;

/// A subscription.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct SubscriptionJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    #[serde(
        deserialize_with = "object",
        alias = "push_config",
        skip_serializing_if = "Option::is_none"
    )]
    push_config: Option<PushConfigJson>,
    #[serde(alias = "ack_deadline_seconds", skip_serializing_if = "Option::is_none")]
    ack_deadline_seconds: Option<WireInt>,
    #[serde(alias = "retain_acked_messages", skip_serializing_if = "Option::is_none")]
    retain_acked_messages: Option<bool>,
    #[serde(alias = "message_retention_duration", skip_serializing_if = "Option::is_none")]
    message_retention_duration: Option<WireDuration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<Labels>,
    #[serde(alias = "enable_message_ordering", skip_serializing_if = "Option::is_none")]
    enable_message_ordering: Option<bool>,
    #[serde(
        deserialize_with = "object",
        alias = "expiration_policy",
        skip_serializing_if = "Option::is_none"
    )]
    expiration_policy: Option<ExpirationPolicyJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<String>,
    #[serde(
        deserialize_with = "object",
        alias = "dead_letter_policy",
        skip_serializing_if = "Option::is_none"
    )]
    dead_letter_policy: Option<DeadLetterPolicyJson>,
    #[serde(
        deserialize_with = "object",
        alias = "retry_policy",
        skip_serializing_if = "Option::is_none"
    )]
    retry_policy: Option<RetryPolicyJson>,
    #[serde(alias = "enable_exactly_once_delivery", skip_serializing_if = "Option::is_none")]
    enable_exactly_once_delivery: Option<bool>,
    /// Said by answers; what a request says of it counts for nothing, as of the next two.
    #[serde(skip_serializing_if = "Option::is_none")]
    detached: Option<bool>,
    #[serde(alias = "topic_message_retention_duration", skip_serializing_if = "Option::is_none")]
    topic_message_retention_duration: Option<WireDuration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<Value>,
    /// What is not there, as all that follows.
    #[serde(alias = "bigquery_config", skip_serializing)]
    bigquery_config: Option<Value>,
    #[serde(alias = "cloud_storage_config", skip_serializing)]
    cloud_storage_config: Option<Value>,
    #[serde(alias = "bigtable_config", skip_serializing)]
    bigtable_config: Option<Value>,
    #[serde(alias = "message_transforms", skip_serializing)]
    message_transforms: Option<Value>,
    #[serde(skip_serializing)]
    tags: Option<Value>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
struct ExpirationPolicyJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<WireDuration>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct DeadLetterPolicyJson {
    #[serde(alias = "dead_letter_topic", skip_serializing_if = "Option::is_none")]
    dead_letter_topic: Option<String>,
    #[serde(alias = "max_delivery_attempts", skip_serializing_if = "Option::is_none")]
    max_delivery_attempts: Option<WireInt>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct RetryPolicyJson {
    #[serde(alias = "minimum_backoff", skip_serializing_if = "Option::is_none")]
    minimum_backoff: Option<WireDuration>,
    #[serde(alias = "maximum_backoff", skip_serializing_if = "Option::is_none")]
    maximum_backoff: Option<WireDuration>,
}

/// An update of a subscription.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct SubscriptionUpdateJson {
    #[serde(deserialize_with = "object")]
    pub subscription: Option<SubscriptionJson>,
    #[serde(alias = "update_mask")]
    pub update_mask: Option<String>,
}

impl SubscriptionJson {
    /// What is set by it.
    ///
    /// # Errors
    /// Invalid argument, unimplemented.
    pub fn config(self) -> Result<SubscriptionConfig, PubsubRefusal> {
        for (field, said) in [
            ("bigqueryConfig", &self.bigquery_config),
            ("cloudStorageConfig", &self.cloud_storage_config),
            ("bigtableConfig", &self.bigtable_config),
            ("messageTransforms", &self.message_transforms),
            ("tags", &self.tags),
        ] {
            unsupported(field, said.as_ref())?;
        }
        let defaults = SubscriptionConfig::default();
        let WireInt(ack_deadline) = self.ack_deadline_seconds.unwrap_or_default();
        let retention = self.message_retention_duration.map(|WireDuration(time)| time);
        let expires_after = match self.expiration_policy {
            None => defaults.expires_after,
            Some(policy) => policy.ttl.map(|WireDuration(ttl)| ttl),
        };
        let dead_letter = self.dead_letter_policy.map(DeadLetterPolicyJson::policy);
        Ok(SubscriptionConfig {
            push: self.push_config.map_or(Ok(None), PushConfigJson::config)?,
            ack_deadline_s: limits::ack_deadline_s(ack_deadline)?,
            retains_acked: self.retain_acked_messages.unwrap_or_default(),
            retention: retention.unwrap_or(defaults.retention),
            labels: self.labels.unwrap_or_default(),
            is_ordered: self.enable_message_ordering.unwrap_or_default(),
            expires_after,
            filter: self.filter.unwrap_or_default(),
            dead_letter: dead_letter.transpose()?.flatten(),
            retry: self.retry_policy.map(RetryPolicyJson::policy),
            is_exactly_once: self.enable_exactly_once_delivery.unwrap_or_default(),
        })
    }

    /// The topic that it names.
    ///
    /// # Errors
    /// Invalid argument.
    pub fn topic(&self) -> Result<TopicName, PubsubRefusal> {
        match self.topic.as_deref() {
            None | Some("") => Err(PubsubRefusal::invalid("topic is missing")),
            Some(topic) => TopicName::parse(topic),
        }
    }
}

impl DeadLetterPolicyJson {
    /// None if nothing is set.
    fn policy(self) -> Result<Option<DeadLetterPolicy>, PubsubRefusal> {
        let WireInt(attempts) = self.max_delivery_attempts.unwrap_or_default();
        match self.dead_letter_topic.as_deref() {
            None | Some("") if attempts == 0 => Ok(None),
            None => Err(PubsubRefusal::invalid("deadLetterPolicy.deadLetterTopic is missing")),
            Some(topic) => Ok(Some(DeadLetterPolicy {
                topic: TopicName::parse(topic)?,
                attempts_max: limits::attempts_max(attempts)?,
            })),
        }
    }
}

impl RetryPolicyJson {
    fn policy(self) -> RetryPolicy {
        let defaults = RetryPolicy::default();
        let or = |said: Option<WireDuration>, default| said.map_or(default, |said| said.0);
        RetryPolicy {
            backoff_min: or(self.minimum_backoff, defaults.backoff_min),
            backoff_max: or(self.maximum_backoff, defaults.backoff_max),
        }
    }
}

impl From<Subscription> for SubscriptionJson {
    fn from(subscription: Subscription) -> Self {
        let config = subscription.config;
        let topic = subscription.topic_name.map(|topic| topic.to_string());
        let deadline = i32::try_from(config.ack_deadline_s).unwrap_or(i32::MAX);
        Self {
            name: Some(subscription.name.to_string()),
            topic: Some(topic.unwrap_or_else(|| DELETED_TOPIC.to_owned())),
            push_config: Some(config.push.map(PushConfigJson::from).unwrap_or_default()),
            ack_deadline_seconds: Some(WireInt(deadline)),
            retain_acked_messages: unless_empty(config.retains_acked),
            message_retention_duration: Some(WireDuration(config.retention)),
            labels: unless_empty(config.labels),
            enable_message_ordering: unless_empty(config.is_ordered),
            expiration_policy: Some(ExpirationPolicyJson {
                ttl: config.expires_after.map(WireDuration),
            }),
            filter: unless_empty(config.filter),
            dead_letter_policy: config.dead_letter.map(|policy| DeadLetterPolicyJson {
                dead_letter_topic: Some(policy.topic.to_string()),
                max_delivery_attempts: i32::try_from(policy.attempts_max).ok().map(WireInt),
            }),
            retry_policy: config.retry.map(|policy| RetryPolicyJson {
                minimum_backoff: Some(WireDuration(policy.backoff_min)),
                maximum_backoff: Some(WireDuration(policy.backoff_max)),
            }),
            enable_exactly_once_delivery: unless_empty(config.is_exactly_once),
            detached: unless_empty(subscription.detached),
            topic_message_retention_duration: subscription.topic_retention.map(WireDuration),
            state: Some("ACTIVE".into()),
            ..Self::default()
        }
    }
}
