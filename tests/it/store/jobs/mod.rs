//! Jobs: who may do one, how it ends, and that two processes do it once.

mod mails;
mod queue;
mod sweeps;
mod work;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tradewind::domain::clock::Clock;
use tradewind::jobs::sweeps::Timer;
use tradewind::jobs::{JobKind, LEASE, Worker};
use tradewind::store::jobs::Queue;

use super::harness::*;

/// A worker that runs, as if in a process of its own.
struct Office {
    live: Live,
    queue: Queue,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// What a worker has to know.
struct Duty {
    node: i16,
    lease: Duration,
    kinds: Vec<Box<dyn JobKind>>,
    timers: Vec<Timer>,
}

impl Duty {
    /// The jobs of one kind.
    fn of(node: i16, kind: impl JobKind + 'static) -> Self {
        Self { node, lease: LEASE, kinds: vec![Box::new(kind)], timers: Vec::new() }
    }
}

impl Office {
    fn open(live: Live, duty: Duty) -> Self {
        let clock: Arc<dyn Clock> = live.clock.clone();
        Self::by(live, clock, duty)
    }

    /// One that goes by another clock.
    fn by(live: Live, clock: Arc<dyn Clock>, duty: Duty) -> Self {
        let Duty { node, lease, kinds, timers } = duty;
        let (queue, stop) = (Queue::default(), watch::Sender::new(false));
        let (store, woken) = (live.store.clone(), queue.clone());
        let worker = Worker { queue: woken, store, clock, node, lease, kinds, timers };
        let task = actix::spawn(worker.run(stop.subscribe()));
        Self { live, queue, stop, task }
    }

    /// Stops it in order.
    async fn close(self) {
        self.stop.send_replace(true);
        within(self.task).await.unwrap();
    }
}
