//! The end of an account.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Accounts, ProofRefusal};
use crate::domain::id::UserId;
use crate::store::StoreError;
use crate::store::accounts::own::Outdated;
use crate::store::chat::writes;

impl Accounts {
    /// Deletes the account of a user who shows the password: all that [`writes::delete_account`] does, and the members
    /// of his groups are told.
    ///
    /// # Errors
    /// Each variant of [`ProofRefusal`].
    pub async fn delete(
        &self,
        user: UserId,
        password: String,
        peer: IpAddr,
    ) -> Result<(), ProofRefusal> {
        let password_hash = self.proven_hash(user, password, peer).await?;
        // As in `revoke`: what is committed is told, also if the one who asked has gone away.
        let accounts = self.clone();
        let deleted = tokio::spawn(async move { accounts.end_account(user, password_hash).await });
        let deleted = deleted.await.unwrap_or(Err(StoreError::Panicked))?;
        deleted.map_err(|Outdated| ProofRefusal::Wrong)?;
        log::info!("user {user} deleted the account");
        Ok(())
    }

    async fn end_account(
        &self,
        user: UserId,
        password_hash: String,
    ) -> Result<Result<(), Outdated>, StoreError> {
        let delete = writes::delete_account(user, password_hash, Arc::clone(&self.clock));
        let deleted = self.revoke(delete).await?;
        Ok(deleted.map(|departures| self.hub.tell_departures(departures)))
    }
}
