//! Which groups of chat are conversations, kept in memory: whoever writes in a group by another dialect does not
//! wait for a look at it each time.
//!
//! A group is a conversation from its beginning or never, so what is known cannot become stale.

use std::sync::{Mutex, PoisonError};

use foldhash::HashMap;

use crate::domain::chat::event::ChatEvent;
use crate::domain::chat::room::RoomKey;
use crate::domain::event::Event;
use crate::domain::id::GroupId;
use crate::store::apps::{conversations, messages};
use crate::store::chat::command::ChatOutcome;
use crate::store::chat::unit_of_work::UnitOfWork;
use crate::store::engine::error::StoreError;

/// Groups that are remembered; of more, all are looked up again.
const GROUPS_MAX: usize = 100_000;

/// Groups, and whether they are conversations.
#[derive(Default)]
pub(in crate::store) struct KnownConversations {
    known: Mutex<HashMap<GroupId, bool>>,
}

impl KnownConversations {
    /// Does what comes of a message that was posted in a conversation as in any other group, and adds what is told of
    /// it.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub fn follow(
        &self,
        unit: &mut UnitOfWork<'_>,
        outcome: &mut ChatOutcome,
    ) -> Result<(), StoreError> {
        let ChatOutcome::Told { news, before } = outcome else { return Ok(()) };
        let Event::Chat(ChatEvent::MessagePosted(message)) = &news.event else { return Ok(()) };
        let RoomKey::Group(group) = message.room else { return Ok(()) };
        if self.has(unit, group)? {
            before.extend(messages::posted(unit.written()?, message, &news.recipients)?);
        }
        Ok(())
    }

    fn has(&self, unit: &mut UnitOfWork<'_>, group: GroupId) -> Result<bool, StoreError> {
        let known = |known: &HashMap<GroupId, bool>| known.get(&group).copied();
        if let Some(known) = known(&self.known.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(known);
        }
        let is_one = conversations::find(unit.conn(), group)?.is_some();
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= GROUPS_MAX {
            all.clear();
        }
        all.insert(group, is_one);
        Ok(is_one)
    }
}
