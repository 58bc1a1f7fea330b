//! A new password for one who has forgotten the old one, by a key that comes by mail.

use std::net::IpAddr;

use super::Accounts;
use crate::auth::key;
use crate::domain::accounts::user::Email;
use crate::service::ServiceFault;
use crate::store::StoreError;
use crate::store::accounts::{lookups, writes};

/// Why no new password can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskRefusal {
    #[error("the address is not valid")]
    EmailInvalid,
    #[error(transparent)]
    Fault(ServiceFault),
}

impl<F: Into<ServiceFault>> From<F> for AskRefusal {
    fn from(fault: F) -> Self {
        Self::Fault(fault.into())
    }
}

/// Why a new password was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResetRefusal {
    #[error("the password is too short or too long")]
    PasswordInvalid,
    /// The key is unknown, used or expired.
    #[error("the link does not work any more")]
    NoSuchKey,
    #[error(transparent)]
    Fault(ServiceFault),
}

impl<F: Into<ServiceFault>> From<F> for ResetRefusal {
    fn from(fault: F) -> Self {
        Self::Fault(fault.into())
    }
}

impl Accounts {
    /// Has a mail with a link sent to an address, if a user has it; nobody is told whether. The peer has been
    /// admitted.
    ///
    /// # Errors
    /// Each variant of [`AskRefusal`].
    pub async fn ask_reset(&self, email: &str, peer: IpAddr) -> Result<(), AskRefusal> {
        let email = Email::parse(email).ok_or(AskRefusal::EmailInvalid)?;
        self.limits.reset_as(&email).inspect_err(|_| self.limited("reset", peer))?;
        self.keep_reset(email).await?;
        (self.mail_left)();
        Ok(())
    }

    async fn keep_reset(&self, email: Email) -> Result<(), StoreError> {
        let now = self.clock.now();
        let expires_at = now.after(self.settings.reset_lifetime);
        self.store.run(writes::ask_reset(email, now, expires_at)).await
    }

    /// Sets the password of the user to whom a key was sent, and ends all his log-ins. The peer has been admitted.
    ///
    /// # Errors
    /// Each variant of [`ResetRefusal`].
    pub async fn reset(&self, key: &str, password: String) -> Result<(), ResetRefusal> {
        let checked = self.settings.passwords.check(&password);
        checked.map_err(|_| ResetRefusal::PasswordInvalid)?;
        let (key_hash, now) = (key::hash_of(key), self.clock.now());
        // A hash is work, and done for those who have a key.
        if !self.store.read(lookups::is_reset_valid(key_hash, now)).await? {
            return Err(ResetRefusal::NoSuchKey);
        }
        let password_hash = self.passwords.hash(password).await?;
        let redeem = writes::redeem_reset(key_hash, password_hash, self.clock.now());
        let user = self.run_told(redeem).await?.ok_or(ResetRefusal::NoSuchKey)?;
        log::info!("user {user} set a new password by mail");
        Ok(())
    }
}
