//! What the hub is asked and told; what it has for a session is in `delivery`.

use std::time::Instant;

use actix::Message;
use tokio::sync::oneshot;

use super::outlet::Outlet;
use crate::domain::clock::Timestamp;
use crate::domain::close::CloseReason;
use crate::domain::command::Write;
use crate::domain::id::{SessionId, UserId};

/// A socket was opened.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Open {
    /// The new session.
    pub session: SessionId,
    /// The way to it.
    pub outlet: Outlet,
}

/// A session has shown whose it is.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Identify {
    /// Which session.
    pub session: SessionId,
    /// Whose.
    pub user: UserId,
    /// When its token ends.
    pub expires_at: Timestamp,
}

/// A session's user is not known after all.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Forget {
    /// Which session.
    pub session: SessionId,
}

/// A session asks for changes.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Submit {
    /// Which session.
    pub session: SessionId,
    /// Its user.
    pub user: UserId,
    /// The changes, in order, each with the number that its answer must carry.
    pub writes: Vec<(u64, Write)>,
    /// When they were asked for.
    pub at: Instant,
}

/// A session has ended by itself, and only its goodbye is still on the way.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Ended {
    /// Which session.
    pub session: SessionId,
    /// Why.
    pub reason: CloseReason,
}

/// A session's socket is gone.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Closed {
    /// Which session.
    pub session: SessionId,
}

/// The hub shall finish what is under way, send everybody home, and say when all are gone.
#[derive(Message)]
#[rtype(result = "()")]
pub struct DrainAll {
    /// Told when no session is left.
    pub done: oneshot::Sender<()>,
}
