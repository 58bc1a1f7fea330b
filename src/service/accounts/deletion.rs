//! The end of an account.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Accounts, ProofRefusal};
use crate::domain::id::UserId;
use crate::store::StoreError;
use crate::store::chat::deletion::{self, Outdated};
use crate::store::engine::Connection;

impl Accounts {
    /// Deletes the account of a user who shows the password: all that [`deletion::delete`] does, and the members
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
        // As in `settle`: what is committed is told, also if the one who asked has gone away.
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
        let clock = Arc::clone(&self.clock);
        let delete = move |conn: &mut Connection| {
            Ok(match deletion::delete(conn, user, &password_hash, clock.now())? {
                Ok((revocation, departures)) => (Ok(departures), Some(revocation)),
                Err(outdated) => (Err(outdated), None),
            })
        };
        let deleted = self.revoke(delete).await?;
        Ok(deleted.map(|departures| self.hub.tell_departures(departures)))
    }
}
