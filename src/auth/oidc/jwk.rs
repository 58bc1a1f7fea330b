//! Public keys as JSON (RFC 7517), of the one kind that signs identity tokens: RSA.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The one algorithm.
pub const ALGORITHM: &str = "RS256";

/// Public keys, as they are published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JwkSet {
    pub keys: Vec<RsaJwk>,
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RsaJwk {
    pub kty: String,
    #[serde(rename = "use", default = "signatures")]
    pub purpose: String,
    #[serde(default = "algorithm")]
    pub alg: String,
    pub kid: String,
    /// The modulus, in base64 for URLs.
    pub n: String,
    /// The exponent, likewise.
    pub e: String,
}

fn signatures() -> String {
    "sig".to_owned()
}

fn algorithm() -> String {
    ALGORITHM.to_owned()
}

impl RsaJwk {
    /// A key under the name that follows from it.
    pub fn new(modulus: &[u8], exponent: &[u8]) -> Self {
        let (n, e) = (URL_SAFE_NO_PAD.encode(modulus), URL_SAFE_NO_PAD.encode(exponent));
        let kid = thumbprint(&n, &e);
        Self { kty: "RSA".to_owned(), purpose: signatures(), alg: algorithm(), kid, n, e }
    }

    /// Whether it is a key that signs identity tokens.
    pub fn is_usable(&self) -> bool {
        self.kty == "RSA" && self.alg == ALGORITHM && self.purpose == "sig"
    }

    /// Whether a text was signed with it.
    pub fn has_signed(&self, text: &[u8], signature: &[u8]) -> bool {
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part.trim_end_matches('='));
        let (Ok(n), Ok(e)) = (decoded(&self.n), decoded(&self.e)) else { return false };
        let key = RsaPublicKeyComponents { n, e };
        key.verify(&RSA_PKCS1_2048_8192_SHA256, text, signature).is_ok()
    }
}

/// The SHA-256 of a key's members in the order of their names, without white space (RFC 7638).
fn thumbprint(n: &str, e: &str) -> String {
    let members = format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#);
    URL_SAFE_NO_PAD.encode(Sha256::digest(members))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_key_is_that_of_the_standards_example() {
        // RFC 7638, section 3.1.
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECP\
                 ebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY\
                 368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0f\
                 M4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        assert_eq!(thumbprint(n, "AQAB"), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }
}
