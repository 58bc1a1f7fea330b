//! What the hub is asked and told.

use std::time::Instant;

use actix::Message;
use tokio::sync::oneshot;

use crate::delivery::SessionHandle;
use crate::domain::accounts::login::LoginId;
use crate::domain::chat::event::{Notice, Presence};
use crate::domain::clock::Timestamp;
use crate::domain::close::CloseReason;
use crate::domain::command::{Change, Write};
use crate::domain::error::Refusal;
use crate::domain::event::Event;
use crate::domain::id::{AppId, DeviceId, GroupId, SessionId, UserId};
use crate::domain::principal::{Identity, Mailbox, Principal};
use crate::wire::Variant;

/// A socket was opened.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Open {
    pub session: SessionId,
    pub handle: SessionHandle,
}

/// A session has shown who it is.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Identify {
    pub session: SessionId,
    /// Who it is, by what it has shown.
    pub identity: Identity,
    /// What it speaks from now on.
    pub variant: Variant,
}

/// Somebody waits until the hub has taken up all that was committed before.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Settle {
    pub done: oneshot::Sender<()>,
}

/// A session wants to know when all has come that the hub has to tell it by now.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Tell {
    pub session: SessionId,
}

/// A request of a session is done, and ends behind all that the hub has to tell the session by now.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Finish {
    pub session: SessionId,
    /// The number of the request.
    pub request: u64,
}

/// An identified session has read who its user's friends are, if it has a user: now it is there.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Arrive {
    pub session: SessionId,
    /// The friends, as they were after it had been identified.
    pub friends: Vec<UserId>,
    /// Told what it finds; dropped if the session is not there any more.
    pub found: oneshot::Sender<Arrival>,
}

/// What a session finds when it comes.
#[derive(Debug)]
pub struct Arrival {
    /// The friends that are online.
    pub online: Vec<UserId>,
    pub at: Timestamp,
    /// How all the friends are, if the session wants to hear of it.
    pub presence: Vec<Presence>,
}

/// Somebody asks whether any of these mailboxes has a session.
#[derive(Message)]
#[rtype(result = "()")]
pub struct AskOnline {
    pub mailboxes: Vec<Mailbox>,
    pub answer: oneshot::Sender<bool>,
}

/// Whether an app has consoles to be told something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsolesState {
    /// None is open.
    Absent,
    /// One at least has still to read much of what it was told.
    Behind,
    Ready,
}

/// Somebody asks how the consoles of an app do.
#[derive(Message)]
#[rtype(result = "()")]
pub struct AskConsoles {
    pub app: AppId,
    pub answer: oneshot::Sender<ConsolesState>,
}

/// Somebody asks which devices have a session.
#[derive(Message)]
#[rtype(result = "()")]
pub struct AskDevices {
    pub answer: oneshot::Sender<Vec<DeviceId>>,
}

/// Somebody asks how some users are.
#[derive(Message)]
#[rtype(result = "()")]
pub struct AskPresence {
    pub users: Vec<UserId>,
    pub answer: oneshot::Sender<Vec<Presence>>,
}

/// Somebody asks which log-ins the sockets of a user belong to.
#[derive(Message)]
#[rtype(result = "()")]
pub struct AskSockets {
    pub user: UserId,
    /// Told the log-in of each.
    pub answer: oneshot::Sender<Vec<Option<LoginId>>>,
}

/// A socket of customer chat watches who types in a conversation, in this one alone; `None` for in none.
#[derive(Message)]
#[rtype(result = "()")]
pub struct WatchTyping {
    pub session: SessionId,
    pub user: UserId,
    pub conversation: Option<GroupId>,
}

/// The user of a socket types in the conversation that it watches.
#[derive(Message)]
#[rtype(result = "()")]
pub struct TypeThere {
    pub session: SessionId,
}

/// Somebody asks of which app a user has a socket of customer chat.
#[derive(Message)]
#[rtype(result = "()")]
pub struct AskApp {
    pub user: UserId,
    pub answer: oneshot::Sender<Option<AppId>>,
}

/// Somebody asks at what users of an app are.
#[derive(Message)]
#[rtype(result = "()")]
pub struct AskClasses {
    pub app: AppId,
    pub users: Vec<UserId>,
    /// Told of each, in their order, whether it is at a browser, and at something mobile.
    pub answer: oneshot::Sender<Vec<(bool, bool)>>,
}

/// A service tells somebody something.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Notify {
    pub notice: Notice,
    /// Told when it was delivered; `None` if no session could be told.
    pub delivered: oneshot::Sender<Option<Timestamp>>,
}

/// It is not known after all who a session is.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Forget {
    pub session: SessionId,
}

/// A session asks for changes.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Submit {
    pub session: SessionId,
    pub by: Principal,
    /// The changes, in order, each with the number that its answer must carry.
    pub writes: Vec<(u64, Write)>,
    /// When they were asked for.
    pub at: Instant,
}

/// Somebody who is no session asks for a change, for a user.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Call {
    pub user: UserId,
    pub change: Change,
    /// When it was asked for.
    pub at: Instant,
    /// Told what happened, once it is committed and others are told.
    pub done: oneshot::Sender<Result<Event, Refusal>>,
}

impl Call {
    /// A change that is asked for now.
    pub fn new(
        user: UserId,
        change: Change,
        done: oneshot::Sender<Result<Event, Refusal>>,
    ) -> Self {
        Self { user, change, at: Instant::now(), done }
    }
}

/// A session has ended by itself, and only its goodbye is still on the way.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Ended {
    pub session: SessionId,
    pub reason: CloseReason,
}

/// A session's socket is gone.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Closed {
    pub session: SessionId,
}

/// The hub shall finish what is under way, send everybody home, and say when all are gone.
#[derive(Message)]
#[rtype(result = "()")]
pub struct DrainAll {
    /// Told when no session is left.
    pub done: oneshot::Sender<()>,
}
