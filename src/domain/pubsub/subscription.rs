//! Subscriptions.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::limits::{BACKOFF_MAX, BACKOFF_MIN_DEFAULT};
use super::name::{SubscriptionName, TopicName};
use super::topic::Labels;
use crate::domain::id::{SubscriptionId, TopicId};

/// A subscription that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    pub id: SubscriptionId,
    pub name: SubscriptionName,
    pub topic: TopicId,
    /// None once the topic has been deleted; then nothing more comes.
    pub topic_name: Option<TopicName>,
    /// What the topic says of its own retention.
    pub topic_retention: Option<Duration>,
    /// Cut off from its topic, for good: nothing can be had from it.
    pub detached: bool,
    pub config: SubscriptionConfig,
}

/// What can be set of a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SubscriptionConfig {
    /// None: messages are pulled.
    pub push: Option<PushConfig>,
    /// Seconds until what was not acknowledged comes again: 10 to 600.
    pub ack_deadline_s: u32,
    /// Whether what is acknowledged is kept, to be sought back.
    pub retains_acked: bool,
    /// How long what waits is kept, and what is acknowledged if it is kept.
    pub retention: Duration,
    pub labels: Labels,
    /// Whether messages with the same ordering key come in the order in which they were published. Never changed.
    pub is_ordered: bool,
    /// After so much time without a sign of life it is deleted. None: never.
    pub expires_after: Option<Duration>,
    /// Which messages come, as it was written; empty: all. Never changed.
    pub filter: String,
    pub dead_letter: Option<DeadLetterPolicy>,
    pub retry: Option<RetryPolicy>,
    pub is_exactly_once: bool,
}

/// Where what fails again and again goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetterPolicy {
    pub topic: TopicName,
    /// 5 to 100.
    pub attempts_max: u32,
}

/// How long what has failed waits until it comes again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryPolicy {
    pub backoff_min: Duration,
    pub backoff_max: Duration,
}

/// Where messages are pushed to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PushConfig {
    /// The URL, with its query.
    pub endpoint: String,
    /// Kept and given back, such as `x-goog-version`.
    pub attributes: BTreeMap<String, String>,
    /// Who the pushes say they are.
    pub oidc: Option<OidcToken>,
    pub wrapping: Wrapping,
}

/// The token that comes with each push.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OidcToken {
    pub service_account_email: String,
    /// Empty: the endpoint.
    pub audience: String,
}

/// What the body of a push is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wrapping {
    /// JSON with the message in it. Nothing was said of it.
    #[default]
    Default,
    /// The same, asked for.
    Wrapped,
    /// The bare data.
    Bare {
        /// Whether attributes become headers.
        writes_metadata: bool,
    },
}

impl Default for RetryPolicy {
    /// What a policy is that is there and says nothing.
    fn default() -> Self {
        Self { backoff_min: BACKOFF_MIN_DEFAULT, backoff_max: BACKOFF_MAX }
    }
}

impl Default for SubscriptionConfig {
    /// What Google's is if nothing is said.
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(86_400);
        Self {
            push: None,
            ack_deadline_s: 10,
            retains_acked: false,
            retention: DAY.saturating_mul(7),
            labels: Labels::new(),
            is_ordered: false,
            expires_after: Some(DAY.saturating_mul(31)),
            filter: String::new(),
            dead_letter: None,
            retry: None,
            is_exactly_once: false,
        }
    }
}
