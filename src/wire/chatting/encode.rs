//! What the dialect writes: answers, news, errors, close codes.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::domain::chat::invite::{InviteId, InviteStep};
use crate::domain::clock::Timestamp;
use crate::domain::close::CloseReason;
use crate::domain::error::Refusal;
use crate::domain::event::{Event, Notice, Status, Viewer, Welcome};
use crate::domain::id::UserId;
use crate::wire::chatting::id::WireId;
use crate::wire::chatting::{Form, Ids};
use crate::wire::{Frame, IdentifyError, Phase, Scene};

/// The close code of whoever does not show who he is.
const NOT_IDENTIFIED: u16 = 3401;

/// A frame of a type, with what all of them have.
#[derive(Serialize)]
struct Envelope<'a, P> {
    r#type: &'a str,
    #[serde(flatten)]
    payload: P,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_id: Option<WireId>,
    time: Moment,
}

fn frame<P: Serialize>(r#type: &str, payload: P, to: Option<WireId>, at: Timestamp) -> Frame {
    Frame::json(&Envelope { r#type, payload, to_id: to, time: Moment(at) })
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
pub fn welcome(form: Form, welcome: &Welcome) -> Frame {
    #[derive(Serialize)]
    struct Payload<'a> {
        message: &'a str,
        online_friends: Vec<WireId>,
    }
    let online_friends = welcome.online.iter().map(|friend| form.ids.of(*friend)).collect();
    let payload = Payload { message: &form.texts.logged_in, online_friends };
    frame("system_message", payload, Some(form.ids.of(welcome.user.id)), welcome.at)
}

/// How a session ends whose peer was not let in.
pub fn not_identified(why: IdentifyError) -> CloseReason {
    match why {
        IdentifyError::Token | IdentifyError::User => CloseReason::NotIdentified,
        IdentifyError::Hub(_) => CloseReason::Overload,
    }
}

/// Whether a session is told of an event: of all for which there is a frame; but of invitations only
/// the one that invites, since every other of its user would open the game.
pub fn tells(event: &Event, viewer: Viewer) -> bool {
    match viewer {
        Viewer::Author | Viewer::Peer => true,
        Viewer::OwnOther => !matches!(event, Event::Invited { .. }),
    }
}

/// An event, if there is a frame for it.
pub fn event(form: Form, event: &Event) -> Option<Frame> {
    let id = |user: UserId| form.ids.of(user);
    match event {
        Event::MessagePosted(message) => {
            let (from, to) = (message.author, message.room.peer_of(message.author)?);
            Some(chat(&message.content, id(from), id(to), message.created_at))
        }
        Event::Noted { user, text, at } => Some(chat(text, id(*user), id(*user), *at)),
        Event::StatusChanged { user, to, status, at } => {
            Some(status_changed(id(*user), id(*to), *status, *at))
        }
        Event::Invited { from, to, step, id: invite, at } => {
            let payload = Invited::new(id(*from), *step, *invite);
            Some(frame("invite_game", payload, Some(id(*to)), *at))
        }
        Event::Noticed { notice, at } => Some(noticed(form, notice, *at)),
        // Edits, friendships, groups and finer presence are no business of this dialect.
        Event::MessageEdited(_)
        | Event::MessageRepeated(_)
        | Event::MessageWithdrawn(_)
        | Event::Befriended { .. }
        | Event::Typing { .. }
        | Event::Read { .. }
        | Event::GroupChanged(_)
        | Event::StatusSet(_)
        | Event::PresenceChanged(_) => None,
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

fn noticed(form: Form, notice: &Notice, at: Timestamp) -> Frame {
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
        from: &form.texts.system,
        message: Escaped(&notice.text),
        room_id: game.map(|game| game.room.as_str()),
        opponent_id: game.and_then(|game| game.opponent).map(|id| WireId(form.ids, id)),
    };
    frame("system_message", payload, Some(form.ids.of(notice.to)), at)
}

/// The answer where nobody can be reached; `target` is the id as it was asked for.
pub fn unreachable(form: Form, target: i64, scene: Scene<'_>) -> Frame {
    #[derive(Serialize)]
    struct Payload<'a> {
        error: &'a str,
        from_id: WireId,
    }
    let payload = Payload { error: &form.texts.unreachable, from_id: WireId(form.ids, target) };
    frame("system_message", payload, me(form, scene), scene.clock.now())
}

/// The answer to a frame that is not understood.
pub fn bad_request(form: Form, reason: &str, scene: Scene<'_>) -> Frame {
    error(form, &form.texts.bad_request, reason, scene)
}

/// A command above the rate limit.
pub fn rate_limited(form: Form, retry_after_ms: u64, scene: Scene<'_>) -> Frame {
    let reason = format!("Too many frames, try again in {retry_after_ms} ms.");
    error(form, "Too Many Requests", &reason, scene)
}

/// A refused command, with the user it was about.
pub fn refusal(form: Form, why: Refusal, peer: Option<UserId>, scene: Scene<'_>) -> Frame {
    let target = peer.map_or(0, UserId::get);
    match why {
        Refusal::NoSuchPeer | Refusal::Absent => unreachable(form, target, scene),
        Refusal::Busy => error(form, "Busy", "Nothing was done, try again.", scene),
        Refusal::Internal => error(form, "Internal Error", "Nothing was done.", scene),
        Refusal::TooOften { retry_after_ms } => rate_limited(form, retry_after_ms, scene),
        // No command of this dialect is refused so.
        Refusal::NoSuchMessage
        | Refusal::NoSuchRoom
        | Refusal::NoSuchName
        | Refusal::Oneself
        | Refusal::AlreadyRequested
        | Refusal::AlreadyFriend
        | Refusal::NotRequested
        | Refusal::NotFriend
        | Refusal::NotMember
        | Refusal::NotAllowed
        | Refusal::NoSuchMember
        | Refusal::Banned
        | Refusal::GroupFull
        | Refusal::TooManyGroups
        | Refusal::NotAddable
        | Refusal::NotOffered
        | Refusal::OwnerStays => bad_request(form, "This cannot be done.", scene),
    }
}

/// The answer to what this dialect has no command for.
pub fn never_asked() -> Frame {
    Frame::text(r#"{"type":"system_message","error":"Internal Error"}"#)
}

fn error(form: Form, error: &str, message: &str, scene: Scene<'_>) -> Frame {
    #[derive(Serialize)]
    struct Payload<'a> {
        error: &'a str,
        message: &'a str,
    }
    frame("system_message", Payload { error, message }, me(form, scene), scene.clock.now())
}

fn me(form: Form, scene: Scene<'_>) -> Option<WireId> {
    match scene.phase {
        Phase::Opened | Phase::Alive => None,
        Phase::Ready(me) => Some(form.ids.of(me)),
    }
}

/// Close code and reason of an ended session.
pub fn close(reason: CloseReason) -> (u16, String) {
    let (code, text) = match reason {
        CloseReason::NotIdentified => (NOT_IDENTIFIED, "not logged in"),
        CloseReason::TokenExpired => (NOT_IDENTIFIED, "token expired"),
        CloseReason::TokenRevoked => (NOT_IDENTIFIED, "token revoked"),
        CloseReason::HeartbeatMissing | CloseReason::HeartbeatOmitted => (1001, "no sign of life"),
        CloseReason::Replaced => (NOT_IDENTIFIED, "replaced"),
        CloseReason::SlowConsumer => (1013, "slow consumer"),
        CloseReason::Overload => (1013, "overload"),
        CloseReason::Restart { retry_after_ms } => {
            return (1012, format!("retry_after_ms={retry_after_ms}"));
        }
        CloseReason::ProtocolError => (1002, "protocol error"),
        CloseReason::BadText => (1007, "text is not UTF-8"),
        CloseReason::TooBig => (1009, "message too big"),
    };
    (code, text.to_owned())
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
