//! Whom a user wants to hear nothing of.
//!
//! A change takes its place among the messages, so that it holds for all that are sent once it is
//! answered, on every dialect. Who lifts a block is told of a request for friendship that it has hidden.

use super::Accounts;
use crate::domain::accounts::block::{BlockRefusal, BlockVerb};
use crate::domain::accounts::user::User;
use crate::domain::id::UserId;
use crate::hub::refusal;
use crate::service::{LookUp, ServiceFault, look_up};
use crate::store::Line;
use crate::store::accounts::lookups;
use crate::store::chat::writes;

impl Accounts {
    /// Makes or lifts a block; `target` is `None` where the id can be nobody's.
    pub fn block(
        &self,
        me: UserId,
        target: Option<UserId>,
        verb: BlockVerb,
    ) -> impl LookUp<Result<(), BlockRefusal>> + use<> {
        let (accounts, now) = (self.clone(), self.clock.now());
        async move {
            let block = writes::block(me, target, verb, now);
            accounts.run_told(block).await.map_err(refusal)
        }
    }

    /// Whom a user blocks, oldest block first.
    pub fn blocked(&self, me: UserId) -> impl LookUp<Vec<UserId>> + use<> {
        look_up(&self.store, Line::Heavy(me), lookups::blocked_ids(me))
    }

    /// The same, as users.
    ///
    /// # Errors
    /// [`ServiceFault::Busy`], [`ServiceFault::Internal`].
    pub async fn blocked_users(&self, me: UserId) -> Result<Vec<User>, ServiceFault> {
        Ok(self.store.read_for(Line::Heavy(me), lookups::blocked(me)).await?)
    }

    /// Whether a user blocks another.
    pub fn is_blocked(&self, me: UserId, target: UserId) -> impl LookUp<bool> + use<> {
        look_up(&self.store, Line::Light(me), lookups::is_blocked(me, target))
    }
}
