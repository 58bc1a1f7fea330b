//! Subscriptions as they are set.

use super::{NewSubscription, Pubsub, no_id, refusal};
use crate::domain::pubsub::endpoint::check_literal;
use crate::domain::pubsub::filter::Filter;
use crate::domain::pubsub::limits;
use crate::domain::pubsub::name::{ProjectName, SubscriptionName};
use crate::domain::pubsub::page::{ListAsked, ListPage};
use crate::domain::pubsub::refusal::PubsubRefusal;
use crate::domain::pubsub::snapshot::SeekTarget;
use crate::domain::pubsub::subscription::{PushConfig, Subscription, SubscriptionConfig};
use crate::hub::subscriptions::messages::PubsubAnswer;
use crate::store::pubsub::seek::SeekPoint;
use crate::store::pubsub::subscriptions::NewSubscriptionRow;
use crate::store::pubsub::{lookups, writes};

impl Pubsub {
    /// Makes a subscription to a topic: what is published from now on waits for it.
    ///
    /// # Errors
    /// Invalid argument; then already exists; then not found, of the topic and of that for dead letters.
    pub async fn create_subscription(&self, new: NewSubscription) -> PubsubAnswer<Subscription> {
        limits::check_subscription(&new.config)?;
        self.check_reach(new.config.push.as_ref())?;
        Filter::parse(&new.config.filter)?;
        let (id, now) = (self.mint.subscription().map_err(no_id)?, self.clock.now());
        let row = NewSubscriptionRow { id, name: new.name, config: new.config, now };
        let subscriptions_max = self.settings.subscriptions_max;
        let made = self.run(writes::create_subscription(row, new.topic, subscriptions_max)).await?;
        self.bridge_board.tell();
        Ok(made)
    }

    /// The subscription with a name.
    ///
    /// # Errors
    /// Not found.
    pub async fn subscription(&self, name: &SubscriptionName) -> PubsubAnswer<Subscription> {
        let found = self.read(lookups::subscription(name.clone())).await?;
        found.ok_or_else(|| PubsubRefusal::not_found(name))
    }

    /// Changes what a mask names of a subscription.
    ///
    /// # Errors
    /// Invalid argument, not found.
    pub async fn update_subscription(
        &self,
        name: &SubscriptionName,
        new: SubscriptionConfig,
        mask: Vec<String>,
    ) -> PubsubAnswer<Subscription> {
        let sets_push = mask.iter().any(|field| field.split('.').next() == Some("push_config"));
        self.check_reach(new.push.as_ref().filter(|_| sets_push))?;
        let now = self.clock.now();
        let changed = self.run(writes::update_subscription(name.clone(), new, mask, now)).await?;
        self.live.settled(name).await;
        Ok(changed)
    }

    /// Sets where a subscription pushes to; None: it is pulled from.
    ///
    /// # Errors
    /// Invalid argument, not found.
    pub async fn modify_push(
        &self,
        name: &SubscriptionName,
        push: Option<PushConfig>,
    ) -> PubsubAnswer<()> {
        self.check_reach(push.as_ref())?;
        self.run(writes::set_push(name.clone(), push, self.clock.now())).await?;
        self.live.settled(name).await;
        Ok(())
    }

    /// Refuses an endpoint that names an address to which nothing may be pushed.
    fn check_reach(&self, push: Option<&PushConfig>) -> PubsubAnswer<()> {
        push.map_or(Ok(()), |push| check_literal(&push.endpoint, self.settings.push_reach))
    }

    /// Deletes a subscription, with all that waits for it.
    ///
    /// # Errors
    /// Not found.
    pub async fn delete_subscription(&self, name: &SubscriptionName) -> PubsubAnswer<()> {
        self.run(writes::delete_subscription(name.clone())).await
    }

    /// Cuts a subscription off from its topic for good; nothing can be had from it any more.
    ///
    /// # Errors
    /// Not found.
    pub async fn detach(&self, name: &SubscriptionName) -> PubsubAnswer<()> {
        self.run(writes::detach(name.clone())).await?;
        self.live.settled(name).await;
        Ok(())
    }

    /// A page of the subscriptions of a project.
    ///
    /// # Errors
    /// As all.
    pub async fn subscriptions(
        &self,
        project: &ProjectName,
        page: ListAsked,
    ) -> PubsubAnswer<ListPage<Subscription>> {
        self.read(lookups::subscriptions(project.clone(), page)).await
    }

    /// Sets a subscription to a moment or a snapshot.
    ///
    /// # Errors
    /// Not found; failed precondition if it is detached, or the snapshot is of another topic; aborted if another seek
    /// is under way.
    pub async fn seek(&self, name: &SubscriptionName, target: SeekTarget) -> PubsubAnswer<()> {
        let subscription = self.subscription(name).await?;
        if subscription.detached {
            return Err(PubsubRefusal::precondition("the subscription is detached"));
        }
        let to = match target {
            SeekTarget::Time(time) => SeekPoint::Before(time.micros()),
            SeekTarget::Snapshot(snapshot) => {
                let snapshot = self.snapshot(&snapshot).await?;
                if snapshot.topic != subscription.topic {
                    let why = "the snapshot is of a subscription to another topic";
                    return Err(PubsubRefusal::precondition(why));
                }
                SeekPoint::Snapshot(snapshot.id)
            }
        };
        self.live.seek(name, to).await
    }

    /// How many messages wait for a subscription, and how many milliseconds the oldest of them.
    ///
    /// # Errors
    /// As all.
    pub async fn backlog(&self, subscription: &Subscription) -> PubsubAnswer<(i64, i64)> {
        let (count, oldest) = self.read(lookups::backlog_size(subscription.id)).await?;
        let now = self.clock.now().millis();
        let age = oldest.map_or(0, |oldest| now.saturating_sub(oldest.published_at().millis()));
        Ok((count, age.max(0)))
    }

    /// All subscriptions that push.
    ///
    /// # Errors
    /// As all.
    pub async fn pushed(&self) -> PubsubAnswer<Vec<Subscription>> {
        let all = self.store.read(lookups::all_subscriptions()).await.map_err(refusal)?;
        let pushes = |one: &Subscription| one.config.push.is_some() && !one.detached;
        Ok(all.into_iter().filter(pushes).collect())
    }

    /// Moves on whenever a subscription is made, changed, detached or deleted.
    pub fn changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.live.changes()
    }
}
