//! Registrations that wait for their address to be verified, and the keys that verify them.
//!
//! Several may wait for the same name or address: the first verified gets it. Of a key only its
//! hash is kept; the key itself exists in the mail alone.

use diesel::dsl::{exists, select};
use diesel::prelude::*;

use crate::domain::accounts::name::UserName;
use crate::domain::accounts::user::{Email, User};
use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;
use crate::store::accounts::mails::{self, MailJob};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::schema::{registrations, users, verification_keys};

/// A registration to be stored.
#[derive(Clone, Copy, Debug)]
pub struct NewRegistration<'a> {
    pub name: &'a UserName,
    /// The address to be verified.
    pub email: &'a Email,
    /// The argon2id hash of the password, as a PHC string.
    pub password_hash: &'a str,
    /// Now.
    pub created_at: Timestamp,
    /// When it is forgotten.
    pub expires_at: Timestamp,
}

/// What becomes of a registration's mail while another one to the same address waits to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mail {
    /// Each registration has a mail of its own.
    Each,
    /// The mail that waits is about the newest registration; there is no second one.
    One,
}

/// Stores a registration and queues its mail, due at once. Returns the registration's id.
///
/// # Errors
/// [`StoreError::Database`].
pub fn create(
    conn: &mut Connection,
    new: &NewRegistration<'_>,
    mail: Mail,
) -> Result<i64, StoreError> {
    let row = (
        registrations::name.eq(new.name.as_str()),
        registrations::email.eq(new.email.as_str()),
        registrations::password_hash.eq(new.password_hash),
        registrations::created_at.eq(new.created_at.micros()),
        registrations::expires_at.eq(new.expires_at.micros()),
    );
    let inserted = diesel::insert_into(registrations::table).values(row);
    let id: i64 = inserted.returning(registrations::id).get_result(conn)?;
    match mail {
        Mail::Each => mails::queue(conn, MailJob::Registration(id), new.created_at)?,
        Mail::One => mails::queue_only(conn, new.email.as_str(), id, new.created_at)?,
    }
    Ok(id)
}

/// Lets a key (its SHA-256) verify a registration, which waits as long as its keys work. Gives the address that
/// is to be verified; none if the registration is gone or has expired, and then the mail must not be sent.
///
/// # Errors
/// [`StoreError::Database`].
pub fn add_key(
    conn: &mut Connection,
    registration_id: i64,
    key_hash: &[u8],
    (now, expires_at): (Timestamp, Timestamp),
) -> Result<Option<String>, StoreError> {
    let registration = registrations::table.find(registration_id);
    let live = registration.filter(registrations::expires_at.gt(now.micros()));
    let email: Option<String> = live.select(registrations::email).first(conn).optional()?;
    let Some(email) = email else { return Ok(None) };
    let row = (
        verification_keys::key_hash.eq(key_hash),
        verification_keys::registration_id.eq(registration_id),
        verification_keys::expires_at.eq(expires_at.micros()),
    );
    diesel::insert_into(verification_keys::table).values(row).execute(conn)?;
    diesel::update(registration.filter(registrations::expires_at.lt(expires_at.micros())))
        .set(registrations::expires_at.eq(expires_at.micros()))
        .execute(conn)?;
    Ok(Some(email))
}

/// Makes the registration of a key (its SHA-256) a user, under the id given. `None` if the key is
/// unknown or expired, if somebody else has got the name or the address meanwhile, or if the name is
/// none any more.
///
/// # Errors
/// [`StoreError::Database`].
pub fn verify(
    conn: &mut Connection,
    key_hash: &[u8],
    user: UserId,
    now: Timestamp,
) -> Result<Option<User>, StoreError> {
    let live = verification_keys::expires_at
        .gt(now.micros())
        .and(registrations::expires_at.gt(now.micros()));
    let found: Option<(i64, String, String, String)> = verification_keys::table
        .inner_join(registrations::table)
        .filter(verification_keys::key_hash.eq(key_hash).and(live))
        .select((
            registrations::id,
            registrations::name,
            registrations::email,
            registrations::password_hash,
        ))
        .first(conn)
        .optional()?;
    let Some((id, name, email, password_hash)) = found else { return Ok(None) };
    // Used up either way; its keys and its mail go with it.
    diesel::delete(registrations::table.find(id)).execute(conn)?;
    mails::withdraw_registration(conn, id, &email)?;
    let Some(name) = UserName::parse(&name) else { return Ok(None) };
    let key = name.key().as_str();
    let rivals = users::table.filter(users::name_key.eq(key).or(users::email.eq(&email)));
    if rivals.count().get_result::<i64>(conn)? > 0 {
        return Ok(None);
    }
    let row = (
        users::id.eq(user.get()),
        users::name.eq(name.as_str()),
        users::name_key.eq(key),
        users::email.eq(&email),
        users::password_hash.eq(&password_hash),
        users::imported.eq(false),
        users::created_at.eq(now.micros()),
    );
    diesel::insert_into(users::table).values(row).execute(conn)?;
    Ok(Some(User { id: user, name: name.as_str().to_owned(), profile: None }))
}

/// Whether any registration or key has expired.
///
/// # Errors
/// [`StoreError::Database`].
pub fn has_expired(conn: &mut Connection, now: Timestamp) -> Result<bool, StoreError> {
    let key = verification_keys::table.filter(verification_keys::expires_at.le(now.micros()));
    let registration = registrations::table.filter(registrations::expires_at.le(now.micros()));
    Ok(select(exists(key)).get_result(conn)? || select(exists(registration)).get_result(conn)?)
}

/// Forgets registrations and keys that have expired, and mails about them; returns how many registrations.
///
/// # Errors
/// [`StoreError::Database`].
pub fn sweep_expired(conn: &mut Connection, now: Timestamp) -> Result<usize, StoreError> {
    let keys = verification_keys::table.filter(verification_keys::expires_at.le(now.micros()));
    diesel::delete(keys).execute(conn)?;
    let expired = registrations::table.filter(registrations::expires_at.le(now.micros()));
    let columns = (registrations::id, registrations::email);
    let gone: Vec<(i64, String)> = expired.select(columns).load(conn)?;
    for (id, email) in &gone {
        mails::withdraw_registration(conn, *id, email)?;
    }
    Ok(diesel::delete(expired).execute(conn)?)
}
