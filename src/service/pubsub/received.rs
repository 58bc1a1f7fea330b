//! Pushes that come to this hub: who may push, and what is kept.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::task::spawn_blocking;

use crate::auth::AuthError;
use crate::auth::key::{ServiceKey, hash_of, is_same_hash};
use crate::auth::oidc::{PushTokenFault, PushVerifier};
use crate::domain::clock::Clock;
use crate::domain::pubsub::received::{KeptPush, PushSender, ReceivedPush};
use crate::service::ServiceFault;
use crate::store::Store;
use crate::store::pubsub::{lookups, writes};

/// Who may push to this hub.
pub struct PushGate {
    /// The hash of what the query has to say. None: nobody may.
    token_hash: Option<[u8; 32]>,
    verifier: PushVerifier,
    /// By which forms are told from those of other pages; only this process knows it.
    form_secret: ServiceKey,
}

impl PushGate {
    /// A gate for a token of the query; an empty one closes it.
    ///
    /// # Errors
    /// [`AuthError::Random`].
    pub fn new(token: &str, verifier: PushVerifier) -> Result<Self, AuthError> {
        let token_hash = (!token.is_empty()).then(|| hash_of(token));
        Ok(Self { token_hash, verifier, form_secret: ServiceKey::random()? })
    }
}

/// Pushes that come. Cloning it is cheap.
#[derive(Clone)]
pub struct Received {
    store: Store,
    clock: Arc<dyn Clock>,
    gate: Arc<PushGate>,
}

impl Received {
    pub(in crate::service) fn new(
        store: &Store,
        clock: &Arc<dyn Clock>,
        gate: &Arc<PushGate>,
    ) -> Self {
        Self { store: store.clone(), clock: Arc::clone(clock), gate: Arc::clone(gate) }
    }

    /// Whether this is what the query has to say. How long that takes tells nothing.
    pub fn knows(&self, token: &str) -> bool {
        let shown = hash_of(token);
        self.gate.token_hash.is_some_and(|hash| is_same_hash(&hash, &shown))
    }

    /// What a form has to say that is made for a browser with such cookies.
    pub fn form_token(&self, cookie: &[u8]) -> String {
        let cookie = hash_of(&URL_SAFE_NO_PAD.encode(cookie));
        let bound = format!("{}{}", self.gate.form_secret.as_str(), URL_SAFE_NO_PAD.encode(cookie));
        URL_SAFE_NO_PAD.encode(hash_of(&bound))
    }

    /// Whether a form says that.
    pub fn is_form_token(&self, cookie: &[u8], shown: &str) -> bool {
        is_same_hash(&hash_of(&self.form_token(cookie)), &hash_of(shown))
    }

    /// Who sends, by a token.
    ///
    /// # Errors
    /// Each variant of [`PushTokenFault`].
    pub async fn sender(&self, token: String) -> Result<PushSender, PushTokenFault> {
        let (gate, now) = (Arc::clone(&self.gate), self.clock.now());
        // A file of keys may have to be read.
        let verified = spawn_blocking(move || {
            let claims = gate.verifier.verify(&token, now)?;
            Ok(PushSender { claims: claims.to_json(), token })
        });
        verified.await.map_err(AuthError::CutOff)?
    }

    /// Keeps a push; once this is answered it is durable. The same push again changes nothing.
    ///
    /// # Errors
    /// [`ServiceFault::Busy`], [`ServiceFault::Internal`].
    pub async fn keep(&self, push: ReceivedPush) -> Result<(), ServiceFault> {
        self.store.run(writes::keep_received(push, self.clock.now())).await?;
        Ok(())
    }

    /// What is kept, the latest first.
    ///
    /// # Errors
    /// As [`Received::keep`].
    pub async fn all(&self) -> Result<Vec<KeptPush>, ServiceFault> {
        Ok(self.store.read(lookups::received()).await?)
    }
}
