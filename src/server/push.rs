//! The part `pushes`, and who it says that it is.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix::Arbiter;
use tokio::sync::{oneshot, watch};

use super::parts::{BadEnd, Ending, Part};
use super::site::Site;
use super::{Config, StartError};
use crate::auth::oidc::{ExpectedPush, KeySets, PushKeys, PushVerifier};
use crate::domain::pubsub::refusal::PubsubStatus;
use crate::domain::pubsub::topic::TopicConfig;
use crate::push::{PushClient, PushTools, Pusher};
use crate::service::Service;
use crate::service::pubsub::{NewTopic, PushGate, PushIdentity};
use crate::store::Database;

/// The file of the keys of pushes: beside the SQLite file, or, on PostgreSQL, beside auth.secret_file.
const KEY_FILE: &str = "push.keys";
/// How long pushes that are under way may take at the end, and their thread.
const PATIENCE: Duration = Duration::from_secs(3);

/// Pushes, on a thread of their own: connections, TLS and large bodies hold up nothing else.
pub(super) struct PushPart {
    stop: watch::Sender<bool>,
    ended: oneshot::Receiver<()>,
    thread: Arbiter,
}

impl Part for PushPart {
    fn patience(&self) -> Duration {
        PATIENCE
    }

    /// While messages can still be acknowledged.
    fn drain(&mut self) -> Ending<'_> {
        Box::pin(async move {
            self.stop.send_replace(true);
            // Sent, or dropped by a task that has panicked.
            drop((&mut self.ended).await);
            Ok(())
        })
    }

    fn stop(self: Box<Self>) -> Ending<'static> {
        self.thread.stop();
        Box::pin(async move {
            let joined = tokio::task::spawn_blocking(|| self.thread.join()).await?;
            joined.map_err(|_| BadEnd::Thread)
        })
    }
}

/// Who pushes say that they are, and who may push to this hub.
///
/// # Errors
/// [`StartError::KeySet`], [`StartError::Auth`].
pub(super) fn identity(site: &Site<'_>) -> Result<(PushIdentity, Arc<PushGate>), StartError> {
    let pubsub = &site.config.pubsub;
    let identity = PushIdentity {
        keys: Arc::new(PushKeys::new(key_file(site.config))),
        issuer: issuer(site).into(),
        clock: Arc::clone(&site.base.clock),
    };
    let own = (&*identity.issuer, &identity.keys);
    let key_sets = KeySets::read(&pubsub.push_issuers, own)?;
    let expected =
        ExpectedPush { audience: pubsub.push_audience.clone(), emails: pubsub.push_emails.clone() };
    let verifier = PushVerifier { key_sets, expected };
    let gate = PushGate::new(pubsub.verification_token.expose(), verifier)?;
    Ok((identity, Arc::new(gate)))
}

/// The address that is known outside; of a server without doors, where the hub would listen.
fn issuer(site: &Site<'_>) -> String {
    let listens = (site.address.port() != 0).then_some(site.address);
    let bind = || site.config.http.bind.parse::<SocketAddr>().ok();
    site.config.http.base_url(listens.or_else(bind).unwrap_or(site.address))
}

fn key_file(config: &Config) -> PathBuf {
    let secret = || PathBuf::from(&config.auth.secret_file);
    let beside = Database::file(&config.store).unwrap_or_else(secret);
    beside.parent().unwrap_or(Path::new("")).join(KEY_FILE)
}

/// Makes what must be there before the doors open: the first key, where it will be asked for, and the page's topic.
///
/// # Errors
/// [`StartError::Auth`], [`StartError::Pubsub`].
pub(super) async fn prepare(config: &Config, service: &Service) -> Result<(), StartError> {
    if !config.pubsub.bind.is_empty() {
        service.push_identity.published().await?;
    }
    let Some(name) = config.pubsub.page_topic() else { return Ok(()) };
    let new = NewTopic { name: name.clone(), config: TopicConfig::default() };
    match service.pubsub.create_topic(new).await {
        Ok(_) => Ok(()),
        Err(refusal) if refusal.status == PubsubStatus::AlreadyExists => Ok(()),
        Err(refusal) => {
            Err(StartError::Pubsub { setting: "pubsub.topic", name: name.to_string(), refusal })
        }
    }
}

/// Starts pushes.
///
/// # Errors
/// [`StartError::Tls`].
pub(super) fn start(site: &Site<'_>, service: &Service) -> Result<((), PushPart), StartError> {
    let tools = PushTools {
        pubsub: service.pubsub.clone(),
        client: PushClient::new(site.config.push_reach())?,
        identity: service.push_identity.clone(),
        states: service.push_states.clone(),
        metrics: site.metrics.clone(),
    };
    let stop = watch::Sender::new(false);
    let told = stop.subscribe();
    let (end, ended) = oneshot::channel();
    let thread = Arbiter::new();
    thread.spawn_fn(move || {
        actix::spawn(async move {
            Pusher { tools }.run(told).await;
            end.send(()).unwrap_or_default();
        });
    });
    Ok(((), PushPart { stop, ended, thread }))
}
