//! Subscriptions.

use super::json::{
    ModifyPushJson, PushConfigJson, SeekJson, SubscriptionJson, SubscriptionUpdateJson, same_name,
};
use super::request::{RestAnswer, RestRequest, done, listed, page_of, said};
use super::route::SubscriptionCall;
use super::{PubsubDoor, messages};
use crate::domain::pubsub::name::SubscriptionName;
use crate::service::pubsub::{NewSubscription, Pubsub};

/// Answers what is asked of subscriptions.
pub(super) async fn answer(
    door: &PubsubDoor,
    call: SubscriptionCall,
    asked: &RestRequest,
) -> RestAnswer {
    let pubsub = &door.pubsub;
    match call {
        SubscriptionCall::Create(name) => create(pubsub, name, asked).await,
        SubscriptionCall::Get(name) => {
            said(&SubscriptionJson::from(pubsub.subscription(&name).await?))
        }
        SubscriptionCall::Update(name) => update(pubsub, &name, asked).await,
        SubscriptionCall::Delete(name) => {
            pubsub.delete_subscription(&name).await?;
            done()
        }
        SubscriptionCall::List(project) => {
            let page = pubsub.subscriptions(&project, asked.page()?).await?;
            listed("subscriptions", page_of::<_, SubscriptionJson>(page))
        }
        SubscriptionCall::Pull(name) => messages::pull(door, &name, asked).await,
        SubscriptionCall::Acknowledge(name) => messages::acknowledge(pubsub, &name, asked).await,
        SubscriptionCall::ModifyAckDeadline(name) => {
            messages::modify_deadline(pubsub, &name, asked).await
        }
        SubscriptionCall::ModifyPush(name) => modify_push(pubsub, &name, asked).await,
        SubscriptionCall::Seek(name) => seek(pubsub, &name, asked).await,
        SubscriptionCall::Detach(name) => {
            pubsub.detach(&name).await?;
            done()
        }
    }
}

async fn create(pubsub: &Pubsub, name: SubscriptionName, asked: &RestRequest) -> RestAnswer {
    let subscription: SubscriptionJson = asked.json()?;
    same_name("name", subscription.name.as_deref(), &name)?;
    let new =
        NewSubscription { name, topic: subscription.topic()?, config: subscription.config()? };
    said(&SubscriptionJson::from(pubsub.create_subscription(new).await?))
}

async fn update(pubsub: &Pubsub, name: &SubscriptionName, asked: &RestRequest) -> RestAnswer {
    let update: SubscriptionUpdateJson = asked.json()?;
    let mask = asked.mask(update.update_mask.as_deref());
    let subscription = update.subscription.unwrap_or_default();
    same_name("subscription.name", subscription.name.as_deref(), name)?;
    let updated = pubsub.update_subscription(name, subscription.config()?, mask).await?;
    said(&SubscriptionJson::from(updated))
}

async fn modify_push(pubsub: &Pubsub, name: &SubscriptionName, asked: &RestRequest) -> RestAnswer {
    let modify: ModifyPushJson = asked.json()?;
    same_name("subscription", modify.subscription.as_deref(), name)?;
    let push = modify.push_config.map_or(Ok(None), PushConfigJson::config)?;
    pubsub.modify_push(name, push).await?;
    done()
}

async fn seek(pubsub: &Pubsub, name: &SubscriptionName, asked: &RestRequest) -> RestAnswer {
    let seek: SeekJson = asked.json()?;
    same_name("subscription", seek.subscription.as_deref(), name)?;
    pubsub.seek(name, seek.target()?).await?;
    done()
}
