//! One RSA key that signs.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::jwk::{ALGORITHM, RsaJwk};
use crate::auth::AuthError;
use crate::domain::clock::Timestamp;

/// A private key, with its public half.
pub struct PushKey {
    pair: KeyPair,
    public: RsaJwk,
    /// When it was made.
    pub made_at: Timestamp,
}

#[derive(Serialize)]
struct SignedHeader<'a> {
    alg: &'a str,
    kid: &'a str,
    typ: &'a str,
}

impl PushKey {
    /// A new key. Takes tenths of a second.
    ///
    /// # Errors
    /// [`AuthError::PushKey`].
    pub fn generate(made_at: Timestamp) -> Result<Self, AuthError> {
        let pair = KeyPair::generate(KeySize::Rsa2048);
        Ok(Self::of(pair.map_err(|_| AuthError::PushKey("cannot be made"))?, made_at))
    }

    /// A key that was kept.
    ///
    /// # Errors
    /// [`AuthError::PushKey`].
    pub fn from_pkcs8(bytes: &[u8], made_at: Timestamp) -> Result<Self, AuthError> {
        let pair = KeyPair::from_pkcs8(bytes);
        Ok(Self::of(pair.map_err(|_| AuthError::PushKey("cannot be read"))?, made_at))
    }

    fn of(pair: KeyPair, made_at: Timestamp) -> Self {
        let key = pair.public_key();
        let modulus = key.modulus().big_endian_without_leading_zero();
        let exponent = key.exponent().big_endian_without_leading_zero();
        let public = RsaJwk::new(modulus, exponent);
        Self { pair, public, made_at }
    }

    /// What is kept of it, for its owner only.
    ///
    /// # Errors
    /// [`AuthError::PushKey`].
    pub fn to_pkcs8(&self) -> Result<Vec<u8>, AuthError> {
        let der: Result<Pkcs8V1Der<'_>, _> = self.pair.as_der();
        let der = der.map_err(|_| AuthError::PushKey("cannot be written"))?;
        Ok(der.as_ref().to_vec())
    }

    /// Its public half.
    pub fn public(&self) -> &RsaJwk {
        &self.public
    }

    /// A token that says these claims (RFC 7515).
    ///
    /// # Errors
    /// [`AuthError::PushKey`].
    pub fn sign(&self, claims: &impl Serialize) -> Result<String, AuthError> {
        const FAULT: AuthError = AuthError::PushKey("cannot sign");
        let header = SignedHeader { alg: ALGORITHM, kid: &self.public.kid, typ: "JWT" };
        let header = serde_json::to_vec(&header).map_err(|_| FAULT)?;
        let claims = serde_json::to_vec(claims).map_err(|_| FAULT)?;
        let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let random = SystemRandom::new();
        let signed = self.pair.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature);
        signed.map_err(|_| FAULT)?;
        Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
