//! Whom a user wants to hear nothing of: the way to the store for it.
//!
//! A change takes its place among the messages, so that it holds for all that are sent once it is
//! answered, on every dialect. Who lifts a block is told of a request for friendship that it has hidden.

use super::Hub;
use super::access::{LookUp, refusal};
use super::messages::TellRequest;
use crate::domain::accounts::block::{BlockRefusal, BlockVerb};
use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;
use crate::store::Line;
use crate::store::accounts::blocks;

impl Hub {
    /// Makes or lifts a block; `target` is `None` where the id can be nobody's.
    pub fn block(
        &self,
        me: UserId,
        target: Option<UserId>,
        verb: BlockVerb,
        now: Timestamp,
    ) -> impl LookUp<Result<(), BlockRefusal>> + use<> {
        let hub = self.clone();
        let change = move |conn: &mut _| blocks::change(conn, me, target, verb, now);
        async move {
            let changed = hub.store.write(change).await.map_err(refusal)?;
            Ok(changed.map(|request| {
                if let Some(by) = request
                    && hub.ask(TellRequest { to: me, by }).is_err()
                {
                    log::debug!(
                        "a request that a block had hidden is told with the next list only"
                    );
                }
            }))
        }
    }

    /// Whom a user blocks, oldest block first.
    pub fn blocked(&self, me: UserId) -> impl LookUp<Vec<UserId>> + use<> {
        self.look_up(Line::Heavy(me), move |conn| blocks::of(conn, me))
    }

    /// Whether a user blocks another.
    pub fn is_blocked(&self, me: UserId, target: UserId) -> impl LookUp<bool> + use<> {
        self.look_up(Line::Light(me), move |conn| blocks::is_set(conn, me, target))
    }
}
