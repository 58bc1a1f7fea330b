//! Rooms, messages, groups and presence, as users may see them.

mod groups;
mod people;
mod rooms;
mod writing;

use std::sync::Arc;

use super::{ServiceParts, Settings};
use crate::domain::accounts::friendship::DmPolicy;
use crate::domain::clock::Clock;
use crate::hub::Hub;
use crate::store::Store;

pub use writing::{MessageAt, NewMessage, Posted};

pub use crate::store::chat::history::{Before, HistoryRest, HistorySlice, Page, Place};

/// What can be asked about rooms and whoever is in them. Cloning it is cheap.
#[derive(Clone)]
pub struct ChatService {
    store: Store,
    pub(in crate::service) hub: Hub,
    clock: Arc<dyn Clock>,
    epoch: Arc<str>,
    dm_policy: DmPolicy,
    slice_bytes: usize,
}

impl ChatService {
    pub(in crate::service) fn new(parts: &ServiceParts, settings: &Settings) -> Self {
        Self {
            store: parts.store.clone(),
            hub: parts.hub.clone(),
            clock: Arc::clone(&parts.clock),
            epoch: Arc::clone(&parts.epoch),
            dm_policy: settings.dm_policy,
            slice_bytes: settings.history_slice_bytes,
        }
    }

    /// The name of the history that revisions are about.
    pub fn epoch(&self) -> &Arc<str> {
        &self.epoch
    }
}
