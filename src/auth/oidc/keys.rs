//! The keys that are in use, in a file for its owner's eyes only: made when the first is needed, and in turn every
//! 30 days.
//!
//! A line a key, the newest first: when it was made, in seconds since 1970, and the key (PKCS #8) in base64.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::jwk::JwkSet;
use super::key::PushKey;
use crate::auth::{AuthError, secret};
use crate::domain::clock::Timestamp;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a key signs.
const SIGNS_FOR: Duration = DAY.saturating_mul(30);
/// How long a key is still published that signs no more. No token lives as long.
const PUBLISHED_FOR: Duration = DAY.saturating_mul(2);

/// The keys of pushes. What is asked of it may read and write files, and take tenths of a second.
pub struct PushKeys {
    file: PathBuf,
    /// The newest first; empty until the first is needed.
    held: Mutex<Vec<Arc<PushKey>>>,
}

impl PushKeys {
    /// The keys in a file, which need not be there.
    pub fn new(file: PathBuf) -> Self {
        Self { file, held: Mutex::default() }
    }

    /// The key that signs now.
    ///
    /// # Errors
    /// [`AuthError::PushKey`], [`AuthError::SecretFile`], [`AuthError::SecretExposed`], [`AuthError::Random`].
    pub fn current(&self, now: Timestamp) -> Result<Arc<PushKey>, AuthError> {
        self.turned(now)?.into_iter().next().ok_or(AuthError::PushKey("is missing"))
    }

    /// The public halves of all by which a token of ours may be signed.
    ///
    /// # Errors
    /// As [`PushKeys::current`].
    pub fn published(&self, now: Timestamp) -> Result<JwkSet, AuthError> {
        let keys = self.turned(now)?;
        Ok(JwkSet { keys: keys.iter().map(|key| key.public().clone()).collect() })
    }

    /// The keys as they have to be now.
    fn turned(&self, now: Timestamp) -> Result<Vec<Arc<PushKey>>, AuthError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_empty() {
            *held = self.kept()?;
        }
        let made: Vec<_> = held.iter().map(|key| key.made_at).collect();
        let due = Due::at(now, &made);
        if due.is_new_one_due {
            let first = held.is_empty();
            held.truncate(due.kept);
            held.insert(0, Arc::new(PushKey::generate(now)?));
            self.keep(&held, first)?;
            // Another process may have been faster.
            *held = self.kept()?;
        } else {
            held.truncate(due.kept);
        }
        Ok(held.clone())
    }

    fn kept(&self) -> Result<Vec<Arc<PushKey>>, AuthError> {
        let text = secret::text_of(&self.file)?.unwrap_or_default();
        text.lines().map(|line| read(line).map(Arc::new)).collect()
    }

    fn keep(&self, keys: &[Arc<PushKey>], is_first: bool) -> Result<(), AuthError> {
        let mut text = String::new();
        for key in keys {
            let seconds = key.made_at.millis().div_euclid(1_000);
            text += &format!("{seconds} {}\n", STANDARD.encode(key.to_pkcs8()?));
        }
        match is_first {
            true => secret::publish_first(&self.file, &text),
            false => secret::replace(&self.file, &text),
        }
    }
}

fn read(line: &str) -> Result<PushKey, AuthError> {
    const FAULT: AuthError = AuthError::PushKey("cannot be read");
    let (seconds, bytes) = line.split_once(' ').ok_or(FAULT)?;
    let seconds: i64 = seconds.parse().map_err(|_| FAULT)?;
    let made_at = Timestamp::from_millis(seconds.saturating_mul(1_000));
    PushKey::from_pkcs8(&STANDARD.decode(bytes).map_err(|_| FAULT)?, made_at)
}

/// What has to be done about keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Due {
    is_new_one_due: bool,
    /// How many of the present ones stay, from the newest.
    kept: usize,
}

impl Due {
    /// At a moment, by the times at which keys were made, the newest first.
    fn at(now: Timestamp, made: &[Timestamp]) -> Self {
        let is_new_one_due = made.first().is_none_or(|newest| newest.after(SIGNS_FOR) <= now);
        // Each but the newest has signed until the next newer one was made.
        let ended = std::iter::once(now).filter(|_| is_new_one_due).chain(made.iter().copied());
        let is_published = |ended: &Timestamp| ended.after(PUBLISHED_FOR) > now;
        let former = made.len().saturating_sub(usize::from(!is_new_one_due));
        let stay = ended.take(former).take_while(is_published).count();
        Self { is_new_one_due, kept: stay.saturating_add(usize::from(!is_new_one_due)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> Timestamp {
        Timestamp::from_millis(day * 86_400_000)
    }

    fn due(now: i64, made: &[i64]) -> (bool, usize) {
        let made: Vec<_> = made.iter().copied().map(day).collect();
        let Due { is_new_one_due, kept } = Due::at(day(now), &made);
        (is_new_one_due, kept)
    }

    #[test]
    fn a_key_signs_for_30_days_and_is_published_for_2_more() {
        assert_eq!(due(0, &[]), (true, 0));
        assert_eq!(due(0, &[0]), (false, 1));
        assert_eq!(due(29, &[0]), (false, 1));
        assert_eq!(due(30, &[0]), (true, 1));
        assert_eq!(due(31, &[30, 0]), (false, 2));
        assert_eq!(due(32, &[30, 0]), (false, 1));
        // A hub that stood still for long: the old key has signed until now.
        assert_eq!(due(90, &[30, 0]), (true, 1));
        assert_eq!(due(-1, &[0]), (false, 1), "a clock that was set back");
    }

    #[test]
    fn keys_are_made_once_for_their_owner_and_turned() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("push.keys");
        let first = PushKeys::new(file.clone()).published(day(0)).unwrap();
        let again = PushKeys::new(file.clone());
        assert_eq!(again.published(day(1)).unwrap(), first);
        let both = again.published(day(30)).unwrap();
        assert_eq!(both.keys.len(), 2);
        assert_eq!(both.keys[1], first.keys[0]);
        assert_eq!(again.current(day(30)).unwrap().public(), &both.keys[0]);
        let later = PushKeys::new(file.clone()).published(day(32)).unwrap();
        assert_eq!(later.keys, both.keys[..1]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |mode| std::fs::set_permissions(&file, PermissionsExt::from_mode(mode));
            let is = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
            assert_eq!(is, 0o600);
            mode(0o644).unwrap();
            let exposed = PushKeys::new(file.clone()).current(day(32)).err().unwrap();
            assert!(matches!(exposed, AuthError::SecretExposed { .. }), "{exposed}");
        }
    }
}
