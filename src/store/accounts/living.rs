//! Log-ins that go on, as checks of tokens ask for them.

use diesel::prelude::*;

use crate::domain::accounts::login::{LoginId, Proof};
use crate::domain::id::UserId;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::schema::logins;

use crate::store::accounts::users::by_id;
use crate::store::engine::ids::user_id;

/// Whether the log-in of a token is that user's and goes on.
///
/// # Errors
/// [`StoreError::Database`].
pub fn proof(
    conn: &mut Connection,
    user: UserId,
    login: Option<&LoginId>,
) -> Result<Proof, StoreError> {
    let lives = logins::user_id.eq(user.get()).and(logins::revoked_at.is_null());
    let id = login.map_or("", LoginId::as_str);
    let row = logins::table.find(id).filter(lives).select(logins::user_id);
    if row.first::<i64>(conn).optional()?.is_some() {
        return Ok(Proof::Lives);
    }
    Ok(if by_id(conn, user)?.is_some() { Proof::Ended } else { Proof::NoUser })
}

/// The log-ins that were not ended, and whose they are: at most so many above a name, in the order of the
/// names.
///
/// # Errors
/// [`StoreError::Database`].
pub fn page(
    conn: &mut Connection,
    above: &LoginId,
    rows_max: i64,
) -> Result<Vec<(LoginId, UserId)>, StoreError> {
    let rows: Vec<(String, i64)> = logins::table
        .filter(logins::revoked_at.is_null().and(logins::id.gt(above.as_str())))
        .order(logins::id)
        .select((logins::id, logins::user_id))
        .limit(rows_max)
        .load(conn)?;
    rows.iter().map(|(id, user)| Ok((LoginId::new(id), user_id(*user)?))).collect()
}
