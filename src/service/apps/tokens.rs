//! Tokens of apps, as they are shown.

use super::Apps;
use crate::auth::key;
use crate::domain::apps::token::{AppToken, TokenHash};
use crate::domain::id::UserId;
use crate::service::ServiceFault;
use crate::store::apps::{lookups, writes};

impl Apps {
    /// The token that somebody shows, if it is good; one that lives on by use lives on.
    ///
    /// # Errors
    /// [`ServiceFault::Busy`], [`ServiceFault::Internal`].
    pub async fn token(&self, text: &str) -> Result<Option<AppToken>, ServiceFault> {
        let (hash, now) = (key::hash_of(text), self.clock.now());
        let Some(mut token) = self.store.read(lookups::app_token(hash, now)).await? else {
            return Ok(None);
        };
        if let Some(renewed) = token.renewed(now) {
            self.store.run(writes::renew_token(hash, renewed)).await?;
            token.expires_at = renewed;
        }
        Ok(Some(token))
    }

    /// Makes a token a user's for good. False if it is another's, or gone.
    ///
    /// # Errors
    /// As [`Apps::token`].
    pub async fn bind(&self, token: TokenHash, user: UserId) -> Result<bool, ServiceFault> {
        Ok(self.store.run(writes::bind_token(token, user)).await?)
    }

    /// Ends a token, and the sessions that have shown it.
    ///
    /// # Errors
    /// As [`Apps::token`].
    pub async fn end_token(&self, text: &str) -> Result<(), ServiceFault> {
        Ok(self.store.run(writes::end_token(key::hash_of(text))).await?)
    }
}
