//! Forgets what has been kept long enough.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::domain::accounts::login::LoginId;
use crate::domain::chat::message::NONCE_KEPT;
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::mint::first_id_at;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::accounts::logins;
use crate::store::chat::{groups, nonces};
use crate::store::engine::Connection;

/// Between two sweeps.
const INTERVAL: Duration = Duration::from_secs(600);
/// Rows of one write, so that others get their turn.
const ROWS_MAX: i64 = 1_000;

/// Sweeps now and then.
pub struct Sweeper {
    /// Where.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who has to know that log-ins are forgotten.
    pub logins_forgotten: Box<LoginsForgotten>,
}

/// Is told of log-ins that are not in the store any more.
pub type LoginsForgotten = dyn Fn(&[LoginId]);

impl Sweeper {
    /// Works until told to stop.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        tokio::select! {
            () = self.work() => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    async fn work(&self) {
        loop {
            let now = self.clock.now();
            tell("nonces", nonces_until(&self.store, now).await);
            tell("log-ins", self.logins_until(now).await);
            tell("rows of ended groups", ended_groups(&self.store).await);
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// Forgets the log-ins whose tokens have expired at a moment; returns how many.
    async fn logins_until(&self, now: Timestamp) -> Result<usize, StoreError> {
        let mut swept = 0_usize;
        loop {
            let some = self.store.write(move |conn| logins::sweep(conn, now, ROWS_MAX)).await?;
            if some.is_empty() {
                return Ok(swept);
            }
            (self.logins_forgotten)(&some);
            swept = swept.saturating_add(some.len());
        }
    }
}

fn tell(what: &str, swept: Result<usize, StoreError>) {
    match swept {
        Ok(swept) => log::debug!("{swept} {what} forgotten"),
        Err(error) => log::warn!("{what} could not be forgotten: {error}"),
    }
}

/// Forgets the nonces that are too old at a moment; returns how many.
///
/// # Errors
/// As [`Store::write`].
pub async fn nonces_until(store: &Store, now: Timestamp) -> Result<usize, StoreError> {
    let kept_micros = i64::try_from(NONCE_KEPT.as_micros()).unwrap_or(i64::MAX);
    let below = first_id_at(Timestamp::from_micros(now.micros().saturating_sub(kept_micros)));
    bit_by_bit(store, move |conn| nonces::sweep(conn, below, ROWS_MAX)).await
}

/// Forgets what was said in groups that have ended; returns how many rows.
///
/// # Errors
/// As [`Store::write`].
pub async fn ended_groups(store: &Store) -> Result<usize, StoreError> {
    bit_by_bit(store, |conn| groups::sweep(conn, ROWS_MAX)).await
}

/// Sweeps until nothing is left.
async fn bit_by_bit(
    store: &Store,
    sweep: impl Fn(&mut Connection) -> Result<usize, StoreError> + Clone + Send + 'static,
) -> Result<usize, StoreError> {
    let mut swept = 0_usize;
    loop {
        let rows = store.write(sweep.clone()).await?;
        swept = swept.saturating_add(rows);
        if rows == 0 {
            return Ok(swept);
        }
    }
}
