//! Messages that wait and heed no order: the oldest first, and those that have failed not before their time.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Loaded, NextMessage};
use crate::domain::id::PublishedId;

#[derive(Default)]
pub(super) struct ReadyMessages {
    ready: BTreeMap<PublishedId, Loaded>,
    later: BTreeMap<(Duration, PublishedId), Loaded>,
}

impl ReadyMessages {
    /// Adds a message that may come at once.
    pub fn push(&mut self, loaded: Loaded) {
        self.ready.insert(loaded.id, loaded);
    }

    /// Adds a message that comes at a moment, which may be now.
    pub fn push_later(&mut self, loaded: Loaded, due: Duration, now: Duration) {
        if due <= now {
            self.push(loaded);
        } else {
            self.later.insert((due, loaded.id), loaded);
        }
    }

    /// Lets those come whose time it is.
    pub fn wake(&mut self, now: Duration) {
        while self.later.first_key_value().is_some_and(|((due, _), _)| *due <= now) {
            let Some((_, loaded)) = self.later.pop_first() else { return };
            self.push(loaded);
        }
    }

    /// The oldest message that may come.
    pub fn first(&self) -> Option<NextMessage> {
        let (id, loaded) = self.ready.first_key_value()?;
        Some(NextMessage { id: *id, bytes: loaded.bytes })
    }

    /// Takes a message that may come.
    pub fn take(&mut self, id: PublishedId) -> Option<Loaded> {
        self.ready.remove(&id)
    }

    /// How many messages may come.
    pub fn len(&self) -> usize {
        self.ready.len()
    }

    /// When a message comes by itself.
    pub fn next_due(&self) -> Option<Duration> {
        self.later.first_key_value().map(|((due, _), _)| *due)
    }
}
