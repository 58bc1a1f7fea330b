//! Sees to it that each bridge has a task, and that nothing is there for bridges that are not.

use std::collections::{HashMap, HashSet};
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep;

use super::inward::Inward;
use super::message::TimeText;
use super::outward::Outward;
use crate::domain::id::BridgeId;
use crate::domain::pubsub::bridge::{Bridge, BridgeRoute, BridgeState};
use crate::domain::pubsub::refusal::{PubsubRefusal, PubsubStatus};
use crate::hub::{FeedScope, RoomFeeds};
use crate::service::apps::Apps;
use crate::service::pubsub::Pubsub;
use crate::telemetry::Metrics;

/// Until something is tried again that could not be done.
const RETRY: Duration = Duration::from_secs(1);
/// The same, at most, of a task that has fallen: twice as long each time.
const FALLEN_RETRY_MAX: Duration = Duration::from_secs(60);

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
    bridge: Bridge,
    task: AbortHandle,
    /// How often its task has ended by a fault of the program.
    falls: u32,
}

#[derive(Default)]
struct RunningBridges {
    by_id: HashMap<BridgeId, RunningBridge>,
    tasks: JoinSet<()>,
    /// There only while a bridge publishes what is said.
    feeds: Option<RoomFeeds>,
}

impl RunningBridges {
    /// Waits until a task has fallen; whose.
    async fn next_fallen(&mut self) -> Bridge {
        loop {
            match self.tasks.join_next_with_id().await {
                Some(Err(error)) if error.is_panic() => {
                    let is_it = |one: &&RunningBridge| one.task.id() == error.id();
                    if let Some(one) = self.by_id.values().find(is_it) {
                        return one.bridge.clone();
                    }
                }
                // It was told to end.
                Some(Ok(_) | Err(_)) => {}
                None => pending().await,
            }
        }
    }
}

impl RunningBridge {
    const fn is_outward(&self) -> bool {
        matches!(self.bridge.route, BridgeRoute::Out { .. })
    }
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
                fallen = running.next_fallen() => {
                    log::error!("the bridge {} has fallen by a fault of the hub", fallen.name);
                    let why = "it has fallen by a fault of the hub, and begins again";
                    self.tools.fails(&fallen, ("fallen", why.to_owned()));
                }
            }
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
        // What is gone goes first: its name may be another's by now.
        let ids: HashSet<BridgeId> = bridges.iter().map(|bridge| bridge.id).collect();
        for (_, gone) in running.by_id.extract_if(|id, _| !ids.contains(id)) {
            gone.task.abort();
            self.tools.pubsub.bridge_board().leave(&gone.bridge.name);
        }
        for bridge in bridges {
            let falls = match running.by_id.get(&bridge.id) {
                Some(one) if !one.task.is_finished() => continue,
                // A task that has ended of itself is begun again.
                Some(one) => one.falls.saturating_add(1),
                None => 0,
            };
            let task = self.start(bridge.clone(), falls, running).await;
            running.by_id.insert(bridge.id, RunningBridge { bridge, task, falls });
        }
        if !running.by_id.values().any(RunningBridge::is_outward) {
            running.feeds = None;
        }
        let count = i64::try_from(running.by_id.len()).unwrap_or(i64::MAX);
        self.tools.metrics.bridges.bridges.set(count);
        self.tools.count_paused();
        true
    }

    /// Starts a bridge, after a pause if it has fallen before.
    async fn start(&self, bridge: Bridge, falls: u32, running: &mut RunningBridges) -> AbortHandle {
        let tools = self.tools.clone();
        let pause = fallen_pause(falls);
        if falls == 0 {
            tools.runs(&bridge);
        }
        match bridge.route.clone() {
            BridgeRoute::Out { source, topic } => {
                let scope = source.only_room().map_or(FeedScope::AllGroups, FeedScope::One);
                let feeds = running.feeds.get_or_insert_with(|| (self.open_feeds)());
                let feed = feeds.open(scope).await;
                let outward = Outward { tools, bridge, source, topic, feed };
                running.tasks.spawn_local(async move {
                    sleep(pause).await;
                    outward.run().await;
                })
            }
            BridgeRoute::In { subscription, app, target } => {
                let inward = Inward { tools, bridge, subscription, app, target };
                running.tasks.spawn_local(async move {
                    sleep(pause).await;
                    inward.run().await;
                })
            }
        }
    }
}

/// How long a task does not begin that has fallen so often.
fn fallen_pause(falls: u32) -> Duration {
    match falls.checked_sub(1) {
        Some(more) => RETRY.saturating_mul(2_u32.saturating_pow(more)).min(FALLEN_RETRY_MAX),
        None => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::Timestamp;
    use crate::domain::id::GroupId;
    use crate::domain::pubsub::bridge::{BridgeName, BridgeSource};
    use crate::domain::pubsub::name::TopicName;

    fn bridge(id: i64) -> Bridge {
        let source = BridgeSource::Group { group: GroupId::new(1).unwrap() };
        let topic = TopicName::new("p", "news").unwrap();
        Bridge {
            id: BridgeId::new(id).unwrap(),
            name: BridgeName::new("out").unwrap(),
            route: BridgeRoute::Out { source, topic },
            since: Timestamp::from_millis(0),
        }
    }

    #[actix_web::test]
    async fn it_is_known_whose_task_has_fallen() {
        let mut running = RunningBridges::default();
        let tasks = [
            running.tasks.spawn_local(pending()),
            running.tasks.spawn_local(async { panic!("a fault") }),
            running.tasks.spawn_local(pending()),
        ];
        for (id, task) in (1..).zip(tasks) {
            let one = RunningBridge { bridge: bridge(id), task, falls: 0 };
            running.by_id.insert(one.bridge.id, one);
        }
        // One that was told to end is none.
        running.by_id.values().find(|one| one.bridge.id.get() == 1).unwrap().task.abort();
        assert_eq!(running.next_fallen().await.id.get(), 2);
        let ended = running.by_id.values().filter(|one| one.task.is_finished()).count();
        assert!(ended >= 1, "so the next look begins it again");
    }

    #[test]
    fn what_falls_again_and_again_begins_less_often() {
        let pauses = [0, 1, 2, 3, 7, 40].map(|falls| fallen_pause(falls).as_secs());
        assert_eq!(pauses, [0, 1, 2, 4, 60, 60]);
    }
}
