//! Whether a push that has come to us was sent by whom we expect.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::jwk::ALGORITHM;
use super::key_sets::KeySets;
use crate::auth::AuthError;
use crate::domain::clock::Timestamp;

/// How far clocks may differ.
const LEEWAY: Duration = Duration::from_secs(10);
/// The longest token, in bytes.
const TOKEN_BYTES_MAX: usize = 8_192;

/// Who may push, and to whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpectedPush {
    pub audience: String,
    /// The addresses of accounts that may push. Empty: nobody's.
    pub emails: Vec<String>,
}

/// Checks tokens of pushes. Blocks: files may be read.
pub struct PushVerifier {
    pub key_sets: KeySets,
    pub expected: ExpectedPush,
}

/// What a good token says.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifiedClaims(Map<String, Value>);

impl VerifiedClaims {
    /// All of it, as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }
}

macro_rules! faults {
    ($($(#[$doc:meta])* $fault:ident = $text:literal,)+) => {
        /// Why a token is not good. Its text repeats nothing of the token.
        #[derive(Debug, thiserror::Error)]
        pub enum PushTokenFault {
            $($(#[$doc])* #[error($text)] $fault,)+
            /// A fault of ours.
            #[error("our keys cannot be had")]
            Own(#[from] AuthError),
        }
    };
}

faults! {
    Missing = "there is none",
    Scheme = "Authorization is not Bearer and a token",
    Form = "it is not three parts of base64 with JSON in them",
    Algorithm = "its algorithm is not RS256",
    Key = "its key is not known",
    Signature = "its signature is wrong",
    Issuer = "its issuer is not the owner of the key",
    Audience = "it is for another audience",
    /// Also if it does not say when it ends.
    Expired = "it has expired",
    /// Also if it does not say since when it is.
    Early = "it is not valid yet",
    Email = "its e-mail address is not one that may push",
    Unverified = "its e-mail address is not verified",
}

#[derive(Deserialize)]
struct TokenHeader {
    #[serde(default)]
    alg: Value,
    #[serde(default)]
    kid: Value,
}

impl PushVerifier {
    /// What `token` says, if it is good.
    ///
    /// # Errors
    /// Each variant of [`PushTokenFault`], the first that holds in their order.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedClaims, PushTokenFault> {
        let parts = TokenParts::of(token).ok_or(PushTokenFault::Form)?;
        let header: TokenHeader = parsed(parts.header)?;
        // Before any key is looked at: what the token says of its algorithm is no reason to use a key otherwise.
        if header.alg.as_str() != Some(ALGORITHM) {
            return Err(PushTokenFault::Algorithm);
        }
        let claims: Map<String, Value> = parsed(parts.claims)?;
        let signature = decoded(parts.signature)?;
        let kid = header.kid.as_str().ok_or(PushTokenFault::Key)?;
        let keys = self.key_sets.named(kid, now)?;
        if keys.is_empty() {
            return Err(PushTokenFault::Key);
        }
        let signed = parts.signed.as_bytes();
        let signers = keys.iter().filter(|(_, key)| key.has_signed(signed, &signature));
        let signers: Vec<&str> = signers.map(|(issuer, _)| *issuer).collect();
        if signers.is_empty() {
            return Err(PushTokenFault::Signature);
        }
        let issuer = claims.get("iss").and_then(Value::as_str).unwrap_or_default();
        if !signers.contains(&issuer) {
            return Err(PushTokenFault::Issuer);
        }
        self.expected.check(&claims, now)?;
        Ok(VerifiedClaims(claims))
    }
}

impl ExpectedPush {
    /// Whether claims that are well signed are those of somebody who may push, and to us, now.
    fn check(&self, claims: &Map<String, Value>, now: Timestamp) -> Result<(), PushTokenFault> {
        let audience = match claims.get("aud") {
            Some(Value::Array(audiences)) => match audiences.as_slice() {
                [only] => only.as_str(),
                _ => None,
            },
            Some(one) => one.as_str(),
            None => None,
        };
        if audience != Some(self.audience.as_str()) {
            return Err(PushTokenFault::Audience);
        }
        let expires_at = claims.get("exp").and_then(moment).ok_or(PushTokenFault::Expired)?;
        if expires_at.after(LEEWAY) <= now {
            return Err(PushTokenFault::Expired);
        }
        let begins_at = claims.get("iat").and_then(moment).ok_or(PushTokenFault::Early)?;
        let not_before = match claims.get("nbf") {
            Some(at) => moment(at).ok_or(PushTokenFault::Early)?,
            None => begins_at,
        };
        if begins_at.max(not_before) > now.after(LEEWAY) {
            return Err(PushTokenFault::Early);
        }
        let email = claims.get("email").and_then(Value::as_str).unwrap_or_default();
        if !self.emails.iter().any(|allowed| allowed == email) {
            return Err(PushTokenFault::Email);
        }
        match claims.get("email_verified") {
            Some(Value::Bool(true)) => Ok(()),
            _ => Err(PushTokenFault::Unverified),
        }
    }
}

/// The parts of a token (RFC 7515, section 7.1).
struct TokenParts<'a> {
    header: &'a str,
    claims: &'a str,
    signature: &'a str,
    /// The first two.
    signed: &'a str,
}

impl<'a> TokenParts<'a> {
    fn of(token: &'a str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let is_whole = token.len() <= TOKEN_BYTES_MAX && !claims.contains('.');
        is_whole.then_some(Self { header, claims, signature, signed })
    }
}

fn decoded(part: &str) -> Result<Vec<u8>, PushTokenFault> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| PushTokenFault::Form)
}

fn parsed<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, PushTokenFault> {
    serde_json::from_slice(&decoded(part)?).map_err(|_| PushTokenFault::Form)
}

/// A NumericDate: seconds since 1970, perhaps with a fraction.
fn moment(value: &Value) -> Option<Timestamp> {
    let since = Duration::try_from_secs_f64(value.as_f64()?).ok()?;
    Some(Timestamp::from_micros(0).after(since))
}

#[cfg(test)]
#[path = "verifier_tests.rs"]
mod tests;
