//! The mail queue: links that have still to be sent, kept in the store.
//!
//! A link's key is drawn when its mail is sent and only its hash is kept, so each try has a key of
//! its own and all of them work. What a crash leaves behind is found again at the next start.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::auth::key::VerificationKey;
use crate::domain::accounts::user::Email;
use crate::domain::clock::Clock;
use crate::jobs::mail::{MailError, Settings, Transport, backoff};
use crate::store::accounts::{registrations, resets};
use crate::store::engine::Connection;
use crate::store::jobs::mails::{self, About, DueMail};
use crate::store::{Store, StoreError};
use crate::telemetry::Metrics;

/// Mails read from the store at once.
const PAGE: u32 = 32;
/// How long to wait when nothing is due, or the store failed.
const IDLE: Duration = Duration::from_secs(60);
const STORE_RETRY: Duration = Duration::from_secs(5);

/// The way to wake the queue. Cloning it is cheap.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    wake: Arc<Notify>,
}

impl Queue {
    /// Says that a mail has been left in the store.
    pub fn wake(&self) {
        self.wake.notify_one();
    }
}

/// What links are like.
#[derive(Clone, Debug)]
pub struct Links {
    /// What they begin with, without a slash at the end.
    pub base_url: String,
    /// How long one that verifies an address works after it was sent.
    pub verification_lifetime: Duration,
    /// How long one for a new password works after it was sent.
    pub reset_lifetime: Duration,
}

/// Sends what is due, one mail after another.
pub struct Worker {
    /// What wakes it.
    pub queue: Queue,
    /// Where mails are kept.
    pub store: Store,
    /// Where they go.
    pub transport: Transport,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What they lead to.
    pub links: Links,
    /// How often they are tried.
    pub settings: Settings,
    /// The counters.
    pub metrics: Metrics,
}

impl Worker {
    /// Works until told to stop. A mail on its way then is left, and sent again after the next
    /// start: its server may take longer than a stop should.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        tokio::select! {
            () = self.work() => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    async fn work(&self) {
        loop {
            let wait = self.send_due().await.unwrap_or_else(|error| {
                log::error!("the mail queue could not be read: {error}");
                STORE_RETRY
            });
            tokio::select! {
                () = self.queue.wake.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Sends all that is due; returns how long nothing more will be.
    async fn send_due(&self) -> Result<Duration, StoreError> {
        loop {
            let now = self.clock.now();
            let sweep = move |conn: &mut Connection| {
                registrations::sweep_expired(conn, now)?;
                resets::sweep_expired(conn, now)
            };
            self.store.write_beside(sweep).await?;
            let (due, queued) = self
                .store
                .read(move |conn| Ok((mails::due(conn, now, PAGE)?, mails::count(conn)?)))
                .await?;
            self.metrics.mail_queue.set(queued);
            if due.is_empty() {
                break;
            }
            for mail in due {
                self.send(mail).await?;
            }
        }
        let next = self.store.read(mails::next_due_at).await?;
        let left = next.map(|at| at.micros().saturating_sub(self.clock.now().micros()));
        let left = left.map(|micros| Duration::from_micros(u64::try_from(micros).unwrap_or(0)));
        Ok(left.unwrap_or(IDLE).min(IDLE))
    }

    async fn send(&self, mail: DueMail) -> Result<(), StoreError> {
        let id = mail.id;
        let attempts = mail.attempts.saturating_add(1);
        let error = match self.try_send(&mail).await? {
            Ok(()) => {
                log::info!("mail {id} sent");
                return self.store.write_beside(move |conn| mails::remove(conn, &mail)).await;
            }
            Err(error) => error,
        };
        let tried = u32::try_from(attempts).unwrap_or(u32::MAX);
        if error.is_permanent() || tried >= self.settings.attempts_max {
            log::error!("mail {id} given up after {tried} tries: {}", chain(&error));
            return self.store.write_beside(move |conn| mails::remove(conn, &mail)).await;
        }
        let wait = backoff(tried, self.settings.retry_first_ms, self.settings.retry_max_ms);
        log::warn!("mail {id} not sent, again in {} ms: {}", wait.as_millis(), chain(&error));
        let due_at = self.clock.now().after(wait);
        self.store.write_beside(move |conn| mails::postpone(conn, id, attempts, due_at)).await
    }

    /// Draws a key, keeps its hash, and sends the link.
    async fn try_send(&self, mail: &DueMail) -> Result<Result<(), MailError>, StoreError> {
        let key = match VerificationKey::random() {
            Ok(key) => key,
            Err(error) => return Ok(Err(MailError::Key(error))),
        };
        let (about, hash, links) = (mail.about, key.hash(), &self.links);
        let lifetime = match about {
            About::Registration(_) => links.verification_lifetime,
            About::Reset(_) => links.reset_lifetime,
        };
        let expires_at = self.clock.now().after(lifetime);
        let add = move |conn: &mut Connection| match about {
            About::Registration(id) => mails::add_key(conn, id, &hash, expires_at),
            About::Reset(id) => resets::add_key(conn, id, &hash, expires_at),
        };
        let waiting = self.store.write_beside(add).await?;
        let Some(email) = Email::parse(&mail.email).filter(|_| waiting) else { return Ok(Ok(())) };
        let (base, key) = (&links.base_url, key.as_str());
        Ok(match about {
            About::Registration(_) => {
                let link = format!("{base}/api/v1/auth/email_verify/{key}");
                self.transport.send_verification(&email, &link).await
            }
            About::Reset(_) => {
                self.transport.send_reset(&email, &format!("{base}/reset/{key}")).await
            }
        })
    }
}

/// An error with its causes, on one line.
fn chain(error: &MailError) -> String {
    let first: &dyn Error = error;
    let causes = std::iter::successors(Some(first), |error| (*error).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
