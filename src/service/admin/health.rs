//! Whether the hub can do its work now, and how much it has to do.

use std::time::Duration;

use super::Admin;
use crate::domain::mint::MintError;
use crate::store::admin::writes;
use crate::store::{Condition, StoreError};

/// Why messages cannot be taken now.
#[derive(Debug, thiserror::Error)]
pub enum Unready {
    /// Writes fail, and may succeed again.
    #[error("the store cannot write: {0}")]
    Ailing(String),
    /// What is open is not the database any more.
    #[error("the store is lost: {0}; restore it")]
    Lost(String),
    #[error("the store failed: {0}")]
    Failed(#[from] StoreError),
    /// A probe took too long.
    #[error("the store does not answer")]
    Silent,
    #[error(transparent)]
    Mint(#[from] MintError),
}

impl Admin {
    /// Whether messages could be taken now; a store that has not answered within a time is not ready.
    ///
    /// # Errors
    /// Each variant of [`Unready`].
    pub async fn ready(&self, within: Duration) -> Result<(), Unready> {
        match &*self.store.condition().borrow() {
            Condition::Well => {}
            Condition::Ailing(cause) => return Err(Unready::Ailing(cause.clone())),
            Condition::Lost(cause) => return Err(Unready::Lost(cause.clone())),
        }
        tokio::time::timeout(within, self.probe()).await.map_err(|_| Unready::Silent)??;
        Ok(self.mint.check()?)
    }

    /// An empty write goes the way of all messages: it waits for the writer, and for its lock.
    async fn probe(&self) -> Result<(), StoreError> {
        self.store.ping().await?;
        self.store.run(writes::probe()).await
    }

    /// How often the clock has stepped back.
    pub fn clock_steps_back(&self) -> u64 {
        self.mint.steps_back()
    }

    /// How many look-ups wait or run.
    pub fn pending_reads(&self) -> i64 {
        self.store.pending_reads()
    }
}
