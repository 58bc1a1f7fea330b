//! What the operator of the hub does with apps.

use std::collections::BTreeMap;

use super::Apps;
use crate::auth::AuthError;
use crate::auth::key::{self, AppSecret};
use crate::domain::apps::app::{APP_TEXT_BYTES_MAX, App, AppSettings, Level, is_app_name};
use crate::domain::id::AppId;
use crate::domain::mint::MintError;
use crate::domain::origin::Origin;
use crate::domain::text::is_showable;
use crate::domain::uuid::Uuid;
use crate::store::StoreError;
use crate::store::apps::directory::NewApp;
use crate::store::apps::keys::NewAppKey;
use crate::store::apps::{lookups, writes};

/// Why nothing was done with an app.
#[derive(Debug, thiserror::Error)]
pub enum AppRefusal {
    #[error("1 to 64 characters that can be seen, and no blanks at the ends")]
    NameInvalid,
    #[error("an app has that name already")]
    NameTaken,
    #[error("no app has that name")]
    NoApp,
    #[error("there are {0} apps already (limits.apps_max)")]
    TooMany(i64),
    #[error("{0:?} is no origin, as https://shop.example is")]
    OriginInvalid(String),
    #[error("at most {0} origins (limits.app_origins_max)")]
    OriginsTooMany(usize),
    #[error(
        "a text of at most {APP_TEXT_BYTES_MAX} bytes without control characters but line ends"
    )]
    TextInvalid,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error("node: {0}")]
    Mint(#[from] MintError),
}

/// A key of an app with its secret, which nobody can see again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownKey {
    pub level: Level,
    pub key: String,
    pub secret: String,
}

/// A new app, with all that nobody can see again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAppKeys {
    pub id: AppId,
    pub name: String,
    /// The service's id, for servers that register.
    pub service_id: String,
    pub keys: Vec<ShownKey>,
}

/// An app as its owner sees it later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedApp {
    pub app: App,
    /// Without their secrets.
    pub keys: Vec<(Level, String)>,
}

/// What an owner sets; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppChanges {
    pub allowed_origins: Option<Vec<String>>,
    pub welcome: Option<String>,
    pub offline_text: Option<String>,
    pub return_offline: Option<bool>,
    pub trust_email: Option<bool>,
}

impl Apps {
    /// Makes an app, with a key of each level.
    ///
    /// # Errors
    /// [`AppRefusal::NameInvalid`], [`AppRefusal::NameTaken`], [`AppRefusal::TooMany`], and faults.
    pub async fn add(&self, name: &str) -> Result<NewAppKeys, AppRefusal> {
        if !is_app_name(name) {
            return Err(AppRefusal::NameInvalid);
        }
        let mut keys = Vec::new();
        for level in Level::ALL {
            let (key, secret) = (AppSecret::random()?, AppSecret::random()?);
            let (key, secret) = (key.as_str().to_owned(), secret.as_str().to_owned());
            keys.push(ShownKey { level, key, secret });
        }
        let service_id = key::service_id()?;
        let app = NewApp {
            id: self.mint.app()?,
            name: name.to_owned(),
            service_hash: key::hash_of(&service_id),
            created_at: self.clock.now(),
        };
        let stored = |shown: &ShownKey| NewAppKey {
            level: shown.level,
            key: shown.key.clone(),
            secret_hash: key::hash_of(&shown.secret),
        };
        let (id, apps_max) = (app.id, self.settings.apps_max);
        let add = writes::add_app(app, keys.iter().map(stored).collect(), apps_max);
        match self.store.run(add).await {
            Ok(true) => Ok(NewAppKeys { id, name: name.to_owned(), service_id, keys }),
            Ok(false) => Err(AppRefusal::TooMany(apps_max)),
            Err(error) if error.is_unique_violation() => Err(AppRefusal::NameTaken),
            Err(error) => Err(error.into()),
        }
    }

    /// All apps, the oldest first.
    ///
    /// # Errors
    /// As [`Store::read`](crate::store::Store::read).
    pub async fn list(&self) -> Result<Vec<ListedApp>, StoreError> {
        let (apps, keys) = self.store.read(lookups::apps()).await?;
        let mut keys_of: BTreeMap<AppId, Vec<(Level, String)>> = BTreeMap::new();
        for (app, level, key) in keys {
            keys_of.entry(app).or_default().push((level, key));
        }
        let listed =
            |app: App| ListedApp { keys: keys_of.remove(&app.id).unwrap_or_default(), app };
        Ok(apps.into_iter().map(listed).collect())
    }

    /// Gives the key of a level another secret. Tokens and the secret before go on working if they are
    /// kept, until the next time.
    ///
    /// # Errors
    /// [`AppRefusal::NoApp`], and faults.
    pub async fn rotate_key(
        &self,
        name: &str,
        level: Level,
        keeps_old: bool,
    ) -> Result<ShownKey, AppRefusal> {
        let app = self.named(name).await?;
        let secret = AppSecret::random()?;
        let rotate = writes::rotate_key(app.id, level, secret.hash(), keeps_old);
        let key = self.store.run(rotate).await?.ok_or(AppRefusal::NoApp)?;
        Ok(ShownKey { level, key, secret: secret.as_str().to_owned() })
    }

    /// Gives the service of an app another id. Servers that have shown the one before must register again.
    ///
    /// # Errors
    /// [`AppRefusal::NoApp`], and faults.
    pub async fn new_service_id(&self, name: &str) -> Result<String, AppRefusal> {
        let app = self.named(name).await?;
        let service_id = key::service_id()?;
        self.store.run(writes::set_service(app.id, key::hash_of(&service_id))).await?;
        self.links.end_all(app.id);
        Ok(service_id)
    }

    /// Sets what is given, and gives the app as it is then.
    ///
    /// # Errors
    /// Each variant of [`AppRefusal`] that is about a value, [`AppRefusal::NoApp`], and faults.
    pub async fn set(&self, name: &str, changes: AppChanges) -> Result<App, AppRefusal> {
        let mut app = self.named(name).await?;
        self.apply(changes, &mut app.settings)?;
        self.store.run(writes::set_app(app.id, app.settings.clone())).await?;
        Ok(app)
    }

    /// Ends an app, its keys and its sessions. What belonged to it is forgotten bit by bit.
    ///
    /// # Errors
    /// [`AppRefusal::NoApp`], and faults.
    pub async fn remove(&self, name: &str) -> Result<Uuid, AppRefusal> {
        let app = self.named(name).await?;
        self.store.run(writes::remove_app(app.id)).await?;
        self.links.end_all(app.id);
        self.hub.settled().await;
        Ok(app.id.uuid())
    }

    /// The app with a name.
    ///
    /// # Errors
    /// [`AppRefusal::NoApp`], and faults.
    pub async fn named(&self, name: &str) -> Result<App, AppRefusal> {
        let app = self.store.read(lookups::app_named(name.to_owned())).await?;
        app.ok_or(AppRefusal::NoApp)
    }

    fn apply(&self, changes: AppChanges, to: &mut AppSettings) -> Result<(), AppRefusal> {
        let AppChanges { allowed_origins, welcome, offline_text, return_offline, trust_email } =
            changes;
        if let Some(origins) = allowed_origins {
            let max = self.settings.origins_max;
            if origins.len() > max {
                return Err(AppRefusal::OriginsTooMany(max));
            }
            let parsed = origins.into_iter().map(|text| match Origin::parse(&text) {
                Some(_) => Ok(text),
                None => Err(AppRefusal::OriginInvalid(text)),
            });
            to.allowed_origins = parsed.collect::<Result<_, _>>()?;
        }
        for (text, place) in [(welcome, &mut to.welcome), (offline_text, &mut to.offline_text)] {
            let Some(text) = text else { continue };
            if text.len() > APP_TEXT_BYTES_MAX || !text.lines().all(is_showable) {
                return Err(AppRefusal::TextInvalid);
            }
            *place = text;
        }
        to.return_offline = return_offline.unwrap_or(to.return_offline);
        to.trust_email = trust_email.unwrap_or(to.trust_email);
        Ok(())
    }
}
