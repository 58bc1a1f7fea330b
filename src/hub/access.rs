//! The way to the hub, for sessions and for the rest of the house.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actix::dev::{MessageResponse, SendError};
use actix::{Addr, Handler, Message};
use tokio::sync::oneshot;

use super::messages::{
    Arrival, Arrive, Closed, DrainAll, Ended, Forget, Identify, Open, Revoke, Submit,
};
use super::{ChatServer, Parts, Settings};
use crate::auth::revoked::Revocations;
use crate::domain::accounts::event::Requests;
use crate::domain::accounts::friendship::DmPolicy;
use crate::domain::accounts::user::User;
use crate::domain::clock::Clock;
use crate::domain::error::Refusal;
use crate::domain::event::Welcome;
use crate::domain::id::{SessionId, UserId};
use crate::store::accounts::{friendships, users};
use crate::store::chat::history::{self, HistoryRest, HistorySlice, Page};
use crate::store::engine::Connection;
use crate::store::{Batched, Line, Store, StoreError};
use crate::wire::{Dialects, Variant};

/// The way to the hub. Cloning it is cheap.
#[derive(Clone)]
pub struct Hub {
    pub(super) server: Addr<ChatServer>,
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    epoch: Arc<str>,
    pub(super) revoked: Arc<Revocations>,
    known: Batched<UserId, Option<UserAndFriends>>,
    pub(super) dm_policy: DmPolicy,
    pub(super) slice_bytes: usize,
    dialects: Arc<Dialects>,
    next_session: Arc<AtomicU64>,
}

impl Hub {
    /// The way to a hub that has been started.
    pub fn new(server: Addr<ChatServer>, parts: &Parts, settings: &Settings) -> Self {
        let ends = server.clone();
        // Past the bound: lost, it would leave sessions alive that must end.
        parts.revoked.tell(move |user| ends.do_send(Revoke { user }));
        Self {
            server,
            known: Batched::new(parts.store.clone(), known),
            store: parts.store.clone(),
            clock: parts.clock.clone(),
            epoch: Arc::clone(&parts.epoch),
            revoked: Arc::clone(&parts.revoked),
            dm_policy: settings.dm_policy,
            slice_bytes: settings.history_slice_bytes,
            dialects: Arc::clone(&parts.dialects),
            next_session: Arc::new(AtomicU64::new(1)),
        }
    }

    /// The name of the history that revisions are about.
    pub fn epoch(&self) -> &Arc<str> {
        &self.epoch
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

    /// Who the user of an identified session is and whom they know, and from then on the session is
    /// there; `None` if there is no such user.
    pub fn welcome(
        &self,
        session: SessionId,
        user: UserId,
        variant: Variant,
    ) -> impl LookUp<Option<Welcome>> + use<> {
        let hub = self.clone();
        async move {
            // A session asks once at a time, so there are no more questions than sessions.
            let known = hub.known.get(user).await.map_err(refusal)?;
            let Some(UserAndFriends { user, requests, friends }) = known else { return Ok(None) };
            let (found, finds) = oneshot::channel();
            let ids = friends.iter().map(|friend| friend.id).collect();
            hub.ask(Arrive { session, friends: ids, found })?;
            let Arrival { online, at, presence } = finds.await.map_err(|_| Refusal::Busy)?;
            let presence = hub.last_seen(Line::Heavy(user.id), presence).await?;
            let me = user.id;
            let rooms = match hub.dialects.get(variant).lists_rooms(variant.options()) {
                true => Some(hub.rooms(me).await?),
                false => None,
            };
            let epoch = Arc::clone(&hub.epoch);
            Ok(Some(Welcome { user, requests, friends, online, at, presence, rooms, epoch }))
        }
    }

    /// An identified session that speaks for no user is there from now on.
    pub fn admit(&self, session: SessionId) -> impl LookUp<()> + use<> {
        let (found, finds) = oneshot::channel();
        let asked = self.ask(Arrive { session, friends: Vec::new(), found });
        async move {
            asked?;
            finds.await.map(|_: Arrival| ()).map_err(|_| Refusal::Busy)
        }
    }

    /// A user's friends, oldest friendship first.
    pub fn friends(&self, user: UserId) -> impl LookUp<Vec<User>> + use<> {
        self.look_up(Line::Heavy(user), move |conn| {
            Ok(friendships::friends_of(conn, &[user])?.remove(&user).unwrap_or_default())
        })
    }

    /// Who has asked for a user's friendship, and whom the user has asked; oldest request first.
    pub fn friend_requests(&self, user: UserId) -> impl LookUp<Requests> + use<> {
        self.look_up(Line::Heavy(user), move |conn| {
            let incoming = friendships::requests_to(conn, &[user])?.remove(&user);
            let outgoing = friendships::requests_by(conn, user)?;
            Ok(Requests { incoming: incoming.unwrap_or_default(), outgoing })
        })
    }

    /// The first slice of a page of a room's history.
    ///
    /// Gives [`ChatRefusal::NoSuchRoom`] if there is no such user, or no right to look;
    /// [`ChatRefusal::NotMember`].
    pub fn history(&self, page: Page) -> impl LookUp<HistorySlice> + use<> {
        let (dm_policy, slice_bytes) = (self.dm_policy, self.slice_bytes);
        let line = Line::Heavy(page.me);
        let slice =
            self.look_up(line, move |conn| history::history(conn, &page, dm_policy, slice_bytes));
        async move { slice.await? }
    }

    /// The next slice of a page of history.
    pub fn history_rest(&self, rest: HistoryRest) -> impl LookUp<HistorySlice> + use<> {
        let slice_bytes = self.slice_bytes;
        self.look_up(Line::Heavy(rest.reader()), move |conn| {
            history::history_rest(conn, &rest, slice_bytes)
        })
    }

    pub(super) fn look_up<T, F>(&self, line: Line, read: F) -> impl LookUp<T> + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let store = self.store.clone();
        async move { store.read_for(line, read).await.map_err(refusal) }
    }

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
}

/// The outcome of a look-up, once it is there.
pub trait LookUp<T>: Future<Output = Result<T, Refusal>> + 'static {}

impl<T, F: Future<Output = Result<T, Refusal>> + 'static> LookUp<T> for F {}

/// What a user is told of the store's trouble.
pub fn refusal(error: StoreError) -> Refusal {
    if error.is_busy() {
        return Refusal::Busy;
    }
    log::error!("the store failed: {error}");
    Refusal::Internal
}

/// Who a user is and whom they know.
struct UserAndFriends {
    user: User,
    requests: Vec<User>,
    friends: Vec<User>,
}

/// Who users are and whom they know, for all of them at once.
fn known(conn: &mut Connection, ids: &[UserId]) -> Result<Vec<Option<UserAndFriends>>, StoreError> {
    let users = users::by_ids(conn, ids)?;
    let requests = friendships::requests_to(conn, ids)?;
    let friends = friendships::friends_of(conn, ids)?;
    let known = |id| {
        let of = |lists: &HashMap<UserId, Vec<User>>| lists.get(id).cloned().unwrap_or_default();
        let user = users.get(id)?.clone();
        Some(UserAndFriends { user, requests: of(&requests), friends: of(&friends) })
    };
    Ok(ids.iter().map(known).collect())
}
