//! Identity of pushes (OpenID Connect): who a push says that it comes from, as a token that anybody can check who has
//! our public keys; and whether a push that has come to us comes from whom we expect.
//!
//! `key` is one RSA key, `keys` the file of those that are in use, `token` what is said and signed, `key_sets` whose
//! tokens are taken, `verifier` the check. Time is passed in. Tokens of users are another matter: `auth::token`.

mod jwk;
mod key;
mod key_sets;
mod keys;
mod token;
mod verifier;

pub use jwk::{JwkSet, RsaJwk};
pub use key_sets::{KeySetError, KeySets};
pub use keys::PushKeys;
pub use token::{IdToken, TOKEN_LIFETIME, TOKEN_REUSED};
pub use verifier::{ExpectedPush, PushTokenFault, PushVerifier, VerifiedClaims};
