//! The composition root: starts everything, knows everybody, stops in order.
//!
//! [`start`] has the list of parts; `parts` says how a list is started and stopped. Each part is made in a
//! file of its own, on the `site` and on the parts before it.

mod base;
mod bridges;
pub mod capacity;
mod clock_watch;
pub mod config;
mod grpc;
mod house;
mod http;
mod hub;
mod jobs;
mod listening;
mod named;
mod owl;
mod parts;
mod pubsub;
mod push;
mod service;
mod site;
mod store;

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::ServiceConfig;

use crate::auth::AuthError;
use crate::auth::oidc::KeySetError;
use crate::domain::mint::MintError;
use crate::domain::pubsub::refusal::PubsubRefusal;
use crate::hub::Hub;
use crate::jobs::mail::MailError;
use crate::push::TlsFault;
use crate::service::Service;
use crate::service::authenticators::Authenticator;
use crate::store::{Condition, Store, StoreError};
use crate::telemetry::{Metrics, TelemetryError};
use crate::wire::chatting::Chatting;
use crate::wire::console::Console;
use crate::wire::device::DeviceDialect;
use crate::wire::ppcom::Ppcom;
use crate::wire::rewind::Rewind;
use crate::wire::{DialectId, Dialects};

use listening::Places;
use site::Site;

pub use self::config::Config;
pub use base::{Base, end_history};
pub use house::House;
pub use listening::{listen, listen_console, listen_owl, listen_pubsub};
pub use parts::{BadEnd, Ending, Part, PartList};

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("node: {0}")]
    Mint(#[from] MintError),
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error(transparent)]
    Mail(#[from] MailError),
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    #[error("pubsub.push_issuers: {0}")]
    KeySet(#[from] KeySetError),
    #[error(transparent)]
    Tls(#[from] TlsFault),
    #[error("{setting}: cannot listen on {bind}: {source}")]
    Bind { setting: &'static str, bind: String, source: std::io::Error },
    /// A topic or a subscription of the settings cannot be made.
    #[error("{setting}: {name}: {refusal}")]
    Pubsub { setting: &'static str, name: String, refusal: PubsubRefusal },
    #[error("the HTTP server could not start: {0}")]
    Http(#[source] std::io::Error),
}

/// A server that runs.
pub struct Running {
    pub address: SocketAddr,
    /// Where the console listens by itself, if it does.
    pub console_address: Option<SocketAddr>,
    /// Where Pub/Sub listens, if it does.
    pub pubsub_address: Option<SocketAddr>,
    /// Where servers of apps connect to, if they can.
    pub owl_address: Option<SocketAddr>,
    pub metrics: Metrics,
    pub store: Store,
    pub hub: Hub,
    pub service: Service,
    /// What is stopped with it, in this order from the last to the first.
    pub parts: PartList,
    lost_grace: Duration,
}

/// Starts a server on an open base and a listening socket; call it inside an actix system.
///
/// # Errors
/// [`StartError::Mail`], [`StartError::Http`], [`StartError::Telemetry`].
pub async fn start(
    config: &Config,
    base: Base,
    listener: TcpListener,
) -> Result<Running, StartError> {
    start_with(config, base, listener, Additions::new(config)).await
}

/// Mounts routes.
pub type Routes = Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>;

/// What a server has beyond what every one has: other dialects, who can judge their credentials, and
/// their routes.
pub struct Additions {
    pub dialects: Dialects,
    /// By the names of the schemes.
    pub authenticators: HashMap<&'static str, Box<dyn Authenticator>>,
    /// Mounts routes, on each thread that serves.
    pub routes: Routes,
}

impl Additions {
    /// None.
    pub fn new(config: &Config) -> Self {
        let dialects = dialects(config);
        Self { dialects, authenticators: HashMap::new(), routes: Arc::new(|_| {}) }
    }
}

/// What sessions speak.
pub fn dialects(config: &Config) -> Dialects {
    let mut dialects = Dialects::new(Rewind::new(&config.rewind), Chatting::new(&config.chatting));
    dialects.set(DialectId::PPCOM, Box::new(Ppcom::new(&config.ppcom)));
    dialects.set(DialectId::CONSOLE, Box::new(Console::new(&config.app_server)));
    dialects.set(DialectId::DEVICE, Box::new(DeviceDialect::new(&config.device)));
    dialects
}

/// As [`start`], with additions.
///
/// # Errors
/// As [`start`].
pub async fn start_with(
    config: &Config,
    base: Base,
    listener: TcpListener,
    additions: Additions,
) -> Result<Running, StartError> {
    let address = listener.local_addr().map_err(StartError::Http)?;
    let places = Places {
        main: listener,
        console: listen_console(config)?,
        pubsub: listen_pubsub(config)?,
        owl: listen_owl(config)?,
    };
    let (console_address, pubsub_address) = (places.console_address(), places.pubsub_address());
    let owl_address = places.owl_address();
    let (site, more) = Site::new(config, &base, address, additions)?;
    let (parts, (store, hub, service)) = PartList::start(async |parts| {
        let thread = parts.add("hub's thread", hub::HubThread::start());
        let store = parts.add("store", store::start(&site, &thread));
        parts.add("prober", store::prober(&store));
        parts.add("clock watch", store::clock_watch(&site));
        let hub = parts.add("hub", hub::start(&site, &store, &thread));
        let jobs = parts.add("jobs", jobs::start(&site, (&store, &hub))?);
        let thread = parts.add("subscriptions' thread", hub::HubThread::start());
        let subscriptions = parts.add("subscriptions", pubsub::start(&site, &store, &thread));
        let (service, limits) = service::start(&site, (&store, &hub, &subscriptions), jobs)?;
        named::make(&service.pubsub, &config.pubsub).await?;
        push::prepare(config, &service).await?;
        parts.add("pushes", push::start(&site, &service)?);
        parts.add("bridges", bridges::start(&site, (&store, &service), &thread));
        let asked = (&hub, &service, &*limits);
        parts.add("HTTP server", http::start(&site, asked, (places, more))?);
        Ok::<_, StartError>((store, hub, service))
    })
    .await?;
    let others =
        [console_address, pubsub_address].map(|other| other.map(|other| other.to_string()));
    let [console, pubsub] = &others;
    store.announce(&address.to_string(), [console.as_deref(), pubsub.as_deref()]);
    let lost_grace = config.store.lost_grace();
    Ok(Running {
        address,
        console_address,
        pubsub_address,
        owl_address,
        metrics: site.metrics,
        store,
        hub,
        service,
        parts,
        lost_grace,
    })
}

impl Running {
    /// Waits until another process has the database, and gives the reason: this one is done then.
    pub async fn dispossessed(&self) -> String {
        self.store.taken().await
    }

    /// Waits until the database is lost, and some time more, so that whoever watches sees it.
    pub async fn lost(&self) {
        let mut condition = self.store.condition();
        let lost = condition.wait_for(|condition| matches!(condition, Condition::Lost(_)));
        if lost.await.is_ok() {
            tokio::time::sleep(self.lost_grace).await;
        }
    }

    /// Stops in order: no new connections, everything under way committed and answered, clients
    /// sent home, mail, store. Returns false if some client did not go in time.
    pub async fn stop(self) -> bool {
        self.parts.stop().await
    }
}
