//! Mails as a kind of job: links that have still to be sent.
//!
//! A link's key is drawn when its mail is sent and only its hash is kept, so each try has a key of its own and
//! all of them work.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;

use crate::auth::key::VerificationKey;
use crate::domain::accounts::user::Email;
use crate::domain::clock::Clock;
use crate::jobs::kind::{JobEnd, JobFault, JobKind, JobPolicy};
use crate::jobs::mail::{MailError, Settings, Transport};
use crate::store::Store;
use crate::store::accounts::mails::{self, MailJob};
use crate::store::accounts::writes;
use crate::telemetry::Metrics;

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

/// Sends mails, one after another.
pub struct Mails {
    /// Where it is kept what they are about.
    pub store: Store,
    pub transport: Transport,
    pub clock: Arc<dyn Clock>,
    pub links: Links,
    pub settings: Settings,
    pub metrics: Metrics,
}

impl JobKind for Mails {
    fn policy(&self) -> JobPolicy {
        let Settings { retry_first_ms, retry_max_ms, attempts_max, .. } = self.settings;
        let (kind, done, at_once_max) = (mails::KIND, "sent", 1);
        JobPolicy { kind, done, at_once_max, attempts_max, retry_first_ms, retry_max_ms }
    }

    fn waiting(&self, jobs: i64) {
        self.metrics.mail_queue.set(jobs);
    }

    fn run(&self, payload: String) -> LocalBoxFuture<'_, Result<JobEnd, JobFault>> {
        Box::pin(async move {
            match MailJob::parse(&payload) {
                Some(mail) => self.send(mail).await,
                None => Err(MailError::About(payload).into()),
            }
        })
    }
}

impl Mails {
    /// Draws a key, keeps its hash, and sends the link.
    async fn send(&self, mail: MailJob) -> Result<JobEnd, JobFault> {
        let key = VerificationKey::random().map_err(MailError::Key)?;
        let Links { base_url, verification_lifetime, reset_lifetime } = &self.links;
        let lifetime = match mail {
            MailJob::Registration(_) => *verification_lifetime,
            MailJob::Reset(_) => *reset_lifetime,
        };
        let (hash, now) = (key.hash(), self.clock.now());
        let times = (now, now.after(lifetime));
        let email = self.store.run(writes::add_mail_key(mail, hash, times)).await?;
        let Some(email) = email.as_deref().and_then(Email::parse) else {
            return Ok(JobEnd::Void);
        };
        let key = key.as_str();
        match mail {
            MailJob::Registration(_) => {
                let link = format!("{base_url}/api/v1/auth/email_verify/{key}");
                self.transport.send_verification(&email, &link).await?;
            }
            MailJob::Reset(_) => {
                self.transport.send_reset(&email, &format!("{base_url}/reset/{key}")).await?;
            }
        }
        Ok(JobEnd::Done)
    }
}

impl From<MailError> for JobFault {
    fn from(error: MailError) -> Self {
        match error.is_permanent() {
            true => Self::Permanent(error.into()),
            false => Self::Passing(error.into()),
        }
    }
}
