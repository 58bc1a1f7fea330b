//! A part that is one task, such as a timer.

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{Ending, Part};

/// A task that is told when to end.
pub struct TaskPart {
    stop: watch::Sender<bool>,
    running: JoinHandle<()>,
}

impl TaskPart {
    /// Starts what is handed that by which it is told.
    pub fn start<F>(run: impl FnOnce(watch::Receiver<bool>) -> F) -> ((), Self)
    where
        F: Future<Output = ()> + 'static,
    {
        let stop = watch::Sender::new(false);
        let running = actix::spawn(run(stop.subscribe()));
        ((), Self { stop, running })
    }
}

impl Part for TaskPart {
    fn stop(self: Box<Self>) -> Ending<'static> {
        self.stop.send_replace(true);
        Box::pin(async move { Ok(self.running.await?) })
    }
}
