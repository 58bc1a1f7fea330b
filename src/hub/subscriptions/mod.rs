//! Live subscriptions: an actor each, on a thread of their own, made when somebody asks and gone when nobody has for
//! a while. The registry knows which there are, tells each what is published for it, and is the way to them.

mod handlers;
mod live;
mod loading;
mod machine;
pub mod messages;
mod registry;
mod settle;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor as _, Addr, ArbiterHandle, Handler, MailboxError, Message};
use tokio::sync::{Mutex, oneshot, watch};

use crate::domain::clock::{Clock, Timestamp};
use crate::domain::event::Event;
use crate::domain::news::News;
use crate::domain::pubsub::ack::DeliveryTag;
use crate::domain::pubsub::name::SubscriptionName;
use crate::domain::pubsub::refusal::{PubsubRefusal, PubsubStatus};
use crate::domain::pubsub::subscription::Subscription;
use crate::store::Store;
use crate::store::pubsub::seek::SeekPoint;
use crate::telemetry::Metrics;

use live::LiveSubscription;
pub use machine::ConsumerFlow;
use machine::ConsumerId;
use messages::{
    Acknowledge, CloseConsumer, Delivered, Extend, LookAgain, Most, OpenConsumer, PubsubAnswer,
    PubsubReply, PullOnce, Seek, SetFlow, StaleTags, StopDelivering, Take,
};
use registry::{Find, Registry};

/// The way to live subscriptions. Cheap to clone.
#[derive(Clone)]
pub struct Subscriptions {
    registry: Addr<Registry>,
    changes: watch::Receiver<u64>,
}

/// A consumer that takes messages again and again. What it holds when it is dropped comes again after its leases.
pub struct Consumer {
    id: ConsumerId,
    live: Addr<LiveSubscription>,
    /// As it was when the consumer came.
    pub subscription: Subscription,
    is_exactly_once: watch::Receiver<bool>,
    /// What was asked for last, until it is there.
    waiting: Mutex<Option<oneshot::Receiver<PubsubAnswer<Vec<Delivered>>>>>,
}

impl Subscriptions {
    /// Starts the registry on a thread.
    pub fn start(
        store: &Store,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
        (format_time, thread): (fn(Timestamp) -> String, &ArbiterHandle),
    ) -> Self {
        let (sender, changes) = watch::channel(0);
        let registry = Registry {
            store: store.clone(),
            clock,
            metrics,
            format_time,
            live: HashMap::new(),
            names: HashMap::new(),
            changes: sender,
            is_stopping: false,
        };
        let registry = Registry::start_in_arbiter(thread, move |_| registry);
        let follows = |news: &News| matches!(news.event, Event::Pubsub(_));
        store.follow(follows, registry.clone().recipient());
        Self { registry, changes }
    }

    /// Moves on whenever a subscription is made, changed or deleted.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.clone()
    }

    /// Gives nothing to anybody any more.
    pub async fn stop(&self) {
        if self.registry.send(StopDelivering).await.is_err() {
            log::debug!("subscriptions have ended before they were stopped");
        }
    }

    /// Waits until a subscription delivers by the settings that are stored now.
    pub async fn settled(&self, name: &SubscriptionName) {
        // One that is gone, or cannot be looked at, has nothing to settle.
        if let Ok(live) = self.find(name).await
            && live.send(LookAgain).await.is_err()
        {
            log::debug!("{name} has ended before it was looked at again");
        }
    }

    async fn find(&self, name: &SubscriptionName) -> PubsubAnswer<Addr<LiveSubscription>> {
        self.registry.send(Find(name.clone())).await.map_err(gone)?
    }

    /// Asks a live subscription; one that has just ended is started again.
    async fn ask<M, T>(
        &self,
        name: &SubscriptionName,
        message: impl Fn(PubsubReply<T>) -> M,
    ) -> PubsubAnswer<T>
    where
        M: Message<Result = ()> + Send + 'static,
        LiveSubscription: Handler<M>,
    {
        let mut tries = 0_u8;
        loop {
            let live = self.find(name).await?;
            let (reply, answer) = oneshot::channel();
            if live.send(message(reply)).await.is_ok() {
                return answer.await.unwrap_or_else(|_| Err(closed()));
            }
            tries = tries.saturating_add(1);
            if tries > 3 {
                return Err(closed());
            }
        }
    }

    /// Opens a consumer.
    ///
    /// # Errors
    /// Not found, failed precondition, unavailable.
    pub async fn open(
        &self,
        name: &SubscriptionName,
        flow: ConsumerFlow,
    ) -> PubsubAnswer<Consumer> {
        let mut tries = 0_u8;
        loop {
            let live = self.find(name).await?;
            match live.send(OpenConsumer(flow)).await {
                Ok(opened) => {
                    let (id, subscription, is_exactly_once) = opened?;
                    let waiting = Mutex::default();
                    return Ok(Consumer { id, live, subscription, is_exactly_once, waiting });
                }
                Err(error) if tries > 3 => return Err(gone(error)),
                Err(_) => tries = tries.saturating_add(1),
            }
        }
    }

    /// The next messages, once; none if there are none in time.
    ///
    /// # Errors
    /// As [`Subscriptions::open`].
    pub async fn pull(
        &self,
        name: &SubscriptionName,
        most: Most,
        wait: Duration,
    ) -> PubsubAnswer<Vec<Delivered>> {
        self.ask(name, |reply| PullOnce { most, wait, reply }).await
    }

    /// Acknowledges deliveries; which of them were over.
    ///
    /// # Errors
    /// As [`Subscriptions::open`]; resource exhausted.
    pub async fn acknowledge(
        &self,
        name: &SubscriptionName,
        tags: Vec<DeliveryTag>,
    ) -> PubsubAnswer<StaleTags> {
        self.ask(name, |reply| Acknowledge { tags: tags.clone(), reply }).await
    }

    /// Sets how long deliveries may still be held, zero to refuse them; which of them were over.
    ///
    /// # Errors
    /// As [`Subscriptions::acknowledge`].
    pub async fn extend(
        &self,
        name: &SubscriptionName,
        tags: Vec<(DeliveryTag, Duration)>,
    ) -> PubsubAnswer<StaleTags> {
        self.ask(name, |reply| Extend { tags: tags.clone(), reply }).await
    }

    /// Sets a subscription somewhere else.
    ///
    /// # Errors
    /// As [`Subscriptions::acknowledge`]; aborted, if another seek is under way.
    pub async fn seek(&self, name: &SubscriptionName, to: SeekPoint) -> PubsubAnswer<()> {
        self.ask(name, |reply| Seek { to, reply }).await
    }
}

impl Consumer {
    /// The next messages, once there are some. If the caller goes away meanwhile, what then comes is had by the next
    /// call.
    ///
    /// # Errors
    /// Not found, failed precondition, unavailable: nothing more comes.
    pub async fn take(&self, most: Most) -> PubsubAnswer<Vec<Delivered>> {
        let (live, consumer) = (&self.live, self.id);
        let mut held = self.waiting.lock().await;
        let waiting = held.get_or_insert_with(|| {
            let (reply, answer) = oneshot::channel();
            // Past the bound: once a consumer.
            live.do_send(Take { consumer, most, reply });
            answer
        });
        let answer = waiting.await;
        *held = None;
        answer.unwrap_or_else(|_| Err(closed()))
    }

    /// Asks for nothing any more; what has come already is given.
    ///
    /// # Errors
    /// As [`Consumer::take`].
    pub fn withdraw(&mut self) -> PubsubAnswer<Vec<Delivered>> {
        let Some(mut waiting) = self.waiting.get_mut().take() else { return Ok(Vec::new()) };
        waiting.close();
        // What was sent before is there; whoever sends later sees that nobody listens.
        waiting.try_recv().unwrap_or(Ok(Vec::new()))
    }

    /// Whether delivery is exactly once, at present.
    pub fn is_exactly_once(&self) -> bool {
        *self.is_exactly_once.borrow()
    }

    /// Changes what the consumer may hold.
    pub fn set_flow(&self, change: impl FnOnce(&mut ConsumerFlow) + Send + 'static) {
        self.live.do_send(SetFlow(self.id, Box::new(change)));
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        // Past the bound: once a consumer.
        self.live.do_send(CloseConsumer(self.id));
    }
}

fn gone(_: MailboxError) -> PubsubRefusal {
    closed()
}

fn closed() -> PubsubRefusal {
    PubsubRefusal::new(PubsubStatus::Unavailable, "the subscription is closed, try again")
}
