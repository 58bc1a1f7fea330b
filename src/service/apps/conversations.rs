//! Conversations: how they come about, who is in them, and who waits for one.

use std::sync::Arc;

use super::Apps;
use super::customers::{CustomerAsker, CustomerRefusal};
use crate::domain::apps::customer::{AppUser, Conversation};
use crate::domain::id::{GroupId, UserId};
use crate::domain::principal::Mailbox;
use crate::service::ServiceFault;
use crate::store::apps::conversation_writes::{self, Opened};
use crate::store::apps::customer_lookups::{self, ListedConversation, QueuePlace};
use crate::store::apps::customer_writes;

/// A conversation that somebody has asked for, or that he has to wait for an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WantedConversation {
    Conversation(Box<ListedConversation>),
    Waits,
}

/// A user with where he is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentUser {
    pub user: AppUser,
    pub at_mobile: bool,
    pub at_browser: bool,
}

impl Apps {
    /// The asking visitor's conversation that has changed last, or a new one with all agents of the app. If there are
    /// none, the visitor waits for the first.
    ///
    /// # Errors
    /// [`CustomerRefusal::NotYours`] if the token is nobody's, and faults.
    pub async fn default_conversation(
        &self,
        asker: &CustomerAsker,
    ) -> Result<WantedConversation, CustomerRefusal> {
        let (app, visitor) = (asker.app.id, asker.user_id()?);
        let known = self.store.read(customer_lookups::latest_conversation(app, visitor)).await?;
        if let Some(known) = known {
            return self.wanted(asker, known).await;
        }
        let (mint, clock) = (Arc::clone(&self.mint), Arc::clone(&self.clock));
        let open = conversation_writes::default_conversation(app, visitor, mint, clock);
        self.opened(asker, self.store.run(open).await?).await
    }

    /// The asking visitor's conversation with one agent alone, or that of two agents of whom one asks.
    ///
    /// # Errors
    /// [`CustomerRefusal::NoAgent`] if the other one is none, [`CustomerRefusal::NotYours`] if the token is nobody's,
    /// and faults.
    pub async fn conversation_with(
        &self,
        asker: &CustomerAsker,
        agent: UserId,
    ) -> Result<WantedConversation, CustomerRefusal> {
        let me = asker.user.as_ref().ok_or(CustomerRefusal::NotYours)?;
        let (mint, clock) = (Arc::clone(&self.mint), Arc::clone(&self.clock));
        let app = asker.app.id;
        let opened = if me.is_agent {
            let both = (me.id, agent);
            self.store
                .run(conversation_writes::conversation_of_agents(app, both, mint, clock))
                .await?
        } else {
            self.store
                .run(conversation_writes::conversation_with(app, me.id, agent, mint, clock))
                .await?
        };
        self.opened(asker, opened).await
    }

    async fn opened(
        &self,
        asker: &CustomerAsker,
        opened: Opened,
    ) -> Result<WantedConversation, CustomerRefusal> {
        match opened {
            Opened::Conversation(conversation) => self.wanted(asker, *conversation).await,
            Opened::Waits => Ok(WantedConversation::Waits),
            Opened::NoAgent => Err(CustomerRefusal::NoAgent),
        }
    }

    async fn wanted(
        &self,
        asker: &CustomerAsker,
        conversation: Conversation,
    ) -> Result<WantedConversation, CustomerRefusal> {
        let listed = self.conversation(asker, Some(conversation.id)).await?;
        Ok(WantedConversation::Conversation(Box::new(listed)))
    }

    /// A conversation that the asker is in.
    ///
    /// # Errors
    /// [`CustomerRefusal::NoConversation`], [`CustomerRefusal::NotYours`] if the token is nobody's, and faults.
    pub async fn conversation(
        &self,
        asker: &CustomerAsker,
        id: Option<GroupId>,
    ) -> Result<ListedConversation, CustomerRefusal> {
        let me = asker.user_id()?;
        let id = id.ok_or(CustomerRefusal::NoConversation)?;
        let look = customer_lookups::conversation_of_member(asker.app.clone(), me, id);
        self.store.read(look).await?.ok_or(CustomerRefusal::NoConversation)
    }

    /// The open conversations that the asker is in, those first that have changed last.
    ///
    /// # Errors
    /// [`CustomerRefusal::NotYours`] if the token is nobody's, and faults.
    pub async fn open_conversations(
        &self,
        asker: &CustomerAsker,
    ) -> Result<Vec<ListedConversation>, CustomerRefusal> {
        let look = customer_lookups::open_conversations(asker.app.clone(), asker.user_id()?);
        Ok(self.store.read(look).await?)
    }

    /// Who is in a conversation that the asker is in, and who of them is there now.
    ///
    /// # Errors
    /// As [`Apps::conversation`].
    pub async fn conversation_users(
        &self,
        asker: &CustomerAsker,
        id: Option<GroupId>,
    ) -> Result<Vec<PresentUser>, CustomerRefusal> {
        let me = asker.user_id()?;
        let id = id.ok_or(CustomerRefusal::NoConversation)?;
        let look = customer_lookups::conversation_users(asker.app.id, me, id);
        let users = self.store.read(look).await?.ok_or(CustomerRefusal::NoConversation)?;
        let mut present = Vec::with_capacity(users.len());
        for user in users {
            let (at_mobile, at_browser) = self.presence_of(asker, user.id).await?;
            present.push(PresentUser { user, at_mobile, at_browser });
        }
        Ok(present)
    }

    /// Where the asking visitor stands who may wait for an agent.
    ///
    /// # Errors
    /// [`CustomerRefusal::NotYours`] if the token is nobody's, and faults.
    pub async fn queue_place(&self, asker: &CustomerAsker) -> Result<QueuePlace, CustomerRefusal> {
        let (app, visitor) = (asker.app.id, asker.user_id()?);
        let place = self.store.read(customer_lookups::queue_place(app, visitor)).await?;
        if place.place == 0 || !place.has_agents {
            return Ok(place);
        }
        // The hub was stopped between the first agent and the conversations of those who waited.
        self.serve_waits(app).await?;
        Ok(self.store.read(customer_lookups::queue_place(app, visitor)).await?)
    }

    /// Has the asking visitor wait no more. A conversation that he has stays.
    ///
    /// # Errors
    /// [`CustomerRefusal::NotYours`] if the token is nobody's, and faults.
    pub async fn cancel_wait(&self, asker: &CustomerAsker) -> Result<(), CustomerRefusal> {
        let cancel = customer_writes::cancel_wait(asker.app.id, asker.user_id()?);
        Ok(self.store.run(cancel).await?)
    }

    /// Whether somebody has a session.
    pub(super) async fn is_there(&self, who: impl Into<Mailbox>) -> Result<bool, ServiceFault> {
        self.hub.is_online(who).await.map_err(|_| ServiceFault::Busy)
    }
}
