//! How tokens are signed: by `ring`, which mails over TLS are built from anyway.
//!
//! `jsonwebtoken` takes its cryptography from a provider. Those that come with it bring RSA along,
//! whose crate has a known weakness (RUSTSEC-2023-0071); this one knows HMAC and nothing else. Which
//! of its algorithms is taken is said in `token`.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{Error, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use ring::hmac;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    // For sets of public keys, of which there are none here.
    key_utils: KeyUtils::new_unimplemented(),
};

/// Has `jsonwebtoken` sign by this provider, in the whole process. Doing so again changes nothing.
pub(super) fn install() {
    PROVIDER.install_default().unwrap_or_default();
}

struct Hmac(Algorithm, hmac::Key);

impl Hmac {
    fn new(algorithm: Algorithm, secret: &[u8]) -> Result<Box<Self>> {
        let digest = match algorithm {
            Algorithm::HS256 => hmac::HMAC_SHA256,
            Algorithm::HS384 => hmac::HMAC_SHA384,
            Algorithm::HS512 => hmac::HMAC_SHA512,
            _ => return Err(ErrorKind::UnsupportedAlgorithm.into()),
        };
        Ok(Box::new(Self(algorithm, hmac::Key::new(digest, secret))))
    }
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    Ok(Hmac::new(*algorithm, key.as_bytes())?)
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    Ok(Hmac::new(*algorithm, key.try_get_as_bytes()?)?)
}

impl Signer<Vec<u8>> for Hmac {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(hmac::sign(&self.1, message).as_ref().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hmac {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        hmac::verify(&self.1, message, signature).map_err(|_| Error::new())
    }
}

impl JwtSigner for Hmac {
    fn algorithm(&self) -> Algorithm {
        self.0
    }
}

impl JwtVerifier for Hmac {
    fn algorithm(&self) -> Algorithm {
        self.0
    }
}
