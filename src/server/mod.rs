//! The composition root: starts everything, knows everybody, stops in order.
//!
//! [`start`] has the list of parts; `parts` says how a list is started and stopped. Each part is made in a
//! file of its own, on the `site` and on the parts before it.

mod base;
pub mod capacity;
mod clock_watch;
pub mod config;
mod house;
mod http;
mod hub;
mod jobs;
mod parts;
mod service;
mod site;
mod store;

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::ServiceConfig;

use crate::auth::AuthError;
use crate::domain::mint::MintError;
use crate::hub::Hub;
use crate::jobs::mail::MailError;
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

use site::Site;

pub use self::config::Config;
pub use base::{Base, end_history};
pub use house::House;
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
    #[error("{setting}: cannot listen on {bind}: {source}")]
    Bind { setting: &'static str, bind: String, source: std::io::Error },
    #[error("the HTTP server could not start: {0}")]
    Http(#[source] std::io::Error),
}

/// A server that runs.
pub struct Running {
    pub address: SocketAddr,
    /// Where the console listens by itself, if it does.
    pub console_address: Option<SocketAddr>,
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
    let console = listen_console(config)?;
    let console_address = console.as_ref().and_then(|console| console.local_addr().ok());
    let (site, more) = Site::new(config, &base, address, additions)?;
    let (parts, (store, hub, service)) = PartList::start(async |parts| {
        let thread = parts.add("hub's thread", hub::HubThread::start());
        let store = parts.add("store", store::start(&site, &thread));
        parts.add("prober", store::prober(&store));
        parts.add("clock watch", store::clock_watch(&site));
        let hub = parts.add("hub", hub::start(&site, &store, &thread));
        let jobs = parts.add("jobs", jobs::start(&site, (&store, &hub))?);
        let (service, limits) = service::start(&site, (&store, &hub), jobs);
        let asked = (&hub, &service, &*limits);
        parts.add("HTTP server", http::start(&site, asked, (listener, console, more))?);
        Ok::<_, StartError>((store, hub, service))
    })
    .await?;
    let console_said = console_address.map(|console| console.to_string());
    store.announce(&address.to_string(), console_said.as_deref());
    let lost_grace = config.store.lost_grace();
    Ok(Running {
        address,
        console_address,
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

/// Takes the address to listen on.
///
/// # Errors
/// [`StartError::Bind`].
pub fn listen(config: &Config) -> Result<TcpListener, StartError> {
    bind("http.bind", &config.http.bind)
}

/// Takes the address that the console listens on by itself, if it has one.
///
/// # Errors
/// [`StartError::Bind`].
pub fn listen_console(config: &Config) -> Result<Option<TcpListener>, StartError> {
    let address = &config.app_server.bind;
    if address.is_empty() { Ok(None) } else { bind("app_server.bind", address).map(Some) }
}

fn bind(setting: &'static str, bind: &str) -> Result<TcpListener, StartError> {
    TcpListener::bind(bind).map_err(|source| StartError::Bind {
        setting,
        bind: bind.to_owned(),
        source,
    })
}
