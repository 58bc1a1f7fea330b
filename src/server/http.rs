//! The part `HTTP server`: routes, and the listener under them.

use std::collections::HashMap;
use std::io;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use actix_web::{App, middleware};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::listening::Places;
use super::parts::{Ending, Part};
use super::site::{Doors, Site};
use super::{Routes, StartError, capacity, grpc, owl};
use crate::auth::concurrency::PerAddress;
use crate::auth::limits::RateLimits;
use crate::http::connection::ConnectionBounds;
use crate::http::owl::OwlRest;
use crate::http::pubsub::PubsubDoor;
use crate::http::{self, Origins, PageFiles};
use crate::hub::{AwakeClock, Hub};
use crate::net::{self, HttpListener, Listeners, Protocols, Sockets};
use crate::service::authenticators::{Authenticator, Authenticators};
use crate::service::{Service, apps};
use crate::session::machine::Common;
use crate::session::{AdapterChoice, Paces, Seats, Shared};

/// How long HTTP requests may still take once the hub has sent everybody home.
const STOP_SECONDS: u64 = 1;
/// Connections beside those that are sockets.
const CONNECTIONS_MORE: usize = 1_024;

/// Takes no new connections from its drain on, and ends those that there are at its stop.
pub(super) struct HttpPart {
    server: ServerHandle,
    running: JoinHandle<io::Result<()>>,
    /// Ends connections of HTTP/2 and of servers of apps, and what waits on them.
    connections_stop: watch::Sender<bool>,
}

impl Part for HttpPart {
    fn drain(&mut self) -> Ending<'_> {
        Box::pin(async move {
            self.server.pause().await;
            self.connections_stop.send_replace(true);
            Ok(())
        })
    }

    fn stop(self: Box<Self>) -> Ending<'static> {
        Box::pin(async move {
            self.server.stop(true).await;
            Ok(self.running.await??)
        })
    }
}

/// Starts to serve what comes to the sockets that listen.
///
/// # Errors
/// [`StartError::Http`].
pub(super) fn start(
    site: &Site<'_>,
    asked: (&Hub, &Service, &RateLimits),
    (mut places, doors): (Places, Doors),
) -> Result<((), HttpPart), StartError> {
    let (config, ws) = (site.config, &site.config.ws);
    let Doors { authenticators, routes } = doors;
    let (_, service, _) = asked;
    let door = Data::new(PubsubDoor::new(service.pubsub.clone(), config.pubsub.clone()));
    let owl_address = owl::told(&config.owl, places.owl_address());
    let state = Data::new(state(site, asked, (authenticators, owl_address)));
    let settings = net::Settings {
        workers: config.http.worker_count(),
        connections_max: ws.sessions_max.saturating_add(CONNECTIONS_MORE),
        shutdown_seconds: STOP_SECONDS,
    };
    let listener = |address| HttpListener {
        address,
        sockets: match ws.adapter {
            AdapterChoice::Upgraded => Sockets::Given,
            AdapterChoice::Actors => Sockets::Kept,
        },
        protocols: Protocols::Http1,
        bounds: ConnectionBounds::new(&config.http, capacity::unfinished_max(config)),
        user_timeout: ws.tcp_user_timeout(),
    };
    let (connections_stop, stopped) = watch::channel(false);
    let owl = owl::plain(site, service, (&places, stopped.clone()));
    let grpc = grpc::protocols(&service.pubsub, (door.clone(), &config.pubsub), stopped);
    let owl_place = places.owl.take();
    let mut listened = listen(&settings, (places, listener), (state, routes), (door, grpc));
    if let Some((place, owl)) = owl_place.zip(owl) {
        listened = listened.and_then(|all| all.listen_plain(place, ws.tcp_user_timeout(), owl));
    }
    let serving = listened.map_err(StartError::Http)?.run();
    let server = serving.handle();
    Ok(((), HttpPart { server, running: actix::spawn(serving), connections_stop }))
}

/// Gives each address its routes.
fn listen(
    settings: &net::Settings,
    (places, listener): (Places, impl Fn(TcpListener) -> HttpListener),
    (state, routes): (Data<http::State>, Routes),
    (door, grpc): (Data<PubsubDoor>, Protocols),
) -> io::Result<Listeners> {
    let (console_state, pubsub_state) = (state.clone(), state.clone());
    let app = move || {
        App::new()
            .app_data(state.clone())
            .wrap(middleware::from_fn(http::exchange))
            .configure(|app| routes(app))
            .configure(http::routes)
    };
    let console_app = move || {
        App::new()
            .app_data(console_state.clone())
            .wrap(middleware::from_fn(http::exchange))
            .configure(http::console::own_routes)
    };
    let pubsub_app = move || {
        App::new()
            .app_data(pubsub_state.clone())
            .app_data(door.clone())
            .wrap(middleware::from_fn(http::pubsub::own_exchange))
            .configure(http::pubsub::own_routes)
    };
    let Places { main, console, pubsub, owl: _ } = places;
    let mut listeners = Listeners::new(settings).listen(listener(main), app)?;
    if let Some(console) = console {
        listeners = listeners.listen(listener(console), console_app)?;
    }
    for pubsub in pubsub {
        let pubsub = HttpListener { protocols: grpc.clone(), ..listener(pubsub) };
        listeners = listeners.listen(pubsub, pubsub_app.clone())?;
    }
    Ok(listeners)
}

fn state(
    site: &Site<'_>,
    (hub, service, limits): (&Hub, &Service, &RateLimits),
    (mut schemes, owl_address): (HashMap<&'static str, Box<dyn Authenticator>>, String),
) -> http::State {
    schemes.extend(apps::authenticators(&service.apps));
    let (config, base) = (site.config, site.base);
    let clock = Arc::<AwakeClock>::clone(&site.awake);
    let authenticators =
        Authenticators::new(service.accounts.clone(), &base.tokens, clock, schemes);
    http::State {
        settings: config.http.clone(),
        origins: Origins::new(&config.http.base_url(site.address), &config.http.allowed_origins),
        service: service.clone(),
        metrics: site.metrics.clone(),
        unfinished: PerAddress::new(capacity::unfinished_max(config)),
        proxy_seen: AtomicBool::new(false),
        sessions: sessions(site, (hub, service, authenticators), limits),
        console: config.app_server.clone(),
        pubsub: config.pubsub.clone(),
        owl: OwlRest::new(config.owl.clone(), owl_address),
        page_files: PageFiles::new(&config.http.web_dir),
        mail_folder: config.mail.url.expose().strip_prefix("file://").map(PathBuf::from),
    }
}

fn sessions(
    site: &Site<'_>,
    (hub, service, authenticators): (&Hub, &Service, Authenticators),
    limits: &RateLimits,
) -> Arc<Shared> {
    let config = site.config;
    let before_auth_max = config.limits.on(config.limits.sockets_before_auth_per_ip_max);
    Arc::new(Shared {
        hub: hub.clone(),
        service: service.clone(),
        authenticators,
        common: Arc::new(Common {
            dialects: Arc::clone(&site.dialects),
            clock: Arc::<AwakeClock>::clone(&site.awake),
            pipeline_max: config.ws.pipeline_max,
            held_bytes_max: config.ws.outbox_bytes_max,
            paces: match config.limits.enabled {
                true => Paces::new(&site.dialects),
                false => Paces::default(),
            },
        }),
        rates: Arc::clone(limits.commands()),
        settings: config.ws.clone(),
        page_max: config.rewind.page_max,
        metrics: site.metrics.clone(),
        seats: Seats::new(config.ws.sessions_max, before_auth_max),
    })
}
