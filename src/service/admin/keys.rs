//! Keys by which other services show who they are.

use super::Admin;
use crate::auth::AuthError;
use crate::auth::key::{self, ServiceKey};
use crate::service::{LookUp, look_up};
use crate::store::admin::{lookups, writes};
use crate::store::{Line, StoreError};

/// The longest name of a service, in characters.
const NAME_CHARS_MAX: usize = 64;

/// Why a service got no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyRefusal {
    /// The name is blank, too long, or has controls.
    #[error("1 to {NAME_CHARS_MAX} characters, not blank")]
    NameInvalid,
    #[error("a key has that name already")]
    NameTaken,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Auth(#[from] AuthError),
}

impl Admin {
    /// Whether this is the key of a service. It is looked up by its hash, so how long that takes tells
    /// nothing of any key.
    pub fn knows_service(&self, key: &str) -> impl LookUp<bool> + use<> {
        let key_hash = key::hash_of(key);
        look_up(&self.store, Line::Nobody, lookups::is_key(key_hash))
    }

    /// Makes a key under a unique name.
    ///
    /// # Errors
    /// Each variant of [`KeyRefusal`].
    pub async fn add_key(&self, name: &str) -> Result<ServiceKey, KeyRefusal> {
        let chars = name.chars().count();
        if name.trim().is_empty() || chars > NAME_CHARS_MAX || name.chars().any(char::is_control) {
            return Err(KeyRefusal::NameInvalid);
        }
        let key = ServiceKey::random()?;
        let add = writes::add_key(name.to_owned(), key.hash(), self.clock.now());
        match self.store.run(add).await {
            Ok(()) => Ok(key),
            Err(error) if error.is_unique_violation() => Err(KeyRefusal::NameTaken),
            Err(error) => Err(error.into()),
        }
    }

    /// The names that have keys, in their order.
    ///
    /// # Errors
    /// As [`Store::read`](crate::store::Store::read).
    pub async fn keys(&self) -> Result<Vec<String>, StoreError> {
        self.store.read(lookups::key_names()).await
    }

    /// Ends the key of a name; false if there is none.
    ///
    /// # Errors
    /// As [`Store::run`](crate::store::Store::run).
    pub async fn remove_key(&self, name: String) -> Result<bool, StoreError> {
        self.store.run(writes::remove_key(name)).await
    }
}
