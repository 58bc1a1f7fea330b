//! What can be looked up of accounts: each for [`Store::read`](crate::store::Store::read).

use std::collections::HashMap;

use crate::domain::accounts::event::Requests;
use crate::domain::accounts::login::{LoginId, Network, Proof};
use crate::domain::accounts::name::{Called, NameKey, UserName};
use crate::domain::accounts::user::{Email, User};
use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;
use crate::store::accounts::dossiers::{self, Dossier};
use crate::store::accounts::logins::{self, Login};
use crate::store::accounts::own::{self, Own};
use crate::store::accounts::users::{self, Account};
use crate::store::accounts::{blocks, friendships, living, name_keys, registrations, resets};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::job::ReadOp;

/// The user with an id.
pub fn user(id: UserId) -> impl ReadOp<Option<User>> {
    move |conn| users::by_id(conn, id)
}

/// The user whom somebody calls so.
pub fn user_called(called: Called) -> impl ReadOp<Option<User>> {
    move |conn| users::by_name(conn, &called)
}

/// The account with an address.
pub fn account_with(email: Email) -> impl ReadOp<Option<Account>> {
    move |conn| users::by_email(conn, &email)
}

/// The same, and whether its user has logged in from a network before.
pub fn claimed_by_email(email: Email, from: Network) -> impl ReadOp<(Option<Account>, bool)> {
    move |conn| {
        let account = users::by_email(conn, &email)?;
        known_from(conn, account, &from)
    }
}

/// The account of a user, and whether the user has logged in from a network before.
pub fn claimed_by_user(id: UserId, from: Network) -> impl ReadOp<(Option<Account>, bool)> {
    move |conn| {
        let account = users::account(conn, id)?;
        known_from(conn, account, &from)
    }
}

fn known_from(
    conn: &mut Connection,
    account: Option<Account>,
    from: &Network,
) -> Result<(Option<Account>, bool), StoreError> {
    let Some(account) = account else { return Ok((None, false)) };
    let is_known = logins::came_from(conn, account.user.id, from)?;
    Ok((Some(account), is_known))
}

/// Whether somebody has a name.
pub fn is_name_taken(name: UserName) -> impl ReadOp<bool> {
    move |conn| users::name_taken(conn, &name)
}

/// Whether a user has an address.
pub fn is_email_taken(email: Email) -> impl ReadOp<bool> {
    move |conn| users::email_taken(conn, &email)
}

/// Which ids of users are taken, from the first to the last.
pub fn ids_taken(first: UserId, last: UserId) -> impl ReadOp<Vec<i64>> {
    move |conn| users::taken(conn, first, last)
}

/// Users whose names differ from others' only in case or form, with what they have in common.
pub fn name_clashes() -> impl ReadOp<Vec<(NameKey, User)>> {
    name_keys::clashes
}

/// When users were last seen.
pub fn last_seen(users: Vec<UserId>) -> impl ReadOp<HashMap<UserId, Timestamp>> {
    move |conn| users::last_seen(conn, &users)
}

/// What is kept of a user, but for the password.
pub fn own(id: UserId) -> impl ReadOp<Option<Own>> {
    move |conn| own::own(conn, id)
}

/// All that is kept of a user, besides rooms and messages.
pub fn dossier(id: UserId, now: Timestamp) -> impl ReadOp<Option<Dossier>> {
    move |conn| dossiers::of(conn, id, now)
}

/// The log-ins of a user that go on, the one renewed last first.
pub fn logins(user: UserId, now: Timestamp) -> impl ReadOp<Vec<Login>> {
    move |conn| logins::of(conn, user, now)
}

/// What a token is worth by its user and log-in; see [`living::proof`].
pub fn proof(user: UserId, login: Option<LoginId>) -> impl ReadOp<Proof> {
    move |conn| living::proof(conn, user, login.as_ref())
}

/// Whether a key (its SHA-256) can set a new password.
pub fn is_reset_valid(key_hash: [u8; 32], now: Timestamp) -> impl ReadOp<bool> {
    move |conn| resets::is_valid(conn, &key_hash, now)
}

/// Whether a registration or a new password was not confirmed in time.
pub fn has_unconfirmed(now: Timestamp) -> impl ReadOp<bool> {
    move |conn| Ok(registrations::has_expired(conn, now)? || resets::has_expired(conn, now)?)
}

/// Whether the tokens of a log-in have all expired.
pub fn has_expired_logins(now: Timestamp) -> impl ReadOp<bool> {
    move |conn| logins::has_expired(conn, now)
}

/// A user's friends, oldest friendship first.
pub fn friends(user: UserId) -> impl ReadOp<Vec<User>> {
    move |conn| Ok(friendships::friends_of(conn, &[user])?.remove(&user).unwrap_or_default())
}

/// Who has asked for a user's friendship, and whom the user has asked; oldest request first.
pub fn requests(user: UserId) -> impl ReadOp<Requests> {
    move |conn| {
        let incoming = friendships::requests_to(conn, &[user])?.remove(&user);
        let outgoing = friendships::requests_by(conn, user)?;
        Ok(Requests { incoming: incoming.unwrap_or_default(), outgoing })
    }
}

/// The ids of those whom a user blocks, oldest block first.
pub fn blocked_ids(me: UserId) -> impl ReadOp<Vec<UserId>> {
    move |conn| blocks::of(conn, me)
}

/// Whom a user blocks, oldest block first.
pub fn blocked(me: UserId) -> impl ReadOp<Vec<User>> {
    move |conn| blocks::users_of(conn, me)
}

/// Whether a user blocks another.
pub fn is_blocked(me: UserId, target: UserId) -> impl ReadOp<bool> {
    move |conn| blocks::is_set(conn, me, target)
}
