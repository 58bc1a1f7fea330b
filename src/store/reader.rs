//! The threads that read, beside the one that writes.

use actix::{Actor, Handler, Message, SyncContext};

use super::database::Database;

/// Answers look-ups.
pub(super) struct Reader {
    pub database: Database,
}

/// A look-up on its way. It must not panic: that would end the thread for good (decision 4).
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Lookup(pub Box<dyn FnOnce(&Database) + Send>);

impl Actor for Reader {
    type Context = SyncContext<Self>;
}

impl Handler<Lookup> for Reader {
    type Result = ();

    fn handle(&mut self, Lookup(lookup): Lookup, _: &mut SyncContext<Self>) {
        lookup(&self.database);
    }
}
