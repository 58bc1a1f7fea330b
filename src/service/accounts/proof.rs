//! Whether somebody knows a password, for every door that asks for one: tries are counted, wrong ones
//! logged, and an unknown address takes as long as a wrong password.

use std::net::IpAddr;

use super::Accounts;
use crate::auth::limits::Familiarity;
use crate::auth::password::Verdict;
use crate::domain::accounts::login::Network;
use crate::domain::accounts::user::Email;
use crate::domain::id::UserId;
use crate::service::ServiceFault;
use crate::store::StoreError;
use crate::store::accounts::users::Account;
use crate::store::accounts::{lookups, writes};

/// Somebody says that an account is his.
pub(super) struct Claim {
    account: Option<Account>,
    /// What tries are counted by; `None` if what he says is no address.
    email: Option<Email>,
    familiarity: Familiarity,
    peer: IpAddr,
}

/// Why a user could not prove to be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofRefusal {
    #[error("there is no such user")]
    NoUser,
    #[error("the password is wrong")]
    Wrong,
    /// It was not looked at.
    #[error(transparent)]
    Fault(ServiceFault),
}

impl<F: Into<ServiceFault>> From<F> for ProofRefusal {
    fn from(fault: F) -> Self {
        Self::Fault(fault.into())
    }
}

impl Accounts {
    /// The claim to the account of an e-mail address.
    pub(super) async fn claim_of_address(
        &self,
        text: &str,
        peer: IpAddr,
    ) -> Result<Claim, StoreError> {
        let email = Email::parse(text);
        let Some(wanted) = email.clone() else {
            return Ok(Claim { account: None, email, familiarity: Familiarity::Stranger, peer });
        };
        let look = lookups::claimed_by_email(wanted, Network::of(peer));
        let (account, is_known) = self.store.read(look).await?;
        let familiarity = familiarity(is_known);
        Ok(Claim { account, email, familiarity, peer })
    }

    /// The hash of the password of a user who has a token and shows the password, too. Tries count as log-ins do.
    pub(super) async fn proven_hash(
        &self,
        id: UserId,
        password: String,
        peer: IpAddr,
    ) -> Result<String, ProofRefusal> {
        let look = lookups::claimed_by_user(id, Network::of(peer));
        let (account, is_known) = self.store.read(look).await?;
        let familiarity = familiarity(is_known);
        let account = account.ok_or(ProofRefusal::NoUser)?;
        let email = Email::parse(&account.email);
        let claim = Claim { account: Some(account), email, familiarity, peer };
        let account = self.prove(claim, password).await?.ok_or(ProofRefusal::Wrong)?;
        Ok(account.password_hash)
    }

    /// The account, with the hash that it has now, if the password is that of it.
    pub(super) async fn prove(
        &self,
        claim: Claim,
        password: String,
    ) -> Result<Option<Account>, ServiceFault> {
        let Claim { account, email, familiarity, peer } = claim;
        if !self.settings.passwords.may_be(&password) {
            return Ok(None);
        }
        let attempt = email
            .as_ref()
            .map(|email| self.limits.attempt(email, Network::of(peer), familiarity))
            .transpose()
            .inspect_err(|_| self.limited("login", peer))?;
        let stored = account.as_ref().map(|account| account.password_hash.clone());
        let verdict = self.passwords.verify(password, stored).await;
        if let Ok(Verdict::Wrong) = verdict {
            match &account {
                Some(account) => log::info!(peer:%, user:% = account.user.id; "a wrong password"),
                None => log::info!(peer:%; "a log-in to no account"),
            }
        } else if let Some(attempt) = attempt {
            attempt.take_back();
        }
        match (verdict?, account) {
            (Verdict::Right, account) => Ok(account),
            (Verdict::Renewed(hash), Some(account)) => {
                Ok(Some(self.renew_hash(account, hash).await?))
            }
            (Verdict::Renewed(_), None) | (Verdict::Wrong, _) => Ok(None),
        }
    }

    /// Keeps the hash that the password has from now on.
    async fn renew_hash(&self, account: Account, hash: String) -> Result<Account, StoreError> {
        let (id, old, new) = (account.user.id, account.password_hash.clone(), hash.clone());
        self.store.run(writes::renew_hash(id, old, new)).await?;
        Ok(Account { password_hash: hash, ..account })
    }
}

fn familiarity(is_known: bool) -> Familiarity {
    if is_known { Familiarity::Known } else { Familiarity::Stranger }
}
