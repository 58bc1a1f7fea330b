//! New passwords that were asked for, and the keys that allow them.
//!
//! What is asked is stored for every address alike; only whoever sends the mail sees whether a user
//! has it. Of a key only its hash is kept; the key itself exists in the mail alone.

use diesel::dsl::{exists, select};
use diesel::prelude::*;

use crate::domain::accounts::login::{Revocation, Which};
use crate::domain::accounts::user::Email;
use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;
use crate::store::accounts::mails::{self, MailJob};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::schema::{reset_keys, resets, users};

use crate::store::accounts::logins;
use crate::store::engine::ids::user_id;

/// Stores that a new password is asked for, and queues the mail, due at once, if none waits already.
///
/// # Errors
/// [`StoreError::Database`].
pub fn ask(
    conn: &mut Connection,
    email: &Email,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let asked = resets::table.filter(resets::email.eq(email.as_str()));
    let found: Option<i64> = asked.select(resets::id).first(conn).optional()?;
    let until = resets::expires_at.eq(expires_at.micros());
    let id: i64 = match found {
        Some(id) => {
            diesel::update(resets::table.find(id)).set(until).execute(conn)?;
            id
        }
        None => diesel::insert_into(resets::table)
            .values((resets::email.eq(email.as_str()), until))
            .returning(resets::id)
            .get_result(conn)?,
    };
    mails::queue(conn, MailJob::Reset(id), now)
}

/// Lets a key (its SHA-256) set a new password of the user who has the address, until it expires. Gives the
/// address; none if nobody has it, and then nothing of it is kept, or if nobody wants it any more. Then the mail
/// must not be sent.
///
/// # Errors
/// [`StoreError::Database`].
pub fn add_key(
    conn: &mut Connection,
    reset_id: i64,
    key_hash: &[u8],
    (now, expires_at): (Timestamp, Timestamp),
) -> Result<Option<String>, StoreError> {
    let reset = resets::table.find(reset_id);
    let live = reset.filter(resets::expires_at.gt(now.micros()));
    let email: Option<String> = live.select(resets::email).first(conn).optional()?;
    let Some(email) = email else { return Ok(None) };
    let addressed = users::table.filter(users::email.eq(&email)).select(users::id);
    let Some(user) = addressed.first::<i64>(conn).optional()? else {
        diesel::delete(reset).execute(conn)?;
        // Its job, too, though somebody is just doing it: who asks now makes another.
        mails::withdraw(conn, MailJob::Reset(reset_id))?;
        return Ok(None);
    };
    let row = (
        reset_keys::key_hash.eq(key_hash),
        reset_keys::reset_id.eq(reset_id),
        reset_keys::user_id.eq(user),
        reset_keys::expires_at.eq(expires_at.micros()),
    );
    diesel::insert_into(reset_keys::table).values(row).execute(conn)?;
    let short = reset.filter(resets::expires_at.lt(expires_at.micros()));
    diesel::update(short).set(resets::expires_at.eq(expires_at.micros())).execute(conn)?;
    Ok(Some(email))
}

/// Whether a key (its SHA-256) works.
///
/// # Errors
/// [`StoreError::Database`].
pub fn is_valid(
    conn: &mut Connection,
    key_hash: &[u8],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let live = reset_keys::table.find(key_hash).filter(reset_keys::expires_at.gt(now.micros()));
    Ok(select(exists(live)).get_result(conn)?)
}

/// Sets the password of a key's user to a new one (a hash), and ends all his log-ins. The key is used
/// up, and all others of the same user. `None` if it is unknown or expired.
///
/// # Errors
/// [`StoreError::Database`].
pub fn redeem(
    conn: &mut Connection,
    key_hash: &[u8],
    password_hash: &str,
    now: Timestamp,
) -> Result<Option<Revocation>, StoreError> {
    let live = reset_keys::table.find(key_hash).filter(reset_keys::expires_at.gt(now.micros()));
    let columns = (reset_keys::reset_id, reset_keys::user_id);
    let found: Option<(i64, i64)> = live.select(columns).first(conn).optional()?;
    let Some((reset, user)) = found else { return Ok(None) };
    diesel::delete(resets::table.find(reset)).execute(conn)?;
    mails::withdraw(conn, MailJob::Reset(reset))?;
    diesel::delete(reset_keys::table.filter(reset_keys::user_id.eq(user))).execute(conn)?;
    let there = users::table.find(user).filter(users::deleted_at.is_null());
    if diesel::update(there).set(users::password_hash.eq(password_hash)).execute(conn)? == 0 {
        return Ok(None);
    }
    logins::revoke(conn, user_id(user)?, &Which::AllBut(None), now).map(Some)
}

/// Ends all keys of a user: somebody has changed the password, or the account is gone.
///
/// # Errors
/// [`StoreError::Database`].
pub fn forget(conn: &mut Connection, user: UserId) -> Result<(), StoreError> {
    let keys = reset_keys::table.filter(reset_keys::user_id.eq(user.get()));
    diesel::delete(keys).execute(conn)?;
    Ok(())
}

/// Whether anything that was asked for, or a key, has expired.
///
/// # Errors
/// [`StoreError::Database`].
pub fn has_expired(conn: &mut Connection, now: Timestamp) -> Result<bool, StoreError> {
    let key = reset_keys::table.filter(reset_keys::expires_at.le(now.micros()));
    let reset = resets::table.filter(resets::expires_at.le(now.micros()));
    Ok(select(exists(key)).get_result(conn)? || select(exists(reset)).get_result(conn)?)
}

/// Forgets what has expired, and mails about it; returns how many were asked for.
///
/// # Errors
/// [`StoreError::Database`].
pub fn sweep_expired(conn: &mut Connection, now: Timestamp) -> Result<usize, StoreError> {
    let keys = reset_keys::table.filter(reset_keys::expires_at.le(now.micros()));
    diesel::delete(keys).execute(conn)?;
    let expired = resets::table.filter(resets::expires_at.le(now.micros()));
    let gone: Vec<i64> = expired.select(resets::id).load(conn)?;
    for id in gone {
        mails::withdraw(conn, MailJob::Reset(id))?;
    }
    Ok(diesel::delete(expired).execute(conn)?)
}
