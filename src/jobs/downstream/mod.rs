//! Deliveries of messages that were sent to many devices, as a kind of job: one an app, which goes on until all of the
//! app's messages are delivered, in the order in which they were sent.
//!
//! Each step is a transaction of the store, so others get their turn between two of them, and after a kill the job goes
//! on where it was. While others write messages of chat, steps are small, with rests between them: people wait for
//! those, and nobody for a delivery among a million. Devices that are there now come first. What is held meanwhile does
//! not grow with the group: a step of deliveries, and the ids of the devices that are there.

mod settings;
mod step_size;

use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use tokio::sync::Mutex;

use crate::domain::id::{AppId, DeviceId, DownstreamId};
use crate::jobs::kind::{JobEnd, JobFault, JobKind, JobPolicy};
use crate::store::Store;
use crate::store::apps::downstreams::KIND;
use crate::store::apps::spread::SpreadStep;
use crate::store::apps::{lookups, writes};

use step_size::{REST, StepSize};

pub use settings::Settings;

/// Apps whose messages are delivered at the same time.
const APPS_AT_ONCE: u32 = 4;

/// Gives the devices that are there now, in any order; none if nobody can say.
pub type DevicesThere = dyn Fn() -> LocalBoxFuture<'static, Vec<DeviceId>>;

/// Makes deliveries.
pub struct Downstreams {
    store: Store,
    there: Rc<DevicesThere>,
    /// Steps are made one after another, whatever the app.
    size: Mutex<StepSize>,
}

/// The payload names no app.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no app")]
struct NoApp(String);

impl JobKind for Downstreams {
    fn policy(&self) -> JobPolicy {
        JobPolicy {
            kind: KIND,
            done: "delivered",
            at_once_max: APPS_AT_ONCE,
            // Only the store can fail, which is no try.
            attempts_max: 1,
            retry_first_ms: 1,
            retry_max_ms: 1,
        }
    }

    fn run(&self, payload: String) -> LocalBoxFuture<'_, Result<JobEnd, JobFault>> {
        Box::pin(async move {
            match payload.parse().ok().and_then(AppId::new) {
                Some(app) => self.deliver_all(app).await,
                None => Err(JobFault::Permanent(Box::new(NoApp(payload)))),
            }
        })
    }
}

impl Downstreams {
    /// Deliveries in a store, first to devices that are there.
    pub fn new(store: Store, there: Rc<DevicesThere>) -> Self {
        Self { store, there, size: Mutex::default() }
    }

    async fn deliver_all(&self, app: AppId) -> Result<JobEnd, JobFault> {
        let mut end = JobEnd::Void;
        while let Some(message) = self.store.read(lookups::next_open_downstream(app)).await? {
            self.deliver(message).await?;
            end = JobEnd::Done;
        }
        Ok(end)
    }

    async fn deliver(&self, message: DownstreamId) -> Result<(), JobFault> {
        let mut there = (self.there)().await;
        there.sort_unstable();
        let mut first = there.into_iter();
        while first.len() > 0 {
            let among = |most| SpreadStep::Among(first.by_ref().take(most).collect());
            if !self.step(message, among).await? {
                return Ok(());
            }
        }
        drop(first);
        while self.step(message, SpreadStep::Next).await? {}
        Ok(())
    }

    /// Makes some deliveries, as many as a step takes now; whether there are more to make.
    async fn step(
        &self,
        message: DownstreamId,
        step: impl FnOnce(usize) -> SpreadStep,
    ) -> Result<bool, JobFault> {
        let mut size = self.size.lock().await;
        let step = writes::spread_downstream(message, step(size.rows));
        let more = self.store.run(step).await?;
        if size.is_shared(self.store.commands()) {
            tokio::time::sleep(REST).await;
        }
        Ok(more)
    }
}
