//! The end of log-ins: committed first, then known to whoever checks a token, then told to the
//! sessions.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::Hub;
use super::access::{LookUp, refusal};
use super::messages::{AskSockets, TellDepartures};
use crate::domain::accounts::login::{Claims, LoginId, Proof, Revocation, Which};
use crate::domain::error::Refusal;
use crate::domain::id::UserId;
use crate::store::StoreError;
use crate::store::accounts::{living, logins};
use crate::store::chat::deletion::{self, Outdated};
use crate::store::engine::Connection;

impl Hub {
    /// Ends log-ins of a user: their tokens are taken nowhere any more, and their sessions end.
    /// Gives how many it were.
    pub fn end_logins(&self, user: UserId, which: Which) -> impl LookUp<usize> + use<> {
        let clock = Arc::clone(&self.clock);
        self.revoke(move |conn| {
            let revocation = logins::revoke(conn, user, &which, clock.now())?;
            Ok((revocation.logins.len(), Some(revocation)))
        })
    }

    /// What the store says of a token whose log-in nobody here knows; known from then on.
    pub fn confirm(&self, claims: &Claims) -> impl LookUp<Proof> + use<> {
        let (hub, user, login) = (self.clone(), claims.user, claims.login.clone());
        let expires_at = claims.expires_at;
        async move {
            let asked = login.clone();
            let look = move |conn: &mut Connection| living::proof(conn, user, asked.as_ref());
            let proof = hub.store.read(look).await.map_err(refusal)?;
            let Some(login) = login else { return Ok(proof) };
            Ok(match proof {
                Proof::Lives if hub.revoked.admit(&login, user) => Proof::Lives,
                Proof::Lives => Proof::Ended,
                Proof::Ended | Proof::NoUser => {
                    hub.revoked.bury(login, expires_at, hub.clock.now());
                    proof
                }
            })
        }
    }

    /// Ends the log-in of a token that was good, also one that the store does not know; false if it
    /// belongs to none.
    pub fn log_out(&self, claims: Claims) -> impl LookUp<bool> + use<> {
        let clock = Arc::clone(&self.clock);
        self.revoke(move |conn| {
            let Some(login) = &claims.login else { return Ok((false, None)) };
            Ok((true, Some(logins::end(conn, login, &claims, clock.now())?)))
        })
    }

    /// Deletes the account of a user whose password has this hash: all that [`deletion::delete`] does, and the
    /// members of his groups are told.
    pub fn delete_account(
        &self,
        user: UserId,
        password_hash: String,
    ) -> impl LookUp<Result<(), Outdated>> + use<> {
        let (hub, clock) = (self.clone(), Arc::clone(&self.clock));
        let deleted = self.revoke(move |conn| {
            Ok(match deletion::delete(conn, user, &password_hash, clock.now())? {
                Ok((revocation, departures)) => (Ok(departures), Some(revocation)),
                Err(outdated) => (Err(outdated), None),
            })
        });
        // As in `revoke`: what is committed is told, also if the one who asked has gone away.
        let told = actix::spawn(async move {
            let departures = match deleted.await? {
                Ok(departures) => departures,
                Err(outdated) => return Ok(Err(outdated)),
            };
            hub.server.do_send(TellDepartures { departures });
            Ok(Ok(()))
        });
        async move { told.await.unwrap_or(Err(Refusal::Internal)) }
    }

    /// The log-in of each socket that a user has open; `None` for a foreign token's.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if the hub's mailbox is full.
    pub async fn sockets_of(&self, user: UserId) -> Result<Vec<Option<LoginId>>, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.ask(AskSockets { user, answer })?;
        answered.await.map_err(|_| Refusal::Busy)
    }

    /// Runs a write that may revoke something, and sees to it that this holds everywhere.
    pub fn revoke<T, F>(&self, write: F) -> impl LookUp<T> + use<T, F>
    where
        T: Send + 'static,
        F: Fn(&mut Connection) -> Result<(T, Option<Revocation>), StoreError> + Send + 'static,
    {
        let store = self.store.clone();
        self.settle(async move { store.write(write).await })
    }

    /// As [`Hub::revoke`], for a write that [`Store::write_beside`](crate::store::Store::write_beside)
    /// can run.
    pub fn revoke_beside<T, F>(&self, write: F) -> impl LookUp<T> + use<T, F>
    where
        T: Send + 'static,
        F: Fn(&mut Connection) -> Result<(T, Option<Revocation>), StoreError> + Send + 'static,
    {
        let store = self.store.clone();
        self.settle(async move { store.write_beside(write).await })
    }

    fn settle<T, W>(&self, written: W) -> impl LookUp<T> + use<T, W>
    where
        T: Send + 'static,
        W: Future<Output = Result<(T, Option<Revocation>), StoreError>> + 'static,
    {
        let hub = self.clone();
        // A task of its own: whoever asked may go away, and what is committed must hold.
        let done = actix::spawn(async move {
            let (value, revocation) = written.await.map_err(refusal)?;
            if let Some(revocation) = revocation {
                hub.revoked.add(revocation, hub.clock.now());
            }
            Ok(value)
        });
        async move { done.await.unwrap_or(Err(Refusal::Internal)) }
    }
}
