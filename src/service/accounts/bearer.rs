//! Who asks, by the token that comes along.

use super::Accounts;
use crate::auth::token::TokenError;
use crate::domain::accounts::login::{Claims, Proof};
use crate::domain::accounts::user::User;
use crate::domain::error::Refusal;
use crate::service::ServiceFault;
use crate::store::Line;
use crate::store::accounts::lookups;

/// A user who has shown a good token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    pub user: User,
    pub claims: Claims,
}

impl Accounts {
    /// The user whose token this is, if he may ask now; `None` if it is no good token of anybody.
    ///
    /// # Errors
    /// [`ServiceFault::TooMany`] above the rate of the user.
    pub async fn bearer(&self, token: &str) -> Result<Option<Bearer>, ServiceFault> {
        let Some(claims) = self.claims(token).await? else { return Ok(None) };
        let id = claims.user;
        self.limits.request_of(id).inspect_err(|_| {
            self.metrics.refusals.with_label_values(&["api"]).inc();
        })?;
        let user = self.store.read_for(Line::Light(id), lookups::user(id)).await?;
        Ok(user.map(|user| Bearer { user, claims }))
    }

    /// What a good token says; `None` of any other.
    async fn claims(&self, token: &str) -> Result<Option<Claims>, ServiceFault> {
        match self.tokens.verify(token, self.clock.now()) {
            Ok(claims) => Ok(Some(claims)),
            Err(TokenError::Unknown(claims)) => match self.confirm(&claims).await {
                Ok(Proof::Lives) => Ok(Some(*claims)),
                Ok(Proof::Ended | Proof::NoUser) => Ok(None),
                Err(Refusal::Busy) => Err(ServiceFault::Busy),
                Err(_) => Err(ServiceFault::Internal),
            },
            Err(TokenError::Signature | TokenError::Revoked | TokenError::Payload) => Ok(None),
        }
    }
}
