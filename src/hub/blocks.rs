//! Whom a user wants to hear nothing of: the way to the store for it.
//!
//! A change takes its place among the messages, so that it holds for all that are sent once it is
//! answered, on every dialect.

use super::Hub;
use super::access::{LookUp, refusal};
use crate::domain::block::{BlockRefusal, BlockVerb};
use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;
use crate::store::tables::blocks;

impl Hub {
    /// Makes or lifts a block; `target` is `None` where the id can be nobody's.
    pub fn block(
        &self,
        me: UserId,
        target: Option<UserId>,
        verb: BlockVerb,
        now: Timestamp,
    ) -> impl LookUp<Result<(), BlockRefusal>> + use<> {
        let store = self.store.clone();
        let change = move |conn: &mut _| blocks::change(conn, me, target, verb, now);
        async move { store.write(change).await.map_err(refusal) }
    }

    /// Whom a user blocks, oldest block first.
    pub fn blocked(&self, me: UserId) -> impl LookUp<Vec<UserId>> + use<> {
        self.look_up(move |conn| blocks::of(conn, me))
    }

    /// Whether a user blocks another.
    pub fn is_blocked(&self, me: UserId, target: UserId) -> impl LookUp<bool> + use<> {
        self.look_up(move |conn| blocks::is_set(conn, me, target))
    }
}
