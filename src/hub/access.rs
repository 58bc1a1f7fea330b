//! The way to the hub, for sessions and for the service.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actix::dev::{MessageResponse, SendError};
use actix::{Addr, Handler, Message};
use tokio::sync::oneshot;

use super::messages::{Arrival, Arrive, Closed, DrainAll, Ended, Forget, Identify, Open, Submit};
use super::{ChatServer, Parts};
use crate::domain::error::Refusal;
use crate::domain::id::{SessionId, UserId};
use crate::store::{Store, StoreError};

/// The way to the hub. Cloning it is cheap.
#[derive(Clone)]
pub struct Hub {
    server: Addr<ChatServer>,
    store: Store,
    next_session: Arc<AtomicU64>,
}

impl Hub {
    /// The way to a hub that has been started.
    pub fn new(server: Addr<ChatServer>, parts: &Parts) -> Self {
        Self { server, store: parts.store.clone(), next_session: Arc::new(AtomicU64::new(1)) }
    }

    /// An id for a new session.
    pub fn next_session(&self) -> SessionId {
        SessionId(self.next_session.fetch_add(1, Ordering::Relaxed))
    }

    /// Announces a session.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if the hub's mailbox is full; so for all that ask it something.
    pub fn open(&self, open: Open) -> Result<(), Refusal> {
        self.ask(open)
    }

    /// Says whose a session is.
    ///
    /// # Errors
    /// As [`Hub::open`].
    pub fn identify(&self, identify: Identify) -> Result<(), Refusal> {
        self.ask(identify)
    }

    /// An identified session is there from now on; what it finds.
    ///
    /// # Errors
    /// As [`Hub::open`]; also if the session is not there any more.
    pub async fn arrive(
        &self,
        session: SessionId,
        friends: Vec<UserId>,
    ) -> Result<Arrival, Refusal> {
        let (found, finds) = oneshot::channel();
        self.ask(Arrive { session, friends, found })?;
        finds.await.map_err(|_| Refusal::Busy)
    }

    /// Takes back whose a session is.
    ///
    /// # Errors
    /// As [`Hub::open`].
    pub fn forget(&self, session: SessionId) -> Result<(), Refusal> {
        self.ask(Forget { session })
    }

    /// Asks for a change; the answer is delivered to the session.
    ///
    /// # Errors
    /// As [`Hub::open`]; then no answer will come.
    pub fn submit(&self, submit: Submit) -> Result<(), Refusal> {
        self.ask(submit)
    }

    /// Whether so many writes wait for the disk that whoever makes more should slow down.
    pub fn is_pressed(&self) -> bool {
        self.store.is_pressed()
    }

    /// Says that a session has ended by itself.
    pub fn ended(&self, ended: Ended) {
        // Past the bound, as for `closed`.
        self.server.do_send(ended);
    }

    /// Says that a session's socket is gone.
    pub fn closed(&self, closed: Closed) {
        // Past the bound on purpose: it comes once a session, and lost it would leave a ghost.
        self.server.do_send(closed);
    }

    /// Lets no more writes in, answers those under way, sends everybody home, and waits until they are
    /// gone. A peer that does not read may keep this from ever ending.
    pub async fn drain(&self) {
        let (done, gone) = oneshot::channel();
        self.server.do_send(DrainAll { done });
        // An error says that the hub has gone, and everybody with it.
        drop(gone.await);
    }

    /// Sends what may be lost if the hub has too much to do.
    pub(super) fn ask<M>(&self, message: M) -> Result<(), Refusal>
    where
        M: Message<Result = ()> + Send + 'static,
        ChatServer: Handler<M>,
        (): MessageResponse<ChatServer, M>,
    {
        match self.server.try_send(message) {
            Ok(()) => Ok(()),
            Err(SendError::Full(_) | SendError::Closed(_)) => Err(Refusal::Busy),
        }
    }

    /// Asks of what is committed already, and so cannot be refused any more, however much the hub has to do.
    pub(super) fn must_ask<M>(&self, message: M)
    where
        M: Message<Result = ()> + Send + 'static,
        ChatServer: Handler<M>,
        (): MessageResponse<ChatServer, M>,
    {
        self.server.do_send(message);
    }
}

/// What a user is told of the store's trouble.
pub fn refusal(error: StoreError) -> Refusal {
    refusal_of(&error)
}

/// As [`refusal`], of an error that others have, too.
pub fn refusal_of(error: &StoreError) -> Refusal {
    if error.is_busy() {
        return Refusal::Busy;
    }
    log::error!("the store failed: {error}");
    Refusal::Internal
}
