//! The end of an account, which concerns all its rooms and groups.

use diesel::prelude::*;

use crate::domain::accounts::login::Which;
use crate::domain::accounts::name::NameKey;
use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;
use crate::domain::news::News;
use crate::store::accounts::own::{Outdated, Own, own};
use crate::store::accounts::writes::logins_ended;
use crate::store::accounts::{logins, name_keys, resets};
use crate::store::chat::departures;
use crate::store::chat::rooms;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::schema::{blocks, friendships, nonces, users};

/// Deletes the account of a user whose password has this hash. A row stays, for the history of
/// others: it has nothing of his, a name nobody can have, and is found by no look-up of users. Gives what
/// is to be told: of his log-ins, and of the groups he has left by that.
///
/// # Errors
/// [`StoreError::Database`].
pub fn delete(
    conn: &mut Connection,
    id: UserId,
    password_hash: &str,
    now: Timestamp,
) -> Result<Result<Vec<News>, Outdated>, StoreError> {
    let Some(Own { user, .. }) = own(conn, id)? else { return Ok(Err(Outdated)) };
    let there = users::table.find(id.get()).filter(users::password_hash.eq(password_hash));
    let nothing = (
        // Longer than a name may be, and no address.
        users::name.eq(format!("deleted user {:020}", id.get())),
        users::name_key.eq(None::<String>),
        users::name_clash.eq(0),
        users::email.eq(format!("deleted user {}", id.get())),
        users::password_hash.eq(""),
        users::profile.eq(None::<String>),
        users::deleted_at.eq(Some(now.micros())),
    );
    if diesel::update(there).set(nothing).execute(conn)? == 0 {
        return Ok(Err(Outdated));
    }
    name_keys::pass_on(conn, &NameKey::of(&user.name))?;
    let me = id.get();
    let known = friendships::low.eq(me).or(friendships::high.eq(me));
    diesel::delete(friendships::table.filter(known)).execute(conn)?;
    let blocking = blocks::blocker_id.eq(me).or(blocks::blocked_id.eq(me));
    diesel::delete(blocks::table.filter(blocking)).execute(conn)?;
    diesel::delete(nonces::table.filter(nonces::author_id.eq(me))).execute(conn)?;
    rooms::close_of(conn, id)?;
    let departures = departures::depart(conn, &user)?;
    resets::forget(conn, id)?;
    let revocation = logins::revoke(conn, id, &Which::AllBut(None), now)?;
    // Their names are still needed, until their tokens have expired.
    logins::forget_peers(conn, id)?;
    Ok(Ok([logins_ended(revocation)].into_iter().chain(departures).collect()))
}
