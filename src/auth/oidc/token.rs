//! What a push says of itself.

use std::time::Duration;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::key::PushKey;
use crate::auth::AuthError;
use crate::domain::clock::Timestamp;

/// How long a token is good.
pub const TOKEN_LIFETIME: Duration = Duration::from_secs(60 * 60);
/// How long a token is used again, for the same subscription and audience.
pub const TOKEN_REUSED: Duration = Duration::from_secs(50 * 60);
/// Ids of accounts have 21 digits, as Google's.
const ID_BASE: u128 = 100_000_000_000_000_000_000;

/// Who a push comes from, and whom it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdToken<'a> {
    /// Us, by our public address, without a slash at the end.
    pub issuer: &'a str,
    pub email: &'a str,
    pub audience: &'a str,
}

#[derive(Serialize)]
struct PushClaims<'a> {
    aud: &'a str,
    azp: &'a str,
    email: &'a str,
    email_verified: bool,
    exp: i64,
    iat: i64,
    iss: &'a str,
    sub: &'a str,
}

impl IdToken<'_> {
    /// The token, signed.
    ///
    /// # Errors
    /// [`AuthError::PushKey`].
    pub fn signed(&self, key: &PushKey, now: Timestamp) -> Result<String, AuthError> {
        let seconds = |moment: Timestamp| moment.millis().div_euclid(1_000);
        let id = account_id(self.email);
        key.sign(&PushClaims {
            aud: self.audience,
            azp: &id,
            email: self.email,
            email_verified: true,
            exp: seconds(now.after(TOKEN_LIFETIME)),
            iat: seconds(now),
            iss: self.issuer,
            sub: &id,
        })
    }
}

/// The id of an account: the same digits for the same address, always.
fn account_id(email: &str) -> String {
    let bytes = Sha256::digest(email);
    let number = bytes
        .iter()
        .take(16)
        .fold(0_u128, |sum, byte| sum.wrapping_mul(256).wrapping_add(u128::from(*byte)));
    number.checked_rem(ID_BASE).unwrap_or(0).saturating_add(ID_BASE).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_one_id_of_digits() {
        let id = account_id("pusher@project.example");
        assert_eq!(id, account_id("pusher@project.example"));
        assert_ne!(id, account_id("other@project.example"));
        assert!(id.len() == 21 && id.bytes().all(|byte| byte.is_ascii_digit()), "{id}");
    }
}
