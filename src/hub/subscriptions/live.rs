//! One live subscription: an actor round the machine. It loads what waits, gives it to those who ask, and has the store
//! note what becomes of it; it ends when nobody has asked for a while.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use actix::{
    Actor, ActorContext as _, ActorFutureExt as _, AsyncContext as _, Context, SpawnHandle,
    WrapFuture as _,
};
use tokio::sync::watch;

use super::machine::{ConsumerFlow, ConsumerId, DeliveryMachine, DeliveryRules, Grant};
use super::messages::{Delivered, Most, PubsubAnswer, PubsubReply};
use super::registry::{SubscriptionEnded, SubscriptionParts};
use crate::domain::id::PublishedId;
use crate::domain::pubsub::ack::DeliveryTag;
use crate::domain::pubsub::message::PublishedMessage;
use crate::domain::pubsub::refusal::{PubsubRefusal, PubsubStatus};
use crate::domain::pubsub::subscription::Subscription;
use crate::store::pubsub::{lookups, writes};

/// How long nobody may have asked until the actor ends.
const IDLE_MAX: Duration = Duration::from_secs(30);
/// How often it is noted that a subscription is of use.
const TOUCH_INTERVAL: Duration = Duration::from_secs(3_600);
/// How many of a key may be out at once, pulled and pushed.
const KEY_WINDOW: usize = 100;
const KEY_WINDOW_PUSH: usize = 1;

/// One who waits for messages.
pub(super) struct WaitingTake {
    pub consumer: ConsumerId,
    pub most: Most,
    /// Until when, if not for ever; then the consumer is one of this take alone.
    pub until: Option<Duration>,
    pub reply: PubsubReply<Vec<Delivered>>,
}

pub(super) struct LiveSubscription {
    pub parts: SubscriptionParts,
    pub subscription: Subscription,
    /// Tells consumers, too.
    pub is_exactly_once: watch::Sender<bool>,
    pub machine: DeliveryMachine,
    pub takes: VecDeque<WaitingTake>,
    pub loaded: HashMap<PublishedId, Arc<PublishedMessage>>,
    pub loaded_bytes: usize,
    /// A look into the store is under way; `missed` if something came that it may not see.
    pub is_loading: bool,
    pub missed: bool,
    pub is_seeking: bool,
    next_consumer: u64,
    timer: Option<(Duration, SpawnHandle)>,
    asked_at: Duration,
    touched_at: Option<Duration>,
    pub warned_at: Option<Duration>,
}

impl LiveSubscription {
    /// A live subscription of which nothing is loaded yet.
    pub fn new(parts: SubscriptionParts, subscription: Subscription) -> Self {
        let born = u64::try_from(parts.clock.now().micros()).unwrap_or_default();
        let asked_at = parts.clock.steady();
        Self {
            machine: DeliveryMachine::new(rules(&subscription), born),
            is_exactly_once: watch::Sender::new(subscription.config.is_exactly_once),
            parts,
            subscription,
            takes: VecDeque::new(),
            loaded: HashMap::new(),
            loaded_bytes: 0,
            is_loading: false,
            missed: false,
            is_seeking: false,
            next_consumer: 0,
            timer: None,
            asked_at,
            touched_at: None,
            warned_at: None,
        }
    }

    /// The time of the machine.
    pub fn now(&self) -> Duration {
        self.parts.clock.steady()
    }

    /// Why nothing can be had, if so.
    pub fn refuses(&self) -> PubsubAnswer<()> {
        match self.subscription.detached {
            true => Err(PubsubRefusal::precondition("the subscription is detached")),
            false => Ok(()),
        }
    }

    /// Opens a consumer.
    pub fn open(&mut self, flow: ConsumerFlow) -> ConsumerId {
        let id = ConsumerId(self.next_consumer);
        self.next_consumer = self.next_consumer.saturating_add(1);
        self.machine.open(id, flow);
        id
    }

    /// Somebody has asked for something.
    pub fn is_asked(&mut self) {
        self.asked_at = self.now();
    }

    /// Gives to those who wait what can be given, loads more if they want it, and sets the timer.
    pub fn pump(&mut self, ctx: &mut Context<Self>) {
        let now = self.now();
        let mut waiting = std::mem::take(&mut self.takes);
        while let Some(take) = waiting.pop_front() {
            if let Some(take) = self.serve(take, now, ctx) {
                self.takes.push_back(take);
            }
        }
        let may_load = !self.takes.is_empty() && !self.is_loading && !self.is_seeking;
        if may_load && let Some(after) = self.machine.wants_page() {
            self.load(after, ctx);
        }
        self.set_timer(ctx);
    }

    /// Gives one what there is; it is given back if it has to wait.
    fn serve(
        &mut self,
        take: WaitingTake,
        now: Duration,
        ctx: &mut Context<Self>,
    ) -> Option<WaitingTake> {
        if take.reply.is_closed() {
            self.finish(&take);
            return None;
        }
        let most = (take.most.messages, take.most.bytes);
        let grants = match self.is_seeking {
            true => Vec::new(),
            false => self.machine.take(take.consumer, now, most),
        };
        if !grants.is_empty() {
            self.hand_over(take, grants, ctx);
            return None;
        }
        // What is being loaded may be for it.
        let may_come = self.is_loading || self.machine.wants_page().is_some();
        if take.until.is_some_and(|until| until <= now) && !may_come {
            self.finish(&take);
            drop(take.reply.send(Ok(Vec::new())));
            return None;
        }
        Some(take)
    }

    /// Ends a consumer that was there for one take alone.
    pub fn finish(&mut self, take: &WaitingTake) {
        if take.until.is_some() {
            self.machine.close(take.consumer);
        }
    }

    /// Answers with messages, of which some may still have to be loaded.
    fn hand_over(&mut self, take: WaitingTake, grants: Vec<Grant>, ctx: &mut Context<Self>) {
        let missing: Vec<PublishedId> = grants
            .iter()
            .map(|grant| grant.id)
            .filter(|id| !self.loaded.contains_key(id))
            .collect();
        if missing.is_empty() {
            self.answer(take, &grants);
            return;
        }
        let store = self.parts.store.clone();
        let load = async move { store.read(lookups::messages(missing)).await };
        let loaded = load.into_actor(self).map(move |found, actor, ctx| {
            match found {
                Ok(found) => {
                    found.into_values().for_each(|message| actor.keep(message));
                    actor.answer(take, &grants);
                }
                Err(error) => {
                    grants.iter().for_each(|grant| actor.machine.give_back(grant.id));
                    actor.finish(&take);
                    drop(take.reply.send(Err(fault(&error))));
                }
            }
            actor.pump(ctx);
        });
        ctx.spawn(loaded);
    }

    fn answer(&mut self, take: WaitingTake, grants: &[Grant]) {
        let counts = self.subscription.config.dead_letter.is_some();
        let mut delivered = Vec::with_capacity(grants.len());
        for grant in grants {
            let Some(message) = self.unload(grant.id) else {
                // It was too old, and has been swept.
                self.machine.acked(grant.id);
                continue;
            };
            let tag = DeliveryTag {
                subscription: self.subscription.id,
                message: grant.id,
                number: grant.number,
            };
            let attempt = counts.then(|| grant.failures.saturating_add(1));
            delivered.push(Delivered { tag, message, attempt });
        }
        if delivered.is_empty() {
            self.takes.push_back(take);
            return;
        }
        let ids: Vec<PublishedId> =
            delivered.iter().map(|delivered| delivered.tag.message).collect();
        self.finish(&take);
        match take.reply.send(Ok(delivered)) {
            Ok(()) => self.parts.metrics.pubsub.delivered(ids.len()),
            // Whoever asked has gone, and has not seen them.
            Err(_) => ids.into_iter().for_each(|id| self.machine.give_back(id)),
        }
    }

    /// Keeps a message until somebody takes it.
    pub fn keep(&mut self, message: Arc<PublishedMessage>) {
        self.loaded_bytes = self.loaded_bytes.saturating_add(message.draft.bytes());
        self.loaded.insert(message.id, message);
    }

    /// A message is not wanted any more.
    pub fn forget(&mut self, id: PublishedId) {
        drop(self.unload(id));
    }

    fn unload(&mut self, id: PublishedId) -> Option<Arc<PublishedMessage>> {
        let message = self.loaded.remove(&id)?;
        self.loaded_bytes = self.loaded_bytes.saturating_sub(message.draft.bytes());
        Some(message)
    }

    /// Forgets what is loaded and who holds it.
    pub fn reset(&mut self) {
        self.machine.reset();
        self.loaded.clear();
        self.loaded_bytes = 0;
        self.missed = true;
    }

    /// Sees to it that what is due is done then.
    fn set_timer(&mut self, ctx: &mut Context<Self>) {
        let until = self.takes.iter().filter_map(|take| take.until).min();
        let idle = match self.machine.is_idle() && self.takes.is_empty() {
            true => self.asked_at.saturating_add(IDLE_MAX),
            false => self.touched_at.unwrap_or_default().saturating_add(TOUCH_INTERVAL),
        };
        let due = [until, self.machine.next_due(), Some(idle)].into_iter().flatten().min();
        let Some(due) = due else { return };
        if self.timer.as_ref().is_some_and(|(set, _)| *set <= due) {
            return;
        }
        if let Some((_, handle)) = self.timer.take() {
            ctx.cancel_future(handle);
        }
        let handle = ctx.run_later(due.saturating_sub(self.now()), Self::wake);
        self.timer = Some((due, handle));
    }

    fn wake(&mut self, ctx: &mut Context<Self>) {
        self.timer = None;
        let now = self.now();
        if self.machine.is_idle()
            && self.takes.is_empty()
            && self.asked_at.saturating_add(IDLE_MAX) <= now
        {
            ctx.stop();
            return;
        }
        let failed = self.machine.expire(now);
        self.note(failed, None, ctx);
        self.touch(ctx);
        self.pump(ctx);
    }

    /// Notes, now and then, that the subscription is of use.
    pub fn touch(&mut self, ctx: &mut Context<Self>) {
        let now = self.now();
        let is_due = self.touched_at.is_none_or(|at| at.saturating_add(TOUCH_INTERVAL) <= now);
        if !is_due || !self.machine.has_consumers() {
            return;
        }
        self.touched_at = Some(now);
        let (store, id) = (self.parts.store.clone(), self.subscription.id);
        let touch = writes::touch(id, self.parts.clock.now());
        ctx.spawn(async move { store.run(touch).await }.into_actor(self).map(|done, _, _| {
            if let Err(error) = done {
                log::warn!("it was not noted that a subscription is of use: {error}");
            }
        }));
    }

    /// The settings are these now.
    pub fn set(&mut self, subscription: Subscription) {
        self.machine.set_rules(rules(&subscription));
        self.is_exactly_once.send_replace(subscription.config.is_exactly_once);
        self.subscription = subscription;
    }

    /// Nobody gets anything any more.
    pub fn end(&mut self, refusal: &PubsubRefusal) {
        for take in std::mem::take(&mut self.takes) {
            self.finish(&take);
            drop(take.reply.send(Err(refusal.clone())));
        }
    }
}

fn rules(subscription: &Subscription) -> DeliveryRules {
    let config = &subscription.config;
    DeliveryRules {
        is_ordered: config.is_ordered,
        is_exactly_once: config.is_exactly_once,
        key_window: if config.push.is_some() { KEY_WINDOW_PUSH } else { KEY_WINDOW },
        retry: config.retry.clone(),
        attempts_max: config.dead_letter.as_ref().map(|policy| policy.attempts_max),
    }
}

/// What a fault of the store is for whoever asked.
pub(super) fn fault(error: &crate::store::StoreError) -> PubsubRefusal {
    if error.is_busy() {
        return PubsubRefusal::new(PubsubStatus::ResourceExhausted, "busy, try again");
    }
    log::error!("the store failed: {error}");
    PubsubRefusal::new(PubsubStatus::Unavailable, "the store is unavailable")
}

impl Actor for LiveSubscription {
    type Context = Context<Self>;

    fn stopped(&mut self, _: &mut Context<Self>) {
        self.end(&PubsubRefusal::new(PubsubStatus::Unavailable, "the subscription is closed"));
        // Past the bound: each is told of once.
        self.parts.registry.do_send(SubscriptionEnded(self.subscription.id));
    }
}
