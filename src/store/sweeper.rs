//! Forgets what has been kept long enough.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::Store;
use super::error::StoreError;
use super::tables::{logins, nonces};
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::message::NONCE_KEPT;
use crate::domain::mint::first_id_at;

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
}

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
            match nonces_until(&self.store, self.clock.now()).await {
                Ok(swept) => log::debug!("{swept} nonces forgotten"),
                Err(error) => log::warn!("old nonces could not be forgotten: {error}"),
            }
            match logins_until(&self.store, self.clock.now()).await {
                Ok(swept) => log::debug!("{swept} log-ins forgotten"),
                Err(error) => log::warn!("old log-ins could not be forgotten: {error}"),
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }
}

/// Forgets the log-ins whose tokens have expired at a moment; returns how many.
///
/// # Errors
/// As [`Store::write`].
pub async fn logins_until(store: &Store, now: Timestamp) -> Result<usize, StoreError> {
    let mut swept = 0_usize;
    loop {
        let rows = store.write(move |conn| logins::sweep(conn, now, ROWS_MAX)).await?;
        swept = swept.saturating_add(rows);
        if rows == 0 {
            return Ok(swept);
        }
    }
}

/// Forgets the nonces that are too old at a moment; returns how many.
///
/// # Errors
/// As [`Store::write`].
pub async fn nonces_until(store: &Store, now: Timestamp) -> Result<usize, StoreError> {
    let kept_micros = i64::try_from(NONCE_KEPT.as_micros()).unwrap_or(i64::MAX);
    let below = first_id_at(Timestamp::from_micros(now.micros().saturating_sub(kept_micros)));
    let mut swept = 0_usize;
    loop {
        let rows = store.write(move |conn| nonces::sweep(conn, below, ROWS_MAX)).await?;
        swept = swept.saturating_add(rows);
        if rows == 0 {
            return Ok(swept);
        }
    }
}
