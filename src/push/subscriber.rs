//! The pushes of one subscription.

use std::pin::Pin;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::time::{Sleep, sleep, timeout};

use super::client::{AnswerRest, PushClient};
use super::credential::PushCredential;
use super::pace::{PushPace, PushRound};
use super::request;
use crate::domain::pubsub::endpoint::shown;
use crate::domain::pubsub::message::PulledMessage;
use crate::domain::pubsub::refusal::{PubsubRefusal, PubsubStatus};
use crate::domain::pubsub::subscription::Subscription;
use crate::service::pubsub::{
    Pubsub, PullStream, PushIdentity, PushOutcome, PushState, PushStates,
};
use crate::telemetry::Metrics;

/// By how much a lease is longer than a push may take: so it is the push that ends first.
const LEASE_MARGIN: Duration = Duration::from_secs(5);
/// Until a subscription is asked again whose messages could not be had.
const REOPEN: Duration = Duration::from_secs(1);
/// How long pushes that are under way may take at the end.
const PATIENCE: Duration = Duration::from_secs(1);
/// So many failures in a row are told in the log, one by one; from then on each hundredth.
const TOLD_FAILURES: u64 = 3;
const TOLD_EACH: u64 = 100;

/// What all pushes are made with.
#[derive(Clone)]
pub struct PushTools {
    pub pubsub: Pubsub,
    pub client: PushClient,
    pub identity: PushIdentity,
    pub states: PushStates,
    pub metrics: Metrics,
}

/// One subscription, as its task has it.
pub struct Subscriber {
    tools: PushTools,
    /// As it is now. The end of the way is the end of the task.
    subscription: watch::Receiver<Subscription>,
    credential: PushCredential,
    pace: PushPace,
    /// While it lasts nothing is begun.
    pause: Option<Pin<Box<Sleep>>>,
}

/// How far a push has come.
enum PushStep {
    /// There is an answer, or none will come.
    Sent(SentPush),
    /// What came of it has been noted where the message is kept.
    Noted(PushOutcome),
}

/// A push that is over, of which nothing has been noted.
struct SentPush {
    ack_id: String,
    outcome: PushOutcome,
    rest: AnswerRest,
    round: PushRound,
}

type PushesUnderWay = FuturesUnordered<LocalBoxFuture<'static, PushStep>>;

impl Subscriber {
    /// The pushes of the subscription at the end of a way.
    pub fn new(tools: PushTools, subscription: watch::Receiver<Subscription>) -> Self {
        let (credential, pace) = (PushCredential::default(), PushPace::default());
        Self { tools, subscription, credential, pace, pause: None }
    }

    /// Pushes until the way of the subscription ends.
    pub async fn run(mut self) {
        let mut under_way = PushesUnderWay::new();
        while let Some(mut stream) = self.opened().await {
            self.pushed(&mut stream, &mut under_way).await;
        }
        let rest = async {
            while let Some(step) = under_way.next().await {
                if let PushStep::Sent(sent) = step {
                    under_way.push(self.note(sent));
                }
            }
        };
        drop(timeout(PATIENCE, rest).await);
        self.tools.states.leave(&self.subscription.borrow().name);
    }

    /// The messages; None once nobody wants them pushed any more.
    async fn opened(&mut self) -> Option<PullStream> {
        loop {
            let name = self.subscription.borrow().name.clone();
            // The owner has gone: nothing is opened any more.
            self.subscription.has_changed().ok()?;
            match self.tools.pubsub.open_push(&name).await {
                Ok(stream) => return Some(stream),
                Err(refusal) => log::debug!("{name} cannot be pushed: {refusal}"),
            }
            if let Ok(changed) = timeout(REOPEN, self.subscription.changed()).await {
                changed.ok()?;
            }
        }
    }

    /// Pushes what comes of a stream, until it ends or nobody wants it.
    async fn pushed(&mut self, stream: &mut PullStream, under_way: &mut PushesUnderWay) {
        self.adopt(stream);
        loop {
            stream.set_window(self.pace.window());
            let is_pausing = self.pause.is_some();
            tokio::select! {
                step = under_way.next(), if !under_way.is_empty() => match step {
                    Some(PushStep::Sent(sent)) => {
                        if self.pauses_after(&sent) {
                            // What has come in this moment is sent, so that nothing is leased that lies here.
                            match stream.withdraw() {
                                Ok(messages) => self.begin(messages, under_way).await,
                                Err(refusal) => return self.ended(&refusal),
                            }
                        }
                        // Only now: given back earlier, the message would come at once.
                        under_way.push(self.note(sent));
                    }
                    Some(PushStep::Noted(outcome)) => self.settle(outcome),
                    None => {}
                },
                // While it pauses nobody asks.
                taken = stream.next(), if !is_pausing => match taken {
                    Ok(messages) => self.begin(messages, under_way).await,
                    Err(refusal) => return self.ended(&refusal),
                },
                () = end_of(&mut self.pause) => self.pause = None,
                changed = self.subscription.changed() => match changed {
                    Ok(()) => self.adopt(stream),
                    Err(_) => return,
                },
            }
        }
    }

    /// Takes the subscription as it is now.
    fn adopt(&mut self, stream: &PullStream) {
        let subscription = self.subscription.borrow_and_update();
        stream.set_lease(patience(&subscription).saturating_add(LEASE_MARGIN));
        let endpoint = subscription.config.push.as_ref().map(|push| shown(&push.endpoint));
        self.tools.states.enter(&subscription.name, endpoint.unwrap_or_default());
        // Somebody may just have set right what was wrong.
        self.pause = None;
    }

    async fn begin(&mut self, messages: Vec<PulledMessage>, under_way: &PushesUnderWay) {
        let subscription = self.subscription.borrow().clone();
        let Some(push) = subscription.config.push.clone() else { return };
        let token = self.credential.token(&push, &self.tools.identity).await;
        if let Err(error) = &token {
            log::error!("{}: no token for pushes: {error}", subscription.name);
        }
        for message in messages {
            let request = token.as_ref().ok().and_then(|token| {
                request::request((&subscription, &push), &message, token.as_deref())
            });
            let (tools, round) = (self.tools.clone(), self.pace.round());
            let within = patience(&subscription);
            under_way.push(Box::pin(async move {
                let (outcome, rest) = match request {
                    Some(request) => tools.client.send(request, within).await,
                    None => (PushOutcome::Unsent, Default::default()),
                };
                PushStep::Sent(SentPush { ack_id: message.ack_id, outcome, rest, round })
            }));
        }
    }

    /// Whether no push is begun for a while, after this one.
    fn pauses_after(&mut self, sent: &SentPush) -> bool {
        if sent.outcome.is_success() {
            return false;
        }
        // With a policy each message waits by itself, where it is kept.
        let has_policy = self.subscription.borrow().config.retry.is_some();
        let wait = self.pace.failed(sent.round).filter(|_| !has_policy);
        if let Some(wait) = wait {
            self.pause = Some(Box::pin(sleep(wait)));
        }
        wait.is_some()
    }

    /// Acknowledges a message that was taken, and gives any other back.
    fn note(&self, sent: SentPush) -> LocalBoxFuture<'static, PushStep> {
        let SentPush { ack_id, outcome, rest, .. } = sent;
        let (pubsub, name) = (self.tools.pubsub.clone(), self.subscription.borrow().name.clone());
        Box::pin(async move {
            let noted = match outcome.is_success() {
                true => pubsub.acknowledge(&name, vec![ack_id]).await,
                false => pubsub.modify_deadline(&name, vec![(ack_id, 0)]).await,
            };
            if let Err(refusal) = noted {
                log::debug!("{name}: a push is over, and could not be noted: {refusal}");
            }
            rest.read().await;
            PushStep::Noted(outcome)
        })
    }

    /// Counts a push, and tells of one that has failed.
    fn settle(&mut self, outcome: PushOutcome) {
        if outcome.is_success() {
            self.pace.succeeded();
        }
        let subscription = self.subscription.borrow();
        let now = self.tools.identity.clock.now();
        let state = self.tools.states.note(&subscription.name, outcome, now);
        if !outcome.is_success() {
            self.tools.metrics.push_failures.with_label_values(&[outcome.reason()]).inc();
            if let Some(state) = state {
                tell(&subscription, outcome, &state);
            }
        }
    }

    fn ended(&self, refusal: &PubsubRefusal) {
        let name = &self.subscription.borrow().name;
        match refusal.status {
            PubsubStatus::NotFound
            | PubsubStatus::FailedPrecondition
            | PubsubStatus::Unavailable => {
                log::debug!("{name} is not pushed any more: {refusal}");
            }
            _ => log::warn!("{name}: messages cannot be had: {refusal}"),
        }
    }
}

/// How long a push may take.
fn patience(subscription: &Subscription) -> Duration {
    Duration::from_secs(subscription.config.ack_deadline_s.into())
}

async fn end_of(pause: &mut Option<Pin<Box<Sleep>>>) {
    match pause {
        Some(pause) => pause.await,
        None => std::future::pending().await,
    }
}

/// Says in the log that a push has failed; not for all of many.
fn tell(subscription: &Subscription, outcome: PushOutcome, state: &PushState) {
    let failing = state.failing;
    if failing <= TOLD_FAILURES || failing.checked_rem(TOLD_EACH) == Some(0) {
        log::warn!(
            failing, tries = state.tries;
            "a push of {} to {} has failed: {outcome}", subscription.name, state.endpoint
        );
    }
}
