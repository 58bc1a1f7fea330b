//! What REWIND writes: answers, pushes, errors, close codes.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::Mode;
use super::time::Korean;
use crate::dialect::{Frame, IdentifyError};
use crate::domain::close::CloseReason;
use crate::domain::error::Refusal;
use crate::domain::event::{Event, Viewer, Welcome};
use crate::domain::friendship::FriendVerb;
use crate::domain::message::Message;
use crate::domain::user::User;

/// An error's code and reason.
pub type Error = (u16, &'static str);

/// A binary frame came.
pub const BINARY: Error = (1003, "Binary data not supported.");
/// The text is no JSON object.
pub const NOT_JSON: Error = (1007, "Data should be JSON.");
/// A field is missing, or of the wrong form.
pub const INVALID: Error = (4000, "Invalid request.");
/// No such frame type.
pub const UNKNOWN_TYPE: Error = (4000, "Unknown type.");
/// No such inner type of `chat`.
pub const UNKNOWN_CHAT: Error = (4000, "Unknown chat type.");
/// No such inner type of `load`.
pub const UNKNOWN_LOAD: Error = (4000, "Unknown load type.");
/// No such inner type of `mutual_users`.
pub const UNKNOWN_MUTUAL_USERS: Error = (4000, "Unknown mutual_users type.");
/// A friend command names nobody.
pub const NAME_MISSING: Error = (4000, "name is not provided.");
/// An auth frame holds no token.
pub const TOKEN_MISSING: Error = (4000, "Token not provided.");
/// A token that is not good.
pub const TOKEN_MISMATCH: Error = (4000, "Token signature mismatch.");
/// A good token of nobody, or of somebody else.
pub const TOKEN_USER: Error = (4000, "Invalid token payload provided.");
/// A command before auth.
pub const NOT_READY: Error = (4001, "Authentication required.");
/// Auth before the first heartbeat.
pub const NO_HEARTBEAT: Error = (4003, "First heartbeat payload was not received.");
/// Above the rate limit.
const RATE_LIMITED: Error = (4008, "rate limited");

#[derive(Serialize)]
struct Envelope<'a, P> {
    r#type: &'a str,
    payload: P,
}

fn frame<P: Serialize>(r#type: &str, payload: P) -> Frame {
    Frame::json(&Envelope { r#type, payload })
}

fn as_text<S: Serializer>(id: &i64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(itoa::Buffer::new().format(*id))
}

#[derive(Serialize)]
struct UserObject<'a> {
    #[serde(serialize_with = "as_text")]
    id: i64,
    name: &'a str,
    profile: Option<&'a str>,
}

impl<'a> From<&'a User> for UserObject<'a> {
    fn from(user: &'a User) -> Self {
        Self { id: user.id.get(), name: &user.name, profile: user.profile.as_deref() }
    }
}

fn objects(users: &[User]) -> Vec<UserObject<'_>> {
    users.iter().map(UserObject::from).collect()
}

/// The echo of a heartbeat, its payload byte for byte.
pub fn heartbeat(payload: Option<&RawValue>) -> Frame {
    let payload = payload.map_or("null", RawValue::get);
    Frame::text(format!(r#"{{"type":"heartbeat","payload":{payload}}}"#))
}

/// The answer to auth.
pub fn welcome(mode: Mode, welcome: &Welcome) -> Frame {
    #[derive(Serialize)]
    struct Payload<'a, L> {
        self_user: UserObject<'a>,
        mutual_requests: L,
        mutual_users: L,
    }
    let self_user = UserObject::from(&welcome.user);
    let (requests, friends) = (objects(&welcome.requests), objects(&welcome.friends));
    match mode {
        Mode::Readme => {
            frame("auth", Payload { self_user, mutual_requests: requests, mutual_users: friends })
        }
        Mode::Wind => {
            let mutual_requests = Frame::json(&requests).as_text().to_string();
            let mutual_users = Frame::json(&friends).as_text().to_string();
            frame("auth", Payload { self_user, mutual_requests, mutual_users })
        }
    }
}

/// The answer to a bad token.
pub fn not_identified(why: IdentifyError) -> Frame {
    error(match why {
        IdentifyError::Token => TOKEN_MISMATCH,
        IdentifyError::User => TOKEN_USER,
        IdentifyError::Hub(why) => return refusal(why),
    })
}

/// Whether a session is told of an event.
///
/// The shipped client would show news of its own user's other sessions, and every edit, as one
/// more bubble; in wind mode it is spared both.
pub fn tells(mode: Mode, event: &Event, viewer: Viewer) -> bool {
    match (mode, viewer) {
        (Mode::Readme, _) | (Mode::Wind, Viewer::Author) => true,
        (Mode::Wind, Viewer::OwnOther) => false,
        (Mode::Wind, Viewer::Peer) => !matches!(event, Event::MessageEdited(_)),
    }
}

/// An event, if there is a frame for it.
pub fn event(event: &Event) -> Option<Frame> {
    match event {
        Event::MessagePosted(message) => Some(chat("send", message)),
        Event::MessageEdited(message) => Some(chat("edit", message)),
        Event::Befriended { verb, by } => Some(befriended(*verb, by)),
        Event::StatusChanged { .. }
        | Event::Invited { .. }
        | Event::Noted { .. }
        | Event::Noticed { .. } => None,
    }
}

/// A message of a page of history: always shown as it is now, as if sent so.
pub fn history(message: &Message) -> Frame {
    chat("send", message)
}

fn chat(r#type: &str, message: &Message) -> Frame {
    #[derive(Serialize)]
    struct Payload<'a> {
        r#type: &'a str,
        #[serde(serialize_with = "as_text")]
        id: i64,
        #[serde(serialize_with = "as_text")]
        user_id: i64,
        #[serde(serialize_with = "as_text")]
        chat_id: i64,
        content: &'a str,
        created_at: String,
    }
    let payload = Payload {
        r#type,
        id: message.id.get(),
        user_id: message.author.get(),
        chat_id: message.pair.low().get() ^ message.pair.high().get(),
        content: &message.content,
        created_at: Korean(message.created_at).text(),
    };
    frame("chat", payload)
}

fn befriended(verb: FriendVerb, by: &User) -> Frame {
    #[derive(Serialize)]
    struct Payload<'a> {
        r#type: &'a str,
        user: UserObject<'a>,
    }
    let r#type = match verb {
        FriendVerb::Request => "request",
        FriendVerb::Accept => "response",
        FriendVerb::Discard => "remove",
        FriendVerb::End => "delete",
    };
    frame("mutual_users", Payload { r#type, user: by.into() })
}

/// The answer to a friend command that was done.
pub fn ok() -> Frame {
    frame("ok", ())
}

/// The list of friends.
pub fn friends(friends: &[User]) -> Frame {
    frame("mutual_users", objects(friends))
}

/// An error frame.
pub fn error((code, reason): Error) -> Frame {
    #[derive(Serialize)]
    struct Payload<'a> {
        code: u16,
        reason: &'a str,
    }
    frame("error", Payload { code, reason })
}

/// A command above the rate limit.
pub fn rate_limited(retry_after_ms: u64) -> Frame {
    #[derive(Serialize)]
    struct Payload<'a> {
        code: u16,
        reason: &'a str,
        retry_after_ms: u64,
    }
    let (code, reason) = RATE_LIMITED;
    frame("error", Payload { code, reason, retry_after_ms })
}

/// A refused command.
pub fn refusal(refusal: Refusal) -> Frame {
    error(match refusal {
        Refusal::NoSuchPeer => (4004, "User not exist."),
        Refusal::Absent => (4004, "User is not there."),
        Refusal::NoSuchMessage => (4004, "chat not exist."),
        Refusal::NoSuchRoom => (4004, "provided DM is not opened."),
        Refusal::NoSuchName => (4004, "select named user is not exist."),
        Refusal::Oneself => (4000, "could not send to friend request."),
        Refusal::AlreadyRequested => (4000, "select named user is already requested."),
        Refusal::AlreadyFriend => (4000, "select named user is already friend."),
        Refusal::NotRequested => (4004, "targeted name was not requested."),
        Refusal::NotFriend => (4004, "select named user was not friend."),
        Refusal::Busy => (4009, "busy, try again"),
        Refusal::Internal => (1011, "Internal error, nothing was stored."),
    })
}

/// Close code and reason of an ended session.
pub fn close(reason: CloseReason) -> (u16, String) {
    let (code, text) = match reason {
        CloseReason::HeartbeatMissing => (4003, "Heartbeat missing. Websocket session closed."),
        CloseReason::HeartbeatOmitted => NO_HEARTBEAT,
        CloseReason::NotIdentified => (4001, "Authentication required."),
        CloseReason::TokenExpired => (4010, "token expired"),
        CloseReason::SlowConsumer => (1008, "slow consumer"),
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
