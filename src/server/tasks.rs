//! What works beside the requests, until the server stops.

use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Tasks with names.
pub(super) struct Tasks {
    stop: watch::Sender<bool>,
    running: Vec<(&'static str, JoinHandle<()>)>,
}

impl Tasks {
    /// None yet.
    pub fn new() -> Self {
        Self { stop: watch::Sender::new(false), running: Vec::new() }
    }

    /// Starts one that is handed what tells it to stop.
    pub fn start<F>(&mut self, name: &'static str, task: impl FnOnce(watch::Receiver<bool>) -> F)
    where
        F: Future<Output = ()> + 'static,
    {
        self.running.push((name, actix::spawn(task(self.stop.subscribe()))));
    }

    /// Stops all, and waits for their ends.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for (name, task) in self.running {
            joined(name, task.await);
        }
    }
}

/// Says so if a task has panicked.
pub(super) fn joined<E: std::fmt::Display>(name: &str, ended: Result<(), E>) {
    if let Err(error) = ended {
        log::error!("the {name} task ended badly: {error}");
    }
}
