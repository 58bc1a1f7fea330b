//! The token that goes with pushes of one subscription, used again for a while.

use std::time::Duration;

use crate::auth::AuthError;
use crate::auth::oidc::TOKEN_REUSED;
use crate::domain::pubsub::subscription::PushConfig;
use crate::service::pubsub::PushIdentity;

/// The last token, with what it is for.
#[derive(Default)]
pub struct PushCredential {
    last: Option<LastToken>,
}

struct LastToken {
    email: String,
    audience: String,
    /// By the steady clock.
    made_at: Duration,
    token: String,
}

impl PushCredential {
    /// The token for a push; None if it goes without one.
    ///
    /// # Errors
    /// Those of [`PushIdentity::token`].
    pub async fn token(
        &mut self,
        push: &PushConfig,
        identity: &PushIdentity,
    ) -> Result<Option<String>, AuthError> {
        let Some(oidc) = push.oidc.as_ref().filter(|oidc| !oidc.service_account_email.is_empty())
        else {
            return Ok(None);
        };
        let email = &oidc.service_account_email;
        let audience = if oidc.audience.is_empty() { &push.endpoint } else { &oidc.audience };
        let now = identity.clock.steady();
        let is_good = |last: &&LastToken| {
            last.email == *email
                && last.audience == *audience
                && now.saturating_sub(last.made_at) < TOKEN_REUSED
        };
        if let Some(last) = self.last.as_ref().filter(is_good) {
            return Ok(Some(last.token.clone()));
        }
        let token = identity.token(email.clone(), audience.clone()).await?;
        self.last = Some(LastToken {
            email: email.clone(),
            audience: audience.clone(),
            made_at: now,
            token: token.clone(),
        });
        Ok(Some(token))
    }
}
