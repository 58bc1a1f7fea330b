//! What others than sessions want to know of who is there, and tell them.

use tokio::sync::oneshot;

use super::Hub;
use super::messages::{
    AskApp, AskClasses, AskConsoles, AskDevices, AskOnline, AskPresence, AskSockets, Call,
    ConsolesState, Finish, Notify, Settle, Tell, TypeThere, WatchTyping,
};
use crate::domain::accounts::login::LoginId;
use crate::domain::chat::event::{Notice, Presence};
use crate::domain::clock::Timestamp;
use crate::domain::command::Change;
use crate::domain::error::Refusal;
use crate::domain::event::Event;
use crate::domain::id::{AppId, DeviceId, GroupId, SessionId, UserId};
use crate::domain::principal::Mailbox;

impl Hub {
    /// Whether a user, a device or a console has a session, in whatever dialect.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if the hub's mailbox is full.
    pub async fn is_online(&self, who: impl Into<Mailbox>) -> Result<bool, Refusal> {
        self.is_any_online(vec![who.into()]).await
    }

    /// The same of any of several.
    ///
    /// # Errors
    /// As [`Hub::is_online`].
    pub async fn is_any_online(&self, mailboxes: Vec<Mailbox>) -> Result<bool, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.ask(AskOnline { mailboxes, answer })?;
        answered.await.map_err(|_| Refusal::Busy)
    }

    /// How the consoles of an app do. What was committed before has been handed over to them by then.
    ///
    /// # Errors
    /// As [`Hub::is_online`].
    pub async fn consoles(&self, app: AppId) -> Result<ConsolesState, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.ask(AskConsoles { app, answer })?;
        answered.await.map_err(|_| Refusal::Busy)
    }

    /// The devices that have a session now, in no order.
    ///
    /// # Errors
    /// As [`Hub::is_online`].
    pub async fn devices(&self) -> Result<Vec<DeviceId>, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.ask(AskDevices { answer })?;
        answered.await.map_err(|_| Refusal::Busy)
    }

    /// Has something changed for a user who asks through no session. The answer is taken from what
    /// happened, once it is committed and others are told.
    ///
    /// # Errors
    /// Why it was not done; [`Refusal::Internal`] if what happened is no answer to what was asked.
    pub async fn change<T>(&self, user: UserId, change: impl Into<Change>) -> Result<T, Refusal>
    where
        T: TryFrom<Event, Error = Event>,
    {
        let (done, answered) = oneshot::channel();
        self.ask(Call::new(user, change.into(), done))?;
        let event = answered.await.map_err(|_| Refusal::Busy)??;
        T::try_from(event).map_err(|event| {
            log::error!("what happened is not what was asked for: {event:?}");
            Refusal::Internal
        })
    }

    /// How some users are, as far as the hub knows, in their order.
    ///
    /// # Errors
    /// As [`Hub::is_online`].
    pub async fn presence(&self, users: Vec<UserId>) -> Result<Vec<Presence>, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.ask(AskPresence { users, answer })?;
        answered.await.map_err(|_| Refusal::Busy)
    }

    /// Whether users of an app are at a browser, and at something mobile, in their order.
    ///
    /// # Errors
    /// As [`Hub::is_online`].
    pub async fn classes(
        &self,
        app: AppId,
        users: Vec<UserId>,
    ) -> Result<Vec<(bool, bool)>, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.ask(AskClasses { app, users, answer })?;
        answered.await.map_err(|_| Refusal::Busy)
    }

    /// The app of which a user has a socket of customer chat, if he has one.
    ///
    /// # Errors
    /// As [`Hub::is_online`].
    pub async fn app_of(&self, user: UserId) -> Result<Option<AppId>, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.ask(AskApp { user, answer })?;
        answered.await.map_err(|_| Refusal::Busy)
    }

    /// A socket of customer chat watches who types in a conversation, and in no other.
    ///
    /// # Errors
    /// As [`Hub::is_online`].
    pub fn watch(
        &self,
        session: SessionId,
        user: UserId,
        conversation: GroupId,
    ) -> Result<(), Refusal> {
        self.ask(WatchTyping { session, user, conversation: Some(conversation) })
    }

    /// A socket of customer chat watches nothing any more.
    ///
    /// # Errors
    /// As [`Hub::is_online`].
    pub fn unwatch(&self, session: SessionId, user: UserId) -> Result<(), Refusal> {
        self.ask(WatchTyping { session, user, conversation: None })
    }

    /// The user of a socket types in the conversation that it watches.
    ///
    /// # Errors
    /// As [`Hub::is_online`].
    pub fn types(&self, session: SessionId) -> Result<(), Refusal> {
        self.ask(TypeThere { session })
    }

    /// The log-in of each socket that a user has open; `None` for a foreign token's.
    ///
    /// # Errors
    /// As [`Hub::is_online`].
    pub async fn sockets_of(&self, user: UserId) -> Result<Vec<Option<LoginId>>, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.ask(AskSockets { user, answer })?;
        answered.await.map_err(|_| Refusal::Busy)
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

    /// Ends a request of a session, behind all that the session is told of what was committed before.
    pub fn finish(&self, finish: Finish) {
        self.must_ask(finish);
    }

    /// Lets a session know when all has come that it is told of what was committed before, by [`Delivery::Told`].
    ///
    /// [`Delivery::Told`]: crate::delivery::Delivery::Told
    pub fn tell(&self, tell: Tell) {
        self.must_ask(tell);
    }

    /// Waits until the hub has heard, and told, all that was committed before; so whoever is answered after that
    /// finds the sessions as they should be.
    pub async fn settled(&self) {
        let (done, settled) = oneshot::channel();
        self.must_ask(Settle { done });
        // An error says that the hub has gone, and all sessions with it.
        drop(settled.await);
    }
}
