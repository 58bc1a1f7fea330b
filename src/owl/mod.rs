//! Servers of apps over TCP, as RationalOwl's Node SDK asks: gate and channel at one address, beside `http`.
//!
//! A listener hands over a connection ([`OwlDoor::serve`]); `connection` lives as long as it, `frames` splits what
//! comes, `seen` knows what has come before, `parting` ends it in peace. What is said is `wire::owl`'s affair, what is asked
//! goes to `service`; the store and the hub are not known here.
//!
//! A connection is a task on the thread that has accepted it. It does one thing at a time, so there is no more of it
//! than what is being done, what waits for it within its bounds, and what its peer has sent of one frame.

mod connection;
mod frames;
mod parting;
mod seen;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Sleep, sleep, timeout};

use crate::auth::concurrency::PerAddress;
use crate::auth::rates::{Rate, Rates};
use crate::domain::clock::Clock;
use crate::service::apps::Apps;
use crate::telemetry::Metrics;
use crate::wire::owl::Settings;
use connection::OwlConnection;
use parting::{PARTING, part_from};

/// Connections that were one too many and are told so, at once; further ones just end.
const TURNED_AWAY_MAX: usize = 64;

/// What all connections share.
pub struct OwlDoor {
    apps: Apps,
    clock: Arc<dyn Clock>,
    settings: Settings,
    /// Where servers are told to connect to.
    address: String,
    bounds: OwlBounds,
    /// Connections that there may be.
    open: Arc<Semaphore>,
    open_per_ip: Arc<PerAddress>,
    rates: Arc<Rates>,
    /// Of what is passed over.
    repeat_rates: Arc<Rates>,
    /// Places for frames that are large.
    large_frames: Semaphore,
    turned_away: Semaphore,
    metrics: Metrics,
    stop: watch::Receiver<bool>,
}

/// What the listener says of connections.
#[derive(Clone, Copy, Debug)]
pub struct OwlBounds {
    /// Whether rates, and connections of one address, are limited.
    pub are_limited: bool,
    /// How long a peer may take nothing of what was sent.
    pub write_timeout: Duration,
}

impl OwlDoor {
    /// A door at an address. Once `stop` is true, all that is open ends.
    pub fn new(
        (apps, clock, metrics): (Apps, Arc<dyn Clock>, Metrics),
        (settings, address): (Settings, String),
        bounds: OwlBounds,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let on = |limit| bounds.are_limited.then_some(limit);
        let rates_of = |per_second: u32| {
            let rate = NonZeroU32::new(per_second).and_then(on);
            Rates::new(rate.map(|rate| Rate { per_second: rate, burst: rate }))
        };
        let rates = rates_of(settings.frames_per_second);
        let repeat_rates = rates_of(settings.repeats_per_second);
        let large_frames = Semaphore::new(settings.large_frames_max.min(Semaphore::MAX_PERMITS));
        let turned_away = Semaphore::new(TURNED_AWAY_MAX);
        let open = Arc::new(Semaphore::new(settings.connections_max.min(Semaphore::MAX_PERMITS)));
        let open_per_ip =
            PerAddress::new(bounds.are_limited.then_some(settings.connections_per_ip_max));
        Self {
            apps,
            clock,
            settings,
            address,
            bounds,
            open,
            open_per_ip,
            rates,
            repeat_rates,
            large_frames,
            turned_away,
            metrics,
            stop,
        }
    }

    /// By when a frame must be whole of which some comes now.
    fn frame_due(&self) -> Pin<Box<Sleep>> {
        Box::pin(sleep(self.settings.frame_timeout()))
    }

    /// Serves a connection until it ends. One too many ends at once: nothing was asked, so nothing can be answered.
    pub async fn serve<C: AsyncRead + AsyncWrite + Unpin>(&self, mut stream: C, peer: IpAddr) {
        let permits = self.open.try_acquire().ok().zip(self.open_per_ip.open(peer).ok());
        let Some(_permits) = permits else {
            self.metrics.refusals.with_label_values(&["owl_connections"]).inc();
            if let Ok(_place) = self.turned_away.try_acquire() {
                let mut buf = BytesMut::new();
                timeout(PARTING, part_from(&mut stream, &mut buf)).await.unwrap_or_default();
            }
            return;
        };
        self.metrics.owl_connections.inc();
        OwlConnection::new(self, (stream, peer)).live().await;
        self.metrics.owl_connections.dec();
    }
}
