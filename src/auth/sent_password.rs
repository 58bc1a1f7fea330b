//! What agents' programs send of a password.
//!
//! They send a digest that is as good as the password to whoever hears it. So it is treated as one: what is kept
//! is the argon2id hash of the digest.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

/// The SHA-1 of a password, as 40 hexadecimal digits in lower case.
pub fn sent_form(password: &str) -> String {
    let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_agents_programs() {
        assert_eq!(sent_form("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    }
}
