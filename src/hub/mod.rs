//! The hub: one `ChatServer` actor that knows every session, and the way to it.
//!
//! `ChatServer` owns the session table, presence, heartbeat deadlines and the writes under way. It
//! takes commands and gives events; it knows no JSON, no SQL and no socket. Look-ups of what is kept do
//! not pass through it: the service asks the store's readers.

mod access;
mod app_tokens;
mod classes;
mod deadlines;
mod handlers;
mod invites;
mod lifetimes;
mod mailboxes;
pub mod messages;
mod pauses;
mod people;
mod presence;
mod replaces;
mod room_feeds;
mod server_links;
mod sessions;
mod settings;
mod statuses;
pub mod subscriptions;
mod transitions;
mod typing;
mod watchers;
mod widgets;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use actix::{Actor, AsyncContext, Context};
use tokio::sync::oneshot;

use crate::auth::revoked::Revocations;
use crate::delivery::SessionHandle;
use crate::domain::close::CloseReason;
use crate::domain::error::Refusal;
use crate::domain::event::Event;
use crate::domain::id::{SessionId, UserId};
use crate::domain::mint::IdMint;
use crate::store::Store;
use crate::telemetry::Metrics;
use crate::wire::Dialects;

pub use access::{Hub, refusal};
pub use invites::InviteBounds;
pub use pauses::AwakeClock;
pub use room_feeds::{ChangedRooms, FeedScope, RoomFeed, RoomFeeds};
pub use server_links::{ServerLink, ServerLinks};
pub use settings::{HubSettings, PresenceSettings, Settings};
pub use subscriptions::Subscriptions;

use app_tokens::EndedTokens;
use classes::Classes;
use deadlines::Deadlines;
use invites::Invites;
use lifetimes::SWEEP_INTERVAL;
use mailboxes::Mailboxes;
use pauses::Watch;
use presence::PresenceTable;
use replaces::Holders;
use sessions::SessionTable;
use statuses::Statuses;
use transitions::PresenceTransition;
use typing::Typists;
use watchers::Watchers;

/// Clients that are told to come back do so spread over this time.
const RETRY_SPREAD_MS: u32 = 4_000;

/// What the hub is made of.
#[derive(Clone)]
pub struct Parts {
    pub store: Store,
    pub mint: Arc<IdMint>,
    pub clock: Arc<AwakeClock>,
    pub revoked: Arc<Revocations>,
    pub dialects: Arc<Dialects>,
    pub metrics: Metrics,
}

/// The central actor.
pub struct ChatServer {
    settings: HubSettings,
    parts: Parts,
    sessions: SessionTable,
    presence: PresenceTable,
    mailboxes: Mailboxes,
    holders: Holders,
    deadlines: Deadlines,
    watch: Watch,
    invites: Invites,
    statuses: Statuses,
    typists: Typists,
    /// Users who have come or gone, and whose friends have not been told yet.
    transitions: VecDeque<PresenceTransition>,
    /// Users of whom log-ins have ended, and whose sessions have not ended yet.
    revoked: Vec<UserId>,
    ended_tokens: EndedTokens,
    classes: Classes,
    watchers: Watchers,
    /// Writes that the store has not answered yet, in its order.
    pending_writes: VecDeque<PendingWrite>,
    next_ticket: u64,
    drain: Option<Drain>,
}

/// A write that waits for its commit.
struct PendingWrite {
    ticket: u64,
    asker: Asker,
    user: UserId,
    /// When it was asked for.
    at: Instant,
}

/// Who is to be answered.
enum Asker {
    /// A session, and the number of its request.
    Session(SessionId, u64),
    /// Somebody who waits.
    Caller(CallerReply),
}

/// The way to somebody who waits.
type CallerReply = oneshot::Sender<Result<Event, Refusal>>;

impl Asker {
    fn session(&self) -> Option<SessionId> {
        self.request().map(|(session, _)| session)
    }

    fn request(&self) -> Option<(SessionId, u64)> {
        match self {
            Self::Session(session, request) => Some((*session, *request)),
            Self::Caller(_) => None,
        }
    }

    fn into_caller(self) -> Option<CallerReply> {
        match self {
            Self::Session(..) => None,
            Self::Caller(caller) => Some(caller),
        }
    }
}

/// The stop of the hub.
struct Drain {
    told: bool,
    done: Vec<oneshot::Sender<()>>,
}

impl ChatServer {
    /// A hub with nobody in it.
    pub fn new(settings: HubSettings, parts: Parts) -> Self {
        Self {
            invites: Invites::new(settings.invites),
            statuses: Statuses::default(),
            typists: Typists::default(),
            transitions: VecDeque::new(),
            revoked: Vec::new(),
            ended_tokens: EndedTokens::default(),
            classes: Classes::default(),
            watchers: Watchers::default(),
            settings,
            parts,
            sessions: SessionTable::default(),
            presence: PresenceTable::default(),
            mailboxes: Mailboxes::default(),
            holders: Holders::default(),
            deadlines: Deadlines::default(),
            watch: Watch::default(),
            pending_writes: VecDeque::new(),
            next_ticket: 0,
            drain: None,
        }
    }

    /// Takes a session out of every table; nothing if it was not there.
    fn remove(&mut self, session: SessionId) -> Option<SessionHandle> {
        let entry = self.sessions.remove(session)?;
        if let Some(who) = entry.who() {
            self.leave(session, who);
        }
        self.watchers.leave(session);
        self.count();
        Some(entry.handle)
    }

    /// Takes a session out of every table, and counts why.
    fn drop_session(&mut self, session: SessionId, reason: CloseReason) -> Option<SessionHandle> {
        let handle = self.remove(session)?;
        log::info!("session {session} put out: {}", reason.name());
        self.parts.metrics.evictions.with_label_values(&[reason.name()]).inc();
        Some(handle)
    }

    /// Puts a session out and tells it why.
    fn evict(&mut self, session: SessionId, reason: CloseReason) {
        if let Some(mut handle) = self.drop_session(session, reason) {
            handle.evict(reason);
        }
    }

    /// Goes on with a stop: sessions are told once nothing is under way, and the stop is done once
    /// they are gone.
    fn advance_drain(&mut self) {
        let idle = self.pending_writes.is_empty();
        let Some(drain) = &mut self.drain else { return };
        if idle && !drain.told {
            drain.told = true;
            for (place, entry) in self.sessions.iter_mut().enumerate() {
                let spread = u32::try_from(place.wrapping_mul(7_919)).unwrap_or_default();
                let retry_after_ms = 1_000_u32.saturating_add(spread % RETRY_SPREAD_MS);
                let reason = CloseReason::Restart { retry_after_ms };
                self.parts.metrics.evictions.with_label_values(&[reason.name()]).inc();
                entry.handle.evict(reason);
            }
        }
        if drain.told && self.sessions.is_empty() {
            for done in drain.done.drain(..) {
                if done.send(()).is_err() {
                    log::debug!("nobody waited for the end of the drain");
                }
            }
        }
    }

    fn count(&self) {
        self.parts.metrics.sessions.set(count(self.sessions.len()));
        self.parts.metrics.users_online.set(count(self.presence.len()));
    }
}

fn count(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}

impl Actor for ChatServer {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(self.settings.hub.mailbox_max);
        self.parts.store.subscribe(ctx.address().recipient());
        ctx.run_interval(SWEEP_INTERVAL, Self::sweep);
    }
}
