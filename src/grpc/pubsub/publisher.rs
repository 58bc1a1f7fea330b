//! `google.pubsub.v1.Publisher`: topics, and what is published to them.

use tonic::{Request, Response};

use super::convert::{message, page, required, topic};
use super::generated::publisher_server::Publisher;
use super::{CallAnswer, EmptyMessage, wire};
use crate::domain::pubsub::name::{ProjectName, SubscriptionName, TopicName};
use crate::domain::pubsub::page::ListAsked;
use crate::service::pubsub::{NewTopic, Pubsub};

/// The calls of the service.
pub struct PublisherCalls {
    pubsub: Pubsub,
}

impl PublisherCalls {
    /// Calls of this service.
    pub const fn new(pubsub: Pubsub) -> Self {
        Self { pubsub }
    }
}

#[tonic::async_trait]
impl Publisher for PublisherCalls {
    async fn create_topic(&self, request: Request<wire::Topic>) -> CallAnswer<wire::Topic> {
        let (name, config) = topic::from_wire(request.into_inner())?;
        let made = self.pubsub.create_topic(NewTopic { name, config }).await?;
        Ok(Response::new(topic::to_wire(made)))
    }

    async fn update_topic(
        &self,
        request: Request<wire::UpdateTopicRequest>,
    ) -> CallAnswer<wire::Topic> {
        let wire::UpdateTopicRequest { topic: said, update_mask } = request.into_inner();
        let (name, config) = topic::from_wire(required(said, "topic")?)?;
        let mask = update_mask.unwrap_or_default().paths;
        let updated = self.pubsub.update_topic(&name, config, mask).await?;
        Ok(Response::new(topic::to_wire(updated)))
    }

    async fn publish(
        &self,
        request: Request<wire::PublishRequest>,
    ) -> CallAnswer<wire::PublishResponse> {
        let wire::PublishRequest { topic, messages } = request.into_inner();
        let topic = TopicName::parse(&topic)?;
        let drafts = messages.into_iter().map(message::draft_from).collect();
        let ids = self.pubsub.publish(&topic, drafts).await?;
        let message_ids = ids.iter().map(ToString::to_string).collect();
        Ok(Response::new(wire::PublishResponse { message_ids }))
    }

    async fn get_topic(&self, request: Request<wire::GetTopicRequest>) -> CallAnswer<wire::Topic> {
        let name = TopicName::parse(&request.get_ref().topic)?;
        Ok(Response::new(topic::to_wire(self.pubsub.topic(&name).await?)))
    }

    async fn list_topics(
        &self,
        request: Request<wire::ListTopicsRequest>,
    ) -> CallAnswer<wire::ListTopicsResponse> {
        let wire::ListTopicsRequest { project, page_size, page_token } = request.into_inner();
        let project = ProjectName::parse(&project)?;
        let page = ListAsked::new(page_size, &page_token)?;
        let page = self.pubsub.topics(&project, page).await?;
        let (topics, next_page_token) = page::entries(page, topic::to_wire);
        Ok(Response::new(wire::ListTopicsResponse { topics, next_page_token }))
    }

    async fn list_topic_subscriptions(
        &self,
        request: Request<wire::ListTopicSubscriptionsRequest>,
    ) -> CallAnswer<wire::ListTopicSubscriptionsResponse> {
        let wire::ListTopicSubscriptionsRequest { topic, page_size, page_token } =
            request.into_inner();
        let topic = TopicName::parse(&topic)?;
        let page = ListAsked::new(page_size, &page_token)?;
        let page = self.pubsub.topic_subscriptions(&topic, page).await?;
        let (subscriptions, next_page_token) = page::entries(page, |name| name.to_string());
        Ok(Response::new(wire::ListTopicSubscriptionsResponse { subscriptions, next_page_token }))
    }

    async fn list_topic_snapshots(
        &self,
        request: Request<wire::ListTopicSnapshotsRequest>,
    ) -> CallAnswer<wire::ListTopicSnapshotsResponse> {
        let wire::ListTopicSnapshotsRequest { topic, page_size, page_token } = request.into_inner();
        let topic = TopicName::parse(&topic)?;
        let page = ListAsked::new(page_size, &page_token)?;
        let page = self.pubsub.topic_snapshots(&topic, page).await?;
        let (snapshots, next_page_token) = page::entries(page, |name| name.to_string());
        Ok(Response::new(wire::ListTopicSnapshotsResponse { snapshots, next_page_token }))
    }

    async fn delete_topic(
        &self,
        request: Request<wire::DeleteTopicRequest>,
    ) -> CallAnswer<EmptyMessage> {
        let name = TopicName::parse(&request.get_ref().topic)?;
        Ok(Response::new(self.pubsub.delete_topic(&name).await?))
    }

    async fn detach_subscription(
        &self,
        request: Request<wire::DetachSubscriptionRequest>,
    ) -> CallAnswer<wire::DetachSubscriptionResponse> {
        let name = SubscriptionName::parse(&request.get_ref().subscription)?;
        self.pubsub.detach(&name).await?;
        Ok(Response::new(wire::DetachSubscriptionResponse {}))
    }
}
