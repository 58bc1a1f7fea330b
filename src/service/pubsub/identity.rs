//! Who pushes say that they come from: tokens, and the keys by which anybody can check them.

use std::sync::Arc;

use tokio::task::spawn_blocking;

use crate::auth::AuthError;
use crate::auth::oidc::{IdToken, JwkSet, PushKeys};
use crate::domain::clock::Clock;

/// Signs tokens of pushes. Cloning it is cheap.
#[derive(Clone)]
pub struct PushIdentity {
    pub keys: Arc<PushKeys>,
    /// Our public address, without a slash at the end.
    pub issuer: Arc<str>,
    pub clock: Arc<dyn Clock>,
}

impl PushIdentity {
    /// A token of an account, for an audience.
    ///
    /// # Errors
    /// Those of [`PushKeys::current`].
    pub async fn token(&self, email: String, audience: String) -> Result<String, AuthError> {
        let (keys, issuer, now) =
            (Arc::clone(&self.keys), Arc::clone(&self.issuer), self.clock.now());
        // The first time a key is made, which takes long.
        spawn_blocking(move || {
            let token = IdToken { issuer: &issuer, email: &email, audience: &audience };
            token.signed(&*keys.current(now)?, now)
        })
        .await
        .map_err(AuthError::CutOff)?
    }

    /// The keys by which our tokens are checked.
    ///
    /// # Errors
    /// As [`PushIdentity::token`].
    pub async fn published(&self) -> Result<JwkSet, AuthError> {
        let (keys, now) = (Arc::clone(&self.keys), self.clock.now());
        spawn_blocking(move || keys.published(now)).await.map_err(AuthError::CutOff)?
    }
}
