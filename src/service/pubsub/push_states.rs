//! How pushes go, a subscription a line: for the page, and for whoever looks why nothing comes.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::clock::Timestamp;
use crate::domain::pubsub::name::SubscriptionName;

/// What came of one push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushOutcome {
    /// A final status.
    Status(u16),
    /// 102, and then nothing more: taken.
    Processing,
    /// Nothing in time.
    Late,
    /// No connection.
    Unreachable,
    /// All addresses of the endpoint are such that nothing is pushed to.
    Forbidden,
    /// The connection ended without an answer, or the answer is none of HTTP.
    Broken,
    /// Nothing was sent: there was no token, or the endpoint is no address.
    Unsent,
}

/// How pushes of a subscription go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PushState {
    /// Where to, without the query.
    pub endpoint: String,
    pub tries: u64,
    pub failures: u64,
    /// Failures since the last success.
    pub failing: u64,
    pub last: Option<PushOutcome>,
    pub failed_at: Option<Timestamp>,
}

/// The states of all subscriptions that are pushed. A clone shares them; the pusher writes, all may read.
#[derive(Clone, Default)]
pub struct PushStates {
    by_name: Arc<Mutex<BTreeMap<SubscriptionName, PushState>>>,
}

impl PushOutcome {
    /// Whether the message counts as acknowledged.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Status(200 | 201 | 202 | 204) | Self::Processing)
    }

    /// One word for it, as metrics label it.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Status(_) => "status",
            Self::Processing => "processing",
            Self::Late => "late",
            Self::Unreachable => "unreachable",
            Self::Forbidden => "forbidden",
            Self::Broken => "broken",
            Self::Unsent => "unsent",
        }
    }
}

impl fmt::Display for PushOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "{status}"),
            Self::Processing => f.write_str("102"),
            Self::Late => f.write_str("no answer in time"),
            Self::Unreachable => f.write_str("no connection"),
            Self::Forbidden => f.write_str("an address that is not pushed to"),
            Self::Broken => f.write_str("no answer"),
            Self::Unsent => f.write_str("not sent"),
        }
    }
}

impl PushStates {
    /// Enters a subscription, or its new endpoint.
    pub fn enter(&self, name: &SubscriptionName, endpoint: &str) {
        let mut states = self.states();
        endpoint.clone_into(&mut states.entry(name.clone()).or_default().endpoint);
    }

    /// Notes what came of a push; gives the state from then on, if the subscription is there.
    pub fn note(
        &self,
        name: &SubscriptionName,
        outcome: PushOutcome,
        now: Timestamp,
    ) -> Option<PushState> {
        let mut states = self.states();
        let state = states.get_mut(name)?;
        state.tries = state.tries.saturating_add(1);
        state.last = Some(outcome);
        if outcome.is_success() {
            state.failing = 0;
        } else {
            state.failures = state.failures.saturating_add(1);
            state.failing = state.failing.saturating_add(1);
            state.failed_at = Some(now);
        }
        Some(state.clone())
    }

    /// Takes a subscription out that is pushed no more.
    pub fn leave(&self, name: &SubscriptionName) {
        self.states().remove(name);
    }

    /// All, by their names.
    pub fn all(&self) -> Vec<(SubscriptionName, PushState)> {
        let states = self.states();
        states.iter().map(|(name, state)| (name.clone(), state.clone())).collect()
    }

    fn states(&self) -> MutexGuard<'_, BTreeMap<SubscriptionName, PushState>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
