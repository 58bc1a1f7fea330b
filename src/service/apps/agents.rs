//! Agents: who answers visitors in the name of an app.

use std::net::IpAddr;
use std::sync::Arc;

use super::customers::{CustomerAsker, CustomerRefusal};
use super::visitors::FaceWish;
use super::{AppRefusal, Apps, GrantRefusal, Granted};
use crate::auth::AuthError;
use crate::auth::limits::{Familiarity, KeyDoor};
use crate::auth::password::{self, Verdict};
use crate::auth::sent_password::sent_form;
use crate::domain::accounts::login::Network;
use crate::domain::accounts::name::UserName;
use crate::domain::accounts::password::PasswordFault;
use crate::domain::accounts::user::Email;
use crate::domain::apps::app::{App, Level};
use crate::domain::apps::customer::{AGENTS_MAX, AppUser, is_icon, is_shown_name};
use crate::domain::id::{AppId, UserId};
use crate::domain::mint::MintError;
use crate::service::ServiceFault;
use crate::store::StoreError;
use crate::store::accounts::lookups as accounts;
use crate::store::accounts::writes::UserDraft;
use crate::store::apps::customer_writes::{self, AgentDraft, NoAgentReason};
use crate::store::apps::{conversation_writes, customer_lookups, lookups};

/// Names of an account that are tried, one after another.
const NAMES_TRIED: u32 = 8;

/// An agent to be made.
#[derive(Clone, Copy)]
pub struct NewAgent<'a> {
    /// The name of the app.
    pub app: &'a str,
    pub email: &'a str,
    pub password: &'a str,
    /// What visitors see.
    pub shown_name: &'a str,
}

/// Why nobody was made an agent.
#[derive(Debug, thiserror::Error)]
pub enum AgentRefusal {
    #[error("no app has that name")]
    NoApp,
    #[error("the address is not valid")]
    EmailInvalid,
    #[error("1 to 64 characters that can be shown")]
    NameInvalid,
    #[error("the password is too short or too long")]
    Password(PasswordFault),
    #[error("a user of the app has that address already")]
    Known,
    /// Somebody has an account with the address.
    #[error("somebody else has that address")]
    Account,
    #[error("the app has {AGENTS_MAX} agents already")]
    TooMany,
    #[error("no name for the account that nobody has")]
    Names,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error("node: {0}")]
    Mint(#[from] MintError),
}

/// What an agent and his account are to be.
struct WantedAgent<'a> {
    app: AppId,
    email: Email,
    shown_name: &'a str,
    icon: Option<String>,
    /// Of what agents' programs send, and of the password itself.
    hashes: (Option<String>, String),
    takes_account: bool,
}

impl Apps {
    /// Makes an agent, with an account for one who has none: for operators of the hub. Whoever waits for an agent has
    /// a conversation by then.
    ///
    /// # Errors
    /// Each variant of [`AgentRefusal`] but [`AgentRefusal::Account`].
    pub async fn add_agent(&self, new: NewAgent<'_>) -> Result<(App, AppUser), AgentRefusal> {
        let app = self.named(new.app).await.map_err(|why| match why {
            AppRefusal::Store(error) => AgentRefusal::Store(error),
            AppRefusal::Auth(error) => AgentRefusal::Auth(error),
            AppRefusal::Mint(error) => AgentRefusal::Mint(error),
            AppRefusal::NoApp
            | AppRefusal::NameInvalid
            | AppRefusal::NameTaken
            | AppRefusal::TooMany(_)
            | AppRefusal::OriginInvalid(_)
            | AppRefusal::OriginsTooMany(_)
            | AppRefusal::TextInvalid => AgentRefusal::NoApp,
        })?;
        let email = Email::parse(new.email).ok_or(AgentRefusal::EmailInvalid)?;
        if !is_shown_name(new.shown_name) {
            return Err(AgentRefusal::NameInvalid);
        }
        self.settings.passwords.check(new.password).map_err(AgentRefusal::Password)?;
        let sent = password::hash_now(&sent_form(new.password))?;
        let hashes = (Some(sent), password::hash_now(new.password)?);
        let (shown_name, icon, takes_account) = (new.shown_name, None, true);
        let wanted = WantedAgent { app: app.id, email, shown_name, icon, hashes, takes_account };
        let agent = self.make_agent(wanted).await?;
        Ok((app, agent))
    }

    /// The agents of an app, by its name.
    ///
    /// # Errors
    /// [`AppRefusal::NoApp`], and faults.
    pub async fn agents(&self, app: &str) -> Result<(App, Vec<AppUser>), AppRefusal> {
        let app = self.named(app).await?;
        let agents = self.store.read(customer_lookups::agents(app.id)).await?;
        Ok((app, agents))
    }

    /// A new user of the asker's app: an agent, who logs in once he has set a password by mail, or a visitor.
    ///
    /// # Errors
    /// [`CustomerRefusal::UserExists`], [`CustomerRefusal::Value`], [`CustomerRefusal::Full`], and faults.
    pub async fn create_user(
        &self,
        asker: &CustomerAsker,
        email: &str,
        wish: FaceWish,
        is_agent: bool,
    ) -> Result<AppUser, CustomerRefusal> {
        let email = Email::parse(email).ok_or(CustomerRefusal::Value)?;
        if !is_agent {
            return self.create_visitor(asker, email, wish).await;
        }
        let shown_name = wish.shown_name.as_deref().unwrap_or_default();
        if !is_shown_name(shown_name) || !wish.icon.as_deref().is_none_or(is_icon) {
            return Err(CustomerRefusal::Value);
        }
        let hashes = (None, password::unguessable().map_err(ServiceFault::from)?);
        let (app, icon, takes_account) = (asker.app.id, wish.icon.clone(), false);
        let wanted = WantedAgent { app, email, shown_name, icon, hashes, takes_account };
        self.make_agent(wanted).await.map_err(|why| match why {
            AgentRefusal::Known | AgentRefusal::Account => CustomerRefusal::UserExists,
            AgentRefusal::TooMany | AgentRefusal::Names => CustomerRefusal::Full,
            AgentRefusal::NoApp
            | AgentRefusal::EmailInvalid
            | AgentRefusal::NameInvalid
            | AgentRefusal::Password(_) => CustomerRefusal::Value,
            AgentRefusal::Store(error) => error.into(),
            AgentRefusal::Auth(error) => CustomerRefusal::Fault(error.into()),
            AgentRefusal::Mint(error) => StoreError::from(error).into(),
        })
    }

    async fn make_agent(&self, wanted: WantedAgent<'_>) -> Result<AppUser, AgentRefusal> {
        let mut left = NAMES_TRIED;
        let agent = loop {
            left = left.checked_sub(1).ok_or(AgentRefusal::Names)?;
            let id = self.mint.user()?;
            let made =
                self.store.run(customer_writes::add_agent(self.draft(&wanted, id, left))).await;
            match made {
                Ok(Ok(agent)) => break agent,
                Ok(Err(NoAgentReason::Known)) => return Err(AgentRefusal::Known),
                Ok(Err(NoAgentReason::Account)) => return Err(AgentRefusal::Account),
                Ok(Err(NoAgentReason::TooMany)) => return Err(AgentRefusal::TooMany),
                // The name is somebody's.
                Err(error) if error.is_unique_violation() => (),
                Err(error) => return Err(error.into()),
            }
        };
        log::info!("user {} is an agent of app {}", agent.id, agent.app);
        self.serve_waits(agent.app).await?;
        Ok(agent)
    }

    fn draft(&self, wanted: &WantedAgent<'_>, id: UserId, left: u32) -> AgentDraft {
        let tried = NAMES_TRIED.saturating_sub(left);
        let wished = match tried {
            1 => wanted.shown_name.to_owned(),
            _ => format!("{} {tried}", wanted.shown_name),
        };
        let by_id = || UserName::parse(&format!("agent {id}"));
        let wished = (left > 0).then(|| UserName::parse(&wished)).flatten();
        let name = wished.or_else(by_id);
        AgentDraft {
            app: wanted.app,
            shown_name: wanted.shown_name.to_owned(),
            icon: wanted.icon.clone(),
            password_hash: wanted.hashes.0.clone(),
            account: name.map(|name| UserDraft {
                id,
                name,
                email: wanted.email.clone(),
                password_hash: wanted.hashes.1.clone(),
                imported: false,
                created_at: self.clock.now(),
            }),
            email: wanted.email.clone(),
            takes_account: wanted.takes_account,
            at: self.clock.now(),
        }
    }

    /// Gives whoever waits for an agent of an app a conversation.
    pub(super) async fn serve_waits(&self, app: AppId) -> Result<(), StoreError> {
        loop {
            let (mint, clock) = (Arc::clone(&self.mint), Arc::clone(&self.clock));
            if self.store.run(conversation_writes::serve_waits(app, mint, clock)).await? == 0 {
                return Ok(());
            }
        }
    }

    /// A token for an agent who shows what his program sends of a password; `None` if it is another.
    ///
    /// # Errors
    /// Each variant of [`GrantRefusal`]; [`GrantRefusal::Level`] for keys that are not for agents.
    pub async fn grant_agent(
        &self,
        key: &str,
        (email, sent): (&str, &str),
        peer: IpAddr,
    ) -> Result<Option<(Granted, UserId)>, GrantRefusal> {
        let key_try = self.limits.key_try(KeyDoor::Token, peer).map_err(ServiceFault::from)?;
        let found = self.store.read(lookups::app_key(key.to_owned())).await;
        let key = found.map_err(ServiceFault::from)?.ok_or(GrantRefusal::Key)?;
        if key.level != Level::Ppkefu {
            return Err(GrantRefusal::Level);
        }
        let Some(email) = Email::parse(email) else { return Ok(None) };
        if !self.settings.passwords.may_be(sent) {
            return Ok(None);
        }
        let look = customer_lookups::agent_login(key.app, email.as_str().to_owned());
        let login = self.store.read(look).await.map_err(ServiceFault::from)?;
        let network = Network::of(peer);
        let look = accounts::claimed_by_email(email.clone(), network.clone());
        let (_, is_known) = self.store.read(look).await.map_err(ServiceFault::from)?;
        let familiarity = if is_known { Familiarity::Known } else { Familiarity::Stranger };
        let attempt =
            self.limits.attempt(&email, network, familiarity).map_err(ServiceFault::from)?;
        let stored = login.as_ref().and_then(|login| login.password_hash.clone());
        let verdict = self.passwords.verify(sent.to_owned(), stored).await;
        let is_right = matches!(verdict, Ok(Verdict::Right | Verdict::Renewed(_)));
        if is_right || verdict.is_err() {
            attempt.take_back();
        }
        verdict.map_err(ServiceFault::from)?;
        let Some(login) = login.filter(|_| is_right) else {
            log::info!(peer:%; "a wrong password of an agent");
            return Ok(None);
        };
        key_try.right();
        let granted = self.granted(key.app, Level::Ppkefu, Some(login.user)).await?;
        Ok(Some((granted, login.user)))
    }

    /// The asking agent, by his own address.
    ///
    /// # Errors
    /// [`CustomerRefusal::NoUser`] if no agent has the address, [`CustomerRefusal::NotYours`] if another one has it, and
    /// faults.
    pub async fn agent_of_address(
        &self,
        asker: &CustomerAsker,
        email: &str,
    ) -> Result<AppUser, CustomerRefusal> {
        let email = Email::parse(email).ok_or(CustomerRefusal::NoUser)?;
        let look = customer_lookups::user_by_email(asker.app.id, email.as_str().to_owned());
        let found = self.store.read(look).await?.filter(|user| user.is_agent);
        let found = found.ok_or(CustomerRefusal::NoUser)?;
        if found.id == asker.user_id()? { Ok(found) } else { Err(CustomerRefusal::NotYours) }
    }

    /// Counts something wrong that was shown at the endpoint of tokens.
    ///
    /// # Errors
    /// [`ServiceFault::TooMany`] if there was too much of it before.
    pub fn wrong_grant(&self, peer: IpAddr) -> Result<(), ServiceFault> {
        // The try is not taken back, and so it counts.
        self.limits.key_try(KeyDoor::Token, peer).map(|_| ()).map_err(ServiceFault::from)
    }
}
