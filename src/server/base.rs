//! What the server and the command line both stand on.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::{Config, StartError};
use crate::auth::ack_ids::AckIds;
use crate::auth::revoked::Revocations;
use crate::auth::token::Tokens;
use crate::auth::{self, AuthError, random, secret};
use crate::clock::SystemClock;
use crate::config::Secret;
use crate::domain::accounts::login::LoginId;
use crate::domain::clock::Clock;
use crate::domain::mint::IdMint;
use crate::store::accounts::{living, logins};
use crate::store::engine::epochs;
use crate::store::{Database, StoreError};

/// 128 random bits.
const EPOCH_BYTES: usize = 16;

/// How long a dead hub may seem to have its schema: so many tries, with so much time between.
const LINGER_TRIES: u32 = 20;
const LINGER_RETRY: Duration = Duration::from_millis(50);

/// Log-ins of one read.
const LOGINS_READ: i64 = 10_000;

/// The database, with what ids and tokens need besides.
#[derive(Clone)]
pub struct Base {
    /// The database, migrated.
    pub database: Database,
    pub mint: Arc<IdMint>,
    pub clock: Arc<dyn Clock>,
    pub tokens: Tokens,
    pub ack_ids: AckIds,
    /// The name of the history that is in the database.
    pub epoch: Arc<str>,
}

impl Base {
    /// Opens, locks and migrates the database, seeds the mint, reads or makes the secret.
    ///
    /// # Errors
    /// [`StartError::Store`], [`StartError::Mint`], [`StartError::Auth`].
    pub fn open(config: &Config) -> Result<Self, StartError> {
        let settings = &config.store;
        let own = || Database::own(settings, SystemClock::start().now());
        let mut owned = own();
        // PostgreSQL may not have seen yet that a hub was killed.
        for _ in 0..LINGER_TRIES {
            if Database::file(settings).is_some() || !matches!(owned, Err(StoreError::Held { .. }))
            {
                break;
            }
            thread::sleep(LINGER_RETRY);
            owned = own();
        }
        Self::on(owned?, config)
    }

    /// The same, on a database that is open and locked.
    ///
    /// # Errors
    /// As [`Base::open`].
    pub fn on(database: Database, config: &Config) -> Result<Self, StartError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        for name in database.migrate()? {
            log::info!("migration {name} applied");
        }
        let epoch = epoch(&database)?;
        let step_back_max = config.node.clock_step_max();
        let floor = database.id_floor()?;
        let mint = IdMint::new(config.node.id.into(), floor, step_back_max, Arc::clone(&clock))?;
        let lifetime = config.auth.token_lifetime();
        let now = clock.now();
        let (logins, voids) =
            database.read(|conn| Ok((logins::revoked(conn, now)?, logins::voids(conn)?)))?;
        let revoked = Arc::new(Revocations::new(logins, voids));
        let secret = secret(&config.auth)?;
        let ack_ids = AckIds::new(secret.expose().as_bytes());
        let tokens = Tokens::new(secret.expose().as_bytes(), lifetime, revoked);
        let mint = Arc::new(mint);
        Ok(Self { database, mint, clock, tokens, ack_ids, epoch })
    }

    /// Loads which log-ins live, so that a storm of sessions need not be looked up one by one.
    ///
    /// # Errors
    /// [`StartError::Store`].
    pub fn know_logins(&self) -> Result<(), StartError> {
        let mut last = LoginId::new("");
        loop {
            let some = self.database.read(|conn| living::page(conn, &last, LOGINS_READ))?;
            for (login, user) in &some {
                self.tokens.revoked().admit(login, *user);
            }
            match some.into_iter().next_back() {
                Some((login, _)) => last = login,
                None => return Ok(()),
            }
        }
    }
}

/// The name of the history in a database; a copy that was never started gets a new one.
fn epoch(database: &Database) -> Result<Arc<str>, StartError> {
    if let Some(epoch) = database.read(epochs::current)? {
        return Ok(epoch.into());
    }
    let fresh = random::url_safe_text::<EPOCH_BYTES>()?;
    database.write(|conn| epochs::begin(conn, &fresh))?;
    Ok(fresh.into())
}

/// Marks the history in a database as ended: the next start begins a new one, and clients start over.
///
/// # Errors
/// As [`Database::write`].
pub fn end_history(database: &Database) -> Result<(), StoreError> {
    database.write(epochs::end)
}

/// The secret that signs tokens: the one in the settings, else the one in the file.
fn secret(settings: &auth::Settings) -> Result<Secret, AuthError> {
    if settings.secret.is_empty() {
        secret::load_or_make(settings.secret_file.as_ref())
    } else {
        Ok(settings.secret.clone())
    }
}
