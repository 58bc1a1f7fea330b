//! Messages: published, pulled, acknowledged.

use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use actix_web::HttpRequest;

use super::PubsubDoor;
use super::json::{
    AckDeadlineJson, AcksJson, PublishJson, PublishedJson, PullJson, PulledJson, same_name,
};
use super::request::{RestAnswer, RestRequest, done, said};
use crate::domain::pubsub::limits;
use crate::domain::pubsub::name::{SubscriptionName, TopicName};
use crate::http::connection::ConnectionState;
use crate::service::pubsub::Pubsub;

pub(super) async fn publish(pubsub: &Pubsub, name: &TopicName, asked: &RestRequest) -> RestAnswer {
    let publish: PublishJson = asked.json()?;
    same_name("topic", publish.topic.as_deref(), name)?;
    said(&PublishedJson::from(pubsub.publish(name, publish.drafts()).await?))
}

/// Waits until there is something, the time is over, or the peer has gone, who would not get it.
pub(super) async fn pull(
    door: &PubsubDoor,
    name: &SubscriptionName,
    asked: &RestRequest,
) -> RestAnswer {
    let pull: PullJson = asked.json()?;
    same_name("subscription", pull.subscription.as_deref(), name)?;
    let messages_max = limits::pulled_max(pull.max_messages.unwrap_or_default().0)?;
    let wait = match pull.return_immediately {
        Some(true) => Duration::ZERO,
        Some(false) | None => asked.patience(door.settings.pull_wait()),
    };
    let messages = tokio::select! {
        biased;
        pulled = door.pubsub.pull(name, messages_max, wait) => pulled?,
        () = gone(&asked.head) => Vec::new(),
    };
    said(&PulledJson::from(messages))
}

/// Waits for the end of what a peer sends.
async fn gone(request: &HttpRequest) {
    match request.conn_data::<Rc<ConnectionState>>() {
        Some(connection) => connection.gone().await,
        None => pending().await,
    }
}

pub(super) async fn acknowledge(
    pubsub: &Pubsub,
    name: &SubscriptionName,
    asked: &RestRequest,
) -> RestAnswer {
    let acks: AcksJson = asked.json()?;
    same_name("subscription", acks.subscription.as_deref(), name)?;
    pubsub.acknowledge(name, acks.ack_ids.unwrap_or_default()).await?;
    done()
}

pub(super) async fn modify_deadline(
    pubsub: &Pubsub,
    name: &SubscriptionName,
    asked: &RestRequest,
) -> RestAnswer {
    let modify: AckDeadlineJson = asked.json()?;
    same_name("subscription", modify.subscription.as_deref(), name)?;
    let seconds = limits::lease_s(modify.ack_deadline_seconds.unwrap_or_default().0)?;
    let ids = modify.ack_ids.unwrap_or_default().into_iter();
    pubsub.modify_deadline(name, ids.map(|id| (id, seconds)).collect()).await?;
    done()
}
