//! Whom one may look up, who is there, and news for them from other services.

use super::ChatService;
use crate::domain::accounts::user::Contact;
use crate::domain::chat::event::{Notice, Presence, Status};
use crate::domain::clock::Timestamp;
use crate::domain::error::Refusal;
use crate::domain::id::UserId;
use crate::domain::principal::Mailbox;
use crate::service::{LookUp, look_up};
use crate::store::Line;
use crate::store::accounts::lookups as accounts;
use crate::store::chat::lookups;

impl ChatService {
    /// Those of some users whom `me` may look up, in the same order.
    pub fn contacts(&self, me: UserId, ids: Vec<UserId>) -> impl LookUp<Vec<Contact>> + use<> {
        look_up(&self.store, Line::Heavy(me), lookups::contacts(me, ids))
    }

    /// Whether a user, a device or a console has a session, in whatever dialect.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if the hub's mailbox is full.
    pub async fn is_online(&self, who: impl Into<Mailbox>) -> Result<bool, Refusal> {
        self.hub.is_online(who).await
    }

    /// How some users are, as their friends are told, in their order.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if the hub's mailbox is full, or the store has too much to do.
    pub async fn presence(&self, users: Vec<UserId>) -> Result<Vec<Presence>, Refusal> {
        let presence = self.hub.presence(users).await?;
        self.last_seen(Line::Nobody, presence).await
    }

    /// Tells somebody something; when it was, or `None` if no session there can be told.
    ///
    /// # Errors
    /// As [`ChatService::is_online`].
    pub async fn notify(&self, notice: Notice) -> Result<Option<Timestamp>, Refusal> {
        self.hub.notify(notice).await
    }

    /// The same, with when those were seen who are not there.
    pub(in crate::service) fn last_seen(
        &self,
        line: Line,
        presence: Vec<Presence>,
    ) -> impl LookUp<Vec<Presence>> + use<> {
        let absent = |one: &&Presence| one.status == Status::Offline;
        let ids: Vec<UserId> = presence.iter().filter(absent).map(|one| one.user).collect();
        let seen = (!ids.is_empty()).then(|| look_up(&self.store, line, accounts::last_seen(ids)));
        async move {
            let Some(seen) = seen else { return Ok(presence) };
            let seen = seen.await?;
            let with_time = |one: Presence| Presence {
                last_seen: one.last_seen.or_else(|| seen.get(&one.user).copied()),
                ..one
            };
            Ok(presence.into_iter().map(with_time).collect())
        }
    }
}
