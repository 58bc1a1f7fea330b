//! What the dialect writes: answers, news, errors, close codes.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::domain::chat::event::{ChatEvent, Notice, Status};
use crate::domain::chat::invite::{InviteId, InviteStep};
use crate::domain::clock::Timestamp;
use crate::domain::close::CloseReason;
use crate::domain::event::{Event, Viewer, Welcome};
use crate::domain::id::UserId;
use crate::domain::principal::{IdentifyError, Mailbox};
use crate::wire::chatting::id::WireId;
use crate::wire::chatting::{Ids, Style};
use crate::wire::close::CloseCodes;
use crate::wire::{Context, Frame};

/// The close code of whoever does not show who he is.
const NOT_IDENTIFIED: u16 = 3401;

/// A frame of a type, with what all of them have.
#[derive(Serialize)]
struct ChattingEnvelope<'a, P> {
    r#type: &'a str,
    #[serde(flatten)]
    payload: P,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_id: Option<WireId>,
    time: Moment,
}

fn frame<P: Serialize>(r#type: &str, payload: P, to: Option<WireId>, at: Timestamp) -> Frame {
    Frame::json(&ChattingEnvelope { r#type, payload, to_id: to, time: Moment(at) })
}

impl Ids {
    fn of(self, user: UserId) -> WireId {
        WireId(self, user.get())
    }
}

/// A moment as `2026-11-21T12:50:06.123Z`.
struct Moment(Timestamp);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let at = jiff::Timestamp::from_millisecond(self.0.millis()).unwrap_or_default();
        to.collect_str(&format_args!("{at:.3}"))
    }
}

/// Text that can do no harm in HTML.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in self.0.split_inclusive(['&', '<', '>', '"', '\'']) {
            let mut chars = piece.chars();
            let entity = match chars.next_back() {
                Some('&') => "&amp;",
                Some('<') => "&lt;",
                Some('>') => "&gt;",
                Some('"') => "&quot;",
                Some('\'') => "&#x27;",
                Some(_) | None => {
                    f.write_str(piece)?;
                    continue;
                }
            };
            f.write_str(chars.as_str())?;
            f.write_str(entity)?;
        }
        Ok(())
    }
}

impl Serialize for Escaped<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// The answer to a good token.
pub fn welcome(style: Style<'_>, welcome: &Welcome) -> Frame {
    #[derive(Serialize)]
    struct Payload<'a> {
        message: &'a str,
        online_friends: Vec<WireId>,
    }
    let online_friends = welcome.online.iter().map(|friend| style.ids.of(*friend)).collect();
    let payload = Payload { message: &style.settings.logged_in_text, online_friends };
    frame("system_message", payload, Some(style.ids.of(welcome.user.id)), welcome.at)
}

/// How a session ends whose peer was not let in.
pub fn not_identified(why: IdentifyError) -> CloseReason {
    match why {
        IdentifyError::Credential | IdentifyError::Principal | IdentifyError::Form(_) => {
            CloseReason::NotIdentified
        }
        IdentifyError::Busy | IdentifyError::Internal => CloseReason::Overload,
    }
}

/// Whether an event is delivered: all for which there is a frame; but invitations to no other
/// session of who invites, since each of them would open the game.
pub fn delivers(event: &Event, viewer: Viewer) -> bool {
    match viewer {
        Viewer::Author | Viewer::Peer => true,
        Viewer::OwnOther => !matches!(event, Event::Chat(ChatEvent::Invited { .. })),
    }
}

/// An event, if there is a frame for it.
pub fn event(style: Style<'_>, event: &ChatEvent) -> Option<Frame> {
    let id = |user: UserId| style.ids.of(user);
    match event {
        ChatEvent::MessagePosted(message) => {
            let (from, to) = (message.author, message.room.peer_of(message.author)?);
            Some(chat(&message.content, id(from), id(to), message.created_at))
        }
        ChatEvent::Noted { user, text, at } => Some(chat(text, id(*user), id(*user), *at)),
        ChatEvent::StatusChanged { user, to, status, at } => {
            Some(status_changed(id(*user), id(*to), *status, *at))
        }
        ChatEvent::Invited { from, to, step, id: invite, at } => {
            let payload = Invited::new(id(*from), *step, *invite);
            Some(frame("invite_game", payload, Some(id(*to)), *at))
        }
        ChatEvent::Noticed { notice, at } => Some(noticed(style, notice, *at)),
        // Edits, groups and finer presence are no business of this dialect.
        ChatEvent::MessageEdited(_)
        | ChatEvent::MessageRepeated(_)
        | ChatEvent::MessageWithdrawn(_)
        | ChatEvent::Typing { .. }
        | ChatEvent::Read { .. }
        | ChatEvent::GroupChanged(_)
        | ChatEvent::StatusSet(_)
        | ChatEvent::PresenceChanged(_) => None,
    }
}

fn chat(text: &str, from_id: WireId, to: WireId, at: Timestamp) -> Frame {
    #[derive(Serialize)]
    struct Payload<'a> {
        message: Escaped<'a>,
        from_id: WireId,
    }
    frame("chat_message", Payload { message: Escaped(text), from_id }, Some(to), at)
}

fn status_changed(from_id: WireId, to: WireId, status: Status, at: Timestamp) -> Frame {
    #[derive(Serialize)]
    struct Payload<'a> {
        from_id: WireId,
        status: &'a str,
    }
    let status = match status {
        Status::Online | Status::Away => "online",
        Status::Offline => "offline",
    };
    frame("send_status", Payload { from_id, status }, Some(to), at)
}

#[derive(Serialize)]
struct Invited {
    status: &'static str,
    from_id: WireId,
    #[serde(skip_serializing_if = "Option::is_none")]
    room_id: Option<String>,
}

impl Invited {
    fn new(from_id: WireId, step: InviteStep, invite: Option<InviteId>) -> Self {
        let status = match step {
            InviteStep::Open => "invite",
            InviteStep::Cancel => "cancel",
        };
        Self { status, from_id, room_id: invite.map(|invite| invite.to_string()) }
    }
}

fn noticed(style: Style<'_>, notice: &Notice, at: Timestamp) -> Frame {
    #[derive(Serialize)]
    struct Payload<'a> {
        from: &'a str,
        message: Escaped<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        room_id: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        opponent_id: Option<WireId>,
    }
    let game = notice.game.as_ref();
    let payload = Payload {
        from: &style.settings.system_text,
        message: Escaped(&notice.text),
        room_id: game.map(|game| game.room.as_str()),
        opponent_id: game.and_then(|game| game.opponent).map(|id| WireId(style.ids, id)),
    };
    let to = match notice.to {
        Mailbox::User(user) => Some(style.ids.of(user)),
        Mailbox::Device(_) | Mailbox::Console(_) => None,
    };
    frame("system_message", payload, to, at)
}

/// The answer where nobody can be reached; `target` is the id as it was asked for.
pub fn unreachable(style: Style<'_>, target: i64, context: Context<'_>) -> Frame {
    #[derive(Serialize)]
    struct Payload<'a> {
        error: &'a str,
        from_id: WireId,
    }
    let payload =
        Payload { error: &style.settings.unreachable_text, from_id: WireId(style.ids, target) };
    frame("system_message", payload, me(style, context), context.clock.now())
}

/// The answer to a frame that is not understood.
pub fn bad_request(style: Style<'_>, reason: &str, context: Context<'_>) -> Frame {
    error(style, &style.settings.bad_request_text, reason, context)
}

/// A command above the rate limit.
pub fn rate_limited(style: Style<'_>, retry_after_ms: u64, context: Context<'_>) -> Frame {
    let reason = format!("Too many frames, try again in {retry_after_ms} ms.");
    error(style, "Too Many Requests", &reason, context)
}

/// A command that cannot be taken now.
pub fn busy(style: Style<'_>, context: Context<'_>) -> Frame {
    error(style, "Busy", "Nothing was done, try again.", context)
}

/// A fault of ours.
pub fn failed(style: Style<'_>, context: Context<'_>) -> Frame {
    error(style, "Internal Error", "Nothing was done.", context)
}

fn error(style: Style<'_>, error: &str, message: &str, context: Context<'_>) -> Frame {
    #[derive(Serialize)]
    struct Payload<'a> {
        error: &'a str,
        message: &'a str,
    }
    frame("system_message", Payload { error, message }, me(style, context), context.clock.now())
}

fn me(style: Style<'_>, context: Context<'_>) -> Option<WireId> {
    context.user().map(|me| style.ids.of(me))
}

/// Close code and reason of an ended session.
pub fn close(reason: CloseReason) -> (u16, String) {
    CLOSE_CODES.of(reason)
}

const CLOSE_CODES: CloseCodes = CloseCodes {
    not_identified: (NOT_IDENTIFIED, "not logged in"),
    unauthorized: (NOT_IDENTIFIED, "not logged in"),
    token_ended: NOT_IDENTIFIED,
    replaced: NOT_IDENTIFIED,
};

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
