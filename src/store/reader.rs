//! The threads that read, beside the one that writes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use actix::{Actor, Handler, Message, SyncContext};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::Connection;
use super::database::Database;
use super::error::StoreError;

/// Answers look-ups.
pub(super) struct Reader {
    pub database: Database,
}

/// A look-up on its way.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Lookup(Box<dyn FnOnce(&Database) + Send>);

impl Lookup {
    /// A function that looks something up, and where its value will come.
    pub fn new<T: Send + 'static>(
        op: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
        permit: OwnedSemaphorePermit,
    ) -> (Self, oneshot::Receiver<Result<T, StoreError>>) {
        let (reply, answer) = oneshot::channel();
        let lookup = move |database: &Database| {
            // Unlike a write, a look-up is for nobody but the one who waits.
            if reply.is_closed() {
                return;
            }
            let read = || database.read(op);
            // A panic would end the thread for good (decision 4); nothing of `op` outlives it.
            let value = catch_unwind(AssertUnwindSafe(read)).unwrap_or(Err(StoreError::Panicked));
            drop(permit);
            drop(reply.send(value));
        };
        (Self(Box::new(lookup)), answer)
    }
}

impl Actor for Reader {
    type Context = SyncContext<Self>;
}

impl Handler<Lookup> for Reader {
    type Result = ();

    fn handle(&mut self, Lookup(lookup): Lookup, _: &mut SyncContext<Self>) {
        lookup(&self.database);
    }
}
