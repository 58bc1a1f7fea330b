//! The bound of the write queue, in operations and in bytes.
//!
//! Decided where a write is submitted, so that the submitter hears of it at once. The mailboxes
//! behind it need no bound of their own.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::store::engine::error::StoreError;
use crate::store::engine::observer::Observer;
use crate::store::engine::settings::Settings;

/// Lets writes in while there is room.
#[derive(Clone)]
pub(in crate::store) struct WriteQuota {
    ops: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    ops_max: usize,
    pressure_ops: usize,
    observer: Arc<dyn Observer>,
}

/// The room that one write takes up, given back when dropped.
pub(in crate::store) struct Permit {
    _op: OwnedSemaphorePermit,
    bytes: OwnedSemaphorePermit,
}

impl Permit {
    /// How many bytes it is for.
    pub fn bytes(&self) -> usize {
        self.bytes.num_permits()
    }
}

impl WriteQuota {
    /// A quota of which nothing is taken. The observer is told what waits.
    pub fn new(settings: &Settings, observer: Arc<dyn Observer>) -> Self {
        let ops_max = settings.pending_ops_max.min(Semaphore::MAX_PERMITS);
        let bytes_max = settings.pending_bytes_max.min(Semaphore::MAX_PERMITS);
        Self {
            ops: Arc::new(Semaphore::new(ops_max)),
            bytes: Arc::new(Semaphore::new(bytes_max)),
            ops_max,
            pressure_ops: settings.pressure_ops,
            observer,
        }
    }

    /// Lets in a write with so many bytes of text.
    ///
    /// # Errors
    /// [`StoreError::Busy`], [`StoreError::Closed`].
    pub fn enter(&self, bytes: usize) -> Result<Permit, StoreError> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let op = Arc::clone(&self.ops).try_acquire_owned()?;
        let bytes = Arc::clone(&self.bytes).try_acquire_many_owned(bytes)?;
        self.report();
        Ok(Permit { _op: op, bytes })
    }

    /// Tells the observer how many writes are inside.
    pub fn report(&self) {
        self.observer.pending(self.pending());
    }

    /// Whether so many writes are inside that whoever makes more should slow down.
    pub fn is_pressed(&self) -> bool {
        self.pending() > self.pressure_ops
    }

    fn pending(&self) -> usize {
        self.ops_max.saturating_sub(self.ops.available_permits())
    }

    /// Lets nobody in any more.
    pub fn close(&self) {
        self.ops.close();
    }
}
