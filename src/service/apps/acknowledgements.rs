//! What devices say they have, written together, so that thousands of devices that have got one message cost few
//! transactions.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::error::Refusal;
use crate::domain::id::{DeviceId, DownstreamId};
use crate::hub::refusal;
use crate::service::gather::{Gather, GatherBounds};
use crate::store::Store;
use crate::store::apps::downstreams::STEP_MAX;
use crate::store::apps::writes;

/// A device has a message.
pub(super) type Had = (DeviceId, DownstreamId);

/// What is to be written.
pub(super) struct Acknowledgements(Arc<Gather<Vec<Had>, Result<(), Refusal>>>);

impl Default for Acknowledgements {
    fn default() -> Self {
        // One at a time: what gathers meanwhile is a step of its own, and chat has its turn between.
        let bounds = GatherBounds { weight_max: STEP_MAX, turns_max: 1, rest: Duration::ZERO };
        Self(Arc::new(Gather::new(bounds, || 0)))
    }
}

impl Acknowledgements {
    /// Writes what a device has; done once it is committed.
    ///
    /// # Errors
    /// [`Refusal::Busy`], [`Refusal::Internal`].
    pub async fn write(&self, store: &Store, had: Vec<Had>) -> Result<(), Refusal> {
        if had.is_empty() {
            return Ok(());
        }
        let (weight, store) = (had.len(), store.clone());
        let written = self.0.ask(had, weight, move |had| write_all(store.clone(), had)).await;
        written.unwrap_or(Err(Refusal::Internal))
    }
}

async fn write_all(store: Store, had: Vec<Vec<Had>>) -> Vec<Result<(), Refusal>> {
    let frames = had.len();
    let written = store.run(writes::acknowledge(had.concat())).await.map_err(refusal);
    vec![written; frames]
}
