//! Sees to it that each subscription with an endpoint has a task, and no other has one.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

pub use super::subscriber::PushTools;
use super::subscriber::Subscriber;
use crate::domain::id::SubscriptionId;
use crate::domain::pubsub::subscription::Subscription;

/// Changes that come together are looked at together.
const GATHER: Duration = Duration::from_millis(20);
/// Until subscriptions are asked for again that could not be had.
const RETRY: Duration = Duration::from_secs(1);

/// Pushes of all subscriptions.
pub struct Pusher {
    pub tools: PushTools,
}

type Ways = HashMap<SubscriptionId, watch::Sender<Subscription>>;

impl Pusher {
    /// Pushes until it is told to stop; what is under way then has a moment to end.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut changes = self.tools.pubsub.changes();
        let (mut ways, mut tasks) = (Ways::new(), JoinSet::new());
        loop {
            changes.mark_unchanged();
            let is_known = self.look(&mut ways, &mut tasks).await;
            let is_over = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => true,
                changed = changes.changed(), if is_known => changed.is_err(),
                () = sleep(RETRY), if !is_known => false,
            };
            if is_over {
                break;
            }
            sleep(GATHER).await;
            while tasks.try_join_next().is_some() {}
        }
        ways.clear();
        while tasks.join_next().await.is_some() {}
    }

    /// Brings the tasks up to date. False if it is not known what they should be.
    async fn look(&self, ways: &mut Ways, tasks: &mut JoinSet<()>) -> bool {
        let pushed = match self.tools.pubsub.pushed().await {
            Ok(pushed) => pushed,
            Err(refusal) => {
                log::warn!("it is not known what to push: {refusal}");
                return false;
            }
        };
        let mut old = std::mem::take(ways);
        for subscription in pushed {
            let id = subscription.id;
            // A task that has ended of itself is begun again.
            let way = old.remove(&id).filter(|way| !way.is_closed());
            let way = way.unwrap_or_else(|| {
                let way = watch::Sender::new(subscription.clone());
                tasks.spawn_local(Subscriber::new(self.tools.clone(), way.subscribe()).run());
                way
            });
            way.send_if_modified(|known| {
                let is_new = *known != subscription;
                *known = subscription;
                is_new
            });
            ways.insert(id, way);
        }
        true
    }
}
