//! Tokens: JWT signed with HMAC-SHA-256, and with nothing else.
//!
//! Claims are `id` (the user, as a string of digits), `name`, `iat`, `exp` and `jti` (the log-in).
//! The time is passed in and nobody is given a second more than `exp` says, nor one before `nbf`. There is one way to
//! check a token, and it is good only if its log-in exists: so no door can forget to look.

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;
use serde_json::{Map, Value};

use super::revoked::{Revocations, TokenStanding};
use super::{AuthError, hmac, random};
use crate::domain::accounts::login::{Claims, LoginId};
use crate::domain::accounts::user::User;
use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;

/// 128 random bits.
const JTI_BYTES: usize = 16;
const SECOND: Duration = Duration::from_secs(1);
/// When tokens were issued that do not say.
const LONG_AGO: Timestamp = Timestamp::from_micros(i64::MIN);

/// Issues and checks tokens.
#[derive(Clone)]
pub struct Tokens {
    signing: EncodingKey,
    checking: DecodingKey,
    validation: Validation,
    lifetime: Duration,
    revoked: Arc<Revocations>,
}

/// A token that is not signed yet. Its log-in must be stored first, or nobody can end it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenDraft {
    pub login: LoginId,
    /// When it is issued, in whole seconds.
    pub issued_at: Timestamp,
    /// When it expires, in whole seconds.
    pub expires_at: Timestamp,
}

impl TokenDraft {
    /// The same, issued after a moment up to which the user's tokens are void.
    pub fn after(self, void_through: Option<Timestamp>) -> Self {
        // The next whole second: a token says no smaller part of the time.
        let first = void_through.map(|through| whole_seconds(through.after(SECOND)));
        let issued_at = first.map_or(self.issued_at, |first| first.max(self.issued_at));
        Self { issued_at, ..self }
    }
}

/// Why a token is not good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Malformed, signed with another secret or algorithm or not at all, expired, not valid yet, or
    /// without expiry.
    #[error("the token is not valid")]
    Signature,
    /// Well signed and in time, but revoked.
    #[error("the token has been revoked")]
    Revoked,
    /// Well signed and in time, but whether its log-in exists is for the store to say. Until then it is
    /// not good.
    #[error("nobody knows the log-in of the token")]
    Unknown(Box<Claims>),
    /// Well signed and in time, but `id` is no user id.
    #[error("the token names no user")]
    Payload,
}

#[derive(Serialize)]
struct Payload<'a> {
    id: String,
    name: &'a str,
    iat: i64,
    exp: i64,
    jti: &'a str,
}

impl Tokens {
    /// Tokens signed with `secret` (at least 32 bytes) that are valid for `lifetime`, and not
    /// taken once they are `revoked`.
    pub fn new(secret: &[u8], lifetime: Duration, revoked: Arc<Revocations>) -> Self {
        hmac::install();
        let mut validation = Validation::new(Algorithm::HS256);
        // `verify` compares `exp` with the time it is given; the crate would ask the system.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        validation.validate_aud = false;
        Self {
            signing: EncodingKey::from_secret(secret),
            checking: DecodingKey::from_secret(secret),
            validation,
            lifetime,
            revoked,
        }
    }

    /// What has been revoked.
    pub fn revoked(&self) -> &Arc<Revocations> {
        &self.revoked
    }

    /// The token of a new log-in, to be signed once that is stored.
    ///
    /// # Errors
    /// [`AuthError::Random`].
    pub fn draft(&self, now: Timestamp) -> Result<TokenDraft, AuthError> {
        Ok(self.draft_for(LoginId::new(&random::url_safe_text::<JTI_BYTES>()?), now))
    }

    /// A further token of a log-in.
    pub fn draft_for(&self, login: LoginId, now: Timestamp) -> TokenDraft {
        let expires_at = whole_seconds(now.after(self.lifetime));
        TokenDraft { login, issued_at: whole_seconds(now), expires_at }
    }

    /// The token of `user` that was drafted.
    ///
    /// # Errors
    /// [`AuthError::Sign`].
    pub fn sign(&self, user: &User, draft: &TokenDraft) -> Result<String, AuthError> {
        let payload = Payload {
            id: user.id.to_string(),
            name: &user.name,
            iat: seconds(draft.issued_at),
            exp: seconds(draft.expires_at),
            jti: draft.login.as_str(),
        };
        let header = Header::new(Algorithm::HS256);
        jsonwebtoken::encode(&header, &payload, &self.signing).map_err(AuthError::Sign)
    }

    /// What `token` says, if it is good at the time `now`.
    ///
    /// # Errors
    /// Each variant of [`TokenError`].
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, TokenError> {
        let decoded: Map<String, Value> =
            jsonwebtoken::decode(token, &self.checking, &self.validation)
                .map_err(|_| TokenError::Signature)?
                .claims;
        let expires_at = decoded.get("exp").and_then(numeric_date).ok_or(TokenError::Signature)?;
        // "Not before" must be a time if it is there at all (RFC 7519, section 4.1.5).
        let begins_at = decoded.get("nbf").map(|at| numeric_date(at).ok_or(TokenError::Signature));
        if now >= expires_at || begins_at.transpose()?.is_some_and(|begins_at| now < begins_at) {
            return Err(TokenError::Signature);
        }
        let id = decoded.get("id").and_then(Value::as_str);
        let user = id.and_then(canonical_user).ok_or(TokenError::Payload)?;
        let named = |jti: &Value| jti.as_str().map(LoginId::new).ok_or(TokenError::Signature);
        let login = decoded.get("jti").map(named).transpose()?;
        let issued_at = decoded.get("iat").and_then(numeric_date).unwrap_or(LONG_AGO);
        let claims = Claims { user, login, issued_at, expires_at };
        match self.revoked.standing(&claims) {
            TokenStanding::Lives => Ok(claims),
            TokenStanding::Ended => Err(TokenError::Revoked),
            TokenStanding::Unknown => Err(TokenError::Unknown(Box::new(claims))),
        }
    }
}

fn seconds(moment: Timestamp) -> i64 {
    moment.millis().div_euclid(1_000)
}

fn whole_seconds(moment: Timestamp) -> Timestamp {
    Timestamp::from_millis(seconds(moment).saturating_mul(1_000))
}

/// A NumericDate (RFC 7519, section 2): seconds since the Unix epoch, perhaps with a fraction.
fn numeric_date(value: &Value) -> Option<Timestamp> {
    let since = Duration::try_from_secs_f64(value.as_f64()?).ok()?;
    Some(Timestamp::from_micros(0).after(since))
}

/// One user has one spelling: neither `+2` nor `02` is user 2.
fn canonical_user(text: &str) -> Option<UserId> {
    let user = text.parse().ok().and_then(UserId::new)?;
    (user.to_string() == text).then_some(user)
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
