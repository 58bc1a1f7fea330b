//! What others than sessions want to know of users, and tell them.

use tokio::sync::oneshot;

use super::Hub;
use super::access::LookUp;
use super::messages::{AskOnline, AskPresence, Call, Notify};
use crate::domain::chat::event::{Notice, Presence};
use crate::domain::clock::Timestamp;
use crate::domain::command::Write;
use crate::domain::error::Refusal;
use crate::domain::id::UserId;
use crate::domain::principal::Mailbox;
use crate::store::accounts::users;
use crate::store::admin::service_keys;
use crate::store::{Done, Line};

impl Hub {
    /// Whether there is such a user.
    pub fn exists(&self, user: UserId) -> impl LookUp<bool> + use<> {
        self.look_up(Line::Nobody, move |conn| Ok(users::by_id(conn, user)?.is_some()))
    }

    /// Whether a service has a key with this hash.
    pub fn knows_service(&self, key_hash: [u8; 32]) -> impl LookUp<bool> + use<> {
        self.look_up(Line::Nobody, move |conn| service_keys::is_valid(conn, &key_hash))
    }

    /// Whether a user, a device or a console has a session, in whatever dialect.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if the hub's mailbox is full.
    pub async fn is_online(&self, who: impl Into<Mailbox>) -> Result<bool, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.ask(AskOnline { mailbox: who.into(), answer })?;
        answered.await.map_err(|_| Refusal::Busy)
    }

    /// Has something changed for a user who asks through no session; the outcome, once it is committed and
    /// others are told.
    ///
    /// # Errors
    /// Why it was not done.
    pub async fn change(&self, user: UserId, write: impl Into<Write>) -> Result<Done, Refusal> {
        let (done, answered) = oneshot::channel();
        self.ask(Call::new(user, write.into(), done))?;
        answered.await.map_err(|_| Refusal::Busy)?
    }

    /// How some users are, as their friends are told, in their order.
    ///
    /// # Errors
    /// As [`Hub::is_online`].
    pub async fn presence(&self, users: Vec<UserId>) -> Result<Vec<Presence>, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.ask(AskPresence { users, answer })?;
        let presence = answered.await.map_err(|_| Refusal::Busy)?;
        self.last_seen(Line::Nobody, presence).await
    }

    /// Tells somebody something; when it was, or `None` if no session there can be told.
    ///
    /// # Errors
    /// As [`Hub::is_online`].
    pub async fn notify(&self, notice: Notice) -> Result<Option<Timestamp>, Refusal> {
        let (delivered, answered) = oneshot::channel();
        self.ask(Notify { notice, delivered })?;
        answered.await.map_err(|_| Refusal::Busy)
    }
}
