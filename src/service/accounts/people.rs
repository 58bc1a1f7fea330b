//! Who users are, by whatever they are called.

use super::Accounts;
use crate::domain::accounts::name::{Called, NameKey};
use crate::domain::accounts::user::{Email, User};
use crate::domain::id::UserId;
use crate::service::{LookUp, look_up};
use crate::store::accounts::lookups;
use crate::store::{Line, StoreError};

impl Accounts {
    /// The user with an id.
    pub fn by_id(&self, id: UserId) -> impl LookUp<Option<User>> + use<> {
        look_up(&self.store, Line::Nobody, lookups::user(id))
    }

    /// The user whom somebody calls so.
    ///
    /// # Errors
    /// As [`Store::read`](crate::store::Store::read), so for all here.
    pub async fn by_name(&self, called: Called) -> Result<Option<User>, StoreError> {
        self.store.read(lookups::user_called(called)).await
    }

    /// The user who has an address.
    ///
    /// # Errors
    /// As [`Accounts::by_name`].
    pub async fn by_email(&self, email: Email) -> Result<Option<User>, StoreError> {
        let account = self.store.read(lookups::account_with(email)).await?;
        Ok(account.map(|account| account.user))
    }

    /// Users whose names differ from others' only in case or form, with what they have in common.
    ///
    /// # Errors
    /// As [`Accounts::by_name`].
    pub async fn name_clashes(&self) -> Result<Vec<(NameKey, User)>, StoreError> {
        self.store.read(lookups::name_clashes()).await
    }
}
