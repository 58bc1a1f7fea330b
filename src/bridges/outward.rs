//! One bridge that publishes what is said in rooms.
//!
//! It is told in which rooms something has changed, and steps through each until nothing is left; a room that changes
//! meanwhile is told again. At first, and whenever it is not known which have changed, it looks at all its rooms. After
//! whatever has gone wrong it goes on where it was.

use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::bridger::BridgeTools;
use super::message::draft;
use super::rooms_left::RoomsLeft;
use crate::domain::chat::room::RoomKey;
use crate::domain::pubsub::bridge::{Bridge, BridgeSource};
use crate::domain::pubsub::name::TopicName;
use crate::domain::pubsub::refusal::{PubsubRefusal, PubsubStatus};
use crate::hub::RoomFeed;

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

impl Outward {
    /// Publishes until it is dropped.
    pub async fn run(self) {
        let mut left = RoomsLeft::new(&self.tools.metrics.bridges);
        loop {
            self.hear(&mut left).await;
            match self.look(&mut left).await {
                // What is said of rooms that fail stands.
                Ok(()) if left.retry_at().is_some() => {}
                Ok(()) => self.tools.runs(&self.bridge),
                Err(refusal) => self.tools.waits(&self.bridge, &refusal).await,
            }
        }
    }

    /// Hears which rooms have changed; if there is nothing to do, waits for some.
    async fn hear(&self, left: &mut RoomsLeft) {
        let retry = async |at: Option<Instant>| match at {
            Some(at) => sleep_until(at).await,
            None => pending().await,
        };
        let changed = match left.is_busy() {
            true => self.feed.now(),
            false => tokio::select! {
                changed = self.feed.next() => Some(changed),
                () = retry(left.retry_at()) => None,
            },
        };
        changed.into_iter().for_each(|changed| left.add(changed));
        left.retry(Instant::now());
    }

    /// Looks at rooms: at those that have changed, then at a page of all, if all are to be looked at.
    async fn look(&self, left: &mut RoomsLeft) -> Result<(), PubsubRefusal> {
        self.follow(left).await?;
        let Some(after) = left.page_after() else { return Ok(()) };
        // Without a topic there is no use in looking.
        self.tools.pubsub.topic(&self.topic).await?;
        match (self.source.only_room(), self.source.app()) {
            (Some(room), _) => left.add_only(room),
            (None, Some(of)) => left.add_page(&self.tools.pubsub.bridged_page(of, after).await?),
            (None, None) => left.add_page(&[]),
        }
        self.follow(left).await
    }

    /// Publishes what has changed in the rooms that are next. One that fails by itself holds up no other.
    async fn follow(&self, left: &mut RoomsLeft) -> Result<(), PubsubRefusal> {
        while let Some(room) = left.first() {
            match self.follow_room(room).await {
                Ok(()) => left.done(room),
                Err(refusal) if is_of_room(&refusal) && left.fail(room, Instant::now()) => {
                    let why = format!("room {}: {}", room.address(), refusal.message);
                    self.tools.fails(&self.bridge, ("room", why));
                }
                Err(refusal) => return Err(refusal),
            }
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

/// Whether a fault may lie in one room alone.
fn is_of_room(refusal: &PubsubRefusal) -> bool {
    refusal.status == PubsubStatus::Internal
}
