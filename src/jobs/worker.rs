//! The one loop that does what is due.
//!
//! A turn looks at everything in one read. Only what the look has found costs a write: a bit of each sweep that has
//! something to forget, and a claim for jobs that are due. Jobs run beside the turns; whoever finishes one, stores
//! one (`Queue::wake`) or waits long enough brings the next turn.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::domain::clock::{Clock, Timestamp};
use crate::jobs::kind::{JobKind, JobPolicy};
use crate::jobs::run::JobRun;
use crate::jobs::sweeps::Timer;
use crate::store::jobs::leases::Hold;
use crate::store::jobs::queue::Look;
use crate::store::jobs::{Lease, Queue, lookups, writes};
use crate::store::{Store, StoreError};

/// How long a lease lasts unless it is renewed: much longer than a write takes or clocks differ, and not too
/// long for a mail to wait if its node has died for good.
pub const LEASE: Duration = Duration::from_secs(30);

/// How long to wait when nothing is due.
const IDLE: Duration = Duration::from_secs(60);
/// How long to wait when the store has failed.
pub(super) const STORE_RETRY: Duration = Duration::from_secs(5);
/// How long a stop waits for the store.
const STOP: Duration = Duration::from_secs(2);

/// Does jobs, and sweeps.
pub struct Worker {
    /// What wakes it.
    pub queue: Queue,
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    /// The number of this node, in whose name leases are held. No two that live have the same.
    pub node: i16,
    pub lease: Duration,
    pub kinds: Vec<Box<dyn JobKind>>,
    pub timers: Vec<Timer>,
}

/// A kind, and how many of its jobs are on their way.
struct Desk<'w> {
    kind: &'w dyn JobKind,
    policy: JobPolicy,
    busy: Cell<u32>,
}

/// A timer, and when it is due (on the steady clock).
struct Tick<'w> {
    timer: &'w Timer,
    due_at: Cell<Duration>,
    swept: Cell<usize>,
}

type RunningJobs<'d> = FuturesUnordered<LocalBoxFuture<'d, ()>>;

impl Worker {
    /// Works until told to stop. What is on its way then is given back, and done again after the next start:
    /// a mail server may take longer than a stop should.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        tokio::select! {
            () = self.work() => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
        if tokio::time::timeout(STOP, self.give_back()).await.is_err() {
            log::warn!("jobs on their way could not be given back in time: their leases run out");
        }
    }

    /// Gives back what was on its way, a claim that the store had not answered yet included.
    async fn give_back(&self) {
        self.store.flush().await;
        if let Err(error) = self.free().await {
            log::warn!("jobs on their way could not be given back: {error}");
        }
    }

    async fn work(&self) {
        // What this node had when it was killed.
        while let Err(error) = self.free().await {
            log::error!("the jobs could not be read: {error}");
            sleep(STORE_RETRY).await;
        }
        let desks: Vec<Desk<'_>> = self.kinds.iter().map(|kind| Desk::new(&**kind)).collect();
        let ticks: Vec<Tick<'_>> = self.timers.iter().map(Tick::new).collect();
        let mut running = RunningJobs::new();
        loop {
            let turn = self.turn(&desks, &ticks, &running).await;
            let wait = turn.unwrap_or_else(|error| {
                log::error!("the jobs could not be read: {error}");
                STORE_RETRY
            });
            tokio::select! {
                Some(()) = running.next() => {}
                () = self.queue.woken() => {}
                () = sleep(wait) => {}
            }
        }
    }

    /// Gives back all jobs of this node.
    async fn free(&self) -> Result<(), StoreError> {
        let node = self.node;
        if self.store.read(lookups::holds_any(node)).await? {
            self.store.run(writes::free(node)).await?;
        }
        Ok(())
    }

    /// Sweeps a bit, starts what is due, and says how long nothing more will be.
    async fn turn<'d>(
        &'d self,
        desks: &'d [Desk<'d>],
        ticks: &[Tick<'_>],
        running: &RunningJobs<'d>,
    ) -> Result<Duration, StoreError> {
        let (now, steady) = (self.clock.now(), self.clock.steady());
        let due: Vec<&Tick<'_>> = ticks.iter().filter(|tick| tick.due_at.get() <= steady).collect();
        let (sweeps, looks) = self.look(desks, &due, now).await?;
        let mut wait = IDLE;
        for (tick, has_work) in due.into_iter().zip(sweeps) {
            if has_work && self.sweep(tick, now).await {
                wait = Duration::ZERO;
            } else {
                tick.rest(steady);
            }
        }
        for (desk, look) in desks.iter().zip(looks) {
            desk.kind.waiting(look.waiting);
            wait = wait.min(self.start_due(desk, look, now, running).await?);
        }
        let ticks = ticks.iter().filter(|tick| !tick.timer.every.is_zero());
        let next = ticks.map(|tick| tick.due_at.get().saturating_sub(steady)).min();
        Ok(next.map_or(wait, |next| wait.min(next)))
    }

    /// Which timers have something to do, and what each kind has.
    async fn look(
        &self,
        desks: &[Desk<'_>],
        due: &[&Tick<'_>],
        now: Timestamp,
    ) -> Result<(Vec<bool>, Vec<Look>), StoreError> {
        let sweeps = due.iter().map(|tick| (tick.timer.look)(now)).collect();
        let kinds = desks.iter().map(|desk| desk.policy.kind).collect();
        self.store.read(lookups::together(sweeps, kinds)).await
    }

    /// One bit of a sweep. Whether there may be more.
    async fn sweep(&self, tick: &Tick<'_>, now: Timestamp) -> bool {
        let hold = Hold { name: tick.timer.name, lease: self.lease_from(now), now };
        match (tick.timer.bit)(self.store.clone(), hold).await {
            Ok(swept) => {
                let swept = swept.unwrap_or(0);
                tick.swept.set(tick.swept.get().saturating_add(swept));
                swept > 0
            }
            Err(error) => {
                log::warn!("{} could not be forgotten: {error}", tick.timer.name);
                false
            }
        }
    }

    /// Starts as many jobs of a kind as are due and may run; gives how long no more will be due.
    async fn start_due<'d>(
        &'d self,
        desk: &'d Desk<'d>,
        look: Look,
        now: Timestamp,
        running: &RunningJobs<'d>,
    ) -> Result<Duration, StoreError> {
        let Desk { kind, policy, ref busy } = *desk;
        let free = policy.at_once_max.saturating_sub(busy.get());
        let Some(next_at) = look.next_at.filter(|_| free > 0) else { return Ok(IDLE) };
        if next_at > now {
            let micros = next_at.micros().saturating_sub(now.micros());
            return Ok(Duration::from_micros(u64::try_from(micros).unwrap_or(0)));
        }
        let lease = self.lease_from(now);
        for job in self.store.run(writes::claim(policy.kind, now, lease, free)).await? {
            busy.set(busy.get().saturating_add(1));
            let run = JobRun { worker: self, kind, policy, job };
            running.push(Box::pin(async move {
                run.go().await;
                busy.set(busy.get().saturating_sub(1));
            }));
        }
        // A job that ends brings a turn; while there is room, the next look says what else is due.
        Ok(if busy.get() < policy.at_once_max { Duration::ZERO } else { IDLE })
    }

    /// A lease that is taken now.
    pub(super) fn lease_from(&self, now: Timestamp) -> Lease {
        Lease { by: self.node, until: now.after(self.lease) }
    }
}

impl<'w> Desk<'w> {
    fn new(kind: &'w dyn JobKind) -> Self {
        Self { kind, policy: kind.policy(), busy: Cell::new(0) }
    }
}

impl<'w> Tick<'w> {
    fn new(timer: &'w Timer) -> Self {
        Self { timer, due_at: Cell::new(Duration::ZERO), swept: Cell::new(0) }
    }

    /// Nothing is left to be swept until the timer is due again.
    fn rest(&self, steady: Duration) {
        self.due_at.set(steady.saturating_add(self.timer.every));
        let swept = self.swept.take();
        if swept > 0 {
            log::debug!("{swept} {} forgotten", self.timer.name);
        }
    }
}
