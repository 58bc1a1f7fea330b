//! Whose tokens are taken: issuers, each with its public keys, from a file or our own. Nothing is fetched.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use serde_json::Value;

use super::jwk::RsaJwk;
use super::keys::PushKeys;
use crate::auth::AuthError;
use crate::domain::clock::Timestamp;

/// The word for ourselves in the list of issuers.
const SELF: &str = "self";
/// The longest file of keys, in bytes.
const FILE_BYTES_MAX: u64 = 1_048_576;

/// Why a list of issuers is of no use.
#[derive(Debug, thiserror::Error)]
pub enum KeySetError {
    /// Neither `self`, nor an issuer and a file.
    #[error("{0:?} is neither issuer=file nor self")]
    Form(String),
    #[error("{}: cannot be read: {source}", file.display())]
    Read {
        file: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The file is no set of keys, or has none that could sign a token.
    #[error("{}: there is no RSA key for RS256 in it", file.display())]
    NoKeys { file: PathBuf },
}

/// Issuers and their keys.
pub struct KeySets {
    sets: Vec<IssuerKeys>,
}

struct IssuerKeys {
    issuer: Box<str>,
    source: KeySource,
}

enum KeySource {
    /// Those that we sign with.
    Own(Arc<PushKeys>),
    File(PathBuf, Mutex<Arc<[RsaJwk]>>),
}

#[derive(Deserialize)]
struct KeyFile {
    /// Of any kind: others than ours are passed over.
    keys: Vec<Value>,
}

impl KeySets {
    /// Reads a list of `issuer=file` and `self`.
    ///
    /// # Errors
    /// Each variant of [`KeySetError`].
    pub fn read(
        issuers: &[String],
        (own_issuer, own): (&str, &Arc<PushKeys>),
    ) -> Result<Self, KeySetError> {
        let set = |entry: &String| {
            if entry == SELF {
                let source = KeySource::Own(Arc::clone(own));
                return Ok(IssuerKeys { issuer: own_issuer.into(), source });
            }
            let (issuer, file) = pair(entry).ok_or_else(|| KeySetError::Form(entry.clone()))?;
            let file = PathBuf::from(file);
            let keys = keys_in(&file)?;
            let source = KeySource::File(file, Mutex::new(keys));
            Ok(IssuerKeys { issuer: issuer.into(), source })
        };
        Ok(Self { sets: issuers.iter().map(set).collect::<Result<_, _>>()? })
    }

    /// Whether a list has the right form.
    pub fn is_list(issuers: &[String]) -> bool {
        issuers.iter().all(|entry| entry == SELF || pair(entry).is_some())
    }

    /// The keys of a name, each with its issuer. A file is read again if no key has the name: its issuer may have
    /// turned its keys. Reads files.
    ///
    /// # Errors
    /// Those of [`PushKeys::published`].
    pub fn named(&self, kid: &str, now: Timestamp) -> Result<Vec<(&str, RsaJwk)>, AuthError> {
        let mut found = Vec::new();
        for set in &self.sets {
            let keys = set.source.keys(kid, now)?;
            let named = keys.iter().filter(|key| key.kid == kid);
            found.extend(named.map(|key| (&*set.issuer, key.clone())));
        }
        Ok(found)
    }
}

impl KeySource {
    fn keys(&self, kid: &str, now: Timestamp) -> Result<Arc<[RsaJwk]>, AuthError> {
        match self {
            Self::Own(keys) => Ok(keys.published(now)?.keys.into()),
            Self::File(file, held) => {
                let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
                if !held.iter().any(|key| key.kid == kid) {
                    match keys_in(file) {
                        Ok(keys) => *held = keys,
                        Err(error) => log::warn!("pubsub.push_issuers: {error}"),
                    }
                }
                Ok(Arc::clone(&held))
            }
        }
    }
}

/// An issuer and its file.
fn pair(entry: &str) -> Option<(&str, &str)> {
    let (issuer, file) = entry.split_once('=')?;
    let (issuer, file) = (issuer.trim(), file.trim());
    (!issuer.is_empty() && !file.is_empty()).then_some((issuer, file))
}

fn keys_in(file: &Path) -> Result<Arc<[RsaJwk]>, KeySetError> {
    let fault = |source| KeySetError::Read { file: file.to_owned(), source };
    if fs::metadata(file).map_err(fault)?.len() > FILE_BYTES_MAX {
        return Err(fault(io::Error::other(format!("it has more than {FILE_BYTES_MAX} bytes"))));
    }
    let text = fs::read_to_string(file).map_err(fault)?;
    let set: Result<KeyFile, _> = serde_json::from_str(&text);
    let keys = set.map(|set| set.keys).unwrap_or_default();
    let keys = keys.into_iter().filter_map(|key| serde_json::from_value::<RsaJwk>(key).ok());
    let keys: Arc<[RsaJwk]> = keys.filter(RsaJwk::is_usable).collect();
    if keys.is_empty() { Err(KeySetError::NoKeys { file: file.to_owned() }) } else { Ok(keys) }
}
