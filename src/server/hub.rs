//! The part `hub`, and the thread that it shares with the store's writer.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor as _, Arbiter, ArbiterHandle};

use super::Config;
use super::parts::{BadEnd, Ending, Part};
use super::site::Site;
use crate::hub::{ChatServer, Hub, HubSettings, InviteBounds, Parts};
use crate::store::Store;

/// The thread. It ends after the store, whose writer is on it.
pub(super) struct HubThread(Arbiter);

impl HubThread {
    /// Starts the thread.
    pub fn start() -> (ArbiterHandle, Self) {
        let arbiter = Arbiter::new();
        (arbiter.handle(), Self(arbiter))
    }
}

impl Part for HubThread {
    fn stop(self: Box<Self>) -> Ending<'static> {
        self.0.stop();
        Box::pin(async move {
            let joined = tokio::task::spawn_blocking(|| self.0.join()).await?;
            joined.map_err(|_| BadEnd::Thread)
        })
    }
}

/// Lets no more writes in, answers those under way, and sends all sessions home.
pub(super) struct HubPart {
    hub: Hub,
    patience: Duration,
}

impl Part for HubPart {
    fn patience(&self) -> Duration {
        self.patience
    }

    fn drain(&mut self) -> Ending<'_> {
        Box::pin(async move {
            self.hub.drain().await;
            Ok(())
        })
    }
}

pub(super) fn start(site: &Site<'_>, store: &Store, thread: &ArbiterHandle) -> (Hub, HubPart) {
    let parts = Parts {
        store: store.clone(),
        mint: Arc::clone(&site.base.mint),
        clock: Arc::clone(&site.awake),
        revoked: Arc::clone(site.base.tokens.revoked()),
        dialects: Arc::clone(&site.dialects),
        metrics: site.metrics.clone(),
    };
    let server = ChatServer::new(settings(site.config), parts.clone());
    let address = ChatServer::start_in_arbiter(thread, move |_| server);
    let hub = Hub::new(address, &parts);
    let patience = site.config.hub.drain_timeout();
    (hub.clone(), HubPart { hub, patience })
}

fn settings(config: &Config) -> HubSettings {
    HubSettings {
        hub: config.hub.clone(),
        presence: config.presence.clone(),
        invites: InviteBounds {
            timeout: config.chatting.invite_timeout(),
            per_user_max: config.chatting.invites_per_user_max,
        },
        typing_interval: match config.limits.enabled {
            true => config.ppcom.typing_interval(),
            false => Duration::ZERO,
        },
        outbox_bytes_max: config.ws.outbox_bytes_max,
        sessions_per_user_max: config.limits.on(config.limits.sessions_per_user_max),
    }
}
