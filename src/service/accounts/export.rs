//! All that is kept of a user, for himself.

use super::{Accounts, Login, Own};
use crate::domain::accounts::user::User;
use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;
use crate::service::ServiceFault;
use crate::store::accounts::{friendships, logins, own};
use crate::store::engine::Connection;
use crate::store::{Line, StoreError};

/// What is kept of a user, besides rooms and messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dossier {
    /// The account.
    pub own: Own,
    /// Oldest friendship first.
    pub friends: Vec<User>,
    /// Who has asked for friendship.
    pub incoming: Vec<User>,
    /// Who was asked.
    pub outgoing: Vec<User>,
    /// Whom the user blocks, oldest block first.
    pub blocked: Vec<User>,
    /// Log-ins that go on.
    pub logins: Vec<Login>,
}

impl Accounts {
    /// What is kept of a user, as it was in one moment; `None` if he is gone.
    ///
    /// # Errors
    /// [`ServiceFault::Busy`], [`ServiceFault::Internal`].
    pub async fn kept(&self, user: UserId) -> Result<Option<Dossier>, ServiceFault> {
        let now = self.clock.now();
        let look = move |conn: &mut Connection| kept(conn, user, now);
        Ok(self.store.read_for(Line::Heavy(user), look).await?)
    }
}

fn kept(conn: &mut Connection, me: UserId, now: Timestamp) -> Result<Option<Dossier>, StoreError> {
    let Some(own) = own::own(conn, me)? else { return Ok(None) };
    let friends = friendships::friends_of(conn, &[me])?.remove(&me).unwrap_or_default();
    let incoming = friendships::requests_to(conn, &[me])?.remove(&me).unwrap_or_default();
    Ok(Some(Dossier {
        own,
        friends,
        incoming,
        outgoing: friendships::requests_by(conn, me)?,
        blocked: super::blocks::of_user(conn, me)?,
        logins: logins::of(conn, me, now)?,
    }))
}
