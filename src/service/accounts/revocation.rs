//! The end of log-ins: committed first, and told; the hub, which hears of it, sees to it that their tokens are taken
//! nowhere any more and their sessions end.

use std::sync::Arc;

use super::Accounts;
use crate::domain::accounts::login::{Claims, Proof, Which};
use crate::domain::id::UserId;
use crate::hub::refusal;
use crate::service::{LookUp, ServiceFault};
use crate::store::accounts::lookups;
use crate::store::accounts::writes;
use crate::store::{Job, Op, StoreError, StorePart, Yield};

impl Accounts {
    /// Ends log-ins of a user: their tokens are taken nowhere any more, and their sessions end.
    /// Gives how many it were.
    ///
    /// # Errors
    /// [`ServiceFault::Busy`], [`ServiceFault::Internal`].
    pub async fn end_logins(&self, user: UserId, which: Which) -> Result<usize, ServiceFault> {
        Ok(self.run_told(writes::end_logins(user, which, Arc::clone(&self.clock))).await?)
    }

    /// Ends the log-in of a token that was good, also one that the store does not know; false if it
    /// belongs to none.
    ///
    /// # Errors
    /// [`ServiceFault::Busy`], [`ServiceFault::Internal`].
    pub async fn log_out(&self, claims: Claims) -> Result<bool, ServiceFault> {
        Ok(self.run_told(writes::log_out(claims, Arc::clone(&self.clock))).await?)
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

    /// Runs a job that may have something to tell; if it has, the sessions have been told by the time this answers.
    pub(super) async fn run_told<P, T>(&self, job: Job<P, impl Op<T>>) -> Result<T, StoreError>
    where
        P: StorePart,
        T: Send + 'static,
    {
        let Yield { answer, news } = self.store.yielded(job).await?;
        if !news.is_empty() {
            self.hub.settled().await;
        }
        Ok(answer)
    }
}
