//! Users together with their log-ins and friends, many at once.

use crate::domain::accounts::friendship::Friendship;
use crate::domain::accounts::user::UserPair;
use crate::domain::clock::Timestamp;
use crate::store::accounts::friendships;
use crate::store::accounts::logins::{self, NewLogin};
use crate::store::accounts::users;
use crate::store::accounts::writes::UserDraft;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;

/// Users to be stored, all or none.
pub struct NewCrowd {
    pub users: Vec<UserDraft>,
    pub logins: Vec<NewLogin>,
    pub friends: Vec<UserPair>,
    pub now: Timestamp,
}

impl NewCrowd {
    /// Stores them.
    ///
    /// # Errors
    /// [`StoreError::is_unique_violation`] if an id, an address or a name is taken.
    pub fn insert(&self, conn: &mut Connection) -> Result<(), StoreError> {
        let users: Vec<_> = self.users.iter().map(UserDraft::as_new).collect();
        users::insert_many(conn, &users)?;
        logins::insert_many(conn, &self.logins)?;
        friendships::insert_many(conn, &self.friends, Friendship::Friends, self.now)
    }
}
