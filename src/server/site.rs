//! What all parts are started on.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use super::{Additions, Base, Config, Routes, StartError};
use crate::hub::AwakeClock;
use crate::service::authenticators::Authenticator;
use crate::telemetry::Metrics;
use crate::wire::Dialects;

/// Settings, the base, and what is made once for all.
pub(super) struct Site<'a> {
    pub config: &'a Config,
    pub base: &'a Base,
    /// Where HTTP is listened for.
    pub address: SocketAddr,
    pub metrics: Metrics,
    pub dialects: Arc<Dialects>,
    /// The time for sessions: it does not run while the process stands still.
    pub awake: Arc<AwakeClock>,
}

/// What only the doors need of the additions.
pub(super) struct Doors {
    pub authenticators: HashMap<&'static str, Box<dyn Authenticator>>,
    pub routes: Routes,
}

impl<'a> Site<'a> {
    /// A site with nothing on it yet.
    pub fn new(
        config: &'a Config,
        base: &'a Base,
        address: SocketAddr,
        additions: Additions,
    ) -> Result<(Self, Doors), StartError> {
        let Additions { dialects, authenticators, routes } = additions;
        let dialects = Arc::new(dialects);
        let metrics = Metrics::new()?;
        metrics.tell(&told(config))?;
        let awake = Arc::new(AwakeClock::new(Arc::clone(&base.clock)));
        Ok((
            Self { config, base, address, metrics, dialects, awake },
            Doors { authenticators, routes },
        ))
    }
}

/// What `/metrics` tells of the server: its version and, if the operator lets it, the settings that figures
/// of a load depend on.
fn told(config: &Config) -> Vec<(&'static str, String)> {
    let mut told = vec![("version", env!("CARGO_PKG_VERSION").to_owned())];
    if config.http.metrics_settings {
        let store = &config.store;
        let database = store.url.expose().split_once(':').map_or("", |(scheme, _)| scheme);
        told.extend([
            ("database", database.to_owned()),
            ("durability", word(&store.durability)),
            ("batch_ops_max", store.batch_ops_max.to_string()),
            ("readers", store.readers.to_string()),
            ("workers", config.http.worker_count().to_string()),
            ("adapter", word(&config.ws.adapter)),
            ("limits", config.limits.enabled.to_string()),
            ("stores", (!cfg!(feature = "storing-nothing")).to_string()),
        ]);
    }
    told
}

/// A choice as its variant is called, in small letters.
fn word(choice: &impl std::fmt::Debug) -> String {
    format!("{choice:?}").to_lowercase()
}
