//! All that is kept of a user, for himself.

use super::Accounts;
use crate::domain::id::UserId;
use crate::service::ServiceFault;
use crate::store::Line;
use crate::store::accounts::dossiers::Dossier;
use crate::store::accounts::lookups;

impl Accounts {
    /// What is kept of a user, as it was in one moment; `None` if he is gone.
    ///
    /// # Errors
    /// [`ServiceFault::Busy`], [`ServiceFault::Internal`].
    pub async fn kept(&self, user: UserId) -> Result<Option<Dossier>, ServiceFault> {
        let dossier = lookups::dossier(user, self.clock.now());
        Ok(self.store.read_for(Line::Heavy(user), dossier).await?)
    }
}
