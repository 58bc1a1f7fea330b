//! The end of an account.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Accounts, ProofRefusal};
use crate::domain::id::UserId;
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
        let delete = writes::delete_account(user, password_hash, Arc::clone(&self.clock));
        self.run_told(delete).await?.map_err(|Outdated| ProofRefusal::Wrong)?;
        log::info!("user {user} deleted the account");
        Ok(())
    }
}
