//! Topics.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::name::TopicName;
use crate::domain::id::TopicId;

/// Labels, which mean something only to whoever sets them.
pub type Labels = BTreeMap<String, String>;

/// A topic that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishTopic {
    pub id: TopicId,
    pub name: TopicName,
    pub config: TopicConfig,
}

/// What can be set of a topic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TopicConfig {
    pub labels: Labels,
    /// Kept and given back; what is published is kept as long as a subscription waits for it.
    pub retention: Option<Duration>,
    /// Kept and given back; nothing is done by it.
    pub storage_policy: Option<StoragePolicy>,
    /// The same.
    pub kms_key_name: String,
    /// The same.
    pub schema: Option<SchemaSettings>,
}

/// Where messages may lie.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StoragePolicy {
    pub allowed_persistence_regions: Vec<String>,
    pub enforce_in_transit: bool,
}

/// By which schema messages are checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SchemaSettings {
    pub schema: String,
    /// 0 if none is said, 1 for JSON, 2 for binary, as Google numbers them.
    pub encoding: i32,
    pub first_revision_id: String,
    pub last_revision_id: String,
}
