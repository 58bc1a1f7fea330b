//! Mails that are to be sent: one job for a registration that waits, one for a new password asked for.
//!
//! No text is kept, and no key. Each try draws a fresh key, stores its hash ([`add_key`]), and only then
//! sends: no key is ever at rest in clear, and none is sent that would not be recognised.

use std::fmt;

use crate::domain::clock::Timestamp;
use crate::store::accounts::{registrations, resets};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::jobs::{self, NewJob};

/// The kind of job.
pub const KIND: &str = "mail";

/// What a mail is about: `registration/7` or `reset/7` as the payload of its job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailJob {
    /// An address is to be verified, for this registration.
    Registration(i64),
    /// A new password was asked for, by this reset.
    Reset(i64),
}

impl MailJob {
    /// From a payload; `None` if this release does not know it.
    pub fn parse(payload: &str) -> Option<Self> {
        match payload.split_once('/')? {
            ("registration", id) => id.parse().ok().map(Self::Registration),
            ("reset", id) => id.parse().ok().map(Self::Reset),
            _ => None,
        }
    }
}

impl fmt::Display for MailJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registration(id) => write!(f, "registration/{id}"),
            Self::Reset(id) => write!(f, "reset/{id}"),
        }
    }
}

/// Queues a mail, due at once, if none about the same waits already.
pub(super) fn queue(
    conn: &mut Connection,
    mail: MailJob,
    due_at: Timestamp,
) -> Result<(), StoreError> {
    let about = mail.to_string();
    jobs::insert(conn, &NewJob { kind: KIND, key: &about, payload: &about, due_at }).map(drop)
}

/// Queues the only mail to an address: one that waits is about the new registration from now on.
pub(super) fn queue_only(
    conn: &mut Connection,
    email: &str,
    registration: i64,
    due_at: Timestamp,
) -> Result<(), StoreError> {
    let (key, payload) = (key_of(email), MailJob::Registration(registration).to_string());
    let new = NewJob { kind: KIND, key: &key, payload: &payload, due_at };
    jobs::insert_or_replace(conn, &new)
}

fn key_of(email: &str) -> String {
    format!("to/{email}")
}

/// Takes back a mail that has a key of its own.
pub(super) fn withdraw(conn: &mut Connection, mail: MailJob) -> Result<(), StoreError> {
    let about = mail.to_string();
    jobs::withdraw(conn, KIND, &about, &about).map(drop)
}

/// Takes back the mail about a registration with this address, whichever way it was queued.
pub(super) fn withdraw_registration(
    conn: &mut Connection,
    id: i64,
    email: &str,
) -> Result<(), StoreError> {
    let mail = MailJob::Registration(id);
    withdraw(conn, mail)?;
    jobs::withdraw(conn, KIND, &key_of(email), &mail.to_string()).map(drop)
}

/// Lets a key (its SHA-256) do what the mail is about, from now until it expires. Gives the address that the key
/// may be sent to; none if nobody wants the mail any more.
///
/// # Errors
/// [`StoreError::Database`].
pub fn add_key(
    conn: &mut Connection,
    mail: MailJob,
    key_hash: &[u8],
    times: (Timestamp, Timestamp),
) -> Result<Option<String>, StoreError> {
    match mail {
        MailJob::Registration(id) => registrations::add_key(conn, id, key_hash, times),
        MailJob::Reset(id) => resets::add_key(conn, id, key_hash, times),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_says_what_the_mail_is_about() {
        for mail in [MailJob::Registration(7), MailJob::Reset(i64::MAX)] {
            assert_eq!(MailJob::parse(&mail.to_string()), Some(mail));
        }
        for unknown in ["", "reset", "reset/", "reset/x", "welcome/7", "registration/7/8"] {
            assert_eq!(MailJob::parse(unknown), None, "{unknown}");
        }
    }
}
