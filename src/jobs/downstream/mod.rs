//! Deliveries of messages that were sent to many devices, as a kind of job: one an app, which goes on until all of the
//! app's messages are delivered, in the order in which they were sent.
//!
//! Each step is a transaction of the store, so others get their turn between two of them, and after a kill the job goes
//! on where it was. Devices that are there now come first. What is held meanwhile does not grow with the group: a step
//! of deliveries, and the ids of the devices that are there.

mod settings;

use std::rc::Rc;

use futures_util::future::LocalBoxFuture;

use crate::domain::id::{AppId, DeviceId, DownstreamId};
use crate::jobs::kind::{JobEnd, JobFault, JobKind, JobPolicy};
use crate::store::Store;
use crate::store::apps::downstreams::{KIND, STEP_MAX};
use crate::store::apps::spread::SpreadStep;
use crate::store::apps::{lookups, writes};

pub use settings::Settings;

/// Apps whose messages are delivered at the same time.
const APPS_AT_ONCE: u32 = 4;

/// Gives the devices that are there now, in any order; none if nobody can say.
pub type DevicesThere = dyn Fn() -> LocalBoxFuture<'static, Vec<DeviceId>>;

/// Makes deliveries.
pub struct Downstreams {
    pub store: Store,
    pub there: Rc<DevicesThere>,
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
        for some in there.chunks(STEP_MAX) {
            if !self.step(message, SpreadStep::Among(some.to_vec())).await? {
                return Ok(());
            }
        }
        drop(there);
        while self.step(message, SpreadStep::Next).await? {}
        Ok(())
    }

    /// Makes some deliveries; whether there are more to make.
    async fn step(&self, message: DownstreamId, step: SpreadStep) -> Result<bool, JobFault> {
        Ok(self.store.run(writes::spread_downstream(message, step)).await?)
    }
}
