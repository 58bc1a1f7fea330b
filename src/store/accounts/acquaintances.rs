//! Who users are and whom they know: of many at once.

use std::collections::HashMap;

use crate::domain::accounts::user::User;
use crate::domain::id::UserId;
use crate::store::accounts::{friendships, users};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;

/// Who a user is and whom they know.
pub struct Acquaintance {
    pub user: User,
    /// Who has asked for friendship, oldest request first.
    pub requests: Vec<User>,
    /// Oldest friendship first.
    pub friends: Vec<User>,
}

/// That of each of some users, in their order; `None` where there is no such user.
///
/// # Errors
/// [`StoreError::Database`].
pub fn of(conn: &mut Connection, ids: &[UserId]) -> Result<Vec<Option<Acquaintance>>, StoreError> {
    let users = users::by_ids(conn, ids)?;
    let requests = friendships::requests_to(conn, ids)?;
    let friends = friendships::friends_of(conn, ids)?;
    let known = |id| {
        let of = |lists: &HashMap<UserId, Vec<User>>| lists.get(id).cloned().unwrap_or_default();
        let user = users.get(id)?.clone();
        Some(Acquaintance { user, requests: of(&requests), friends: of(&friends) })
    };
    Ok(ids.iter().map(known).collect())
}
