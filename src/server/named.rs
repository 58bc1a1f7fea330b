//! Topics and subscriptions of the settings, which are there before anybody can ask for them.

use super::StartError;
use crate::domain::pubsub::refusal::{PubsubRefusal, PubsubStatus};
use crate::http::pubsub::Settings;
use crate::service::pubsub::{NewSubscription, NewTopic, Pubsub};

/// Makes what is not there. What is there is left alone, and if it differs that is logged.
///
/// # Errors
/// [`StartError::Pubsub`].
pub(super) async fn make(pubsub: &Pubsub, settings: &Settings) -> Result<(), StartError> {
    for topic in settings.new_topics() {
        let name = topic.name.clone();
        let refused = refusal("pubsub.topics", name.to_string());
        self::topic(pubsub, topic).await.map_err(refused)?;
    }
    for subscription in settings.new_subscriptions() {
        let name = subscription.name.clone();
        let refused = refusal("pubsub.subscriptions", name.to_string());
        self::subscription(pubsub, subscription).await.map_err(refused)?;
    }
    Ok(())
}

fn refusal(setting: &'static str, name: String) -> impl FnOnce(PubsubRefusal) -> StartError {
    move |refusal| StartError::Pubsub { setting, name, refusal }
}

async fn topic(pubsub: &Pubsub, new: NewTopic) -> Result<(), PubsubRefusal> {
    let (name, config) = (new.name.clone(), new.config.clone());
    match pubsub.create_topic(new).await {
        Err(refusal) if refusal.status == PubsubStatus::AlreadyExists => {
            if pubsub.topic(&name).await?.config != config {
                log::warn!(
                    "{name} is there and is not as pubsub.topics has it: it is left as it is"
                );
            }
            Ok(())
        }
        made => made.map(drop),
    }
}

async fn subscription(pubsub: &Pubsub, new: NewSubscription) -> Result<(), PubsubRefusal> {
    let (name, topic, config) = (new.name.clone(), new.topic.clone(), new.config.clone());
    match pubsub.create_subscription(new).await {
        Err(refusal) if refusal.status == PubsubStatus::AlreadyExists => {
            let there = pubsub.subscription(&name).await?;
            if there.config != config || there.topic_name != Some(topic) {
                log::warn!(
                    "{name} is there and is not as pubsub.subscriptions has it: it is left as it is"
                );
            }
            Ok(())
        }
        made => made.map(drop),
    }
}
