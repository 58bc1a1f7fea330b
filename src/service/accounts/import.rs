//! Users whom the operator makes, without a mail.

use std::collections::HashSet;

use super::Accounts;
use crate::auth::password;
use crate::domain::accounts::friendship::Friendship;
use crate::domain::accounts::password::PasswordFault;
use crate::domain::accounts::user::{Email, User, UserPair};
use crate::domain::id::UserId;
use crate::service::OperatorFault;
use crate::store::StoreError;
use crate::store::accounts::lookups;
use crate::store::accounts::writes::{self, UserDraft};

/// How often ids that are taken are minted again.
const MINTED_AGAIN_MAX: u32 = 8;

/// A user to be made.
#[derive(Clone, Copy)]
pub struct Newcomer<'a> {
    pub name: &'a str,
    /// The unique address; it counts as verified.
    pub email: &'a str,
    /// The password; without one the user cannot log in.
    pub password: Option<&'a str>,
    /// The id of one who comes from elsewhere.
    pub id: Option<i64>,
}

/// Why a user was not made.
#[derive(Debug, thiserror::Error)]
pub enum AddRefusal {
    #[error("the name is not valid")]
    NameInvalid,
    #[error("the address is not valid")]
    EmailInvalid,
    /// The id can be no user's.
    #[error("the id is not valid")]
    IdInvalid,
    #[error("the password is too short or too long")]
    Password(PasswordFault),
    /// Somebody has the name, the address or the id.
    #[error("a user with that name, address or id exists already")]
    Taken,
    #[error(transparent)]
    Fault(OperatorFault),
}

impl<F: Into<OperatorFault>> From<F> for AddRefusal {
    fn from(fault: F) -> Self {
        Self::Fault(fault.into())
    }
}

impl Accounts {
    /// Makes a user.
    ///
    /// # Errors
    /// Each variant of [`AddRefusal`].
    pub async fn add(&self, new: Newcomer<'_>) -> Result<(User, Email), AddRefusal> {
        let name = self.settings.names.name(new.name).ok_or(AddRefusal::NameInvalid)?;
        let email = Email::parse(new.email).ok_or(AddRefusal::EmailInvalid)?;
        let (id, imported) = match new.id {
            Some(id) => (UserId::new(id).ok_or(AddRefusal::IdInvalid)?, true),
            None => (self.fresh_ids(1).await?.first().copied().ok_or(OperatorFault::Ids)?, false),
        };
        let password_hash = self.operators_hash(new.password)?;
        let user = User { id, name: name.as_str().to_owned(), profile: None };
        let created_at = self.clock.now();
        let draft =
            UserDraft { id, name, email: email.clone(), password_hash, imported, created_at };
        match self.store.run(writes::add_user(draft)).await {
            Ok(()) => Ok((user, email)),
            Err(error) if error.is_unique_violation() => Err(AddRefusal::Taken),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes two users friends, whatever was between them.
    ///
    /// # Errors
    /// As [`Store::run`](crate::store::Store::run).
    pub async fn introduce(&self, pair: UserPair) -> Result<(), StoreError> {
        let befriend = writes::set_friendship(pair, Friendship::Friends, self.clock.now());
        self.store.run(befriend).await
    }

    /// Ids for so many new users, which nobody has, not even one who came from elsewhere with it.
    pub(super) async fn fresh_ids(&self, count: usize) -> Result<Vec<UserId>, OperatorFault> {
        let mut ids = Vec::with_capacity(count);
        for _ in 0..=MINTED_AGAIN_MAX {
            while ids.len() < count {
                ids.push(self.mint.user()?);
            }
            let Some((first, last)) = ids.first().copied().zip(ids.last().copied()) else { break };
            let taken = self.store.read(lookups::ids_taken(first, last)).await?;
            if taken.is_empty() {
                break;
            }
            let taken: HashSet<i64> = taken.into_iter().collect();
            ids.retain(|id: &UserId| !taken.contains(&id.get()));
        }
        if ids.len() == count { Ok(ids) } else { Err(OperatorFault::Ids) }
    }

    /// The hash of a password that somebody may choose, or of one that nobody knows. It is made on the thread that
    /// asks: commands wait in no queue of those who log in.
    pub(super) fn operators_hash(&self, password: Option<&str>) -> Result<String, AddRefusal> {
        let Some(text) = password else { return Ok(password::unguessable()?) };
        self.settings.passwords.check(text).map_err(AddRefusal::Password)?;
        Ok(password::hash_now(text)?)
    }
}
