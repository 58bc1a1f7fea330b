//! What was said in conversations, and what somebody has not acknowledged.

use super::Apps;
use super::customers::{CustomerAsker, CustomerRefusal};
use crate::domain::apps::customer::{ConversationMessage, PageAsked};
use crate::domain::id::{DownstreamId, GroupId, MessageId, UserId};
use crate::domain::uuid::{PushId, Uuid};
use crate::store::Line;
use crate::store::apps::conversation_history::CountedPage;
pub use crate::store::apps::customer_lookups::Unacknowledged;
use crate::store::apps::{customer_lookups, customer_writes};

impl Apps {
    /// A page of a conversation that the asker is in, or that belongs to the app which the asker administers.
    ///
    /// # Errors
    /// [`CustomerRefusal::NoConversation`], [`CustomerRefusal::NotYours`] if the token is nobody's, and faults.
    pub async fn conversation_page(
        &self,
        asker: &CustomerAsker,
        id: Option<GroupId>,
        page: PageAsked,
    ) -> Result<CountedPage<ConversationMessage>, CustomerRefusal> {
        let (member, line) = if asker.level().administers() {
            (None, Line::Nobody)
        } else {
            let me = asker.user_id()?;
            (Some(me), Line::Light(me))
        };
        let id = id.ok_or(CustomerRefusal::NoConversation)?;
        let look = customer_lookups::conversation_page(asker.app.clone(), member, id, page);
        self.store.read_for(line, look).await?.ok_or(CustomerRefusal::NoConversation)
    }

    /// What the asker has not acknowledged, oldest first, what the app has sent to devices among it; and whose that is.
    ///
    /// # Errors
    /// [`CustomerRefusal::NotYours`] if the token is nobody's, and faults.
    pub async fn unacknowledged(
        &self,
        asker: &CustomerAsker,
        page: PageAsked,
    ) -> Result<(UserId, CountedPage<Unacknowledged>), CustomerRefusal> {
        let me = asker.user_id()?;
        let look = customer_lookups::unacknowledged(asker.app.clone(), me, page, self.clock.now());
        Ok((me, self.store.read_for(Line::Light(me), look).await?))
    }

    /// The asker has what these name; what is not for the asker is passed over.
    ///
    /// # Errors
    /// [`CustomerRefusal::NotYours`] if the token is nobody's, and faults.
    pub async fn acknowledge(
        &self,
        asker: &CustomerAsker,
        names: &[Uuid],
    ) -> Result<(), CustomerRefusal> {
        let me = asker.user_id()?;
        let (mut messages, mut downstreams) = (Vec::<MessageId>::new(), Vec::<DownstreamId>::new());
        for push in names.iter().copied().filter_map(PushId::of_uuid) {
            match push {
                PushId::Message(message, to) if to == me => messages.push(message),
                PushId::Downstream(message, to) if to == me => downstreams.push(message),
                PushId::Message(..) | PushId::Downstream(..) => (),
            }
        }
        if messages.is_empty() && downstreams.is_empty() {
            return Ok(());
        }
        let job = customer_writes::acknowledge(asker.app.id, me, messages, downstreams);
        Ok(self.store.run(job).await?)
    }
}
