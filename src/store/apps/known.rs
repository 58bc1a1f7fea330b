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
    known: Mutex<KnownGroups>,
}

/// What is remembered.
#[derive(Default)]
struct KnownGroups(HashMap<GroupId, bool>);

impl KnownGroups {
    fn get(&self, group: GroupId) -> Option<bool> {
        self.0.get(&group).copied()
    }

    /// Remembers a group, and forgets all others if there are `max` already.
    fn insert(&mut self, group: GroupId, is_one: bool, max: usize) {
        if self.0.len() >= max {
            self.0.clear();
        }
        self.0.insert(group, is_one);
    }
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
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(is_one) = known().get(group) {
            return Ok(is_one);
        }
        let is_one = conversations::find(unit.conn(), group)?.is_some();
        known().insert(group, is_one, GROUPS_MAX);
        Ok(is_one)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_the_limit_all_but_the_newest_are_forgotten_and_looked_up_again() {
        let group = |number: i64| GroupId::new(number * 2 + 1).unwrap();
        let mut known = KnownGroups::default();
        for number in 0..3 {
            known.insert(group(number), number == 1, 3);
        }
        assert_eq!(
            [0, 1, 2].map(|number| known.get(group(number))),
            [Some(false), Some(true), Some(false)]
        );
        known.insert(group(3), true, 3);
        assert_eq!(
            [0, 1, 2, 3].map(|number| known.get(group(number))),
            [None, None, None, Some(true)]
        );
    }
}
