//! What the store tells those who measure it.

use std::time::Duration;

use crate::store::engine::health::Condition;

/// Is told how the store is doing. Called from several threads; must not block.
pub trait Observer: Send + Sync {
    /// A batch of `ops` writes is done; it took so long, replays included.
    fn batch_committed(&self, _ops: usize, _took: Duration) {}

    /// So many writes are accepted and not yet answered.
    fn pending(&self, _ops: usize) {}

    /// The store is in this condition from now on.
    fn condition(&self, _condition: &Condition) {}
}

/// Nobody measures.
impl Observer for () {}
