//! What can be written of accounts: each a job, for [`Store::run`](crate::store::Store::run).
//!
//! What ends log-ins tells which: whoever keeps them in memory, and their sessions, have to hear of it.

use std::sync::Arc;

use crate::domain::accounts::event::AccountsEvent;
use crate::domain::accounts::friendship::Friendship;
use crate::domain::accounts::login::{Claims, LoginId, Revocation, Which};
use crate::domain::accounts::name::UserName;
use crate::domain::accounts::user::{Email, User, UserPair};
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::id::UserId;
use crate::domain::mint::IdMint;
use crate::domain::news::News;
use crate::store::accounts::crowds::NewCrowd;
use crate::store::accounts::logins::{self, Begun, NewLogin};
use crate::store::accounts::mails::{self, MailJob};
use crate::store::accounts::own::{self, Changes, NameTaken, Outdated};
use crate::store::accounts::registrations::{self, Mail, NewRegistration};
use crate::store::accounts::users::{self, NewUser};
use crate::store::accounts::{AccountsRight, friendships, job, resets, telling};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::job::{Job, Op, Yield};

/// An account that is asked for.
#[derive(Clone, Debug)]
pub struct NewAccount {
    pub name: UserName,
    /// The address to be verified.
    pub email: Email,
    /// The argon2id hash of the password, as a PHC string.
    pub password_hash: String,
    /// Now.
    pub created_at: Timestamp,
    /// When it is forgotten.
    pub expires_at: Timestamp,
}

/// A user whom the operator makes.
#[derive(Clone, Debug)]
pub struct UserDraft {
    /// Minted, or brought along if `imported`.
    pub id: UserId,
    pub name: UserName,
    pub email: Email,
    /// The argon2id hash of the password, as a PHC string.
    pub password_hash: String,
    /// Whether the id comes from elsewhere, and says nothing about the mint.
    pub imported: bool,
    /// Now.
    pub created_at: Timestamp,
}

impl UserDraft {
    pub(in crate::store) fn as_new(&self) -> NewUser<'_> {
        let Self { id, name, email, password_hash, imported, created_at } = self;
        let (id, imported, created_at) = (*id, *imported, *created_at);
        NewUser { id, name, email, password_hash, imported, created_at }
    }
}

/// Stores a user; see [`users::insert`].
pub fn add_user(draft: UserDraft) -> Job<AccountsRight, impl Op<()>> {
    let bytes = draft.password_hash.len();
    job(move |conn| users::insert(conn, &draft.as_new())).holding(bytes)
}

/// Stores a crowd, which may be larger than what may wait otherwise: for operators.
pub fn add_crowd(crowd: Arc<NewCrowd>) -> Job<AccountsRight, impl Op<()>> {
    job(move |conn| crowd.insert(conn))
}

/// Sets what stands between two users, whatever did before.
pub fn set_friendship(
    pair: UserPair,
    state: Friendship,
    now: Timestamp,
) -> Job<AccountsRight, impl Op<()>> {
    job(move |conn| friendships::set(conn, pair, state, now))
}

/// Stores a registration and queues its mail; see [`registrations::create`].
pub fn register(account: NewAccount, mail: Mail) -> Job<AccountsRight, impl Op<i64>> {
    let bytes = account.password_hash.len();
    let register = move |conn: &mut Connection| {
        let NewAccount { name, email, password_hash, created_at, expires_at } = &account;
        let (created_at, expires_at) = (*created_at, *expires_at);
        let new = NewRegistration { name, email, password_hash, created_at, expires_at };
        registrations::create(conn, &new, mail)
    };
    job(register).holding(bytes)
}

/// Makes the user of a registration that has this key; see [`registrations::verify`].
pub fn verify(
    key_hash: [u8; 32],
    mint: Arc<IdMint>,
    now: Timestamp,
) -> Job<AccountsRight, impl Op<Option<User>>> {
    // Minted within, since it is done again if somebody has that id.
    job(move |conn| registrations::verify(conn, &key_hash, mint.user()?, now))
}

/// Forgets registrations and resets that have expired; how many it were.
pub fn sweep_expired(now: Timestamp) -> Job<AccountsRight, impl Op<usize>> {
    job(move |conn| {
        let swept = registrations::sweep_expired(conn, now)?;
        Ok(swept.saturating_add(resets::sweep_expired(conn, now)?))
    })
}

/// Begins a log-in of a user whose password still has this hash, and ends the user's oldest beyond so
/// many; see [`logins::begin`].
pub fn begin_login(
    new: NewLogin,
    password_hash: String,
    max: Option<usize>,
) -> Job<AccountsRight, impl Op<Begun>> {
    telling(move |conn| {
        let begun = logins::begin(conn, &new, &password_hash)?;
        Ok(with_ended(begun, trim(conn, begun, &new, max)?))
    })
}

/// Begins a log-in of a user, whatever the password, and ends the user's oldest beyond so many; gives the
/// moment after which its token must be issued. See [`logins::insert`].
pub fn issue_login(
    new: NewLogin,
    max: Option<usize>,
) -> Job<AccountsRight, impl Op<Option<Timestamp>>> {
    telling(move |conn| {
        let through = logins::insert(conn, &new)?;
        Ok(with_ended(through, trim(conn, Begun::Stored(through), &new, max)?))
    })
}

/// Goes on with the log-in of a token that was good, and ends the user's oldest beyond so many; see
/// [`logins::renew`].
pub fn renew_login(
    renewed: NewLogin,
    claims: Claims,
    max: Option<usize>,
) -> Job<AccountsRight, impl Op<Begun>> {
    telling(move |conn| {
        let begun = logins::renew(conn, &claims, &renewed)?;
        Ok(with_ended(begun, trim(conn, begun, &renewed, max)?))
    })
}

/// An answer, and what is told of log-ins that have ended.
fn with_ended<T>(answer: T, ended: Option<Revocation>) -> Yield<T> {
    Yield { answer, news: ended.map(logins_ended).into_iter().collect() }
}

/// What is told of log-ins that have ended.
pub(in crate::store) fn logins_ended(ended: Revocation) -> News {
    News::to(vec![ended.user.into()], AccountsEvent::LoginsEnded(ended))
}

fn trim(
    conn: &mut Connection,
    begun: Begun,
    new: &NewLogin,
    max: Option<usize>,
) -> Result<Option<Revocation>, StoreError> {
    match (begun, max) {
        (Begun::Stored(_), Some(max)) => logins::trim(conn, new, max),
        (Begun::Stored(_), None) | (Begun::Refused, _) => Ok(None),
    }
}

/// Ends log-ins of a user; how many it were.
pub fn end_logins(
    user: UserId,
    which: Which,
    clock: Arc<dyn Clock>,
) -> Job<AccountsRight, impl Op<usize>> {
    telling(move |conn| {
        let revocation = logins::revoke(conn, user, &which, clock.now())?;
        Ok(with_ended(revocation.logins.len(), Some(revocation)))
    })
}

/// Ends the log-in of a token that was good, also one that is not stored; false if it belongs to none.
pub fn log_out(claims: Claims, clock: Arc<dyn Clock>) -> Job<AccountsRight, impl Op<bool>> {
    telling(move |conn| {
        let Some(login) = &claims.login else { return Ok(false.into()) };
        Ok(with_ended(true, Some(logins::end(conn, login, &claims, clock.now())?)))
    })
}

/// Forgets log-ins whose tokens have expired, at most so many; gives which.
pub fn sweep_logins(now: Timestamp, rows_max: i64) -> Job<AccountsRight, impl Op<Vec<LoginId>>> {
    job(move |conn| logins::sweep(conn, now, rows_max))
}

/// Changes a user's password from `old` to `new` (both hashes), and ends all log-ins but one; see
/// [`own::change_password`].
pub fn change_password(
    user: UserId,
    (old, new): (String, String),
    kept: Option<LoginId>,
    clock: Arc<dyn Clock>,
) -> Job<AccountsRight, impl Op<Result<(), Outdated>>> {
    telling(move |conn| {
        let last = (kept.clone(), clock.now());
        Ok(match own::change_password(conn, user, (&old, &new), last)? {
            Ok(revocation) => with_ended(Ok(()), Some(revocation)),
            Err(outdated) => Err(outdated).into(),
        })
    })
}

/// Keeps another hash of the same password; see [`own::renew_hash`].
pub fn renew_hash(user: UserId, old: String, new: String) -> Job<AccountsRight, impl Op<()>> {
    let bytes = old.len().saturating_add(new.len());
    job(move |conn| own::renew_hash(conn, user, (&old, &new))).holding(bytes)
}

/// Queues a mail with which a user can set a new password; see [`resets::ask`].
pub fn ask_reset(
    email: Email,
    now: Timestamp,
    expires_at: Timestamp,
) -> Job<AccountsRight, impl Op<()>> {
    job(move |conn| resets::ask(conn, &email, now, expires_at))
}

/// Sets the password of the user to whom a key was sent; whose it was. See [`resets::redeem`].
pub fn redeem_reset(
    key_hash: [u8; 32],
    password_hash: String,
    now: Timestamp,
) -> Job<AccountsRight, impl Op<Option<UserId>>> {
    telling(move |conn| {
        let revocation = resets::redeem(conn, &key_hash, &password_hash, now)?;
        Ok(with_ended(revocation.as_ref().map(|revocation| revocation.user), revocation))
    })
}

/// Lets a key (its SHA-256) do what a mail is about, from the first of `times` to the second; see
/// [`mails::add_key`].
pub fn add_mail_key(
    mail: MailJob,
    key_hash: [u8; 32],
    times: (Timestamp, Timestamp),
) -> Job<AccountsRight, impl Op<Option<String>>> {
    job(move |conn| mails::add_key(conn, mail, &key_hash, times))
}

/// Changes the public face of a user.
pub fn change(
    user: UserId,
    changes: Changes,
) -> Job<AccountsRight, impl Op<Result<(), NameTaken>>> {
    job(move |conn| own::change(conn, user, &changes))
}

/// Keeps when users were last seen.
pub fn set_last_seen(seen: Vec<(UserId, Timestamp)>) -> Job<AccountsRight, impl Op<()>> {
    let bytes = size_of_val(seen.as_slice());
    job(move |conn| users::set_last_seen(conn, &seen)).holding(bytes)
}
