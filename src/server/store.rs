//! The parts `store`, and those that look after it and the clock.

use std::sync::Arc;
use std::time::Duration;

use actix::ArbiterHandle;

use super::Config;
use super::parts::{Ending, Part, TaskPart};
use super::{clock_watch, site::Site};
use crate::store::prober::Prober;
use crate::store::{ChatLimits, Condition, Observer, Rules, Store};
use crate::telemetry::Metrics;

/// How long the store may take to finish; nothing that it has acknowledged waits for that.
const PATIENCE: Duration = Duration::from_secs(2);

/// Is flushed and closed at the end.
pub(super) struct StoreCloser(Store);

impl Part for StoreCloser {
    fn patience(&self) -> Duration {
        PATIENCE
    }

    fn stop(self: Box<Self>) -> Ending<'static> {
        Box::pin(async move {
            self.0.close().await;
            Ok(())
        })
    }
}

/// Starts the store, whose batches are gathered on a thread.
pub(super) fn start(site: &Site<'_>, thread: &ArbiterHandle) -> (Store, StoreCloser) {
    let rules = Rules {
        mint: Arc::clone(&site.base.mint),
        clock: Arc::clone(&site.base.clock),
        limits: chat_limits(site.config),
    };
    let counters = Arc::new(Counters(site.metrics.clone()));
    let store = Store::start(site.base.database.clone(), rules, counters, thread);
    (store.clone(), StoreCloser(store))
}

/// How much a user may have, and whom users may write to. Without limits no rates count; how large things are
/// still does.
fn chat_limits(config: &Config) -> ChatLimits {
    let limits = &config.limits;
    ChatLimits {
        members_max: limits.group_members_max,
        groups_per_user_max: limits.groups_per_user_max.into(),
        friend_requests_per_day: limits.on(limits.friend_requests_per_day.into()),
        additions_per_day: limits.on(limits.group_additions_per_day.into()),
        dm_policy: config.dm.audience,
    }
}

/// Starts what looks whether the store is well.
pub(super) fn prober(store: &Store) -> ((), TaskPart) {
    let prober = Prober { store: store.clone() };
    TaskPart::start(|stop| prober.run(stop))
}

/// Starts what says when the clock is wrong.
pub(super) fn clock_watch(site: &Site<'_>) -> ((), TaskPart) {
    let mint = Arc::clone(&site.base.mint);
    TaskPart::start(|stop| clock_watch::run(mint, stop))
}

struct Counters(Metrics);

impl Observer for Counters {
    fn batch_committed(&self, ops: usize, took: Duration) {
        self.0.commit_batch_ops.observe(u32::try_from(ops).unwrap_or(u32::MAX).into());
        self.0.commit_seconds.observe(took.as_secs_f64());
    }

    fn pending(&self, ops: usize) {
        self.0.store_pending_ops.set(i64::try_from(ops).unwrap_or(i64::MAX));
    }

    fn condition(&self, condition: &Condition) {
        self.0.store_ready.set((*condition == Condition::Well).into());
        let reason = match condition {
            Condition::Well => return,
            Condition::Ailing(_) => "ailing",
            Condition::Lost(_) => "lost",
        };
        self.0.store_faults.with_label_values(&[reason]).inc();
    }
}
