//! One job on its way: done under its lease, and then forgotten, postponed or given back.

use std::error::Error;
use std::time::Duration;
use std::{fmt, iter};

use tokio::time::sleep;

use crate::jobs::backoff::backoff;
use crate::jobs::kind::{JobEnd, JobFault, JobKind, JobPolicy};
use crate::jobs::worker::{STORE_RETRY, Worker};
use crate::store::StoreError;
use crate::store::jobs::queue::DueJob;
use crate::store::jobs::writes::{self, Settlement};

/// A lease is renewed so often before it would run out.
const RENEWALS: u32 = 3;

/// A claimed job.
pub(super) struct JobRun<'w> {
    pub worker: &'w Worker,
    pub kind: &'w dyn JobKind,
    pub policy: JobPolicy,
    pub job: DueJob,
}

impl JobRun<'_> {
    /// Does the job and writes down how it ended, as soon as the store lets it.
    pub async fn go(mut self) {
        let Some(ended) = self.under_lease().await else {
            return log::warn!("{self} was left to whoever has it by now");
        };
        let settlement = self.settlement(ended).await;
        while let Err(error) = self.settle(settlement).await {
            log::error!("{self} could not be settled: {error}");
            sleep(STORE_RETRY).await;
        }
    }

    /// Does the job while the lease lasts. `None` if the lease was lost.
    async fn under_lease(&mut self) -> Option<Result<JobEnd, JobFault>> {
        let mut doing = self.kind.run(self.job.payload.clone());
        let pause = self.worker.lease.checked_div(RENEWALS).unwrap_or(Duration::ZERO);
        loop {
            tokio::select! {
                ended = &mut doing => return Some(ended),
                () = sleep(pause) => if !self.renew().await { return None },
            }
        }
    }

    /// Whether the job is still this node's.
    async fn renew(&mut self) -> bool {
        let now = self.worker.clock.now();
        let until = self.worker.lease_from(now).until;
        match self.worker.store.run(writes::renew(self.job.clone(), until)).await {
            Ok(true) => {
                self.job.lease.until = until;
                true
            }
            Ok(false) => false,
            // Nobody else can have the job before the lease has run out.
            Err(error) => {
                log::warn!("the lease of {self} could not be renewed: {error}");
                now < self.job.lease.until
            }
        }
    }

    /// What becomes of the job now; says so.
    async fn settlement(&self, ended: Result<JobEnd, JobFault>) -> Settlement {
        let JobPolicy { done, attempts_max, retry_first_ms, retry_max_ms, .. } = self.policy;
        let tried = u32::try_from(self.job.attempts).unwrap_or(u32::MAX).saturating_add(1);
        match ended {
            Ok(JobEnd::Done) => log::info!("{self} {done}"),
            Ok(JobEnd::Void) => log::info!("{self} is not wanted any more"),
            Err(JobFault::Passing(cause)) if tried < attempts_max => {
                let wait = backoff(tried, retry_first_ms, retry_max_ms);
                let (millis, cause) = (wait.as_millis(), chain(&*cause));
                log::warn!("{self} not {done}, again in {millis} ms: {cause}");
                return Settlement::Postpone(self.worker.clock.now().after(wait));
            }
            Err(JobFault::Passing(cause) | JobFault::Permanent(cause)) => {
                log::error!("{self} given up after {tried} tries: {}", chain(&*cause));
            }
            Err(JobFault::Store(error)) => {
                log::error!("{self} waits for the store: {error}");
                sleep(STORE_RETRY).await;
                return Settlement::GiveBack;
            }
        }
        Settlement::Forget
    }

    async fn settle(&self, settlement: Settlement) -> Result<(), StoreError> {
        self.worker.store.run(writes::settle(self.job.clone(), settlement)).await
    }
}

/// `mail 7`.
impl fmt::Display for JobRun<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.policy.kind, self.job.id)
    }
}

/// An error with its causes, on one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = iter::successors(Some(error), |error| (*error).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
