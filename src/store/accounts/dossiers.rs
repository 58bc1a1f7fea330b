//! All that is kept of a user, besides rooms and messages.

use crate::domain::accounts::user::User;
use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;
use crate::store::accounts::logins::{self, Login};
use crate::store::accounts::own::{self, Own};
use crate::store::accounts::{blocks, friendships};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;

/// What is kept of a user, besides rooms and messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dossier {
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

/// The dossier of a user; `None` if the user is gone.
///
/// # Errors
/// [`StoreError::Database`].
pub fn of(
    conn: &mut Connection,
    me: UserId,
    now: Timestamp,
) -> Result<Option<Dossier>, StoreError> {
    let Some(own) = own::own(conn, me)? else { return Ok(None) };
    let friends = friendships::friends_of(conn, &[me])?.remove(&me).unwrap_or_default();
    let incoming = friendships::requests_to(conn, &[me])?.remove(&me).unwrap_or_default();
    Ok(Some(Dossier {
        own,
        friends,
        incoming,
        outgoing: friendships::requests_by(conn, me)?,
        blocked: blocks::users_of(conn, me)?,
        logins: logins::of(conn, me, now)?,
    }))
}
