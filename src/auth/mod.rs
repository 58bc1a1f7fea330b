//! Who somebody is: passwords, tokens, verification keys, the identity of pushes, and limits on trying.
//!
//! Knows users and time from the domain; knows nothing of HTTP, sockets or the database. Secrets
//! (passwords, keys, the signing secret) never appear in `Debug`, errors or logs.

pub mod ack_ids;
pub mod concurrency;
mod hasher;
mod hmac;
pub mod key;
pub mod limits;
pub mod oidc;
pub mod password;
pub mod random;
pub mod rates;
pub mod revoked;
pub mod secret;
pub mod sent_password;
mod settings;
pub mod token;
mod tries;

use std::io;
use std::path::PathBuf;

use tokio::task::JoinError;

pub use settings::Settings;

/// Why a password, a token, a key or the secret could not be made or checked.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// As many passwords wait to be hashed as may. Trying again later may do.
    #[error("too many passwords wait to be hashed")]
    Busy,
    /// Hashing failed, or a stored hash is malformed.
    #[error("a password cannot be hashed or checked")]
    Hash(#[source] argon2::password_hash::Error),
    /// The hashing thread ended early: it panicked, or the process stops.
    #[error("the hashing of a password was cut off")]
    CutOff(#[source] JoinError),
    #[error("no random bytes can be had")]
    Random(#[source] getrandom::Error),
    #[error("a token cannot be signed")]
    Sign(#[source] jsonwebtoken::errors::Error),
    /// A key that signs pushes; and why.
    #[error("a key of pushes {0}")]
    PushKey(&'static str),
    #[error("{}: cannot be read or made", file.display())]
    SecretFile {
        file: PathBuf,
        #[source]
        source: io::Error,
    },
    /// Others than the owner may read or write the file of the signing secret.
    #[error("{}: mode {mode:03o} lets others in, use chmod 600", file.display())]
    SecretExposed { file: PathBuf, mode: u32 },
    #[error("{}: the secret must be at least {} bytes long", file.display(), secret::BYTES_MIN)]
    SecretShort { file: PathBuf },
}
