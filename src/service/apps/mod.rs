//! Apps: what their owners set, who shows a key or a token, and what their consoles, devices and users ask.

mod acknowledgements;
mod agents;
mod authenticators;
mod bridged;
mod budgets;
mod consoles;
mod conversation_history;
mod conversations;
mod customers;
mod devices;
mod files;
mod grants;
mod owners;
mod seed;
mod sending;
mod servers;
mod socket_users;
mod terminals;
mod tokens;
mod visitors;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::ServiceParts;
use crate::auth::limits::RateLimits;
use crate::auth::password::Passwords;
use crate::domain::accounts::password::PasswordRule;
use crate::domain::apps::body::BodyFormat;
use crate::domain::apps::command::{AppsAnswer, AppsRequest};
use crate::domain::clock::Clock;
use crate::domain::error::Refusal;
use crate::domain::id::SessionId;
use crate::domain::mint::IdMint;
use crate::domain::principal::Principal;
pub use crate::hub::ServerLink;
use crate::hub::{Hub, ServerLinks};
use crate::store::Store;
pub use crate::store::apps::customer_lookups::ListedConversation;
pub use crate::store::apps::deliveries::WaitingBatch;
pub use crate::store::apps::devices::MadeDevice;

use acknowledgements::Acknowledgements;
use budgets::Budgets;

pub use agents::{AgentRefusal, NewAgent};
pub use authenticators::{CONSOLE, authenticators};
pub use bridged::{BridgedFault, ConsolesState};
pub use conversation_history::Unacknowledged;
pub use conversations::{PresentUser, WantedConversation};
pub use customers::{CustomerAsker, CustomerRefusal};
pub use devices::DEVICE;
pub use files::{FileDraft, FileRefusal, StoredFile};
pub use grants::{GrantRefusal, Granted};
pub use owners::{AppChanges, AppRefusal, ListedApp, NewAppKeys, ShownKey};
pub use seed::{SeededApp, SeededOwner};
pub use servers::ServerFault;
pub use terminals::Terminal;
pub use visitors::FaceWish;

/// Bounds and times of apps.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many apps there may be.
    pub apps_max: i64,
    /// Origins that one app may allow.
    pub origins_max: usize,
    /// Visitors that one app may have.
    pub visitors_max: i64,
    /// Which passwords agents may have.
    pub passwords: PasswordRule,
    /// How long a widget's token lives after it was last used.
    pub widget_token_lifetime: Duration,
    /// The same of all other tokens.
    pub token_lifetime: Duration,
    /// How long an operator's cookie works.
    pub cookie_lifetime: Duration,
    /// How long the text that no agent is there is not said again in a conversation.
    pub offline_text_interval: Duration,
    /// The longest file that may be sent up, in bytes.
    pub file_bytes_max: usize,
    /// Files that may be on their way at once.
    pub uploads_max: usize,
    /// Bytes of files that one user may have sent up.
    pub files_bytes_max: i64,
    /// How bodies of messages are read and written.
    pub bodies: BodyFormat,
    /// How long a message waits for devices.
    pub downstream_kept: Duration,
    /// Groups of devices that one app may have.
    pub device_groups_max: i64,
    /// Devices that one user of an app may have.
    pub devices_per_user_max: i64,
}

/// What can be asked about apps. Cloning it is cheap.
#[derive(Clone)]
pub struct Apps {
    store: Store,
    hub: Hub,
    mint: Arc<IdMint>,
    clock: Arc<dyn Clock>,
    passwords: Passwords,
    limits: Arc<RateLimits>,
    /// How many more visitors each app may have.
    visitors: Arc<Budgets>,
    settings: Arc<Settings>,
    acknowledgements: Arc<Acknowledgements>,
    /// Files that may be on their way at once.
    uploads: Arc<Semaphore>,
    /// Servers that are there.
    links: ServerLinks,
    /// Says that work has been left in the store.
    work_left: Arc<dyn Fn() + Send + Sync>,
}

impl Apps {
    pub(in crate::service) fn new(parts: &ServiceParts, settings: Settings) -> Self {
        Self {
            store: parts.store.clone(),
            hub: parts.hub.clone(),
            mint: Arc::clone(&parts.mint),
            clock: Arc::clone(&parts.clock),
            passwords: parts.passwords.clone(),
            limits: Arc::clone(&parts.limits),
            uploads: Arc::new(Semaphore::new(settings.uploads_max)),
            visitors: Arc::default(),
            links: ServerLinks::default(),
            acknowledgements: Arc::default(),
            settings: Arc::new(settings),
            work_left: Arc::clone(&parts.mail_left),
        }
    }

    /// Does what a session of an app asks.
    ///
    /// # Errors
    /// [`Refusal::Busy`], [`Refusal::Internal`].
    pub async fn perform(
        &self,
        (session, by): (SessionId, Principal),
        request: AppsRequest,
    ) -> Result<AppsAnswer, Refusal> {
        match (by, request) {
            (Principal::Console(app), AppsRequest::Console(request)) => {
                self.operate(app, request).await
            }
            (Principal::Device { device, .. }, AppsRequest::Device(request)) => {
                self.device_asks(device, request).await
            }
            (Principal::Device { device, owner, .. }, AppsRequest::Customer(request)) => {
                self.customer_asks(session, (device, owner), request).await
            }
            // No dialect asks for another's.
            (Principal::User(_) | Principal::Device { .. } | Principal::Console(_), _) => {
                Err(Refusal::Internal)
            }
        }
    }
}
