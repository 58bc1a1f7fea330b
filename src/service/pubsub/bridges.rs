//! Bridges: which there are, how they do, and what those do step by step that publish what is said in rooms. Who steps is
//! elsewhere (`bridges`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::{Pubsub, no_id};
use crate::domain::chat::following::{RoomAsked, RoomChange, RoomChanges, RoomPlace};
use crate::domain::chat::room::RoomKey;
use crate::domain::id::{AppId, GroupId, PublishedId, RoomId, SubscriptionId, UserId};
use crate::domain::pubsub::bridge::{Bridge, BridgeName, BridgeRoute, BridgeSource, BridgeState};
use crate::domain::pubsub::message::MessageDraft;
use crate::domain::pubsub::name::TopicName;
use crate::hub::subscriptions::messages::PubsubAnswer;
use crate::store::apps::customer_lookups;
use crate::store::chat::lookups as rooms;
use crate::store::pubsub::bridge_writes::{self, BridgeStep, BridgeStepped};
use crate::store::pubsub::lookups;

/// What one step publishes, in bytes, but one message.
const STEP_BYTES_MAX: usize = 1_048_576;
/// Conversations of one page.
const PAGE_ROOMS: u32 = 500;

/// A room as a bridge follows it.
#[derive(Clone, Copy, Debug)]
pub struct BridgedRoom {
    pub id: RoomId,
    pub key: RoomKey,
}

/// What a step is to publish.
struct FoundStep {
    from: Option<RoomPlace>,
    found: RoomChanges,
    drafts: Vec<Arc<MessageDraft>>,
}

/// A message that waits for a subscription.
pub type WaitingAt = (SubscriptionId, PublishedId);

/// How bridges do, as far as they run here, and word of those that are made or removed. A clone shares them; whoever runs
/// them writes, all may read.
#[derive(Clone)]
pub struct BridgeBoard {
    states: Arc<Mutex<BTreeMap<BridgeName, BridgeState>>>,
    changes: Arc<watch::Sender<u64>>,
}

impl Default for BridgeBoard {
    fn default() -> Self {
        Self { states: Arc::default(), changes: Arc::new(watch::Sender::new(0)) }
    }
}

impl BridgeBoard {
    /// Says how a bridge does; whether that is new.
    pub fn enter(&self, name: &BridgeName, state: BridgeState) -> bool {
        let mut states = self.states();
        let is_new = states.get(name) != Some(&state);
        states.insert(name.clone(), state);
        is_new
    }

    /// Takes a bridge out that runs here no more.
    pub fn leave(&self, name: &BridgeName) {
        self.states().remove(name);
    }

    /// How a bridge does, if it runs here.
    pub fn state(&self, name: &BridgeName) -> Option<BridgeState> {
        self.states().get(name).cloned()
    }

    /// How many bridges wait until something is set right.
    pub fn paused(&self) -> usize {
        let states = self.states();
        states.values().filter(|state| matches!(state, BridgeState::Paused(_))).count()
    }

    /// Moves on whenever a bridge is made or removed, and when something is there that one may have waited for.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Says that something has changed.
    pub(super) fn tell(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn states(&self) -> MutexGuard<'_, BTreeMap<BridgeName, BridgeState>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pubsub {
    /// Makes a bridge, which carries what comes from now on.
    ///
    /// # Errors
    /// Already exists; not found, of its topic or subscription; resource exhausted.
    pub async fn add_bridge(&self, name: BridgeName, route: BridgeRoute) -> PubsubAnswer<Bridge> {
        let (id, since) = (self.mint.bridge().map_err(no_id)?, self.clock.now());
        let bridge = Bridge { id, name, route, since };
        let add = bridge_writes::add_bridge(bridge.clone(), self.settings.bridges_max);
        self.run(add).await?;
        self.bridge_board.tell();
        Ok(bridge)
    }

    /// Removes a bridge. What it has published stays.
    ///
    /// # Errors
    /// Not found.
    pub async fn remove_bridge(&self, name: BridgeName) -> PubsubAnswer<()> {
        self.run(bridge_writes::remove_bridge(name)).await?;
        self.bridge_board.tell();
        Ok(())
    }

    /// All bridges, by name.
    ///
    /// # Errors
    /// As all.
    pub async fn bridges(&self) -> PubsubAnswer<Vec<Bridge>> {
        self.read(lookups::bridges()).await
    }

    /// How bridges do.
    pub fn bridge_board(&self) -> &BridgeBoard {
        &self.bridge_board
    }

    /// The app whose conversation a group is, if it is one.
    ///
    /// # Errors
    /// As all.
    pub async fn conversation_app(&self, group: GroupId) -> PubsubAnswer<Option<AppId>> {
        let found = self.read(customer_lookups::conversation_of(group)).await?;
        Ok(found.map(|conversation| conversation.app))
    }

    /// Whether there is a group.
    ///
    /// # Errors
    /// As all.
    pub async fn is_group(&self, group: GroupId) -> PubsubAnswer<bool> {
        self.read(rooms::is_group(group)).await
    }

    /// The room with a key, if it belongs to a source and something was ever written in it.
    ///
    /// # Errors
    /// As all.
    pub async fn bridged_room(
        &self,
        source: BridgeSource,
        key: RoomKey,
    ) -> PubsubAnswer<Option<BridgedRoom>> {
        let belongs = match (source.only_room(), source.app(), key) {
            (Some(only), ..) => only == key,
            (None, Some(of), RoomKey::Group(group)) => {
                self.read(customer_lookups::is_conversation_of(of, group)).await?
            }
            (None, ..) => false,
        };
        if !belongs {
            return Ok(None);
        }
        let id = self.read(rooms::room_id(key)).await?;
        Ok(id.map(|id| BridgedRoom { id, key }))
    }

    /// Some conversations of an app, all or those that a user is in, after an id, in the order of their ids; empty after the last.
    ///
    /// # Errors
    /// As all.
    pub async fn bridged_page(
        &self,
        of: (AppId, Option<UserId>),
        after: i64,
    ) -> PubsubAnswer<Vec<GroupId>> {
        self.read(customer_lookups::app_conversations(of, after, PAGE_ROOMS)).await
    }

    /// Publishes some of what has changed in a room since a bridge was there last, each change once, whatever happens in between;
    /// how many messages, and whether there may be more.
    ///
    /// # Errors
    /// Not found: there is no such topic.
    pub async fn step_bridge(
        &self,
        (bridge, source, topic): (&Bridge, BridgeSource, &TopicName),
        room: BridgedRoom,
        write: impl Fn(&RoomChange) -> MessageDraft,
    ) -> PubsubAnswer<(usize, bool)> {
        let FoundStep { from, found, drafts } =
            self.find_step((bridge, source), room, write).await?;
        // A room where nothing has been said yet leaves no row.
        let is_still = found.changes.is_empty() && from.is_none_or(|from| from == found.place);
        if is_still && !found.more {
            return Ok((0, false));
        }
        let step = BridgeStep {
            bridge: bridge.id,
            topic: topic.clone(),
            room: room.id,
            from,
            to: found.place,
            drafts,
        };
        match self.run(bridge_writes::publish_step(step, Arc::clone(&self.clock))).await? {
            BridgeStepped::Published(count) => {
                self.metrics.pubsub.published(count);
                Ok((count, found.more))
            }
            // By another process, which goes on; or there is no such bridge any more.
            BridgeStepped::Overtaken => Ok((0, false)),
        }
    }

    /// What there is to publish of a room, as much of it as one step may.
    async fn find_step(
        &self,
        (bridge, source): (&Bridge, BridgeSource),
        room: BridgedRoom,
        write: impl Fn(&RoomChange) -> MessageDraft,
    ) -> PubsubAnswer<FoundStep> {
        let mut asked = RoomAsked {
            id: room.id,
            key: room.key,
            after: None,
            since: bridge.since,
            reader: source.app().and_then(|(_, user)| user),
            count: self.settings.bridge_step_max,
            bytes_max: STEP_BYTES_MAX,
        };
        loop {
            let place = lookups::bridge_place(bridge.id, room.id);
            let (from, found) = self.read(rooms::room_changes(place, asked)).await?;
            let drafts: Vec<_> =
                found.changes.iter().map(|change| Arc::new(write(change))).collect();
            let fitting = fitting(drafts.iter().map(|draft| draft.bytes()));
            if fitting >= drafts.len() {
                return Ok(FoundStep { from, found, drafts });
            }
            // As it is published a text may be several times as long.
            asked.count = u32::try_from(fitting).unwrap_or(asked.count);
        }
    }
}

/// How many of what has these sizes one step publishes: one at least.
fn fitting(sizes: impl Iterator<Item = usize>) -> usize {
    let fits = |sum: &mut usize, bytes: usize| {
        *sum = sum.saturating_add(bytes);
        (*sum <= STEP_BYTES_MAX).then_some(())
    };
    sizes.scan(0, fits).count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_bounded_in_what_it_publishes_but_for_one_message() {
        let half = STEP_BYTES_MAX / 2;
        assert_eq!(fitting([half, half, 1].into_iter()), 2);
        assert_eq!(fitting([half, half + 1, 1].into_iter()), 1);
        assert_eq!(fitting([STEP_BYTES_MAX + 1, 1].into_iter()), 1);
    }
}
