//! Wire protocols as thin adapters: text in, commands out; events in, frames out.
//!
//! A dialect knows the domain and its own wire, and nothing else: no hub, no store, no socket. It
//! holds no state; all it needs to read a frame is the [`Scene`] it is said in. A new dialect is a
//! folder with `decode.rs` and `encode.rs` and one more variant of [`Kind`].

pub mod chatting;
mod json;
pub mod rewind;

use bytestring::ByteString;
use serde::Serialize;

use crate::domain::accounts::user::{Contact, User};
use crate::domain::chat::group::{Group, Member};
use crate::domain::chat::message::Message;
use crate::domain::chat::room::RoomKey;
use crate::domain::clock::Clock;
use crate::domain::close::CloseReason;
use crate::domain::command::Command;
use crate::domain::error::Refusal;
use crate::domain::event::{Event, Requests, Topic, Viewer, Welcome};
use crate::domain::id::UserId;
use crate::wire::rewind::features::Features;

/// Room for most frames.
const FRAME_BYTES: usize = 384;

/// A text frame ready for the wire. Cloning it shares the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame(ByteString);

impl Frame {
    /// A frame of JSON. A value that cannot be written is a fault of ours: it is logged, and the
    /// frame is empty.
    pub fn json(value: &impl Serialize) -> Self {
        let mut text = Vec::with_capacity(FRAME_BYTES);
        let written = serde_json::to_writer(&mut text, value).map_err(|error| error.to_string());
        let text =
            written.and_then(|()| ByteString::try_from(text).map_err(|error| error.to_string()));
        match text {
            Ok(text) => Self(text),
            Err(error) => {
                log::error!("a frame could not be written: {error}");
                Self(ByteString::new())
            }
        }
    }

    /// A frame of finished text.
    pub fn text(text: impl Into<ByteString>) -> Self {
        Self(text.into())
    }

    /// The text, shared.
    pub fn as_text(&self) -> &ByteString {
        &self.0
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// How far a session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing but the handshake has happened.
    Opened,
    /// A first heartbeat came.
    Alive,
    /// The user is known.
    Ready(UserId),
}

/// Where and when something is said.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// How far the session has come.
    pub phase: Phase,
    /// The time, for dialects that show it in every frame.
    pub clock: &'a dyn Clock,
}

/// What a frame from the peer means.
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
    /// The session ends.
    Close(CloseReason),
    /// The peer says who it is.
    Identify {
        /// By this token.
        token: String,
        /// What its session is from then on, if the token is good.
        kind: Kind,
    },
    /// Something for the hub.
    Command(Command),
}

/// Why a peer was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentifyError {
    /// The token is malformed, badly signed, or expired.
    Token,
    /// The token is good, but names nobody, or somebody else than this session's user.
    User,
    /// The hub cannot say now.
    Hub(Refusal),
}

/// What follows for one who was not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// He is told, and may try again.
    Reply(Frame),
    /// The session ends.
    Close(CloseReason),
}

/// How a session shows that its peer is there, and for how long it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upkeep {
    /// Its peer sends heartbeats, and it ends with its token.
    Heartbeats,
    /// The same, but answers to pings do as well: browsers hold back the timers of hidden pages.
    HeartbeatsOrPongs,
    /// It must show soon whose it is. From then on its peer is pinged; the token is not looked at
    /// again.
    Pings,
}

/// A dialect, with those options of a session that change what is written to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The main one.
    Rewind(rewind::Form),
    /// That of game lobbies.
    Chatting(chatting::Form),
}

impl Kind {
    /// How its sessions are kept up.
    pub fn upkeep(self) -> Upkeep {
        match self {
            Self::Rewind(form) if form.features.names().next().is_some() => {
                Upkeep::HeartbeatsOrPongs
            }
            Self::Rewind(_) => Upkeep::Heartbeats,
            Self::Chatting(_) => Upkeep::Pings,
        }
    }

    /// Reads a text frame. Never fails: what cannot be understood is answered.
    pub fn decode(self, text: &str, scene: Scene<'_>) -> Decoded {
        match self {
            Self::Rewind(form) => rewind::decode::text(form, text, scene.phase),
            Self::Chatting(form) => chatting::decode::text(form, text, scene),
        }
    }

    /// Reads a binary frame, whatever is in it.
    pub fn binary(self, scene: Scene<'_>) -> Decoded {
        match self {
            Self::Rewind(_) => Decoded::Reply(rewind::encode::error(rewind::encode::BINARY)),
            Self::Chatting(form) => chatting::decode::binary(form, scene),
        }
    }

    /// The answer to a good token, and what follows at once.
    pub fn welcome(self, welcome: &Welcome) -> Vec<Frame> {
        match self {
            Self::Rewind(form) => rewind::encode::welcome(form, welcome),
            Self::Chatting(form) => vec![chatting::encode::welcome(form, welcome)],
        }
    }

    /// Whether the answer to a good token names the rooms one is in.
    pub fn lists_rooms(self) -> bool {
        match self {
            Self::Rewind(form) => form.features.has(Features::SYNC),
            Self::Chatting(_) => false,
        }
    }

    /// The answer to a token that lets nobody in.
    pub fn not_identified(self, error: IdentifyError) -> Rejection {
        match self {
            Self::Rewind(_) => Rejection::Reply(rewind::encode::not_identified(error)),
            Self::Chatting(_) => Rejection::Close(chatting::encode::not_identified(error)),
        }
    }

    /// Whether there is a frame for news of a topic.
    pub fn hears(self, topic: Topic) -> bool {
        match (self, topic) {
            (Self::Rewind(form), Topic::Presence) => form.features.has(Features::PRESENCE),
            (Self::Rewind(form), Topic::Typing) => form.features.has(Features::TYPING),
            (Self::Rewind(_), Topic::Invites | Topic::Notes | Topic::Notices)
            | (Self::Chatting(_), Topic::Presence | Topic::Typing) => false,
            (Self::Chatting(_), Topic::Invites | Topic::Notes | Topic::Notices) => true,
        }
    }

    /// Whether a session is told of an event, if there is a frame for it.
    pub fn tells(self, event: &Event, viewer: Viewer) -> bool {
        match self {
            Self::Rewind(form) => rewind::encode::tells(form, event, viewer),
            Self::Chatting(_) => chatting::encode::tells(event, viewer),
        }
    }

    /// Whether the user who has done it reads something else in an event than others do.
    pub fn tells_apart(self, event: &Event) -> bool {
        match self {
            Self::Rewind(form) => rewind::encode::tells_apart(form, event),
            Self::Chatting(_) => false,
        }
    }

    /// An event, the same for all who are told of it but for what [`Kind::tells_apart`] says; `None` if
    /// there is no frame for it.
    pub fn event(self, event: &Event, viewer: Viewer) -> Option<Frame> {
        match self {
            Self::Rewind(form) => rewind::encode::event(form, event, viewer),
            Self::Chatting(form) => chatting::encode::event(form, event),
        }
    }

    /// The answer to a friend command that was done.
    pub fn befriended(self) -> Frame {
        match self {
            Self::Rewind(_) => rewind::encode::ok(),
            Self::Chatting(_) => chatting::encode::never_asked(),
        }
    }

    /// The list of the friends of the user `me`.
    pub fn friends(self, me: UserId, friends: &[User]) -> Frame {
        match self {
            Self::Rewind(form) => rewind::encode::friends(form, me, friends),
            Self::Chatting(_) => chatting::encode::never_asked(),
        }
    }

    /// Users whom the user `me` has asked about.
    pub fn users(self, me: UserId, users: &[Contact]) -> Frame {
        match self {
            Self::Rewind(form) => rewind::features::encode::users(form, me, users),
            Self::Chatting(_) => chatting::encode::never_asked(),
        }
    }

    /// How far the others in a room have read.
    pub fn readers(self, room: RoomKey, marks: &[(UserId, i64)]) -> Frame {
        match self {
            Self::Rewind(_) => rewind::features::encode::readers(room, marks),
            Self::Chatting(_) => chatting::encode::never_asked(),
        }
    }

    /// A page of a room's history, for the user `me`; and whether there is more before it.
    pub fn page(self, (room, me): (RoomKey, UserId), messages: &[Message], more: bool) -> Frame {
        match self {
            Self::Rewind(form) => rewind::features::encode::page(form, (room, me), messages, more),
            Self::Chatting(_) => chatting::encode::never_asked(),
        }
    }

    /// The requests for friendship, to one and by one.
    pub fn requests(self, requests: &Requests) -> Frame {
        match self {
            Self::Rewind(_) => rewind::features::encode::requests(requests),
            Self::Chatting(_) => chatting::encode::never_asked(),
        }
    }

    /// A message of a page of history, for the user `me`.
    pub fn history(self, message: &Message, me: UserId) -> Frame {
        match self {
            Self::Rewind(form) => rewind::encode::history(form, message, me),
            Self::Chatting(_) => chatting::encode::never_asked(),
        }
    }

    /// A message that has changed since the user `me` looked last.
    pub fn change(self, message: &Message, me: UserId) -> Frame {
        match self {
            Self::Rewind(form) => rewind::encode::change(form, message, me),
            Self::Chatting(_) => chatting::encode::never_asked(),
        }
    }

    /// The revisions that were asked about are of another history than this one.
    pub fn reset(self, epoch: &str) -> Frame {
        match self {
            Self::Rewind(_) => rewind::features::encode::reset(epoch),
            Self::Chatting(_) => chatting::encode::never_asked(),
        }
    }

    /// How far rooms, named by their addresses, have been brought up to date; and whether that is
    /// all.
    pub fn caught_up(self, reached: &[(i64, Option<i64>)], complete: bool, epoch: &str) -> Frame {
        match self {
            Self::Rewind(_) => rewind::features::encode::caught_up(reached, complete, epoch),
            Self::Chatting(_) => chatting::encode::never_asked(),
        }
    }

    /// The members of a group.
    pub fn members(self, group: &Group, members: &[Member]) -> Frame {
        match self {
            Self::Rewind(_) => rewind::features::encode::members(group, members),
            Self::Chatting(_) => chatting::encode::never_asked(),
        }
    }

    /// The answer to a refused command, with the user it was about.
    pub fn refusal(self, refusal: Refusal, peer: Option<UserId>, scene: Scene<'_>) -> Frame {
        match self {
            Self::Rewind(_) => rewind::encode::refusal(refusal),
            Self::Chatting(form) => chatting::encode::refusal(form, refusal, peer, scene),
        }
    }

    /// The answer to a command above the rate limit.
    pub fn rate_limited(self, retry_after_ms: u64, scene: Scene<'_>) -> Frame {
        match self {
            Self::Rewind(_) => rewind::encode::rate_limited(retry_after_ms),
            Self::Chatting(form) => chatting::encode::rate_limited(form, retry_after_ms, scene),
        }
    }

    /// Close code and reason (at most 123 bytes) of an ended session.
    pub fn close(self, reason: CloseReason) -> (u16, String) {
        match self {
            Self::Rewind(form) => rewind::encode::close(form, reason),
            Self::Chatting(_) => chatting::encode::close(reason),
        }
    }
}
