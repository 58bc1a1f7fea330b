//! Sees to it that each bridge has a task, and that nothing is there for bridges that are not.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep;

use super::inward::Inward;
use super::message::TimeText;
use super::outward::Outward;
use crate::domain::id::BridgeId;
use crate::domain::pubsub::bridge::{Bridge, BridgeName, BridgeRoute, BridgeState};
use crate::domain::pubsub::refusal::{PubsubRefusal, PubsubStatus};
use crate::hub::{FeedScope, RoomFeeds};
use crate::service::apps::Apps;
use crate::service::pubsub::Pubsub;
use crate::telemetry::Metrics;

/// Until something is tried again that could not be done.
const RETRY: Duration = Duration::from_secs(1);

/// Starts feeds of rooms that have changed.
pub type OpenFeeds = dyn Fn() -> RoomFeeds;

/// What bridges work with.
#[derive(Clone)]
pub struct BridgeTools {
    pub pubsub: Pubsub,
    pub apps: Apps,
    pub metrics: Metrics,
    pub time: TimeText,
}

/// All bridges.
pub struct Bridger {
    pub tools: BridgeTools,
    pub open_feeds: Rc<OpenFeeds>,
}

/// A bridge that runs.
struct RunningBridge {
    name: BridgeName,
    is_outward: bool,
    task: AbortHandle,
}

#[derive(Default)]
struct RunningBridges {
    by_id: HashMap<BridgeId, RunningBridge>,
    tasks: JoinSet<()>,
    /// There only while a bridge publishes what is said.
    feeds: Option<RoomFeeds>,
}

impl BridgeTools {
    /// Says that a bridge does what it is for.
    pub fn runs(&self, bridge: &Bridge) {
        if self.pubsub.bridge_board().enter(&bridge.name, BridgeState::Running) {
            log::debug!("the bridge {} runs", bridge.name);
            self.count_paused();
        }
    }

    /// Says why a bridge does nothing; whether that is new.
    pub fn fails(&self, bridge: &Bridge, (reason, why): (&str, String)) -> bool {
        self.metrics.bridges.failures.with_label_values(&[reason]).inc();
        log::debug!("the bridge {} has failed: {why}", bridge.name);
        let is_new = self.pubsub.bridge_board().enter(&bridge.name, BridgeState::Paused(why));
        if is_new {
            self.count_paused();
        }
        is_new
    }

    /// The same, for a refusal; then waits until it may be tried again.
    pub async fn waits(&self, bridge: &Bridge, refusal: &PubsubRefusal) {
        let mut changes = self.pubsub.bridge_board().changes();
        if self.fails(bridge, (reason(refusal), refusal.message.clone())) {
            log::warn!("the bridge {} waits: {refusal}", bridge.name);
        }
        tokio::select! {
            () = sleep(RETRY) => {}
            // Also if what was missing is there.
            changed = changes.changed() => changed.unwrap_or_default(),
        }
    }

    fn count_paused(&self) {
        let paused = self.pubsub.bridge_board().paused();
        self.metrics.bridges.paused.set(i64::try_from(paused).unwrap_or(i64::MAX));
    }
}

/// One word for why something was refused.
const fn reason(refusal: &PubsubRefusal) -> &'static str {
    match refusal.status {
        PubsubStatus::NotFound => "not_found",
        PubsubStatus::FailedPrecondition => "precondition",
        PubsubStatus::ResourceExhausted => "busy",
        PubsubStatus::Unavailable => "unavailable",
        PubsubStatus::InvalidArgument
        | PubsubStatus::Unauthenticated
        | PubsubStatus::PermissionDenied
        | PubsubStatus::AlreadyExists
        | PubsubStatus::Aborted
        | PubsubStatus::Internal
        | PubsubStatus::Unimplemented
        | PubsubStatus::DeadlineExceeded => "internal",
    }
}

impl Bridger {
    /// Bridges until it is told to stop. What is under way then is done or not done at all.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut changes = self.tools.pubsub.bridge_board().changes();
        let mut running = RunningBridges::default();
        loop {
            changes.mark_unchanged();
            let is_known = self.look(&mut running).await;
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                changed = changes.changed(), if is_known => changed.unwrap_or_default(),
                () = sleep(RETRY), if !is_known => {}
            }
            while running.tasks.try_join_next().is_some() {}
        }
        running.tasks.shutdown().await;
    }

    /// Brings the tasks up to date. False if it is not known what they should be.
    async fn look(&self, running: &mut RunningBridges) -> bool {
        let bridges = match self.tools.pubsub.bridges().await {
            Ok(bridges) => bridges,
            Err(refusal) => {
                log::warn!("it is not known which bridges there are: {refusal}");
                return false;
            }
        };
        let mut old = std::mem::take(&mut running.by_id);
        for bridge in bridges {
            let id = bridge.id;
            // A task that has ended of itself is begun again.
            let known = old.remove(&id).filter(|one| !one.task.is_finished());
            let one = match known {
                Some(one) => one,
                None => self.start(bridge, running).await,
            };
            running.by_id.insert(id, one);
        }
        for gone in old.into_values() {
            gone.task.abort();
            self.tools.pubsub.bridge_board().leave(&gone.name);
        }
        if !running.by_id.values().any(|one| one.is_outward) {
            running.feeds = None;
        }
        let count = i64::try_from(running.by_id.len()).unwrap_or(i64::MAX);
        self.tools.metrics.bridges.bridges.set(count);
        self.tools.count_paused();
        true
    }

    async fn start(&self, bridge: Bridge, running: &mut RunningBridges) -> RunningBridge {
        let (name, tools) = (bridge.name.clone(), self.tools.clone());
        let (task, is_outward) = match bridge.route.clone() {
            BridgeRoute::Out { source, topic } => {
                let scope = source.only_room().map_or(FeedScope::AllGroups, FeedScope::One);
                let feeds = running.feeds.get_or_insert_with(|| (self.open_feeds)());
                let feed = feeds.open(scope).await;
                let outward = Outward { tools, bridge, source, topic, feed };
                (running.tasks.spawn_local(outward.run()), true)
            }
            BridgeRoute::In { subscription, app, target } => {
                let inward = Inward { tools, bridge, subscription, app, target };
                (running.tasks.spawn_local(inward.run()), false)
            }
        };
        RunningBridge { name, is_outward, task }
    }
}
