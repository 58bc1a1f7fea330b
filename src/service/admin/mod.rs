//! What those ask who run the hub, and other services.

mod health;
mod keys;

use std::sync::Arc;

use super::ServiceParts;
use crate::domain::clock::Clock;
use crate::domain::mint::IdMint;
use crate::store::Store;

pub use health::Unready;
pub use keys::KeyRefusal;

/// What operators and services can ask. Cloning it is cheap.
#[derive(Clone)]
pub struct Admin {
    store: Store,
    mint: Arc<IdMint>,
    clock: Arc<dyn Clock>,
}

impl Admin {
    pub(in crate::service) fn new(parts: &ServiceParts) -> Self {
        let (mint, clock) = (Arc::clone(&parts.mint), Arc::clone(&parts.clock));
        Self { store: parts.store.clone(), mint, clock }
    }
}
