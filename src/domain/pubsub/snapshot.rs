//! Snapshots: what a subscription had not acknowledged at some moment.

use super::name::{SnapshotName, TopicName};
use super::topic::Labels;
use crate::domain::clock::Timestamp;
use crate::domain::id::{SnapshotId, TopicId};

/// A snapshot that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    pub id: SnapshotId,
    pub name: SnapshotName,
    pub topic: TopicId,
    /// None once the topic has been deleted.
    pub topic_name: Option<TopicName>,
    pub expires_at: Timestamp,
    pub labels: Labels,
}

/// Where a subscription is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeekTarget {
    /// What was published before counts as acknowledged, what came later does not.
    Time(Timestamp),
    /// As it was then.
    Snapshot(SnapshotName),
}
