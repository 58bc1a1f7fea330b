//! The end of log-ins: committed first, then known to whoever checks a token, then told to the sessions.

use std::sync::Arc;

use super::Accounts;
use crate::domain::accounts::login::{Claims, Proof, Which};
use crate::domain::id::UserId;
use crate::hub::refusal;
use crate::service::{LookUp, ServiceFault};
use crate::store::accounts::lookups;
use crate::store::accounts::writes::{self, WithEnded};
use crate::store::{Job, Op, StoreError, StorePart};

impl Accounts {
    /// Ends log-ins of a user: their tokens are taken nowhere any more, and their sessions end.
    /// Gives how many it were.
    ///
    /// # Errors
    /// [`ServiceFault::Busy`], [`ServiceFault::Internal`].
    pub async fn end_logins(&self, user: UserId, which: Which) -> Result<usize, ServiceFault> {
        Ok(self.revoke(writes::end_logins(user, which, Arc::clone(&self.clock))).await?)
    }

    /// Ends the log-in of a token that was good, also one that the store does not know; false if it
    /// belongs to none.
    ///
    /// # Errors
    /// [`ServiceFault::Busy`], [`ServiceFault::Internal`].
    pub async fn log_out(&self, claims: Claims) -> Result<bool, ServiceFault> {
        Ok(self.revoke(writes::log_out(claims, Arc::clone(&self.clock))).await?)
    }

    /// What the store says of a token whose log-in nobody here knows; known from then on.
    pub fn confirm(&self, claims: &Claims) -> impl LookUp<Proof> + use<> {
        let (user, login, expires_at) = (claims.user, claims.login.clone(), claims.expires_at);
        let (store, revoked, clock) =
            (self.store.clone(), Arc::clone(self.tokens.revoked()), Arc::clone(&self.clock));
        async move {
            let look = lookups::proof(user, login.clone());
            let proof = store.read(look).await.map_err(refusal)?;
            let Some(login) = login else { return Ok(proof) };
            Ok(match proof {
                Proof::Lives if revoked.admit(&login, user) => Proof::Lives,
                Proof::Lives => Proof::Ended,
                Proof::Ended | Proof::NoUser => {
                    revoked.bury(login, expires_at, clock.now());
                    proof
                }
            })
        }
    }

    /// Runs a job that may end log-ins, and sees to it that this holds everywhere.
    pub(super) async fn revoke<P, T>(
        &self,
        job: Job<P, impl Op<WithEnded<T>>>,
    ) -> Result<T, StoreError>
    where
        P: StorePart,
        T: Send + 'static,
    {
        let store = self.store.clone();
        let (revoked, clock) = (Arc::clone(self.tokens.revoked()), Arc::clone(&self.clock));
        // A task of its own: whoever asked may go away, and what is committed must hold.
        let done = tokio::spawn(async move {
            let (value, revocation) = store.run(job).await?;
            if let Some(revocation) = revocation {
                revoked.add(revocation, clock.now());
            }
            Ok(value)
        });
        done.await.unwrap_or(Err(StoreError::Panicked))
    }
}
