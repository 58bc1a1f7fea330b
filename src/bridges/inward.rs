//! One bridge that brings what is published to consoles or devices of an app.
//!
//! Messages come one after another. For a console that is not there they wait; what cannot be shown or sent at all is
//! given back, and what becomes of it then is the subscription's affair.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::bridger::BridgeTools;
use crate::domain::apps::console::ConsoleLine;
use crate::domain::apps::downstream::DATA_BYTES_MAX;
use crate::domain::error::Refusal;
use crate::domain::id::{AppId, SubscriptionId};
use crate::domain::pubsub::bridge::{Bridge, BridgeTarget};
use crate::domain::pubsub::message::PulledMessage;
use crate::domain::pubsub::name::SubscriptionName;
use crate::domain::pubsub::refusal::PubsubRefusal;
use crate::service::apps::BridgedFault;
use crate::service::pubsub::{PullStream, StreamFlow};

/// Messages, and their bytes, that a bridge holds.
const HELD_MAX: u64 = 100;
const HELD_BYTES_MAX: u64 = 4_194_304;
/// How long it may hold them, and how often it says that it still does. When it ends, others wait so long for them.
const LEASE_S: u32 = 60;
const RENEWED_EVERY: Duration = Duration::from_secs(20);
/// Between two looks whether a console has come, or whether the store can write again.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long nothing is tried after a failure where the subscription does not say it: twice as long after each.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(60);

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
    /// Failures since the last success.
    failing: u32,
}

/// Whether there is anybody to bring a message to.
enum Hearing {
    Heard,
    /// No console is open.
    NotYet,
    /// The app is gone.
    Never,
}

/// Why a message is not brought.
enum Unbrought {
    /// It is no text that can be.
    Unfit,
    To(BridgedFault),
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
        let mut failing = 0;
        loop {
            let messages = match stream.next().await {
                Ok(messages) => messages.into(),
                Err(refusal) => return refusal,
            };
            let (renewed, done) = (Instant::now(), Vec::new());
            let subscription = stream.subscription().id;
            let mut held = HeldMessages { subscription, messages, renewed, done, failing };
            while let Some(message) = held.messages.front().cloned() {
                self.renew(&mut held).await;
                match self.bring(&message, &mut held).await {
                    Ok(()) => self.brought(message, &mut held),
                    Err(why) => self.give_back(stream, (&message, &why), &mut held).await,
                }
            }
            self.settle(&mut held).await;
            failing = held.failing;
        }
    }

    /// Shows or sends a message once it can be done.
    async fn bring(
        &self,
        message: &PulledMessage,
        held: &mut HeldMessages,
    ) -> Result<(), Unbrought> {
        let text = text(message).ok_or(Unbrought::Unfit)?;
        loop {
            let tried = match self.is_heard().await {
                Ok(Hearing::Heard) => {
                    self.try_bring((message, held.subscription), text.clone()).await
                }
                Ok(Hearing::NotYet) => {
                    self.hold(held).await;
                    continue;
                }
                Ok(Hearing::Never) => Ok(Err(BridgedFault::NoApp)),
                Err(refusal) => Err(refusal),
            };
            match tried {
                Ok(brought) => return brought.map_err(Unbrought::To),
                Err(refusal) => {
                    self.tools.fails(&self.bridge, ("store", untaken(&refusal)));
                    self.hold(held).await;
                }
            }
        }
    }

    async fn is_heard(&self) -> Result<Hearing, Refusal> {
        let apps = &self.tools.apps;
        match self.target {
            BridgeTarget::Consoles if apps.has_console(self.app).await? => Ok(Hearing::Heard),
            BridgeTarget::Consoles if apps.lives(self.app).await? => Ok(Hearing::NotYet),
            BridgeTarget::Consoles => Ok(Hearing::Never),
            BridgeTarget::AllDevices | BridgeTarget::DeviceGroup(_) | BridgeTarget::Devices(_) => {
                Ok(Hearing::Heard)
            }
        }
    }

    async fn try_bring(
        &self,
        (message, waits_for): (&PulledMessage, SubscriptionId),
        text: String,
    ) -> Result<Result<(), BridgedFault>, Refusal> {
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
    async fn hold(&self, held: &mut HeldMessages) {
        self.settle(held).await;
        sleep(LOOK_EVERY).await;
        self.renew(held).await;
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

    fn brought(&self, message: PulledMessage, held: &mut HeldMessages) {
        held.messages.pop_front();
        held.done.push(message.ack_id);
        held.failing = 0;
        self.tools.metrics.bridges.delivered.inc();
        self.tools.runs(&self.bridge);
    }

    /// Gives a message back, and what is behind it in its order; then waits, unless the subscription has its own way.
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
        if config.retry.is_none() {
            let pause = PAUSE_FIRST.saturating_mul(2_u32.saturating_pow(held.failing));
            held.failing = held.failing.saturating_add(1);
            self.pause(pause.min(PAUSE_MAX), held).await;
        }
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
    }
}
