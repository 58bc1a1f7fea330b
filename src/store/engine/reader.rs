//! The threads that read, beside the one that writes.

use std::sync::Arc;

use actix::{Actor, Handler, Message, SyncContext};

use crate::store::engine::database::Database;
use crate::store::engine::lines::Lines;

/// Answers look-ups.
pub(in crate::store) struct Reader {
    pub database: Database,
    pub lines: Arc<Lines>,
}

/// There is one look-up more.
#[derive(Message)]
#[rtype(result = "()")]
pub(in crate::store) struct TakeNext;

impl Actor for Reader {
    type Context = SyncContext<Self>;
}

impl Handler<TakeNext> for Reader {
    type Result = ();

    fn handle(&mut self, TakeNext: TakeNext, _: &mut SyncContext<Self>) {
        let mut next = self.lines.take();
        while let Some((turn, task)) = next {
            task(&self.database, turn);
            next = self.lines.next();
        }
    }
}
