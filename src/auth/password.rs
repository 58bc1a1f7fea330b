//! Passwords: argon2id, on threads of their own, a few at a time.
//!
//! A hash takes 19 MiB and some 20 ms of a core, so both how many run and how many wait are
//! bounded. An unknown address costs the same as a wrong password, so that nobody can tell which
//! addresses are registered.

use std::sync::Arc;

use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use tokio::task;

use super::{AuthError, random};

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes and checks passwords. A clone shares the bounds.
#[derive(Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
    nobody: Arc<str>,
}

impl Passwords {
    /// At most `hashes_max` run at once and `hash_queue_max` more wait. Hashes once itself, so it
    /// takes some 20 ms.
    ///
    /// # Errors
    /// [`AuthError::Hash`] if hashing does not work here.
    pub fn new(hashes_max: usize, hash_queue_max: usize) -> Result<Self, AuthError> {
        let argon2 = argon2()?;
        let nobody = hash(&argon2, "").map_err(AuthError::Hash)?.into();
        let permits = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        Ok(Self {
            argon2,
            admitted: permits(hashes_max.saturating_add(hash_queue_max)),
            running: permits(hashes_max),
            nobody,
        })
    }

    /// The hash of a password as a PHC string, with a random salt.
    ///
    /// # Errors
    /// [`AuthError::Busy`], [`AuthError::Hash`], [`AuthError::CutOff`].
    pub async fn hash(&self, password: String) -> Result<String, AuthError> {
        self.run(move |argon2| hash(argon2, &password)).await
    }

    /// Whether `password` is the one of the `stored` hash; `None` stands for an unknown address,
    /// takes as long, and is never it.
    ///
    /// # Errors
    /// [`AuthError::Busy`], [`AuthError::Hash`] if the stored hash is malformed,
    /// [`AuthError::CutOff`].
    pub async fn verify(
        &self,
        password: String,
        stored: Option<String>,
    ) -> Result<bool, AuthError> {
        let nobody = Arc::clone(&self.nobody);
        self.run(move |argon2| {
            let against = stored.as_deref().unwrap_or(&nobody);
            match argon2.verify_password(password.as_bytes(), against) {
                Ok(()) => Ok(stored.is_some()),
                Err(password_hash::Error::PasswordInvalid) => Ok(false),
                Err(fault) => Err(fault),
            }
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2<'static>) -> Result<T, password_hash::Error> + Send + 'static,
    ) -> Result<T, AuthError> {
        let admitted = self.admitted.clone().try_acquire_owned().map_err(|_| AuthError::Busy)?;
        let running = self.running.clone().acquire_owned().await.map_err(|_| AuthError::Busy)?;
        let argon2 = self.argon2.clone();
        // The thread keeps the permits: it goes on when the one who asked has gone.
        task::spawn_blocking(move || {
            let _permits = (admitted, running);
            work(&argon2)
        })
        .await
        .map_err(AuthError::CutOff)?
        .map_err(AuthError::Hash)
    }
}

fn argon2() -> Result<Argon2<'static>, AuthError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|fault| AuthError::Hash(fault.into()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes a password on the thread that asks: for the command line.
///
/// # Errors
/// [`AuthError::Hash`].
pub fn hash_now(password: &str) -> Result<String, AuthError> {
    hash(&argon2()?, password).map_err(AuthError::Hash)
}

/// The hash of a password that nobody knows.
///
/// # Errors
/// [`AuthError::Hash`], [`AuthError::Random`].
pub fn unguessable() -> Result<String, AuthError> {
    hash_now(&random::url_safe_text::<32>()?)
}

fn hash(argon2: &Argon2<'_>, password: &str) -> Result<String, password_hash::Error> {
    Ok(argon2.hash_password(password.as_bytes())?.to_string())
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
            let passwords = Passwords::new(2, 8).unwrap();
            let stored = passwords.hash("비밀 pass".to_owned()).await.unwrap();
            assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
            let verify = |password: &str, stored| passwords.verify(password.to_owned(), stored);
            assert!(verify("비밀 pass", Some(stored.clone())).await.unwrap());
            assert!(!verify("비밀 pasS", Some(stored)).await.unwrap());
        });
    }

    #[test]
    fn an_unknown_address_never_fits_and_a_broken_hash_is_a_fault() {
        block_on(async {
            let passwords = Passwords::new(1, 8).unwrap();
            for password in ["", "x"] {
                assert!(!passwords.verify(password.to_owned(), None).await.unwrap());
            }
            let broken = passwords.verify(String::new(), Some("plain".to_owned())).await;
            assert!(matches!(broken, Err(AuthError::Hash(_))));
        });
    }

    #[test]
    fn more_than_may_wait_are_refused() {
        block_on(async {
            let passwords = Passwords::new(1, 1).unwrap();
            let tries = (0..4).map(|_| passwords.hash("x".to_owned()));
            let outcomes = join_all(tries).await;
            let busy = outcomes.iter().filter(|it| matches!(it, Err(AuthError::Busy))).count();
            assert_eq!(busy, 2);
            assert!(passwords.hash("x".to_owned()).await.is_ok());
        });
    }
}
