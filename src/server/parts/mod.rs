//! The parts of a server, in one list, which is the only order there is.
//!
//! A part is started on those before it. When the server stops, the list is walked from its end, so that
//! whoever asks others goes before them: first all drain, while all are still there to be asked, then all
//! stop. No part can hold up the others for longer than its patience.

mod task;

use std::future::ready;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use tokio::task::JoinError;
use tokio::time::timeout;

pub use task::TaskPart;

/// How long parts are waited for that say nothing else.
const PATIENCE: Duration = Duration::from_secs(5);

/// How a part ends what it does.
pub type Ending<'a> = Pin<Box<dyn Future<Output = Result<(), BadEnd>> + 'a>>;

/// Something that runs, and can be stopped.
pub trait Part: Send + Sync {
    /// How long its drain may take, and again its stop.
    fn patience(&self) -> Duration {
        PATIENCE
    }

    /// Takes nothing new, and brings what is under way to its end. All parts are still there.
    fn drain(&mut self) -> Ending<'_> {
        Box::pin(ready(Ok(())))
    }

    /// Ends. Those parts are still there that were started before it.
    fn stop(self: Box<Self>) -> Ending<'static> {
        Box::pin(ready(Ok(())))
    }
}

/// Why a part did not end well.
#[derive(Debug, thiserror::Error)]
pub enum BadEnd {
    #[error("it took longer than {} ms", .0.as_millis())]
    Late(Duration),
    /// Its task was killed, or has panicked.
    #[error(transparent)]
    Task(#[from] JoinError),
    #[error("its thread has panicked")]
    Thread,
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Parts that run, in the order of their starts.
#[derive(Default)]
pub struct PartList {
    list: Vec<(&'static str, Box<dyn Part>)>,
}

impl PartList {
    /// Starts what a list says, and gives what it gives; if it fails, the parts before are stopped.
    ///
    /// # Errors
    /// Those of the list.
    pub async fn start<T, E>(
        list: impl AsyncFnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<(Self, T), E> {
        let mut parts = Self::default();
        match list(&mut parts).await {
            Ok(given) => Ok((parts, given)),
            Err(error) => {
                parts.stop().await;
                Err(error)
            }
        }
    }

    /// Adds a part that has just been started; gives the way to it.
    pub fn add<W>(&mut self, name: &'static str, (way, part): (W, impl Part + 'static)) -> W {
        log::debug!("the {name} has started");
        self.list.push((name, Box::new(part)));
        way
    }

    /// Drains all, then stops all, each from the last to the first. False if some have not drained well.
    pub async fn stop(mut self) -> bool {
        let mut drained = true;
        for (name, part) in self.list.iter_mut().rev() {
            if let Err(error) = patiently(part.patience(), part.drain()).await {
                log::warn!("the {name} has not drained: {error}");
                drained = false;
            }
        }
        for (name, part) in self.list.into_iter().rev() {
            match patiently(part.patience(), part.stop()).await {
                Ok(()) => log::debug!("the {name} has stopped"),
                Err(error) => log::error!("the {name} has ended badly: {error}"),
            }
        }
        drained
    }
}

async fn patiently(patience: Duration, ending: Ending<'_>) -> Result<(), BadEnd> {
    timeout(patience, ending).await.unwrap_or(Err(BadEnd::Late(patience)))
}

#[cfg(test)]
mod tests;
