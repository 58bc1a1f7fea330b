//! Messages of customer chat, and what else a socket of it asks.

use std::sync::Arc;
use std::time::Duration;

use super::Apps;
use crate::domain::apps::command::AppsAnswer;
use crate::domain::apps::customer::{CustomerMessage, SendOutcome};
use crate::domain::apps::customer_request::{
    CustomerAnswer, CustomerRequest, CustomerSend, CustomerSender,
};
use crate::domain::clock::Timestamp;
use crate::domain::error::Refusal;
use crate::domain::id::{DeviceId, GroupId, SessionId, UserId};
use crate::domain::principal::Mailbox;
use crate::service::{ServiceFault, look_up};
use crate::store::Line;
use crate::store::apps::message_writes::MessageTools;
use crate::store::apps::{message_lookups, message_writes};

impl Apps {
    /// Sends a message to a conversation; all who are to get it are told.
    ///
    /// # Errors
    /// [`ServiceFault::Busy`], [`ServiceFault::Internal`].
    pub async fn send(
        &self,
        sender: CustomerSender,
        message: CustomerMessage,
    ) -> Result<SendOutcome, ServiceFault> {
        let group = message.conversation;
        let send = message_writes::send_message(sender, message, self.message_tools());
        let sent = self.store.run(send).await?;
        if let Some(group) = group.filter(|_| !sent.agents.is_empty())
            && let Err(fault) = self.answer_for(group, sent.agents).await
        {
            // The message is sent; so it is answered, and only the text that was to follow is missing.
            log::warn!("nobody was told that no agent is there: {fault}");
        }
        Ok(sent.outcome)
    }

    /// Says in a conversation that no agent is there, if so.
    async fn answer_for(&self, group: GroupId, agents: Vec<UserId>) -> Result<(), ServiceFault> {
        // Not by what friends are told: who has just gone is told of a while later.
        let agents = agents.into_iter().map(Mailbox::User).collect();
        if self.hub.is_any_online(agents).await.map_err(|_| ServiceFault::Busy)? {
            return Ok(());
        }
        let told_before = before(self.clock.now(), self.settings.offline_text_interval);
        let say = message_writes::say_offline(group, self.message_tools(), told_before);
        Ok(self.store.run(say).await?)
    }

    /// What a socket of customer chat asks.
    pub(super) async fn customer_asks(
        &self,
        session: SessionId,
        (device, user): (DeviceId, UserId),
        request: CustomerRequest,
    ) -> Result<AppsAnswer, Refusal> {
        let answer = match request {
            CustomerRequest::Send(send) => {
                let CustomerSend { app: names_app, conversation_text, message } = *send;
                let uuid = message.uuid.clone();
                let sender = CustomerSender { user, app: None, names_app, device: Some(device) };
                let outcome = self.send(sender, message).await.map_err(Refusal::from);
                CustomerAnswer::Sent { uuid, conversation_text, outcome }
            }
            CustomerRequest::Unsent { uuid, conversation_text } => {
                CustomerAnswer::Sent { uuid, conversation_text, outcome: Err(Refusal::Busy) }
            }
            CustomerRequest::Watch(conversation) => {
                CustomerAnswer::Watching(self.watch(session, (device, user), conversation).await?)
            }
            CustomerRequest::Unwatch => {
                self.hub.unwatch(session, user)?;
                return Ok(AppsAnswer::Done);
            }
            CustomerRequest::Type => {
                self.hub.types(session)?;
                return Ok(AppsAnswer::Done);
            }
        };
        Ok(AppsAnswer::Customer(answer))
    }

    async fn watch(
        &self,
        session: SessionId,
        (device, user): (DeviceId, UserId),
        conversation: Option<GroupId>,
    ) -> Result<bool, Refusal> {
        let Some(conversation) = conversation else { return Ok(false) };
        let may = message_lookups::may_watch(user, device, conversation);
        let may = look_up(&self.store, Line::Light(user), may).await?;
        if may {
            self.hub.watch(session, user, conversation)?;
        }
        Ok(may)
    }

    fn message_tools(&self) -> MessageTools {
        let (mint, clock) = (Arc::clone(&self.mint), Arc::clone(&self.clock));
        MessageTools { mint, clock, format: self.settings.bodies }
    }
}

fn before(now: Timestamp, by: Duration) -> Timestamp {
    let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(now.micros().saturating_sub(micros))
}

impl From<ServiceFault> for Refusal {
    fn from(fault: ServiceFault) -> Self {
        match fault {
            ServiceFault::TooMany(_) | ServiceFault::Busy => Self::Busy,
            ServiceFault::Internal => Self::Internal,
        }
    }
}
