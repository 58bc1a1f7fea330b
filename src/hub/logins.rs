//! The end of log-ins: committed first, then known to whoever checks a token, then told to the
//! sessions.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::Hub;
use super::access::{LookUp, refusal};
use super::messages::{AskSockets, Revoke};
use crate::domain::error::Refusal;
use crate::domain::id::UserId;
use crate::domain::login::{Claims, LoginId, Revocation, Which};
use crate::store::tables::logins;
use crate::store::{Connection, StoreError};

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

    /// Ends the log-in of a token that was good, also one that the store does not know; false if it
    /// belongs to none.
    pub fn log_out(&self, claims: Claims) -> impl LookUp<bool> + use<> {
        let clock = Arc::clone(&self.clock);
        self.revoke(move |conn| {
            let Some(login) = &claims.login else { return Ok((false, None)) };
            Ok((true, Some(logins::end(conn, login, &claims, clock.now())?)))
        })
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
        let hub = self.clone();
        // A task of its own: whoever asked may go away, and what is committed must hold.
        let done = actix::spawn(async move {
            let (value, revocation) = hub.store.write(write).await.map_err(refusal)?;
            if let Some(revocation) = revocation {
                let user = revocation.user;
                hub.revoked.add(revocation, hub.clock.now());
                // Past the bound: lost, it would leave sessions alive that must end.
                hub.server.do_send(Revoke { user });
            }
            Ok(value)
        });
        async move { done.await.unwrap_or(Err(Refusal::Internal)) }
    }
}
