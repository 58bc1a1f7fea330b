//! What a user changes of his own account: name, profile, who may add him, and the password.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Accounts, Own, ProofRefusal};
use crate::domain::accounts::login::Claims;
use crate::domain::accounts::profile::Profile;
use crate::domain::chat::group::AddedBy;
use crate::domain::id::UserId;
use crate::service::ServiceFault;
use crate::store::Line;
use crate::store::accounts::own::{Changes, NameTaken, Outdated};
use crate::store::accounts::{lookups, writes};

/// What is to be changed, as the user has typed it; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileChange {
    pub name: Option<String>,
    /// The profile, or its removal.
    pub profile: Option<Option<String>>,
    pub added_by: Option<AddedBy>,
}

/// Why an account was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeRefusal {
    #[error("the name is not valid")]
    NameInvalid,
    #[error("the profile is not valid")]
    ProfileInvalid,
    #[error("the name is taken")]
    NameTaken,
    #[error(transparent)]
    Fault(ServiceFault),
}

impl<F: Into<ServiceFault>> From<F> for ChangeRefusal {
    fn from(fault: F) -> Self {
        Self::Fault(fault.into())
    }
}

/// The old password and the new one.
pub struct PasswordSwap {
    pub old: String,
    pub new: String,
}

/// Why a password was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefusal {
    /// The new one may not be chosen.
    #[error("the password is too short or too long")]
    Invalid,
    /// The old one was not shown.
    #[error(transparent)]
    Proof(ProofRefusal),
}

impl<P: Into<ProofRefusal>> From<P> for PasswordRefusal {
    fn from(refusal: P) -> Self {
        Self::Proof(refusal.into())
    }
}

impl Accounts {
    /// What is kept of a user, but for the password; `None` if he is gone.
    ///
    /// # Errors
    /// [`ServiceFault::Busy`], [`ServiceFault::Internal`].
    pub async fn own(&self, user: UserId) -> Result<Option<Own>, ServiceFault> {
        Ok(self.store.read_for(Line::Light(user), lookups::own(user)).await?)
    }

    /// Changes name, profile, and who may put a user into groups.
    ///
    /// # Errors
    /// Each variant of [`ChangeRefusal`].
    pub async fn change(&self, user: UserId, asked: ProfileChange) -> Result<(), ChangeRefusal> {
        let name = |text: String| self.settings.names.name(&text).ok_or(ChangeRefusal::NameInvalid);
        let profile = |text: String| Profile::parse(&text).ok_or(ChangeRefusal::ProfileInvalid);
        let changes = Changes {
            name: asked.name.map(name).transpose()?,
            profile: asked.profile.map(|text| text.map(profile).transpose()).transpose()?,
            added_by: asked.added_by,
        };
        let changed = self.store.run(writes::change(user, changes)).await?;
        changed.map_err(|NameTaken| ChangeRefusal::NameTaken)
    }

    /// Changes the password of the user of a token, and ends all other log-ins.
    ///
    /// # Errors
    /// Each variant of [`PasswordRefusal`].
    pub async fn change_password(
        &self,
        claims: Claims,
        change: PasswordSwap,
        peer: IpAddr,
    ) -> Result<(), PasswordRefusal> {
        let PasswordSwap { old, new } = change;
        self.settings.passwords.check(&new).map_err(|_| PasswordRefusal::Invalid)?;
        let old = self.proven_hash(claims.user, old, peer).await?;
        let new = self.passwords.hash(new).await?;
        let Claims { user, login: kept, .. } = claims;
        let change = writes::change_password(user, (old, new), kept, Arc::clone(&self.clock));
        let changed = self.run_told(change).await?;
        changed.map_err(|Outdated| ProofRefusal::Wrong)?;
        log::info!("user {user} changed the password");
        Ok(())
    }
}
