//! Whether somebody knows a password, for every door that asks for one: tries are counted, wrong ones
//! logged, and an unknown address takes as long as a wrong password.

use std::net::IpAddr;

use super::State;
use super::error::ApiError;
use super::v1::problem::Problem;
use crate::auth::AuthError;
use crate::auth::limits::{Familiarity, TooMany};
use crate::auth::password::Verdict;
use crate::domain::accounts::login::Network;
use crate::domain::accounts::user::Email;
use crate::domain::id::UserId;
use crate::store::StoreError;
use crate::store::accounts::logins;
use crate::store::accounts::users::{self, Account};
use crate::store::chat::deletion;
use crate::store::engine::Connection;

/// Somebody says that an account is his.
pub struct Claim {
    /// The account, if there is one.
    pub account: Option<Account>,
    /// What tries are counted by; `None` if what he says is no address.
    email: Option<Email>,
    familiarity: Familiarity,
    peer: IpAddr,
}

/// Why a password was not looked at.
pub enum Untried {
    /// Too many were wrong before.
    TooMany(TooMany),
    /// It could not be.
    Auth(AuthError),
    /// Its new hash could not be kept.
    Store(StoreError),
}

macro_rules! told_as {
    ($($error:ty),+) => {$(
        impl From<Untried> for $error {
            fn from(untried: Untried) -> Self {
                match untried {
                    Untried::TooMany(over) => over.into(),
                    Untried::Auth(error) => error.into(),
                    Untried::Store(error) => error.into(),
                }
            }
        }
    )+};
}

told_as!(ApiError, Problem);

impl Claim {
    /// The claim to the account of an e-mail address.
    ///
    /// # Errors
    /// As [`Store::read`](crate::store::Store::read).
    pub async fn by_address(state: &State, text: &str, peer: IpAddr) -> Result<Self, StoreError> {
        let email = Email::parse(text);
        let Some(wanted) = email.clone() else {
            return Ok(Self { account: None, email, familiarity: Familiarity::Stranger, peer });
        };
        let found = state.store.read(move |conn| {
            let account = users::by_email(conn, &wanted)?;
            let user = account.as_ref().map(|account| account.user.id);
            Ok((account, familiarity(conn, user, peer)?))
        });
        let (account, familiarity) = found.await?;
        Ok(Self { account, email, familiarity, peer })
    }

    /// The claim of somebody who has a token of a user; `None` if there is no such user.
    ///
    /// # Errors
    /// As [`Store::read`](crate::store::Store::read).
    pub async fn of_user(
        state: &State,
        id: UserId,
        peer: IpAddr,
    ) -> Result<Option<Self>, StoreError> {
        let found = state
            .store
            .read(move |conn| Ok((users::account(conn, id)?, familiarity(conn, Some(id), peer)?)));
        let (account, familiarity) = found.await?;
        let claim = |account: Account| {
            let email = Email::parse(&account.email);
            Self { account: Some(account), email, familiarity, peer }
        };
        Ok(account.map(claim))
    }
}

fn familiarity(
    conn: &mut Connection,
    user: Option<UserId>,
    peer: IpAddr,
) -> Result<Familiarity, StoreError> {
    let Some(user) = user else { return Ok(Familiarity::Stranger) };
    let known = logins::came_from(conn, user, &Network::of(peer))?;
    Ok(if known { Familiarity::Known } else { Familiarity::Stranger })
}

/// The account, with the hash that it has now, if the password is that of it.
///
/// # Errors
/// Each variant of [`Untried`].
pub async fn prove(
    state: &State,
    claim: Claim,
    password: String,
) -> Result<Option<Account>, Untried> {
    let Claim { account, email, familiarity, peer } = claim;
    if !state.settings.passwords.may_be(&password) {
        return Ok(None);
    }
    let attempt = email
        .as_ref()
        .map(|email| state.limits.attempt(email, Network::of(peer), familiarity))
        .transpose()
        .inspect_err(|_| state.limited("login", peer))
        .map_err(Untried::TooMany)?;
    let stored = account.as_ref().map(|account| account.password_hash.clone());
    let verdict = state.passwords.verify(password, stored).await;
    if let Ok(Verdict::Wrong) = verdict {
        match &account {
            Some(account) => log::info!(peer:%, user:% = account.user.id; "a wrong password"),
            None => log::info!(peer:%; "a log-in to no account"),
        }
    } else if let Some(attempt) = attempt {
        attempt.take_back();
    }
    match (verdict.map_err(Untried::Auth)?, account) {
        (Verdict::Right, account) => Ok(account),
        (Verdict::Renewed(hash), Some(account)) => renew(state, account, hash).await.map(Some),
        (Verdict::Renewed(_), None) | (Verdict::Wrong, _) => Ok(None),
    }
}

/// Keeps the hash that the password has from now on.
async fn renew(state: &State, account: Account, hash: String) -> Result<Account, Untried> {
    let (id, old, new) = (account.user.id, account.password_hash.clone(), hash.clone());
    let renewed =
        state.store.write_beside(move |conn| deletion::renew_hash(conn, id, (&old, &new)));
    renewed.await.map_err(Untried::Store)?;
    Ok(Account { password_hash: hash, ..account })
}
