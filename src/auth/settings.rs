//! The section `auth`.

use std::time::Duration;

use crate::config::{Rule, Secret, at_least, not_empty, section};
use crate::domain::accounts::name::NameRule;
use crate::domain::accounts::password::PasswordRule;
use crate::domain::accounts::user::Email;

/// HS256 wants a key no shorter than its hash (RFC 7518, section 3.2).
const SECRET_BYTES_MIN: usize = 32;
const HOUR_SECONDS: u64 = 60 * 60;
const DAY_SECONDS: u64 = 24 * HOUR_SECONDS;

section! {
    /// Passwords, tokens and the verification of addresses.
    Settings {
        /// What tokens are signed with, at least 32 bytes. Empty: the secret in secret_file.
        secret: Secret = Secret::new(String::new()) => unset_or_bytes(SECRET_BYTES_MIN);
        /// The file of the secret; made at the first start, readable for its owner only.
        secret_file: String = "data/jwt.key".to_owned() => not_empty();
        /// How long a token is valid, in days.
        token_days: u32 = 90 => at_least(1);
        /// The domains whose addresses may register. Empty: any.
        allowed_email_domains: Vec<String> = Vec::new() => email_domains();
        /// How long a verification link is valid, in hours.
        verification_hours: u32 = 24 => at_least(1);
        /// How long a link for a new password is valid, in minutes.
        reset_minutes: u32 = 60 => at_least(1);
        /// How many passwords are hashed at once; each takes 19 MiB and a core.
        hashes_max: usize = 2 => at_least(1);
        /// How many passwords may wait to be hashed. More are refused as "busy".
        hash_queue_max: usize = 256 => at_least(1);
        /// The shortest password that may be chosen, in characters; a Hangul syllable counts as its two
        /// or three letters. Those of old still log in.
        password_chars_min: usize = 8 => at_least(1);
        /// The longest password, in bytes.
        password_bytes_max: usize = 1_024 => at_least(1);
        /// Whether names may mix scripts, as "p\u{430}ypal" with a Cyrillic letter does: more than Unicode's
        /// level "highly restrictive" allows (UTS 39).
        mixed_script_names: bool = false;
    }
}

impl Settings {
    /// Which passwords may be chosen.
    pub fn password_rule(&self) -> PasswordRule {
        PasswordRule { chars_min: self.password_chars_min, bytes_max: self.password_bytes_max }
    }

    /// Which names may be had.
    pub fn name_rule(&self) -> NameRule {
        NameRule { mixed_scripts: self.mixed_script_names }
    }

    /// How long a token works.
    pub fn token_lifetime(&self) -> Duration {
        Duration::from_secs(u64::from(self.token_days).saturating_mul(DAY_SECONDS))
    }

    /// How long a link works that verifies an address.
    pub fn verification_lifetime(&self) -> Duration {
        Duration::from_secs(u64::from(self.verification_hours).saturating_mul(HOUR_SECONDS))
    }

    /// How long a link for a new password works.
    pub fn reset_lifetime(&self) -> Duration {
        Duration::from_secs(u64::from(self.reset_minutes).saturating_mul(60))
    }
}

/// Domains that e-mail addresses can have.
fn email_domains() -> Rule<Vec<String>> {
    Rule::new("domains, such as school.example", |domains: &Vec<String>| {
        domains.iter().all(|domain| Email::parse(&format!("a@{domain}")).is_some())
    })
}

/// Empty, or long enough to sign with.
fn unset_or_bytes(min: usize) -> Rule<Secret> {
    Rule::new(format!("at least {min} bytes long, or empty"), move |secret: &Secret| {
        secret.is_empty() || secret.expose().len() >= min
    })
}
