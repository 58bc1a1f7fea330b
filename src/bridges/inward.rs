//! One bridge that brings what is published to consoles or devices of an app.
//!
//! Messages come one after another. For a console that is not there, or is behind, they wait; what cannot be shown or sent
//! at all is given back, and what becomes of it then is the subscription's affair.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::bridger::BridgeTools;
use crate::domain::apps::console::ConsoleLine;
use crate::domain::apps::downstream::DATA_BYTES_MAX;
use crate::domain::error::Refusal;
use crate::domain::id::{AppId, SubscriptionId};
use crate::domain::pubsub::bridge::{Bridge, BridgeTarget};
use crate::domain::pubsub::message::PulledMessage;
use crate::domain::pubsub::name::SubscriptionName;
use crate::domain::pubsub::refusal::{PubsubRefusal, PubsubStatus};
use crate::service::apps::{BridgedFault, ConsolesState};
use crate::service::pubsub::{PullStream, StreamFlow};

/// Messages, and their bytes, that a bridge holds.
const HELD_MAX: u64 = 100;
const HELD_BYTES_MAX: u64 = 4_194_304;
/// How long it may hold them, and how often it says that it still does. When it ends, others wait so long for them.
const LEASE_S: u32 = 60;
const RENEWED_EVERY: Duration = Duration::from_secs(20);
/// Between two looks whether a console has come, or whether the store can write again.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Between two looks whether consoles have read, and how long that is waited for: then they are slow as any other.
const PACE_EVERY: Duration = Duration::from_millis(20);
const PACE_MAX: Duration = Duration::from_secs(10);
/// How long a message is tried that the store does not take.
const STORE_TRIED: Duration = Duration::from_secs(60);
/// How long nothing is tried after a failure: first, and at most, twice as long each time. Where the subscription says when
/// messages come again only so long that it is no hot loop, whatever it says.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(60)];
const PAUSES_OF_POLICY: [Duration; 2] = [Duration::from_millis(10), Duration::from_secs(1)];

/// The bridge, as its task has it.
pub struct Inward {
    pub tools: BridgeTools,
    pub bridge: Bridge,
    pub subscription: SubscriptionName,
    pub app: AppId,
    pub target: BridgeTarget,
}

/// Messages that a bridge has, in their order.
struct HeldMessages {
    subscription: SubscriptionId,
    messages: VecDeque<PulledMessage>,
    renewed: Instant,
    /// Brought, and not said so.
    done: Vec<String>,
    /// Times that messages came, since the last success, and some of them failed.
    failing: u32,
    /// Since when consoles have not read.
    behind: Option<Instant>,
    /// Moves on when the subscription may have changed.
    changes: watch::Receiver<u64>,
}

/// Whether there is anybody to bring a message to.
enum Hearing {
    Heard,
    /// No console is open.
    NotYet,
    /// Consoles have still to read what they were shown.
    Behind,
    /// The app is gone.
    Never,
}

/// Why a message is not brought.
enum Unbrought {
    /// It is no text that can be.
    Unfit,
    To(BridgedFault),
    /// The store has failed too long.
    Untaken(Refusal),
}

impl HeldMessages {
    fn new(subscription: SubscriptionId, changes: watch::Receiver<u64>) -> Self {
        let (messages, renewed, done) = (VecDeque::new(), Instant::now(), Vec::new());
        Self { subscription, messages, renewed, done, failing: 0, behind: None, changes }
    }

    /// How long nothing is tried now.
    fn rest(&self, [first, most]: [Duration; 2]) -> Duration {
        first.saturating_mul(2_u32.saturating_pow(self.failing)).min(most)
    }
}

impl Inward {
    /// Brings messages until it is dropped.
    pub async fn run(self) {
        loop {
            let refusal = match self.open().await {
                Ok(stream) => {
                    self.tools.runs(&self.bridge);
                    self.bring_all(&stream).await
                }
                Err(refusal) => refusal,
            };
            self.tools.waits(&self.bridge, &refusal).await;
        }
    }

    async fn open(&self) -> Result<PullStream, PubsubRefusal> {
        let flow = StreamFlow {
            messages_max: Some(HELD_MAX),
            bytes_max: Some(HELD_BYTES_MAX),
            lease: Duration::from_secs(LEASE_S.into()),
        };
        self.tools.pubsub.open_stream(&self.subscription, flow).await
    }

    /// Brings what comes of a stream, until it ends; why.
    async fn bring_all(&self, stream: &PullStream) -> PubsubRefusal {
        // Before the look at it, or a change in between would be passed over.
        let mut changes = self.tools.pubsub.changes();
        changes.mark_changed();
        let mut held = HeldMessages::new(stream.subscription().id, changes);
        loop {
            if let Err(refusal) = self.bring_some(stream, &mut held).await {
                return refusal;
            }
        }
    }

    /// Brings what comes next.
    async fn bring_some(
        &self,
        stream: &PullStream,
        held: &mut HeldMessages,
    ) -> Result<(), PubsubRefusal> {
        held.messages = self.next(stream, held).await?.into();
        held.renewed = Instant::now();
        let (mut failed, mut succeeded) = (false, false);
        while let Some(message) = held.messages.front().cloned() {
            self.renew(held).await;
            match self.bring(&message, held).await? {
                Ok(is_new) => {
                    self.brought(message, is_new, held);
                    succeeded = true;
                }
                Err(why) => {
                    self.give_back(stream, (&message, &why), held).await;
                    failed = true;
                }
            }
        }
        self.settle(held).await;
        if failed && !succeeded {
            held.failing = held.failing.saturating_add(1);
        }
        Ok(())
    }

    /// The next messages, once there are some.
    async fn next(
        &self,
        stream: &PullStream,
        held: &mut HeldMessages,
    ) -> Result<Vec<PulledMessage>, PubsubRefusal> {
        loop {
            tokio::select! {
                messages = stream.next() => return messages,
                Ok(()) = held.changes.changed() => self.look(held).await?,
            }
        }
    }

    /// Refuses if the subscription is not any more what the bridge may take from.
    async fn look(&self, held: &mut HeldMessages) -> Result<(), PubsubRefusal> {
        held.changes.mark_unchanged();
        let found = match self.tools.pubsub.subscription(&self.subscription).await {
            Ok(found) => found,
            Err(refusal) if refusal.status == PubsubStatus::NotFound => return Err(refusal),
            Err(refusal) => {
                log::debug!("{}: its subscription is not known: {refusal}", self.bridge.name);
                sleep(PACE_EVERY).await;
                held.changes.mark_changed();
                return Ok(());
            }
        };
        match found.config.push {
            Some(_) => Err(PubsubRefusal::precondition("messages are pushed to this subscription")),
            // Another one of the same name.
            None if found.id != held.subscription => {
                Err(PubsubRefusal::not_found(&self.subscription))
            }
            None => Ok(()),
        }
    }

    /// Shows or sends a message once it can be done; whether it waited still.
    async fn bring(
        &self,
        message: &PulledMessage,
        held: &mut HeldMessages,
    ) -> Result<Result<bool, Unbrought>, PubsubRefusal> {
        let Some(text) = text(message) else { return Ok(Err(Unbrought::Unfit)) };
        let begun = Instant::now();
        loop {
            let tried = match self.is_heard(held).await {
                Ok(Hearing::Heard) => {
                    self.try_bring((message, held.subscription), text.clone()).await
                }
                Ok(Hearing::NotYet) => {
                    self.hold(LOOK_EVERY, held).await?;
                    continue;
                }
                Ok(Hearing::Behind) => {
                    self.hold(PACE_EVERY, held).await?;
                    continue;
                }
                Ok(Hearing::Never) => Ok(Err(BridgedFault::NoApp)),
                Err(refusal) => Err(refusal),
            };
            match tried {
                Ok(brought) => return Ok(brought.map_err(Unbrought::To)),
                // That the store is busy is not the message's fault.
                Err(refusal) if refusal != Refusal::Busy && begun.elapsed() >= STORE_TRIED => {
                    return Ok(Err(Unbrought::Untaken(refusal)));
                }
                Err(refusal) => {
                    self.tools.fails(&self.bridge, ("store", untaken(&refusal)));
                    self.hold(LOOK_EVERY, held).await?;
                }
            }
        }
    }

    async fn is_heard(&self, held: &mut HeldMessages) -> Result<Hearing, Refusal> {
        let apps = &self.tools.apps;
        if self.target != BridgeTarget::Consoles {
            return Ok(Hearing::Heard);
        }
        let state = apps.consoles(self.app).await?;
        if state != ConsolesState::Behind {
            held.behind = None;
        }
        match state {
            ConsolesState::Ready => Ok(Hearing::Heard),
            ConsolesState::Behind => {
                let since = *held.behind.get_or_insert_with(Instant::now);
                Ok(if since.elapsed() < PACE_MAX { Hearing::Behind } else { Hearing::Heard })
            }
            ConsolesState::Absent if apps.lives(self.app).await? => Ok(Hearing::NotYet),
            ConsolesState::Absent => Ok(Hearing::Never),
        }
    }

    async fn try_bring(
        &self,
        (message, waits_for): (&PulledMessage, SubscriptionId),
        text: String,
    ) -> Result<Result<bool, BridgedFault>, Refusal> {
        let waiting = (waits_for, message.message.id);
        match &self.target {
            BridgeTarget::Consoles => {
                let (subscription, at) =
                    (self.subscription.clone(), message.message.published_at());
                let line = ConsoleLine::Published { subscription, at, data: text };
                self.tools.apps.show_published(self.app, line, waiting).await
            }
            devices => self.tools.apps.send_published((self.app, devices), text, waiting).await,
        }
    }

    /// Waits a moment, in which what is held stays so.
    async fn hold(&self, span: Duration, held: &mut HeldMessages) -> Result<(), PubsubRefusal> {
        self.settle(held).await;
        tokio::select! {
            () = sleep(span) => {}
            Ok(()) = held.changes.changed() => self.look(held).await?,
        }
        self.renew(held).await;
        Ok(())
    }

    /// Says of what is held that it still is, if it is time.
    async fn renew(&self, held: &mut HeldMessages) {
        if held.messages.is_empty() || held.renewed.elapsed() < RENEWED_EVERY {
            return;
        }
        held.renewed = Instant::now();
        let ids = held.messages.iter().map(|message| (message.ack_id.clone(), LEASE_S)).collect();
        let renewed = self.tools.pubsub.modify_deadline(&self.subscription, ids).await;
        self.note("held", renewed);
    }

    /// It is at its place; by somebody else, if it is not new.
    fn brought(&self, message: PulledMessage, is_new: bool, held: &mut HeldMessages) {
        held.messages.pop_front();
        held.done.push(message.ack_id);
        held.failing = 0;
        self.tools.metrics.bridges.delivered.inc_by(is_new.into());
        self.tools.runs(&self.bridge);
    }

    /// Gives a message back, and what is behind it in its order; then waits.
    async fn give_back(
        &self,
        stream: &PullStream,
        (message, why): (&PulledMessage, &Unbrought),
        held: &mut HeldMessages,
    ) {
        self.tools.fails(&self.bridge, said(why, message));
        self.settle(held).await;
        let (config, key) = (&stream.subscription().config, &message.message.draft.ordering_key);
        let is_behind = config.is_ordered && !key.is_empty();
        held.messages.pop_front();
        held.messages.retain(|other| !is_behind || other.message.draft.ordering_key != *key);
        let nack = vec![(message.ack_id.clone(), 0)];
        let given = self.tools.pubsub.modify_deadline(&self.subscription, nack).await;
        self.note("given back", given);
        let pauses = if config.retry.is_none() { PAUSES } else { PAUSES_OF_POLICY };
        self.pause(held.rest(pauses), held).await;
    }

    /// Waits so long, in which what is held stays so.
    async fn pause(&self, span: Duration, held: &mut HeldMessages) {
        let end = Instant::now() + span;
        while Instant::now() < end {
            sleep_until(end.min(Instant::now() + RENEWED_EVERY)).await;
            self.renew(held).await;
        }
    }

    /// Says of what was brought that it was: it is acknowledged already, and holds nobody up any more.
    async fn settle(&self, held: &mut HeldMessages) {
        let done = std::mem::take(&mut held.done);
        if !done.is_empty() {
            let settled = self.tools.pubsub.acknowledge(&self.subscription, done).await;
            self.note("acknowledged", settled);
        }
    }

    fn note(&self, what: &str, done: Result<(), PubsubRefusal>) {
        if let Err(refusal) = done {
            log::debug!("{}: messages could not be {what}: {refusal}", self.bridge.name);
        }
    }
}

/// The text of a message, if it is one that consoles and devices can get.
fn text(message: &PulledMessage) -> Option<String> {
    let text = std::str::from_utf8(&message.message.draft.data).ok()?;
    let is_good = (1..=DATA_BYTES_MAX).contains(&text.len()) && !text.contains('\0');
    is_good.then(|| text.to_owned())
}

fn untaken(refusal: &Refusal) -> String {
    format!("the store does not take it: {refusal:?}")
}

/// One word for why a message is not brought, and a text for people.
fn said(why: &Unbrought, message: &PulledMessage) -> (&'static str, String) {
    let id = message.message.id;
    match why {
        Unbrought::Unfit => (
            "unfit",
            format!("the data of message {id} are no text of 1 to {DATA_BYTES_MAX} bytes"),
        ),
        Unbrought::To(BridgedFault::NoApp) => ("no_app", "the app has been removed".to_owned()),
        Unbrought::To(BridgedFault::NoDevices) => {
            ("no_devices", "none of the devices is there, or their group is not".to_owned())
        }
        Unbrought::Untaken(refusal) => ("store", format!("message {id}: {}", untaken(refusal))),
    }
}
