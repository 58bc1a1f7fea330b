//! The composition root: starts everything, knows everybody, stops in order.

mod base;
pub mod capacity;
mod clock_watch;
mod settings;
mod tasks;

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use actix::{Actor as _, Arbiter};
use actix_web::dev::ServerHandle;
use actix_web::web::{Data, ServiceConfig};
use actix_web::{App, middleware};
use tokio::task::JoinHandle;

use crate::auth::AuthError;
use crate::auth::concurrency::PerAddress;
use crate::auth::limits::RateLimits;
use crate::auth::password::Passwords;
use crate::auth::revoked::Revocations;
use crate::config::{Adapter, Config};
use crate::domain::clock::Clock;
use crate::domain::mint::{IdMint, MintError};
use crate::hub::{self, ChatServer, Hub};
use crate::jobs::mail::{self, MailError};
use crate::jobs::sweeper::Sweeper;
use crate::net::{self, HttpListener, Listeners, Protocols, Sockets};
use crate::service::authenticators::{Authenticator, Authenticators};
use crate::store::engine::prober::Prober;
use crate::store::{self, Condition, Store, StoreError};
use crate::telemetry::{Metrics, TelemetryError};
use crate::wire::Dialects;
use crate::{http, session};

use tasks::{Tasks, joined};

pub use base::Base;
pub use settings::{dialects, store as store_settings, transport};

/// How long HTTP requests may still take once the hub has sent everybody home.
const HTTP_STOP_SECONDS: u64 = 1;
/// How long the store may take to finish; nothing that it has acknowledged waits for that.
const STORE_STOP: Duration = Duration::from_secs(2);

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The id mint.
    #[error("node: {0}")]
    Mint(#[from] MintError),
    /// Ids that were minted were taken, again and again.
    #[error("no id for a user that nobody has")]
    Ids,
    /// The secret.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The mail's way out.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The counters.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// The address to listen on.
    #[error("http.bind: cannot listen on {bind}: {source}")]
    Bind {
        /// The address.
        bind: String,
        /// The cause.
        source: std::io::Error,
    },
    /// The HTTP server.
    #[error("the HTTP server could not start: {0}")]
    Http(#[source] std::io::Error),
}

/// A server that runs.
pub struct Running {
    /// The address it listens on.
    pub address: SocketAddr,
    /// The counters.
    pub metrics: Metrics,
    /// The store.
    pub store: Store,
    /// The way to the hub.
    pub hub: Hub,
    http: ServerHandle,
    http_task: JoinHandle<std::io::Result<()>>,
    tasks: Tasks,
    hub_arbiter: Arbiter,
    drain_timeout: Duration,
    lost_grace: Duration,
}

/// Starts a server on an open base and a listening socket; call it inside an actix system.
///
/// # Errors
/// [`StartError::Mail`], [`StartError::Http`], [`StartError::Auth`].
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
    /// All that the server speaks.
    pub dialects: Dialects,
    /// By the names of the schemes.
    pub authenticators: HashMap<&'static str, Box<dyn Authenticator>>,
    /// Mounts routes, on each thread that serves.
    pub routes: Routes,
}

impl Additions {
    /// None.
    pub fn new(config: &Config) -> Self {
        let dialects = settings::dialects(config);
        Self { dialects, authenticators: HashMap::new(), routes: Arc::new(|_| {}) }
    }
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
    let Additions { dialects, authenticators: schemes, routes } = additions;
    let address = listener.local_addr().map_err(StartError::Http)?;
    let base_url = config.http.base_url(address);
    let transport = settings::transport(&config.mail)?;

    let metrics = Metrics::new()?;
    metrics.tell(&settings::told(config))?;
    let hub_arbiter = Arbiter::new();
    let store = Store::start(
        base.database,
        Arc::clone(&base.mint),
        Arc::clone(&base.clock),
        Arc::new(StoreMetrics(metrics.clone())),
        &hub_arbiter.handle(),
    );
    let clock = Arc::new(hub::AwakeClock::new(Arc::clone(&base.clock)));
    let parts = hub::Parts {
        store: store.clone(),
        mint: Arc::clone(&base.mint),
        clock: Arc::clone(&clock),
        epoch: base.epoch,
        revoked: Arc::clone(base.tokens.revoked()),
        dialects: Arc::new(dialects),
        metrics: metrics.clone(),
    };
    let dialects = Arc::clone(&parts.dialects);
    let hub = start_hub(config, parts, &hub_arbiter);
    let limits = RateLimits::new(&config.limits);
    let authenticators = Authenticators::new(&hub, &base.tokens, clock.clone(), schemes);
    let sessions = shared(config, (authenticators, dialects), clock, (&hub, &limits, &metrics));
    let queue = mail::Queue::default();
    let mut tasks = start_tasks(&store, &base.clock, &base.mint, base.tokens.revoked());
    let state = Data::new(http::State {
        settings: settings::http(config, address),
        store: store.clone(),
        mint: base.mint,
        clock: Arc::clone(&base.clock),
        metrics: metrics.clone(),
        passwords: Passwords::new(config.auth.hashes_max, config.auth.hash_queue_max),
        tokens: base.tokens,
        limits,
        unfinished: PerAddress::new(settings::unfinished_max(config)),
        proxy_seen: AtomicBool::new(false),
        mail: queue.clone(),
        sessions,
    });
    let (http, http_task) = start_http(config, state, listener, routes)?;
    let worker = mail::Worker {
        queue,
        store: store.clone(),
        transport,
        clock: base.clock,
        settings: settings::mail(config, base_url),
        metrics: metrics.clone(),
    };
    tasks.start("mail", |stop| worker.run(stop));
    store.announce(&address.to_string());
    Ok(Running {
        address,
        metrics,
        store,
        hub,
        http,
        http_task,
        tasks,
        hub_arbiter,
        drain_timeout: Duration::from_millis(config.hub.drain_timeout_ms),
        lost_grace: Duration::from_millis(config.store.lost_grace_ms),
    })
}

/// What looks after the store and the clock.
fn start_tasks(
    store: &Store,
    clock: &Arc<dyn Clock>,
    mint: &Arc<IdMint>,
    logins: &Arc<Revocations>,
) -> Tasks {
    let mut tasks = Tasks::new();
    let logins = Arc::clone(logins);
    let sweeper = Sweeper {
        store: store.clone(),
        clock: Arc::clone(clock),
        logins_forgotten: Box::new(move |swept| logins.forget(swept)),
    };
    tasks.start("sweeper", |stop| sweeper.run(stop));
    tasks.start("prober", |stop| Prober { store: store.clone() }.run(stop));
    tasks.start("clock", |stop| clock_watch::run(Arc::clone(mint), stop));
    tasks
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
        self.http.pause().await;
        let drained = self.hub.drain(self.drain_timeout).await;
        if !drained {
            log::warn!("some sessions did not end within {} ms", self.drain_timeout.as_millis());
        }
        self.http.stop(true).await;
        joined(
            "http",
            self.http_task.await.map(|ended| {
                if let Err(error) = ended {
                    log::error!("the HTTP server ended badly: {error}");
                }
            }),
        );
        self.tasks.stop().await;
        if tokio::time::timeout(STORE_STOP, self.store.close()).await.is_err() {
            log::error!("the database did not answer within {} s", STORE_STOP.as_secs());
        }
        self.hub_arbiter.stop();
        if tokio::task::spawn_blocking(move || self.hub_arbiter.join()).await.is_err() {
            log::error!("the hub's thread ended badly");
        }
        drained
    }
}

/// The store's counters.
struct StoreMetrics(Metrics);

impl store::Observer for StoreMetrics {
    fn batch_committed(&self, ops: usize, took: Duration) {
        self.0.commit_batch_ops.observe(u32::try_from(ops).unwrap_or(u32::MAX).into());
        self.0.commit_seconds.observe(took.as_secs_f64());
    }

    fn pending(&self, ops: usize) {
        self.0.store_pending_ops.set(i64::try_from(ops).unwrap_or(i64::MAX));
    }

    fn condition(&self, condition: &Condition) {
        self.0.store_ready.set((*condition == Condition::Well).into());
        let reason = match condition {
            Condition::Well => return,
            Condition::Ailing(_) => "ailing",
            Condition::Lost(_) => "lost",
        };
        self.0.store_faults.with_label_values(&[reason]).inc();
    }
}

/// What all sessions share.
fn shared(
    config: &Config,
    (authenticators, dialects): (Authenticators, Arc<Dialects>),
    clock: Arc<dyn Clock>,
    (hub, limits, metrics): (&Hub, &RateLimits, &Metrics),
) -> Arc<session::Shared> {
    Arc::new(session::Shared {
        hub: hub.clone(),
        authenticators,
        dialects,
        rates: Arc::clone(limits.commands()),
        clock,
        settings: settings::session(config),
        metrics: metrics.clone(),
        seats: settings::seats(config),
    })
}

fn start_hub(config: &Config, parts: hub::Parts, arbiter: &Arbiter) -> Hub {
    let settings = settings::hub(config);
    let server = ChatServer::new(settings.clone(), parts.clone());
    let address = ChatServer::start_in_arbiter(&arbiter.handle(), move |_| server);
    Hub::new(address, &parts, &settings)
}

fn start_http(
    config: &Config,
    state: Data<http::State>,
    listener: TcpListener,
    routes: Routes,
) -> Result<(ServerHandle, JoinHandle<std::io::Result<()>>), StartError> {
    let app = move || {
        App::new()
            .app_data(state.clone())
            .wrap(middleware::from_fn(http::exchange))
            .configure(|app| routes(app))
            .configure(http::routes)
    };
    let settings = net::Settings {
        workers: config.http.worker_count(),
        connections_max: config.ws.sessions_max.saturating_add(1_024),
        shutdown_seconds: HTTP_STOP_SECONDS,
    };
    let listener = HttpListener {
        address: listener,
        sockets: match config.ws.adapter {
            Adapter::Upgraded => Sockets::Given,
            Adapter::Actors => Sockets::Kept,
        },
        protocols: Protocols::Http1,
        bounds: settings::connections(config),
        user_timeout: Duration::from_millis(config.ws.tcp_user_timeout_ms.into()),
    };
    let server = Listeners::new(&settings).listen(listener, app).map_err(StartError::Http)?.run();
    Ok((server.handle(), actix::spawn(server)))
}

/// Takes the address to listen on.
///
/// # Errors
/// [`StartError::Bind`].
pub fn listen(config: &Config) -> Result<TcpListener, StartError> {
    let bind = &config.http.bind;
    TcpListener::bind(bind).map_err(|source| StartError::Bind { bind: bind.clone(), source })
}
