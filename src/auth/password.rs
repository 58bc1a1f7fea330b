//! Passwords: argon2id, on threads of their own, a few at a time.
//!
//! A hash takes 19 MiB and some 20 ms of a core, so both how many run and how many wait are
//! bounded, and the memory of those that run is made once. An unknown address costs the same as a wrong password, so that nobody can tell which
//! addresses are registered.

use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash;
use tokio::sync::Semaphore;
use tokio::task;

use super::hasher::Hasher;
use super::{AuthError, random};
use crate::domain::text::nfc;

/// What the passwords of unknown addresses are compared with: takes as long as any, and fits none.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The outcome of the check of a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Wrong,
    Right,
    /// The password is right, and was hashed as it was typed then; this is the hash to be kept from now on.
    Renewed(String),
}

/// Hashes and checks passwords. A clone shares the bounds.
#[derive(Clone)]
pub struct Passwords {
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
    /// The hashers that do not run now. A permit of `running` is the right to one, so no more than those
    /// are ever made.
    idle: Arc<Mutex<Vec<Hasher>>>,
}

impl Passwords {
    /// At most `hashes_max` run at once and `hash_queue_max` more wait.
    pub fn new(hashes_max: usize, hash_queue_max: usize) -> Self {
        let permits = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        Self {
            admitted: permits(hashes_max.saturating_add(hash_queue_max)),
            running: permits(hashes_max),
            idle: Arc::default(),
        }
    }

    /// The hash of a password, in NFC, as a PHC string, with a random salt.
    ///
    /// # Errors
    /// [`AuthError::Busy`], [`AuthError::Hash`], [`AuthError::CutOff`].
    pub async fn hash(&self, password: String) -> Result<String, AuthError> {
        self.run(move |hasher| hasher.hash(&nfc(&password))).await
    }

    /// Whether `password` is the one of the `stored` hash; `None` stands for an unknown address,
    /// takes as long, and is never it. What is not in NFC is also tried as it is: so it was hashed once.
    ///
    /// # Errors
    /// [`AuthError::Busy`], [`AuthError::Hash`] if the stored hash is malformed,
    /// [`AuthError::CutOff`].
    pub async fn verify(
        &self,
        password: String,
        stored: Option<String>,
    ) -> Result<Verdict, AuthError> {
        self.run(move |hasher| {
            let (word, against) = (nfc(&password), stored.as_deref().unwrap_or(NOBODY));
            let verdict = if hasher.verify(&word, against)? {
                Verdict::Right
            } else if *word != *password && hasher.verify(&password, against)? {
                Verdict::Renewed(hasher.hash(&word)?)
            } else {
                Verdict::Wrong
            };
            Ok(if stored.is_some() { verdict } else { Verdict::Wrong })
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Hasher) -> password_hash::Result<T> + Send + 'static,
    ) -> Result<T, AuthError> {
        let admitted = self.admitted.clone().try_acquire_owned().map_err(|_| AuthError::Busy)?;
        let running = self.running.clone().acquire_owned().await.map_err(|_| AuthError::Busy)?;
        let idle = Arc::clone(&self.idle);
        // The thread keeps the permits: it goes on when the one who asked has gone.
        task::spawn_blocking(move || {
            let _permits = (admitted, running);
            let spare = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut hasher = spare.map_or_else(Hasher::new, Ok)?;
            let done = work(&mut hasher);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(hasher);
            done
        })
        .await
        .map_err(AuthError::CutOff)?
        .map_err(AuthError::Hash)
    }
}

/// Hashes a password on the thread that asks, one after another: for commands, also those that run in
/// a hub.
///
/// # Errors
/// [`AuthError::Hash`].
pub fn hash_now(password: &str) -> Result<String, AuthError> {
    /// Its memory is made once, as that of [`Passwords`] is.
    static HASHER: Mutex<Option<Hasher>> = Mutex::new(None);
    let mut idle = HASHER.lock().unwrap_or_else(PoisonError::into_inner);
    let mut hasher = idle.take().map_or_else(Hasher::new, Ok).map_err(AuthError::Hash)?;
    let hash = hasher.hash(&nfc(password)).map_err(AuthError::Hash);
    *idle = Some(hasher);
    hash
}

/// The hash of a password that nobody knows.
///
/// # Errors
/// [`AuthError::Hash`], [`AuthError::Random`].
pub fn unguessable() -> Result<String, AuthError> {
    hash_now(&random::url_safe_text::<32>()?)
}

#[cfg(test)]
mod tests {
    use std::future::Future;

    use futures_util::future::join_all;

    use super::*;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    #[test]
    fn a_hash_fits_its_password_only() {
        block_on(async {
            let passwords = Passwords::new(2, 8);
            let stored = passwords.hash("비밀 pass".to_owned()).await.unwrap();
            let (parameters, _) = NOBODY.split_at(NOBODY.find("AAAA").unwrap());
            assert!(stored.starts_with(parameters), "{stored}");
            assert_eq!(stored.len(), NOBODY.len());
            let verify = |password: &str, stored| passwords.verify(password.to_owned(), stored);
            let fits = async |password| verify(password, Some(stored.clone())).await.unwrap();
            assert_eq!(fits("비밀 pass").await, Verdict::Right);
            assert_eq!(fits("비밀 pasS").await, Verdict::Wrong);
        });
    }

    #[test]
    fn a_password_is_one_in_all_normal_forms_and_one_of_old_gets_a_new_hash() {
        const COMPOSED: &str = "Gr\u{FC}\u{DF}e \u{BE44}\u{BC00}";
        const DECOMPOSED: &str = "Gru\u{308}\u{DF}e \u{1107}\u{1175}\u{1106}\u{1175}\u{11AF}";
        block_on(async {
            let passwords = Passwords::new(1, 8);
            let verify = async |password: &str, stored: &str| {
                passwords.verify(password.to_owned(), Some(stored.to_owned())).await.unwrap()
            };
            for chosen in [COMPOSED, DECOMPOSED] {
                let stored = passwords.hash(chosen.to_owned()).await.unwrap();
                assert_eq!(stored.len(), NOBODY.len());
                for typed in [COMPOSED, DECOMPOSED] {
                    assert_eq!(verify(typed, &stored).await, Verdict::Right);
                }
                assert_eq!(hash_now(chosen).unwrap().len(), NOBODY.len());
            }
            let of_old = Hasher::new().unwrap().hash(DECOMPOSED).unwrap();
            assert_eq!(verify(COMPOSED, &of_old).await, Verdict::Wrong);
            assert_eq!(verify("Gru\u{308}\u{DF}e", &of_old).await, Verdict::Wrong);
            let Verdict::Renewed(new) = verify(DECOMPOSED, &of_old).await else {
                panic!("it was hashed as it is")
            };
            assert_eq!(verify(COMPOSED, &new).await, Verdict::Right);
            assert_eq!(verify(DECOMPOSED, &new).await, Verdict::Right);
            let nobody = passwords.verify(DECOMPOSED.to_owned(), None).await.unwrap();
            assert_eq!(nobody, Verdict::Wrong);
        });
    }

    #[test]
    fn an_unknown_address_never_fits_and_a_broken_hash_is_a_fault() {
        block_on(async {
            let passwords = Passwords::new(1, 8);
            for password in ["", "x"] {
                let nobody = passwords.verify(password.to_owned(), None).await.unwrap();
                assert_eq!(nobody, Verdict::Wrong);
            }
            let broken = passwords.verify(String::new(), Some("plain".to_owned())).await;
            assert!(matches!(broken, Err(AuthError::Hash(_))));
        });
    }

    #[test]
    fn more_than_may_wait_are_refused() {
        block_on(async {
            let passwords = Passwords::new(1, 1);
            let tries = (0..4).map(|_| passwords.hash("x".to_owned()));
            let outcomes = join_all(tries).await;
            let busy = outcomes.iter().filter(|it| matches!(it, Err(AuthError::Busy))).count();
            assert_eq!(busy, 2);
            assert!(passwords.hash("x".to_owned()).await.is_ok());
        });
    }

    #[test]
    fn there_is_memory_for_those_that_run_and_no_more() {
        block_on(async {
            let passwords = Passwords::new(2, 20);
            let tries = (0..20).map(|_| passwords.verify("x".to_owned(), None));
            assert!(join_all(tries).await.iter().all(Result::is_ok));
            assert!((1..=2).contains(&passwords.idle.lock().unwrap().len()));
        });
    }
}
