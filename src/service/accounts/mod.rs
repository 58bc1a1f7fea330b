//! Users: registration, log-ins, new passwords, profiles, friends, blocks, and the end of an account.
//!
//! Each of these is in one file, whichever door it is asked at: REWIND's forms, `/api/v1`, the chatting
//! dialect's HTTP half, the command line.

mod bearer;
mod blocks;
mod deletion;
mod export;
mod friends;
mod import;
mod logins;
mod people;
mod profile;
mod proof;
mod registration;
mod reset;
mod revocation;
mod seed;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::ServiceParts;
use crate::auth::limits::{RateLimits, TooMany};
use crate::auth::password::Passwords;
use crate::auth::token::Tokens;
use crate::domain::accounts::name::NameRule;
use crate::domain::accounts::password::PasswordRule;
use crate::domain::clock::Clock;
use crate::domain::mint::IdMint;
use crate::hub::Hub;
use crate::store::Store;
use crate::telemetry::Metrics;

pub use crate::store::accounts::dossiers::Dossier;
pub use crate::store::accounts::logins::Login;
pub use crate::store::accounts::own::Own;
pub use crate::store::accounts::registrations::Mail;
pub use bearer::Bearer;
pub use import::{AddRefusal, Newcomer};
pub use logins::{OpenLogin, Renewed};
pub use profile::{ChangeRefusal, PasswordRefusal, PasswordSwap, ProfileChange};
pub use proof::ProofRefusal;
pub use registration::{Applicant, RegisterRefusal};
pub use reset::{AskRefusal, ResetRefusal};
pub use seed::{Crowd, Seeded, SeededUser};

/// Rules of accounts.
#[derive(Clone, Debug)]
pub struct Settings {
    pub passwords: PasswordRule,
    pub names: NameRule,
    /// Domains of which addresses may register; empty for any.
    pub allowed_email_domains: Vec<String>,
    /// What becomes of mails to an address that several register.
    pub registration_mail: Mail,
    /// Log-ins kept of one user; `None` for any number.
    pub logins_per_user_max: Option<usize>,
    /// How long a registration waits for its link to be followed.
    pub verification_lifetime: Duration,
    /// How long a link to a new password works.
    pub reset_lifetime: Duration,
}

/// Who asks, as far as the peer's connection tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The address that limits count by.
    pub address: IpAddr,
    /// What the peer's program calls itself.
    pub agent: Option<String>,
}

/// What a peer without a token asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    Register,
    LogIn,
    /// A mail with a link to a new password.
    AskReset,
    /// A new password for the key of such a link.
    Reset,
}

/// What can be asked about users. Cloning it is cheap.
#[derive(Clone)]
pub struct Accounts {
    store: Store,
    hub: Hub,
    mint: Arc<IdMint>,
    clock: Arc<dyn Clock>,
    tokens: Tokens,
    passwords: Passwords,
    limits: Arc<RateLimits>,
    metrics: Metrics,
    /// Says that a mail has been left in the store.
    mail_left: Arc<dyn Fn() + Send + Sync>,
    settings: Arc<Settings>,
}

impl Accounts {
    pub(in crate::service) fn new(parts: &ServiceParts, settings: Settings) -> Self {
        Self {
            store: parts.store.clone(),
            hub: parts.hub.clone(),
            mint: Arc::clone(&parts.mint),
            clock: Arc::clone(&parts.clock),
            tokens: parts.tokens.clone(),
            passwords: parts.passwords.clone(),
            limits: Arc::clone(&parts.limits),
            metrics: parts.metrics.clone(),
            mail_left: Arc::clone(&parts.mail_left),
            settings: Arc::new(settings),
        }
    }

    /// Which passwords may be chosen.
    pub fn password_rule(&self) -> PasswordRule {
        self.settings.passwords
    }

    /// Whether a peer may ask for this now. To be asked first, before anything of the request is read: it bounds
    /// how many addresses one peer can have counted.
    ///
    /// # Errors
    /// [`TooMany`] if it came too early.
    pub fn admit(&self, errand: Errand, peer: IpAddr) -> Result<(), TooMany> {
        let (admitted, what) = match errand {
            Errand::Register => (self.limits.register_from(peer), "register"),
            Errand::LogIn => (self.limits.login_from(peer), "login"),
            Errand::AskReset => (self.limits.reset_from(peer), "reset"),
            // Keys are tried as passwords are.
            Errand::Reset => (self.limits.login_from(peer), "reset"),
        };
        admitted.inspect_err(|_| self.limited(what, peer))
    }

    /// A peer came too often: counted, and logged now and then.
    fn limited(&self, what: &str, peer: IpAddr) {
        self.metrics.refusals.with_label_values(&[what]).inc();
        if self.limits.is_news(peer) {
            log::warn!(peer:%, what; "a peer tries more often than it may");
        }
    }
}
