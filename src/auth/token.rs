//! Tokens: JWT signed with HMAC-SHA-256, and with nothing else.
//!
//! Claims are `id` (the user, as a string of digits), `name`, `iat`, `exp` and `jti`. The time is
//! passed in and nobody is given a second more than `exp` says.

use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{AuthError, random};
use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;
use crate::domain::user::User;

/// 128 random bits.
const JTI_BYTES: usize = 16;

/// Issues and checks tokens.
#[derive(Clone)]
pub struct Tokens {
    signing: EncodingKey,
    checking: DecodingKey,
    validation: Validation,
    lifetime: Duration,
}

/// What a good token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Whose it is. Whether that user exists is for the caller to see.
    pub user: UserId,
    /// The first moment it is not valid any more.
    pub expires_at: Timestamp,
    /// Its own id, to revoke it by. Only foreign tokens, signed with our secret, can lack it.
    pub jti: Option<String>,
}

/// Why a token is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Malformed, signed with another secret or algorithm or not at all, expired, or without
    /// expiry.
    #[error("the token is not valid")]
    Signature,
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
    jti: String,
}

impl Tokens {
    /// Tokens signed with `secret` (at least 32 bytes) that are valid for `lifetime`.
    pub fn new(secret: &[u8], lifetime: Duration) -> Self {
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
        }
    }

    /// A fresh token of `user`.
    ///
    /// # Errors
    /// [`AuthError::Random`], [`AuthError::Sign`].
    pub fn issue(&self, user: &User, now: Timestamp) -> Result<String, AuthError> {
        let payload = Payload {
            id: user.id.to_string(),
            name: &user.name,
            iat: seconds(now),
            exp: seconds(now.after(self.lifetime)),
            jti: random::url_safe_text::<JTI_BYTES>()?,
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
        if now >= expires_at {
            return Err(TokenError::Signature);
        }
        let id = decoded.get("id").and_then(Value::as_str);
        let user = id.and_then(canonical_user).ok_or(TokenError::Payload)?;
        let jti = decoded.get("jti").and_then(Value::as_str).map(str::to_owned);
        Ok(Claims { user, expires_at, jti })
    }
}

fn seconds(moment: Timestamp) -> i64 {
    moment.millis().div_euclid(1_000)
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
