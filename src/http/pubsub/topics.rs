//! Topics.

use super::json::{TopicJson, TopicUpdateJson, same_name};
use super::request::{RestAnswer, RestRequest, done, listed, page_of, said};
use super::route::TopicCall;
use super::{PubsubDoor, messages};
use crate::domain::pubsub::name::TopicName;
use crate::service::pubsub::{NewTopic, Pubsub};

/// Answers what is asked of topics.
pub(super) async fn answer(door: &PubsubDoor, call: TopicCall, asked: &RestRequest) -> RestAnswer {
    let pubsub = &door.pubsub;
    match call {
        TopicCall::Create(name) => create(pubsub, name, asked).await,
        TopicCall::Get(name) => said(&TopicJson::from(pubsub.topic(&name).await?)),
        TopicCall::Update(name) => update(pubsub, &name, asked).await,
        TopicCall::Delete(name) => {
            pubsub.delete_topic(&name).await?;
            done()
        }
        TopicCall::List(project) => {
            let page = pubsub.topics(&project, asked.page()?).await?;
            listed("topics", page_of::<_, TopicJson>(page))
        }
        TopicCall::ListSubscriptions(name) => {
            listed("subscriptions", pubsub.topic_subscriptions(&name, asked.page()?).await?)
        }
        TopicCall::ListSnapshots(name) => {
            listed("snapshots", pubsub.topic_snapshots(&name, asked.page()?).await?)
        }
        TopicCall::Publish(name) => messages::publish(pubsub, &name, asked).await,
    }
}

async fn create(pubsub: &Pubsub, name: TopicName, asked: &RestRequest) -> RestAnswer {
    let topic: TopicJson = asked.json()?;
    same_name("name", topic.name.as_deref(), &name)?;
    let config = topic.config()?;
    said(&TopicJson::from(pubsub.create_topic(NewTopic { name, config }).await?))
}

async fn update(pubsub: &Pubsub, name: &TopicName, asked: &RestRequest) -> RestAnswer {
    let update: TopicUpdateJson = asked.json()?;
    let mask = asked.mask(update.update_mask.as_deref());
    let topic = update.topic.unwrap_or_default();
    same_name("topic.name", topic.name.as_deref(), name)?;
    said(&TopicJson::from(pubsub.update_topic(name, topic.config()?, mask).await?))
}
