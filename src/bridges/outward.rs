//! One bridge that publishes what is said in rooms.
//!
//! It is told in which rooms something has changed, and steps through each until nothing is left; a room that changes
//! meanwhile is told again. At first, and after whatever has gone wrong, it looks at all its rooms.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::sleep;

use super::bridger::BridgeTools;
use super::message::draft;
use crate::domain::chat::room::RoomKey;
use crate::domain::pubsub::bridge::{Bridge, BridgeSource};
use crate::domain::pubsub::name::TopicName;
use crate::domain::pubsub::refusal::PubsubRefusal;
use crate::hub::{ChangedRooms, RoomFeed};
use crate::telemetry::BridgeMetrics;

/// How long the writer is left to others after a step that was not the last of its room.
const REST: Duration = Duration::from_millis(4);

/// The bridge, as its task has it.
pub struct Outward {
    pub tools: BridgeTools,
    pub bridge: Bridge,
    pub source: BridgeSource,
    pub topic: TopicName,
    pub feed: RoomFeed,
}

/// Rooms that a bridge has still to look at, counted as long as it has.
struct RoomsBehind {
    metrics: BridgeMetrics,
    count: usize,
}

impl RoomsBehind {
    fn new(metrics: &BridgeMetrics, count: usize) -> Self {
        metrics.rooms_behind.add(i64::try_from(count).unwrap_or(i64::MAX));
        Self { metrics: metrics.clone(), count }
    }

    fn one_less(&mut self) {
        self.count = self.count.saturating_sub(1);
        self.metrics.rooms_behind.dec();
    }
}

impl Drop for RoomsBehind {
    fn drop(&mut self) {
        self.metrics.rooms_behind.sub(i64::try_from(self.count).unwrap_or(i64::MAX));
    }
}

impl Outward {
    /// Publishes until it is dropped.
    pub async fn run(self) {
        loop {
            let changed = self.feed.next().await;
            let done = match changed {
                ChangedRooms::Any => self.follow_all().await,
                ChangedRooms::These(rooms) => self.follow(rooms).await,
            };
            match done {
                Ok(()) => self.tools.runs(&self.bridge),
                Err(refusal) => {
                    self.tools.waits(&self.bridge, &refusal).await;
                    self.feed.start_over();
                }
            }
        }
    }

    /// Looks at all rooms that there are.
    async fn follow_all(&self) -> Result<(), PubsubRefusal> {
        // Without a topic there is no use in looking.
        self.tools.pubsub.topic(&self.topic).await?;
        match (self.source.only_room(), self.source.app()) {
            (Some(room), _) => self.follow(BTreeSet::from([room])).await,
            (None, Some(of)) => {
                let mut after = None;
                loop {
                    let page = self.tools.pubsub.bridged_page(of, after).await?;
                    let Some(last) = page.last() else { return Ok(()) };
                    after = Some(*last);
                    self.follow(page.into_iter().map(RoomKey::Group).collect()).await?;
                }
            }
            (None, None) => Ok(()),
        }
    }

    async fn follow(&self, rooms: BTreeSet<RoomKey>) -> Result<(), PubsubRefusal> {
        let mut behind = RoomsBehind::new(&self.tools.metrics.bridges, rooms.len());
        for room in rooms {
            self.follow_room(room).await?;
            behind.one_less();
        }
        Ok(())
    }

    /// Publishes what has changed in a room, until nothing is left.
    async fn follow_room(&self, key: RoomKey) -> Result<(), PubsubRefusal> {
        let BridgeTools { pubsub, metrics, time, .. } = &self.tools;
        let Some(room) = pubsub.bridged_room(self.source, key).await? else { return Ok(()) };
        loop {
            let step = (&self.bridge, self.source, &self.topic);
            let write = |change: &_| draft(self.source, change, *time);
            let (published, more) = pubsub.step_bridge(step, room, write).await?;
            metrics.bridges.published.inc_by(u64::try_from(published).unwrap_or(u64::MAX));
            if !more {
                return Ok(());
            }
            sleep(REST).await;
        }
    }
}
