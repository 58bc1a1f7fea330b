//! Keys that are shown once and stored only as their hash: they verify an e-mail address, or let
//! another service in.

use std::fmt;

use sha2::{Digest, Sha256};

use super::{AuthError, random};
use crate::domain::uuid::Uuid;

/// 192 random bits.
const KEY_BYTES: usize = 24;
/// 256 random bits.
const TOKEN_BYTES: usize = 32;

macro_rules! key {
    ($(#[doc = $about:literal])+ $name:ident of $bytes:ident) => {
        $(#[doc = $about])+
        ///
        /// `Debug` does not show it.
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// A key nobody can guess, of letters, digits, `-` and `_`.
            ///
            /// # Errors
            /// [`AuthError::Random`].
            pub fn random() -> Result<Self, AuthError> {
                random::url_safe_text::<$bytes>().map(Self)
            }

            /// The key itself, for the one who is to have it. Never log it.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The hash that is stored.
            pub fn hash(&self) -> [u8; 32] {
                hash_of(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

key!(
    /// A fresh verification key, for the link in a mail.
    VerificationKey of KEY_BYTES
);
key!(
    /// A fresh key by which another service shows who it is.
    ServiceKey of KEY_BYTES
);

key!(
    /// A key of an app, or its secret: of letters, digits, `-` and `_`, which forms carry as they are.
    AppSecret of KEY_BYTES
);
key!(
    /// A fresh token of an app.
    AppTokenText of TOKEN_BYTES
);

/// A fresh id of an app's service, by which servers register: a secret of 32 hexadecimal digits.
///
/// # Errors
/// [`AuthError::Random`].
pub fn service_id() -> Result<String, AuthError> {
    random::uuid().map(Uuid::hex)
}

/// What is stored of the key `text`: its SHA-256, to look a presented key up by. No salt is
/// needed, since a key is random.
pub fn hash_of(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// Whether two hashes are the same; how long that takes tells nothing of either.
pub fn is_same_hash(one: &[u8; 32], other: &[u8; 32]) -> bool {
    one.iter().zip(other).fold(0, |apart, (a, b)| apart | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_random_url_safe_and_found_again_by_their_hash() {
        let (one, other) = (VerificationKey::random().unwrap(), VerificationKey::random().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.as_str().len(), 32);
        assert!(one.as_str().chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)));
        assert_eq!(one.hash(), hash_of(one.as_str()));
        assert_ne!(one.hash(), other.hash());
        assert!(!format!("{one:?}").contains(one.as_str()));
    }

    #[test]
    fn hashes_are_compared_whole() {
        let hash = hash_of("abc");
        assert!(is_same_hash(&hash, &hash_of("abc")));
        for at in 0..32 {
            let mut other = hash;
            other[at] ^= 1;
            assert!(!is_same_hash(&hash, &other), "{at}");
        }
    }

    #[test]
    fn the_hash_is_sha_256() {
        let hex: String = hash_of("abc").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
