//! Snapshots, and where a subscription is set to.

use serde::{Deserialize, Serialize};

use super::time::WireTime;
use super::{DELETED_TOPIC, object, unless_empty};
use crate::domain::clock::Timestamp;
use crate::domain::pubsub::name::{SnapshotName, SubscriptionName};
use crate::domain::pubsub::refusal::PubsubRefusal;
use crate::domain::pubsub::snapshot::{SeekTarget, Snapshot};
use crate::domain::pubsub::topic::Labels;

/// A snapshot, or what one is to be made of.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct SnapshotJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<String>,
    #[serde(alias = "expire_time", skip_serializing_if = "Option::is_none")]
    expire_time: Option<WireTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<Labels>,
    /// Only when it is to be made.
    #[serde(skip_serializing)]
    subscription: Option<String>,
}

/// An update of a snapshot.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct SnapshotUpdateJson {
    #[serde(deserialize_with = "object")]
    pub snapshot: Option<SnapshotJson>,
    #[serde(alias = "update_mask")]
    pub update_mask: Option<String>,
}

/// Where a subscription is set to.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SeekJson {
    pub subscription: Option<String>,
    time: Option<WireTime>,
    snapshot: Option<String>,
}

impl SnapshotJson {
    /// What it is made of.
    ///
    /// # Errors
    /// Invalid argument.
    pub fn subscription(&self) -> Result<SubscriptionName, PubsubRefusal> {
        match self.subscription.as_deref() {
            None | Some("") => Err(PubsubRefusal::invalid("subscription is missing")),
            Some(name) => SubscriptionName::parse(name),
        }
    }

    /// Its labels.
    pub fn labels(&mut self) -> Labels {
        self.labels.take().unwrap_or_default()
    }

    /// When it is over.
    ///
    /// # Errors
    /// Invalid argument.
    pub fn expires_at(&self) -> Result<Timestamp, PubsubRefusal> {
        let missing = || PubsubRefusal::invalid("expireTime is missing");
        self.expire_time.map(|WireTime(time)| time).ok_or_else(missing)
    }
}

impl SeekJson {
    /// A moment or a snapshot.
    ///
    /// # Errors
    /// Invalid argument.
    pub fn target(self) -> Result<SeekTarget, PubsubRefusal> {
        match (self.time, self.snapshot.filter(|name| !name.is_empty())) {
            (Some(WireTime(time)), None) => Ok(SeekTarget::Time(time)),
            (None, Some(name)) => SnapshotName::parse(&name).map(SeekTarget::Snapshot),
            (Some(_), Some(_)) | (None, None) => {
                Err(PubsubRefusal::invalid("one of time and snapshot must be set"))
            }
        }
    }
}

impl From<Snapshot> for SnapshotJson {
    fn from(snapshot: Snapshot) -> Self {
        let topic = snapshot.topic_name.map(|topic| topic.to_string());
        Self {
            name: Some(snapshot.name.to_string()),
            topic: Some(topic.unwrap_or_else(|| DELETED_TOPIC.to_owned())),
            expire_time: Some(WireTime(snapshot.expires_at)),
            labels: unless_empty(snapshot.labels),
            subscription: None,
        }
    }
}
