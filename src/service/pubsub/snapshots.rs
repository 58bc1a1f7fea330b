//! Snapshots.

use std::time::Duration;

use super::{Pubsub, no_id};
use crate::domain::clock::Timestamp;
use crate::domain::id::TopicId;
use crate::domain::pubsub::limits;
use crate::domain::pubsub::name::{ProjectName, SnapshotName, SubscriptionName};
use crate::domain::pubsub::page::{ListAsked, ListPage};
use crate::domain::pubsub::refusal::PubsubRefusal;
use crate::domain::pubsub::snapshot::Snapshot;
use crate::domain::pubsub::topic::Labels;
use crate::hub::subscriptions::messages::PubsubAnswer;
use crate::store::pubsub::{lookups, writes};

/// How long a snapshot lives.
const LIFETIME: Duration = Duration::from_secs(7 * 86_400);

impl Pubsub {
    /// Makes a snapshot of what a subscription has not acknowledged.
    ///
    /// # Errors
    /// Invalid argument, already exists, not found; failed precondition if the subscription is detached.
    pub async fn create_snapshot(
        &self,
        name: SnapshotName,
        subscription: &SubscriptionName,
        labels: Labels,
    ) -> PubsubAnswer<Snapshot> {
        limits::check_labels(&labels)?;
        let id = self.mint.snapshot().map_err(no_id)?;
        // The topic is filled in by the store.
        let Some(topic) = TopicId::new(id.get()) else {
            return Err(PubsubRefusal::not_found(subscription));
        };
        let expires_at = self.clock.now().after(LIFETIME);
        let new = Snapshot { id, name, topic, topic_name: None, expires_at, labels };
        self.run(writes::create_snapshot(new, subscription.clone())).await
    }

    /// The snapshot with a name.
    ///
    /// # Errors
    /// Not found.
    pub async fn snapshot(&self, name: &SnapshotName) -> PubsubAnswer<Snapshot> {
        let found = self.read(lookups::snapshot(name.clone())).await?;
        found.ok_or_else(|| PubsubRefusal::not_found(name))
    }

    /// Changes labels, or the end, of a snapshot.
    ///
    /// # Errors
    /// Invalid argument, not found.
    pub async fn update_snapshot(
        &self,
        name: &SnapshotName,
        labels: Option<Labels>,
        expires_at: Option<Timestamp>,
    ) -> PubsubAnswer<Snapshot> {
        if let Some(labels) = &labels {
            limits::check_labels(labels)?;
        }
        self.run(writes::update_snapshot(name.clone(), labels, expires_at)).await
    }

    /// Deletes a snapshot.
    ///
    /// # Errors
    /// Not found.
    pub async fn delete_snapshot(&self, name: &SnapshotName) -> PubsubAnswer<()> {
        self.run(writes::delete_snapshot(name.clone())).await
    }

    /// A page of the snapshots of a project.
    ///
    /// # Errors
    /// As all.
    pub async fn snapshots(
        &self,
        project: &ProjectName,
        page: ListAsked,
    ) -> PubsubAnswer<ListPage<Snapshot>> {
        self.read(lookups::snapshots(project.clone(), page)).await
    }
}
