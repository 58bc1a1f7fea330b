//! The seam: what a dialect must say, and what it may leave out.
//!
//! Everything that can be asked of a dialect is in domain terms. An answer that a dialect has no
//! frame for is left to its default, so a dialect holds only what it speaks of. The proof is the
//! toy dialect of the tests, which no file of `src` knows.

use super::{Answer, Frame, FrameBytes, KeepAlive, Options, Pace};
use crate::domain::accounts::refusal::AccountsRefusal;
use crate::domain::apps::command::{AppsAnswer, AppsRequest};
use crate::domain::apps::downstream::Downstream;
use crate::domain::chat::refusal::ChatRefusal;
use crate::domain::clock::Clock;
use crate::domain::close::CloseReason;
use crate::domain::command::{Query, Write};
use crate::domain::error::Refusal;
use crate::domain::event::{Event, Topic, Viewer, Welcome};
use crate::domain::id::UserId;
use crate::domain::principal::{Credential, IdentifyError, Principal, ReplaceKey};

/// How far a session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing but the handshake has happened.
    Opened,
    /// A first heartbeat came.
    Alive,
    /// The peer has shown who it is.
    Ready(Principal),
}

impl Phase {
    /// Who the session is, once known.
    pub const fn principal(self) -> Option<Principal> {
        match self {
            Self::Opened | Self::Alive => None,
            Self::Ready(principal) => Some(principal),
        }
    }
}

/// Where and when something is said.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// What the session wants of its dialect.
    pub options: Options,
    pub phase: Phase,
    /// The time, for dialects that show it in every frame.
    pub clock: &'a dyn Clock,
}

impl Context<'_> {
    /// The user on whose behalf the session speaks, once known.
    pub fn user(&self) -> Option<UserId> {
        self.phase.principal().and_then(Principal::user)
    }
}

/// The meaning of a frame from the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// Nothing is to be done, and nothing said.
    Ignore,
    /// A sign of life, answered with this.
    Heartbeat(Frame),
    /// Nothing for the hub; answered with this.
    Reply(Frame),
    /// Answered with this, and then the session ends.
    ReplyAndClose(Frame, CloseReason),
    Close(CloseReason),
    Identify {
        credential: Credential,
        /// What the session wants of its dialect from then on, if that is good.
        options: Options,
    },
    Write(Write),
    Query(Query),
    /// Something of an app, done alone.
    Apps(AppsRequest),
}

/// The fate of a peer that was not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The peer is told, and may try again.
    Reply(Frame),
    /// The peer is told, and then the session ends.
    ReplyAndClose(Frame, CloseReason),
    Close(CloseReason),
}

/// A dialect. It holds settings, and no state of sessions; what a session wants of it comes with
/// every question.
pub trait Dialect: Send + Sync + 'static {
    /// The signs of life of a session, and its times.
    fn keep_alive(&self, options: Options) -> &KeepAlive;

    /// Reads a text frame. Never fails: what cannot be understood is answered.
    fn decode(&self, text: &str, context: Context<'_>) -> Decoded;

    /// Reads a binary frame, whatever is in it.
    fn decode_binary(&self, context: Context<'_>) -> Decoded;

    /// The fate of a peer whose credential lets nobody in.
    fn not_identified(&self, error: IdentifyError) -> Rejection;

    /// The answer to a command above the rate limit.
    fn rate_limited(&self, retry_after_ms: u64, context: Context<'_>) -> Frame;

    /// The answer to a command that cannot be taken now, and may be asked again.
    fn busy(&self, context: Context<'_>) -> Frame;

    /// The answer to a command that was not done, for a reason that the dialect has no word for;
    /// most of all for faults of ours.
    fn failed(&self, context: Context<'_>) -> Frame;

    /// Close code and reason (at most 123 bytes) of an ended session.
    fn close(&self, reason: CloseReason, options: Options) -> (u16, String);

    /// The answer to a good credential, and what follows at once. There is a [`Welcome`] for whoever
    /// speaks for a user.
    fn welcome(&self, _: Principal, _: Option<&Welcome>, _: Options) -> Vec<Frame> {
        Vec::new()
    }

    /// The name of what one live session alone may have, such as a device; a newer session replaces the older.
    fn replace_key(&self, _: Principal, _: Options) -> Option<ReplaceKey> {
        None
    }

    /// The name of what one live session of a class of the user's devices alone may have; as
    /// [`Dialect::replace_key`], and besides it.
    fn replace_class(&self, _: Principal, _: Options) -> Option<ReplaceKey> {
        None
    }

    /// The last frame of a session that ends. With one, the peer has a moment to close by itself,
    /// and nothing that it says is heard; without, it is closed at once.
    fn farewell(&self, _: CloseReason, _: Context<'_>) -> Option<Frame> {
        None
    }

    /// How fast a socket may ask, besides what its user may; `None` for no such bound.
    fn pace(&self) -> Option<Pace> {
        None
    }

    /// What is asked instead of a request that came too fast, where its answer needs to be made like others.
    /// Without it, [`Dialect::rate_limited`] is the answer.
    fn over_rate(&self, _: AppsRequest) -> Option<AppsRequest> {
        None
    }

    /// How long a frame of a peer may be, where the dialect says so itself.
    fn frame_bytes(&self) -> Option<FrameBytes> {
        None
    }

    /// Whether the answer to a good credential names the rooms that the user is in.
    fn lists_rooms(&self, _: Options) -> bool {
        false
    }

    /// Whether a device is brought all that waits for it, once it is known who it is and before any news.
    fn is_brought_what_waits(&self, _: Options) -> bool {
        false
    }

    /// Messages that have waited for a device, the newest first.
    fn waiting(&self, _: &[Downstream], _: Options) -> Option<Frame> {
        None
    }

    /// Whether a session subscribes to a topic: only then is there a frame for its news.
    fn subscribes(&self, _: Topic, _: Options) -> bool {
        false
    }

    /// Whether an event is delivered to a session, if there is a frame for it.
    fn delivers(&self, _: &Event, _: Viewer, _: Options) -> bool {
        true
    }

    /// Whether the user who has done it reads something else in an event than others do.
    fn differs_for_author(&self, _: &Event, _: Options) -> bool {
        false
    }

    /// An event, the same for all to whom it is delivered but for what
    /// [`Dialect::differs_for_author`] says.
    fn event(&self, _: &Event, _: Viewer, _: Options) -> Option<Frame> {
        None
    }

    /// The answer to a request of a user that was done.
    fn answer(&self, _: Answer<'_>, _: UserId, _: Options) -> Option<Frame> {
        None
    }

    /// The answer to a request of an app that was done.
    fn apps_answer(&self, _: &AppsAnswer, _: Context<'_>) -> Option<Frame> {
        None
    }

    /// The answer to a command that was refused for what is between users.
    fn accounts_refusal(&self, _: AccountsRefusal, _: Context<'_>) -> Option<Frame> {
        None
    }

    /// The answer to a command that was refused for what is in rooms, with the user it was about.
    fn chat_refusal(&self, _: ChatRefusal, _: Option<UserId>, _: Context<'_>) -> Option<Frame> {
        None
    }
}

impl dyn Dialect {
    /// The answer to a refused command, with the user it was about.
    pub fn refusal(&self, refusal: Refusal, peer: Option<UserId>, context: Context<'_>) -> Frame {
        let known = match refusal {
            Refusal::Busy => return self.busy(context),
            Refusal::Internal => None,
            Refusal::Accounts(refusal) => self.accounts_refusal(refusal, context),
            Refusal::Chat(refusal) => self.chat_refusal(refusal, peer, context),
        };
        known.unwrap_or_else(|| self.failed(context))
    }
}
