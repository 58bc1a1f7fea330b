//! Which subscriptions are live: the registry makes them, tells each what is published for it, and forgets those that have ended.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use actix::{
    Actor, ActorFutureExt as _, Addr, AsyncContext as _, Context, Handler, Message,
    ResponseActFuture, WrapFuture as _,
};
use tokio::sync::watch;

use super::closed;
use super::live::{LiveSubscription, fault};
use super::messages::{Arrived, LookAgain, PubsubAnswer, StopDelivering};
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::event::Event;
use crate::domain::id::SubscriptionId;
use crate::domain::pubsub::event::PubsubEvent;
use crate::domain::pubsub::name::SubscriptionName;
use crate::domain::pubsub::refusal::PubsubRefusal;
use crate::domain::pubsub::subscription::Subscription;
use crate::store::pubsub::lookups;
use crate::store::{FollowedNews, Store};
use crate::telemetry::Metrics;

/// How often it is measured how much waits.
const MEASURE_INTERVAL: Duration = Duration::from_secs(15);

/// What a live subscription works with.
#[derive(Clone)]
pub(in crate::hub) struct SubscriptionParts {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub metrics: Metrics,
    /// How a time is written into the attributes of a dead letter.
    pub format_time: fn(Timestamp) -> String,
    pub registry: Addr<Registry>,
}

/// Knows the live subscriptions.
pub(super) struct Registry {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub metrics: Metrics,
    pub format_time: fn(Timestamp) -> String,
    pub live: HashMap<SubscriptionId, Addr<LiveSubscription>>,
    /// Whose name is known to be theirs still.
    pub names: HashMap<SubscriptionName, SubscriptionId>,
    pub changes: watch::Sender<u64>,
    pub is_stopping: bool,
}

/// The live subscription with a name.
#[derive(Message)]
#[rtype(result = "PubsubAnswer<Addr<LiveSubscription>>")]
pub(super) struct Find(pub SubscriptionName);

/// A live subscription has ended.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct SubscriptionEnded(pub SubscriptionId);

impl Actor for Registry {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.run_interval(MEASURE_INTERVAL, Self::measure);
    }
}

impl Registry {
    /// Finds out how much waits, for the metrics.
    fn measure(&mut self, ctx: &mut Context<Self>) {
        let store = self.store.clone();
        let total = async move { store.read(lookups::backlog_total()).await };
        ctx.spawn(total.into_actor(self).map(|total, registry, _| match total {
            Ok((count, oldest)) => {
                let now = registry.clock.now().millis();
                let age_ms =
                    oldest.map_or(0, |oldest| now.saturating_sub(oldest.published_at().millis()));
                registry.metrics.pubsub.backlog(count, age_ms.max(0).div_euclid(1_000));
            }
            Err(error) => log::debug!("the backlog was not measured: {error}"),
        }));
    }

    fn live_of(
        &mut self,
        subscription: Subscription,
        registry: Addr<Self>,
    ) -> Addr<LiveSubscription> {
        let (id, name) = (subscription.id, subscription.name.clone());
        let parts = SubscriptionParts {
            store: self.store.clone(),
            clock: Arc::clone(&self.clock),
            metrics: self.metrics.clone(),
            format_time: self.format_time,
            registry,
        };
        let made = || LiveSubscription::new(parts, subscription).start();
        let live = self.live.entry(id).or_insert_with(made).clone();
        self.names.insert(name, id);
        live
    }
}

impl Handler<Find> for Registry {
    type Result = ResponseActFuture<Self, PubsubAnswer<Addr<LiveSubscription>>>;

    fn handle(&mut self, Find(name): Find, _: &mut Context<Self>) -> Self::Result {
        if self.is_stopping {
            return Box::pin(actix::fut::ready(Err(closed())));
        }
        let live =
            self.names.get(&name).and_then(|id| self.live.get(id)).filter(|live| live.connected());
        if let Some(live) = live {
            return Box::pin(actix::fut::ready(Ok(live.clone())));
        }
        let (store, wanted) = (self.store.clone(), name.clone());
        let found = async move { store.read(lookups::subscription(wanted)).await };
        Box::pin(found.into_actor(self).map(move |found, registry, ctx| match found {
            Ok(Some(subscription)) => {
                registry.live.retain(|_, live| live.connected());
                Ok(registry.live_of(subscription, ctx.address()))
            }
            Ok(None) => Err(PubsubRefusal::not_found(&name)),
            Err(error) => Err(fault(&error)),
        }))
    }
}

impl Handler<FollowedNews> for Registry {
    type Result = ();

    fn handle(&mut self, FollowedNews(news): FollowedNews, _: &mut Context<Self>) {
        for news in news {
            match news.event {
                Event::Pubsub(PubsubEvent::Published { messages, waiting }) => {
                    for (id, some) in waiting {
                        if let Some(live) = self.live.get(&id) {
                            live.do_send(Arrived { messages: Arc::clone(&messages), some });
                        }
                    }
                }
                Event::Pubsub(PubsubEvent::Changed(id)) => {
                    // Its name may be another's by now.
                    self.names.retain(|_, named| *named != id);
                    if let Some(live) = self.live.get(&id) {
                        live.do_send(LookAgain);
                    }
                    self.changes.send_modify(|count| *count = count.wrapping_add(1));
                }
                Event::Accounts(_) | Event::Chat(_) | Event::Apps(_) => {}
            }
        }
    }
}

impl Handler<SubscriptionEnded> for Registry {
    type Result = ();

    fn handle(&mut self, SubscriptionEnded(id): SubscriptionEnded, _: &mut Context<Self>) {
        // Another may have been started under the same id meanwhile.
        if self.live.get(&id).is_some_and(|live| !live.connected()) {
            self.live.remove(&id);
            self.names.retain(|_, named| *named != id);
        }
    }
}

impl Handler<StopDelivering> for Registry {
    type Result = ();

    fn handle(&mut self, stop: StopDelivering, _: &mut Context<Self>) {
        self.is_stopping = true;
        for live in self.live.values() {
            live.do_send(stop);
        }
    }
}
