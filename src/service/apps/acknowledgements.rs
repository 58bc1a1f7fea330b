//! What devices say they have, written together: while some of it is being committed, more gathers. So thousands of
//! devices that have got one message cost few transactions, and a lone one waits for nobody.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio::task::spawn_local;

use crate::domain::error::Refusal;
use crate::domain::id::{DeviceId, DownstreamId};
use crate::hub::refusal;
use crate::store::Store;
use crate::store::apps::downstreams::STEP_MAX;
use crate::store::apps::writes;

/// A device has a message.
pub(super) type Had = (DeviceId, DownstreamId);
type AckReply = oneshot::Sender<Result<(), Refusal>>;

/// What is to be written. Each session waits for its own, so there is no more of it than sessions.
#[derive(Default)]
pub(super) struct Acknowledgements(Mutex<AckQueue>);

#[derive(Default)]
struct AckQueue {
    frames: Vec<(Vec<Had>, AckReply)>,
    is_writing: bool,
}

impl Acknowledgements {
    /// Writes what a device has; done once it is committed.
    ///
    /// # Errors
    /// [`Refusal::Busy`], [`Refusal::Internal`].
    pub async fn write(self: &Arc<Self>, store: &Store, had: Vec<Had>) -> Result<(), Refusal> {
        if had.is_empty() {
            return Ok(());
        }
        let (reply, written) = oneshot::channel();
        let is_first = {
            let mut gathered = self.gathered();
            gathered.frames.push((had, reply));
            !mem::replace(&mut gathered.is_writing, true)
        };
        if is_first {
            // Not this caller's to end: others wait for it.
            let turn = AckTurn { of: Arc::clone(self), is_over: false };
            spawn_local(turn.write_all(store.clone()));
        }
        written.await.unwrap_or(Err(Refusal::Internal))
    }

    fn gathered(&self) -> MutexGuard<'_, AckQueue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one that writes. If it is dropped in the middle, who waits hears so, and another may begin.
struct AckTurn {
    of: Arc<Acknowledgements>,
    is_over: bool,
}

impl AckTurn {
    async fn write_all(mut self, store: Store) {
        loop {
            let (had, replies) = self.next();
            if replies.is_empty() {
                return;
            }
            let outcome = store.run(writes::acknowledge(had)).await.map_err(refusal);
            for reply in replies {
                if reply.send(outcome).is_err() {
                    log::debug!("a device went away before what it has was written");
                }
            }
        }
    }

    /// As many frames as one transaction takes, at least one if there is any; if there is none, the turn is over.
    fn next(&mut self) -> (Vec<Had>, Vec<AckReply>) {
        let mut gathered = self.of.gathered();
        let mut count = 0_usize;
        let fits = |(had, _): &&(Vec<Had>, AckReply)| {
            let is_first = count == 0;
            count = count.saturating_add(had.len());
            is_first || count <= STEP_MAX
        };
        let frames = gathered.frames.iter().take_while(fits).count();
        let (had, replies): (Vec<_>, Vec<_>) = gathered.frames.drain(..frames).unzip();
        gathered.is_writing = frames > 0;
        self.is_over = frames == 0;
        (had.concat(), replies)
    }
}

impl Drop for AckTurn {
    fn drop(&mut self) {
        if !self.is_over {
            *self.of.gathered() = AckQueue::default();
        }
    }
}
