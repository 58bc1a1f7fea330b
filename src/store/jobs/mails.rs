//! Mails that are to be sent: one per registration that waits, one per new password asked for.
//!
//! No text is kept. Each attempt makes a fresh key, stores its hash with [`add_key`] (or that of
//! `resets`), and only then sends: no key is ever at rest in clear, and none is sent that would not be recognised.

use diesel::dsl::{exists, min, select};
use diesel::prelude::*;

use crate::domain::clock::Timestamp;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::schema::{mails, registrations, resets, verification_keys};

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// An address is to be verified, for this registration.
    Registration(i64),
    /// A new password was asked for, by this reset.
    Reset(i64),
}

/// A mail whose time has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueMail {
    /// Which mail.
    pub id: i64,
    /// What it is about.
    pub about: About,
    /// To whom, lower-cased.
    pub email: String,
    /// How often sending it has failed.
    pub attempts: i32,
}

/// At most `limit` mails that are due, the longest waiting first.
///
/// # Errors
/// [`StoreError::Database`].
pub fn due(conn: &mut Connection, now: Timestamp, limit: u32) -> Result<Vec<DueMail>, StoreError> {
    type Columns = (i64, i32, Option<(i64, String)>, Option<(i64, String)>);
    let registration = (registrations::id, registrations::email).nullable();
    let reset = (resets::id, resets::email).nullable();
    let due: Vec<Columns> = mails::table
        .left_join(registrations::table)
        .left_join(resets::table)
        .filter(mails::due_at.le(now.micros()))
        .order((mails::due_at.asc(), mails::id.asc()))
        .limit(limit.into())
        .select((mails::id, mails::attempts, registration, reset))
        .load(conn)?;
    let mail = |(id, attempts, registration, reset): Columns| {
        let registration = registration.map(|(id, email)| (About::Registration(id), email));
        let (about, email) = registration.or(reset.map(|(id, email)| (About::Reset(id), email)))?;
        Some(DueMail { id, about, email, attempts })
    };
    Ok(due.into_iter().filter_map(mail).collect())
}

/// When the next mail is due.
///
/// # Errors
/// [`StoreError::Database`].
pub fn next_due_at(conn: &mut Connection) -> Result<Option<Timestamp>, StoreError> {
    let next: Option<i64> = mails::table.select(min(mails::due_at)).first(conn)?;
    Ok(next.map(Timestamp::from_micros))
}

/// How many wait, due or not.
///
/// # Errors
/// [`StoreError::Database`].
pub fn count(conn: &mut Connection) -> Result<i64, StoreError> {
    Ok(mails::table.count().get_result(conn)?)
}

/// Lets a key (its SHA-256) verify a registration, which waits as long as its keys work. False if the registration is gone; then the
/// mail must not be sent.
///
/// # Errors
/// [`StoreError::Database`].
pub fn add_key(
    conn: &mut Connection,
    registration_id: i64,
    key_hash: &[u8],
    expires_at: Timestamp,
) -> Result<bool, StoreError> {
    let waiting = exists(registrations::table.find(registration_id));
    if !select(waiting).get_result(conn)? {
        return Ok(false);
    }
    let row = (
        verification_keys::key_hash.eq(key_hash),
        verification_keys::registration_id.eq(registration_id),
        verification_keys::expires_at.eq(expires_at.micros()),
    );
    diesel::insert_into(verification_keys::table).values(row).execute(conn)?;
    let registration = registrations::table.find(registration_id);
    diesel::update(registration.filter(registrations::expires_at.lt(expires_at.micros())))
        .set(registrations::expires_at.eq(expires_at.micros()))
        .execute(conn)?;
    Ok(true)
}

/// Tries a mail again later; `attempts` have failed so far.
///
/// # Errors
/// [`StoreError::Database`].
pub fn postpone(
    conn: &mut Connection,
    id: i64,
    attempts: i32,
    due_at: Timestamp,
) -> Result<(), StoreError> {
    let changes = (mails::attempts.eq(attempts), mails::due_at.eq(due_at.micros()));
    diesel::update(mails::table.find(id)).set(changes).execute(conn)?;
    Ok(())
}

/// Forgets a mail: it is sent, or given up. The registration goes on waiting. A mail that is about
/// another registration by now is still to be sent.
///
/// # Errors
/// [`StoreError::Database`].
pub fn remove(conn: &mut Connection, mail: &DueMail) -> Result<(), StoreError> {
    let row = mails::table.find(mail.id);
    match mail.about {
        About::Registration(id) => {
            diesel::delete(row.filter(mails::registration_id.eq(id))).execute(conn)?
        }
        About::Reset(_) => diesel::delete(row).execute(conn)?,
    };
    Ok(())
}
