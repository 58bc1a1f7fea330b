//! Topics, and publishing to them.

use std::sync::Arc;

use super::{NewTopic, Pubsub, no_id};
use crate::domain::id::PublishedId;
use crate::domain::pubsub::limits;
use crate::domain::pubsub::message::{MessageDraft, Publish};
use crate::domain::pubsub::name::{ProjectName, SnapshotName, SubscriptionName, TopicName};
use crate::domain::pubsub::page::{ListAsked, ListPage};
use crate::domain::pubsub::refusal::PubsubRefusal;
use crate::domain::pubsub::topic::{PublishTopic, TopicConfig};
use crate::hub::subscriptions::messages::PubsubAnswer;
use crate::store::pubsub::{lookups, writes};

impl Pubsub {
    /// Makes a topic.
    ///
    /// # Errors
    /// Invalid argument, already exists, resource exhausted; as all: unavailable, internal.
    pub async fn create_topic(&self, new: NewTopic) -> PubsubAnswer<PublishTopic> {
        limits::check_topic(&new.config)?;
        let id = self.mint.topic().map_err(no_id)?;
        let topic = PublishTopic { id, name: new.name, config: new.config };
        self.run(writes::create_topic(topic.clone(), self.settings.topics_max)).await?;
        // A bridge may have waited for it.
        self.bridge_board.tell();
        Ok(topic)
    }

    /// The topic with a name.
    ///
    /// # Errors
    /// Not found.
    pub async fn topic(&self, name: &TopicName) -> PubsubAnswer<PublishTopic> {
        let found = self.read(lookups::topic(name.clone())).await?;
        found.ok_or_else(|| PubsubRefusal::not_found(name))
    }

    /// Changes what a mask names of a topic.
    ///
    /// # Errors
    /// Invalid argument, not found.
    pub async fn update_topic(
        &self,
        name: &TopicName,
        new: TopicConfig,
        mask: Vec<String>,
    ) -> PubsubAnswer<PublishTopic> {
        self.run(writes::update_topic(name.clone(), new, mask)).await
    }

    /// Deletes a topic. Its subscriptions stay, with what waits for them.
    ///
    /// # Errors
    /// Not found.
    pub async fn delete_topic(&self, name: &TopicName) -> PubsubAnswer<()> {
        self.run(writes::delete_topic(name.clone())).await
    }

    /// A page of the topics of a project.
    ///
    /// # Errors
    /// As all.
    pub async fn topics(
        &self,
        project: &ProjectName,
        page: ListAsked,
    ) -> PubsubAnswer<ListPage<PublishTopic>> {
        self.read(lookups::topics(project.clone(), page)).await
    }

    /// A page of the subscriptions to a topic.
    ///
    /// # Errors
    /// Not found.
    pub async fn topic_subscriptions(
        &self,
        topic: &TopicName,
        page: ListAsked,
    ) -> PubsubAnswer<ListPage<SubscriptionName>> {
        let id = self.topic(topic).await?.id;
        self.read(lookups::topic_subscriptions(id, page)).await
    }

    /// A page of the snapshots of a topic's subscriptions.
    ///
    /// # Errors
    /// Not found.
    pub async fn topic_snapshots(
        &self,
        topic: &TopicName,
        page: ListAsked,
    ) -> PubsubAnswer<ListPage<SnapshotName>> {
        let id = self.topic(topic).await?.id;
        self.read(lookups::topic_snapshots(id, page)).await
    }

    /// Publishes messages; their ids, in the same order. They are stored by then.
    ///
    /// # Errors
    /// Invalid argument, not found, resource exhausted if there is too much to store.
    pub async fn publish(
        &self,
        topic: &TopicName,
        messages: Vec<MessageDraft>,
    ) -> PubsubAnswer<Vec<PublishedId>> {
        limits::check_messages(&messages)?;
        let drafts = messages.into_iter().map(Arc::new).collect();
        let publish = Publish { topic: topic.clone(), drafts };
        let ids = self.publishes.publish(&self.store, publish, &self.clock).await?;
        self.metrics.pubsub.published(ids.len());
        Ok(ids)
    }
}
