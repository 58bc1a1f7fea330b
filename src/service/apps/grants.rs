//! Who shows a key of an app gets a token.

use std::net::IpAddr;
use std::time::Duration;

use super::Apps;
use crate::auth::key::{self, AppTokenText};
use crate::auth::limits::KeyDoor;
use crate::domain::apps::app::Level;
use crate::domain::apps::token::AppToken;
use crate::domain::id::{AppId, UserId};
use crate::service::ServiceFault;
use crate::store::apps::keys::AppKey;
use crate::store::apps::{lookups, writes};

/// A token for whoever has shown a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// What is shown from now on. Never log it.
    pub token: String,
    pub app: AppId,
    pub level: Level,
    /// How long it works if it is not used.
    pub expires_in_seconds: u64,
}

/// Why nobody got a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantRefusal {
    /// There is no such key, or its secret is another.
    #[error("unknown key or wrong secret")]
    Key,
    /// The key is good, and of a level that gets no such token.
    #[error("a key of this level is not for this")]
    Level,
    #[error(transparent)]
    Fault(#[from] ServiceFault),
}

impl Apps {
    /// A token for a key and its secret, of the key's level and nobody's yet.
    ///
    /// # Errors
    /// Each variant of [`GrantRefusal`]; [`GrantRefusal::Level`] for keys of agents, who show a password.
    pub async fn grant(
        &self,
        key: &str,
        secret: &str,
        peer: IpAddr,
    ) -> Result<Granted, GrantRefusal> {
        let key = self.proved(key, secret, (KeyDoor::Token, peer)).await?;
        match key.level {
            Level::Ppkefu => Err(GrantRefusal::Level),
            Level::Ppcom | Level::ThirdPartyConsole | Level::Ppconsole => {
                self.granted(key.app, key.level, None).await
            }
        }
    }

    /// A token for an operator's browser, which ends when it ends.
    ///
    /// # Errors
    /// Each variant of [`GrantRefusal`]; [`GrantRefusal::Level`] for keys that are no operator's.
    pub async fn open_console(
        &self,
        key: &str,
        secret: &str,
        peer: IpAddr,
    ) -> Result<Granted, GrantRefusal> {
        let key = self.proved(key, secret, (KeyDoor::Console, peer)).await?;
        if key.level != Level::ThirdPartyConsole {
            return Err(GrantRefusal::Level);
        }
        let lifetime = self.settings.cookie_lifetime;
        self.store_token((key.app, key.level, None), lifetime, false).await
    }

    /// A token of an app, a user's if there is one, that lives on as long as it is used.
    ///
    /// # Errors
    /// [`GrantRefusal::Key`] if the app is gone, and faults.
    pub(in crate::service) async fn granted(
        &self,
        app: AppId,
        level: Level,
        user: Option<UserId>,
    ) -> Result<Granted, GrantRefusal> {
        self.store_token((app, level, user), self.lifetime(level), true).await
    }

    /// How long a token of a level works if it is not used.
    pub(super) fn lifetime(&self, level: Level) -> Duration {
        match level {
            Level::Ppcom => self.settings.widget_token_lifetime,
            Level::Ppkefu | Level::ThirdPartyConsole | Level::Ppconsole => {
                self.settings.token_lifetime
            }
        }
    }

    /// The key, if its secret is this one. The secret is compared by its hash: how long that takes tells
    /// nothing of it.
    pub(in crate::service) async fn proved(
        &self,
        key: &str,
        secret: &str,
        (door, peer): (KeyDoor, IpAddr),
    ) -> Result<AppKey, GrantRefusal> {
        let attempt = self.limits.key_try(door, peer).map_err(ServiceFault::from)?;
        let found = self.store.read(lookups::app_key(key.to_owned())).await;
        let found = found.map_err(ServiceFault::from)?;
        let shown = key::hash_of(secret);
        let fits = |key: &AppKey| {
            key.secret_hash == shown || key.old_secret_hash.is_some_and(|old| old == shown)
        };
        let key = found.filter(fits).ok_or(GrantRefusal::Key)?;
        attempt.right();
        Ok(key)
    }

    async fn store_token(
        &self,
        (app, level, user): (AppId, Level, Option<UserId>),
        lifetime: Duration,
        slides: bool,
    ) -> Result<Granted, GrantRefusal> {
        let text = AppTokenText::random().map_err(ServiceFault::from)?;
        let expires_at = self.clock.now().after(lifetime);
        let slides_by = if slides { lifetime } else { Duration::ZERO };
        let token = AppToken { hash: text.hash(), app, level, user, expires_at, slides_by };
        let stored = self.store.run(writes::add_token(token)).await;
        if !stored.map_err(ServiceFault::from)? {
            return Err(GrantRefusal::Key);
        }
        let token = text.as_str().to_owned();
        Ok(Granted { token, app, level, expires_in_seconds: lifetime.as_secs() })
    }
}
