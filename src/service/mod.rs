//! What can be asked of Tradewind: the only door of HTTP, the command line and sessions to store and hub.
//!
//! A folder an area: `accounts`, `chat`, `apps`, `admin`. What is kept is looked up by the store's readers; who is
//! there now is asked of the hub. The service knows no HTTP, no dialect and no column of a table; its
//! answers are typed, and each refusal is a value that the doors put into their own words.

pub mod accounts;
pub mod admin;
pub mod apps;
pub mod authenticators;
pub mod chat;
mod fault;
mod gather;
pub mod pubsub;
mod welcome;

use std::sync::Arc;

use crate::auth::ack_ids::AckIds;
use crate::auth::limits::RateLimits;
use crate::auth::password::Passwords;
use crate::auth::token::Tokens;
use crate::domain::accounts::friendship::DmPolicy;
use crate::domain::clock::Clock;
use crate::domain::error::Refusal;
use crate::domain::id::UserId;
use crate::domain::mint::IdMint;
use crate::hub::{Hub, Subscriptions, refusal};
use crate::store::accounts::acquaintances::Acquaintance;
use crate::store::{Batched, Line, ReadOp, Store};
use crate::telemetry::Metrics;

use accounts::Accounts;
use admin::Admin;
use apps::Apps;
use chat::ChatService;
pub use fault::{OperatorFault, ServiceFault};
use pubsub::{Pubsub, PushGate, PushIdentity, PushStates, Received};
pub use welcome::Greeting;

/// Bounds and rules of the service.
#[derive(Clone, Debug)]
pub struct Settings {
    pub dm_policy: DmPolicy,
    /// Text of one slice of history, in bytes.
    pub history_slice_bytes: usize,
    pub accounts: accounts::Settings,
    pub apps: apps::Settings,
    pub pubsub: pubsub::Settings,
}

/// What the service is made of.
pub struct ServiceParts {
    pub store: Store,
    pub hub: Hub,
    pub subscriptions: Subscriptions,
    pub mint: Arc<IdMint>,
    pub clock: Arc<dyn Clock>,
    /// The name of the history in the store.
    pub epoch: Arc<str>,
    pub tokens: Tokens,
    pub passwords: Passwords,
    pub ack_ids: AckIds,
    pub push_identity: PushIdentity,
    pub push_gate: Arc<PushGate>,
    pub limits: Arc<RateLimits>,
    pub metrics: Metrics,
    /// Says that a mail has been left in the store.
    pub mail_left: Arc<dyn Fn() + Send + Sync>,
}

/// The service. Cloning it is cheap.
#[derive(Clone)]
pub struct Service {
    pub accounts: Accounts,
    pub chat: ChatService,
    pub apps: Apps,
    pub pubsub: Pubsub,
    /// Pushes that have come to this hub.
    pub received: Received,
    /// How the hub's own pushes go.
    pub push_states: PushStates,
    pub push_identity: PushIdentity,
    /// What those ask who run the hub, and other services.
    pub admin: Admin,
    acquaintances: Batched<UserId, Option<Acquaintance>>,
}

impl Service {
    /// The service of a store and a hub that have been started.
    pub fn new(parts: &ServiceParts, settings: Settings) -> Self {
        Self {
            acquaintances: welcome::acquaintances(&parts.store),
            chat: ChatService::new(parts, &settings),
            accounts: Accounts::new(parts, settings.accounts),
            apps: Apps::new(parts, settings.apps),
            pubsub: Pubsub::new(parts, settings.pubsub),
            received: Received::new(&parts.store, &parts.clock, &parts.push_gate),
            push_states: PushStates::default(),
            push_identity: parts.push_identity.clone(),
            admin: Admin::new(parts),
        }
    }
}

/// The outcome of a look-up, once it is there.
pub trait LookUp<T>: Future<Output = Result<T, Refusal>> + 'static {}

impl<T, F: Future<Output = Result<T, Refusal>> + 'static> LookUp<T> for F {}

/// Has a reader of the store look something up, for whoever stands in that line.
fn look_up<T, F>(store: &Store, line: Line, read: F) -> impl LookUp<T> + use<T, F>
where
    T: Send + 'static,
    F: ReadOp<T>,
{
    let store = store.clone();
    async move { store.read_for(line, read).await.map_err(refusal) }
}
