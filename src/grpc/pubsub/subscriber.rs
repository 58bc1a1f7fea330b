//! `google.pubsub.v1.Subscriber`: subscriptions, what is pulled from them, and snapshots.

use std::time::Duration;

use tokio::sync::watch;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Streaming};

use super::convert::{message, page, push, required, snapshot, subscription};
use super::generated::subscriber_server::Subscriber;
use super::picked::or_picked;
use super::stream::{ResponseStream, StreamingPull};
use super::{CallAnswer, EmptyMessage, stopping, wire};
use crate::domain::pubsub::limits;
use crate::domain::pubsub::name::{ProjectName, SnapshotName, SubscriptionName, TopicName};
use crate::domain::pubsub::page::ListAsked;
use crate::service::pubsub::{NewSubscription, Pubsub};

/// How long before the client's deadline a pull that has found nothing is answered.
const BEFORE_DEADLINE: Duration = Duration::from_millis(100);

/// The calls of the service.
pub struct SubscriberCalls {
    pubsub: Pubsub,
    pull_wait: Duration,
    stop: watch::Receiver<bool>,
}

impl SubscriberCalls {
    /// A pull waits for so long at most. Once `stop` is true, what waits for messages is over.
    pub const fn new(pubsub: Pubsub, pull_wait: Duration, stop: watch::Receiver<bool>) -> Self {
        Self { pubsub, pull_wait, stop }
    }
}

#[tonic::async_trait]
impl Subscriber for SubscriberCalls {
    async fn create_subscription(
        &self,
        request: Request<wire::Subscription>,
    ) -> CallAnswer<wire::Subscription> {
        let said = request.into_inner();
        let topic = TopicName::parse(&said.topic)?;
        let name = or_picked(&said.name, topic.project())?;
        let config = subscription::config_from(said)?;
        let new = NewSubscription { name, topic, config };
        let made = self.pubsub.create_subscription(new).await?;
        Ok(Response::new(subscription::to_wire(made)))
    }

    async fn get_subscription(
        &self,
        request: Request<wire::GetSubscriptionRequest>,
    ) -> CallAnswer<wire::Subscription> {
        let name = SubscriptionName::parse(&request.get_ref().subscription)?;
        Ok(Response::new(subscription::to_wire(self.pubsub.subscription(&name).await?)))
    }

    async fn update_subscription(
        &self,
        request: Request<wire::UpdateSubscriptionRequest>,
    ) -> CallAnswer<wire::Subscription> {
        let wire::UpdateSubscriptionRequest { subscription: said, update_mask } =
            request.into_inner();
        let said = required(said, "subscription")?;
        let name = SubscriptionName::parse(&said.name)?;
        let config = subscription::config_from(said)?;
        let mask = update_mask.unwrap_or_default().paths;
        let updated = self.pubsub.update_subscription(&name, config, mask).await?;
        Ok(Response::new(subscription::to_wire(updated)))
    }

    async fn list_subscriptions(
        &self,
        request: Request<wire::ListSubscriptionsRequest>,
    ) -> CallAnswer<wire::ListSubscriptionsResponse> {
        let wire::ListSubscriptionsRequest { project, page_size, page_token } =
            request.into_inner();
        let project = ProjectName::parse(&project)?;
        let page = ListAsked::new(page_size, &page_token)?;
        let page = self.pubsub.subscriptions(&project, page).await?;
        let (subscriptions, next_page_token) = page::entries(page, subscription::to_wire);
        Ok(Response::new(wire::ListSubscriptionsResponse { subscriptions, next_page_token }))
    }

    async fn delete_subscription(
        &self,
        request: Request<wire::DeleteSubscriptionRequest>,
    ) -> CallAnswer<EmptyMessage> {
        let name = SubscriptionName::parse(&request.get_ref().subscription)?;
        Ok(Response::new(self.pubsub.delete_subscription(&name).await?))
    }

    async fn modify_ack_deadline(
        &self,
        request: Request<wire::ModifyAckDeadlineRequest>,
    ) -> CallAnswer<EmptyMessage> {
        let wire::ModifyAckDeadlineRequest { subscription, ack_ids, ack_deadline_seconds } =
            request.into_inner();
        let name = SubscriptionName::parse(&subscription)?;
        let seconds = limits::lease_s(ack_deadline_seconds)?;
        let ack_ids = ack_ids.into_iter().map(|id| (id, seconds)).collect();
        Ok(Response::new(self.pubsub.modify_deadline(&name, ack_ids).await?))
    }

    async fn acknowledge(
        &self,
        request: Request<wire::AcknowledgeRequest>,
    ) -> CallAnswer<EmptyMessage> {
        let wire::AcknowledgeRequest { subscription, ack_ids } = request.into_inner();
        let name = SubscriptionName::parse(&subscription)?;
        Ok(Response::new(self.pubsub.acknowledge(&name, ack_ids).await?))
    }

    async fn pull(&self, request: Request<wire::PullRequest>) -> CallAnswer<wire::PullResponse> {
        #[expect(deprecated, reason = "clients still say so")]
        let is_immediate = request.get_ref().return_immediately;
        let wait = match is_immediate {
            true => Duration::ZERO,
            false => pull_wait(request.metadata(), self.pull_wait),
        };
        let name = SubscriptionName::parse(&request.get_ref().subscription)?;
        let messages_max = usize::try_from(request.get_ref().max_messages);
        let messages_max = messages_max.ok().filter(|max| *max > 0);
        let messages_max = required(messages_max, "max_messages")?;
        let mut stop = self.stop.clone();
        let pulled = tokio::select! {
            pulled = self.pubsub.pull(&name, messages_max, wait) => pulled?,
            () = stopping::wait(&mut stop) => return Err(stopping::status()),
        };
        let received_messages = pulled.into_iter().map(message::received_to).collect();
        Ok(Response::new(wire::PullResponse { received_messages }))
    }

    type StreamingPullStream = ResponseStream;

    async fn streaming_pull(
        &self,
        request: Request<Streaming<wire::StreamingPullRequest>>,
    ) -> CallAnswer<ResponseStream> {
        let stream = StreamingPull::new(self.pubsub.clone(), request.into_inner());
        Ok(Response::new(stream.start(self.stop.clone())))
    }

    async fn modify_push_config(
        &self,
        request: Request<wire::ModifyPushConfigRequest>,
    ) -> CallAnswer<EmptyMessage> {
        let wire::ModifyPushConfigRequest { subscription, push_config } = request.into_inner();
        let name = SubscriptionName::parse(&subscription)?;
        let push = push::config_from(required(push_config, "push_config")?);
        Ok(Response::new(self.pubsub.modify_push(&name, push).await?))
    }

    async fn get_snapshot(
        &self,
        request: Request<wire::GetSnapshotRequest>,
    ) -> CallAnswer<wire::Snapshot> {
        let name = SnapshotName::parse(&request.get_ref().snapshot)?;
        Ok(Response::new(snapshot::to_wire(self.pubsub.snapshot(&name).await?)))
    }

    async fn list_snapshots(
        &self,
        request: Request<wire::ListSnapshotsRequest>,
    ) -> CallAnswer<wire::ListSnapshotsResponse> {
        let wire::ListSnapshotsRequest { project, page_size, page_token } = request.into_inner();
        let project = ProjectName::parse(&project)?;
        let page = ListAsked::new(page_size, &page_token)?;
        let page = self.pubsub.snapshots(&project, page).await?;
        let (snapshots, next_page_token) = page::entries(page, snapshot::to_wire);
        Ok(Response::new(wire::ListSnapshotsResponse { snapshots, next_page_token }))
    }

    async fn create_snapshot(
        &self,
        request: Request<wire::CreateSnapshotRequest>,
    ) -> CallAnswer<wire::Snapshot> {
        let wire::CreateSnapshotRequest { name, subscription, labels, tags } = request.into_inner();
        super::convert::absent(tags.is_empty(), "tags")?;
        let subscription = SubscriptionName::parse(&subscription)?;
        let name = or_picked(&name, subscription.project())?;
        let made = self.pubsub.create_snapshot(name, &subscription, labels).await?;
        Ok(Response::new(snapshot::to_wire(made)))
    }

    async fn update_snapshot(
        &self,
        request: Request<wire::UpdateSnapshotRequest>,
    ) -> CallAnswer<wire::Snapshot> {
        let wire::UpdateSnapshotRequest { snapshot: said, update_mask } = request.into_inner();
        let mask = update_mask.unwrap_or_default().paths;
        let said = required(said, "snapshot")?;
        let (name, labels, expires_at) = snapshot::changes_from(said, &mask)?;
        let updated = self.pubsub.update_snapshot(&name, labels, expires_at).await?;
        Ok(Response::new(snapshot::to_wire(updated)))
    }

    async fn delete_snapshot(
        &self,
        request: Request<wire::DeleteSnapshotRequest>,
    ) -> CallAnswer<EmptyMessage> {
        let name = SnapshotName::parse(&request.get_ref().snapshot)?;
        Ok(Response::new(self.pubsub.delete_snapshot(&name).await?))
    }

    async fn seek(&self, request: Request<wire::SeekRequest>) -> CallAnswer<wire::SeekResponse> {
        let wire::SeekRequest { subscription, target } = request.into_inner();
        let name = SubscriptionName::parse(&subscription)?;
        self.pubsub.seek(&name, snapshot::target_from(target)?).await?;
        Ok(Response::new(wire::SeekResponse {}))
    }
}

/// How long a pull waits for messages.
fn pull_wait(metadata: &MetadataMap, wait_max: Duration) -> Duration {
    let deadline = metadata.get("grpc-timeout").and_then(|it| timeout_from(it.to_str().ok()?));
    let before = deadline.map(|deadline| deadline.saturating_sub(BEFORE_DEADLINE));
    before.map_or(wait_max, |before| before.min(wait_max))
}

/// A time as gRPC writes it: up to eight digits and a unit.
fn timeout_from(text: &str) -> Option<Duration> {
    let unit_at = text.len().checked_sub(1).filter(|at| (1..=8).contains(at))?;
    let (number, unit) = text.split_at_checked(unit_at)?;
    let number: u64 = number.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number.saturating_mul(3_600))),
        "M" => Some(Duration::from_secs(number.saturating_mul(60))),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pull_waits_until_shortly_before_the_clients_deadline() {
        let max = Duration::from_secs(90);
        let wait = |timeout: &'static str| {
            let mut metadata = MetadataMap::new();
            metadata.insert("grpc-timeout", timeout.parse().unwrap());
            pull_wait(&metadata, max)
        };
        for (timeout, ms) in [
            ("5S", 4_900),
            ("1M", 59_900),
            ("1H", 90_000),
            ("500m", 400),
            ("250000u", 150),
            ("99999999n", 0),
            ("5", 90_000),
            ("S", 90_000),
            ("-5S", 90_000),
            ("123456789S", 90_000),
        ] {
            assert_eq!(wait(timeout), Duration::from_millis(ms), "{timeout}");
        }
        assert_eq!(pull_wait(&MetadataMap::new(), max), max);
    }
}
