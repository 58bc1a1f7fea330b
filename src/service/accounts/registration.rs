//! New accounts of those who register: a wish is stored, a mail follows, and whoever follows its link has the
//! account.

use std::net::IpAddr;
use std::sync::Arc;

use super::Accounts;
use crate::auth::key;
use crate::domain::accounts::name::UserName;
use crate::domain::accounts::password::PasswordFault;
use crate::domain::accounts::user::{Email, User};
use crate::service::ServiceFault;
use crate::store::StoreError;
use crate::store::accounts::lookups;
use crate::store::accounts::writes::{self, NewAccount};

/// Who wants an account.
#[derive(Clone, Copy)]
pub struct Applicant<'a> {
    pub name: &'a str,
    /// The address to be verified.
    pub email: &'a str,
    pub password: &'a str,
}

/// Why somebody cannot register so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegisterRefusal {
    #[error("the password is too short or too long")]
    Password(PasswordFault),
    /// The address is none, or of a domain that may not register.
    #[error("the address is not valid")]
    EmailInvalid,
    #[error("the address is taken")]
    EmailTaken,
    #[error("the name is not valid")]
    NameInvalid,
    #[error("the name is taken")]
    NameTaken,
    #[error(transparent)]
    Fault(ServiceFault),
}

impl<F: Into<ServiceFault>> From<F> for RegisterRefusal {
    fn from(fault: F) -> Self {
        Self::Fault(fault.into())
    }
}

impl Accounts {
    /// Keeps a registration, and has a mail with a link sent. The peer has been admitted.
    ///
    /// # Errors
    /// Each variant of [`RegisterRefusal`].
    pub async fn register(&self, wish: Applicant<'_>, peer: IpAddr) -> Result<(), RegisterRefusal> {
        self.settings.passwords.check(wish.password).map_err(RegisterRefusal::Password)?;
        let email = self.available_email(wish.email).await?;
        let name = self.available_name(wish.name).await?;
        self.limits.register_as(&email).inspect_err(|_| self.limited("register", peer))?;
        let password_hash = self.passwords.hash(wish.password.to_owned()).await?;
        self.keep_registration(name, email, password_hash).await?;
        (self.mail_left)();
        Ok(())
    }

    /// Makes the account of a key that came by mail; `None` if the key works no more.
    ///
    /// # Errors
    /// [`ServiceFault::Busy`], [`ServiceFault::Internal`].
    pub async fn verify(&self, key: &str) -> Result<Option<User>, ServiceFault> {
        let (key_hash, now) = (key::hash_of(key), self.clock.now());
        let verify = writes::verify(key_hash, Arc::clone(&self.mint), now);
        let user = self.store.run(verify).await?;
        if let Some(user) = &user {
            log::info!("user {} registered", user.id);
        }
        Ok(user)
    }

    async fn keep_registration(
        &self,
        name: UserName,
        email: Email,
        password_hash: String,
    ) -> Result<i64, StoreError> {
        let created_at = self.clock.now();
        let expires_at = created_at.after(self.settings.verification_lifetime);
        let mail = self.settings.registration_mail;
        let account = NewAccount { name, email, password_hash, created_at, expires_at };
        self.store.run(writes::register(account, mail)).await
    }

    /// The address, if it is well formed, allowed, and nobody's yet.
    async fn available_email(&self, text: &str) -> Result<Email, RegisterRefusal> {
        let email = Email::parse(text).ok_or(RegisterRefusal::EmailInvalid)?;
        if self.store.read(lookups::is_email_taken(email.clone())).await? {
            return Err(RegisterRefusal::EmailTaken);
        }
        let domains = &self.settings.allowed_email_domains;
        let allowed = |domain: &String| domain.eq_ignore_ascii_case(email.domain());
        let may = domains.is_empty() || domains.iter().any(allowed);
        if may { Ok(email) } else { Err(RegisterRefusal::EmailInvalid) }
    }

    /// The name, if it is valid and nobody's yet.
    async fn available_name(&self, text: &str) -> Result<UserName, RegisterRefusal> {
        let name = self.settings.names.name(text).ok_or(RegisterRefusal::NameInvalid)?;
        if self.store.read(lookups::is_name_taken(name.clone())).await? {
            return Err(RegisterRefusal::NameTaken);
        }
        Ok(name)
    }
}
