//! What REWIND writes: answers, errors, close codes.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::domain::accounts::friendship::FriendVerb;
use crate::domain::accounts::refusal::AccountsRefusal;
use crate::domain::accounts::user::User;
use crate::domain::chat::message::Message;
use crate::domain::chat::refusal::ChatRefusal;
use crate::domain::close::CloseReason;
use crate::domain::event::Welcome;
use crate::domain::id::UserId;
use crate::domain::principal::IdentifyError;
use crate::wire::Frame;
use crate::wire::rewind::features::{self, Features};
use crate::wire::rewind::objects::{Chat, UserObject, frame, friends_of, objects, shown};
use crate::wire::rewind::{Mode, RewindOptions};

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
/// No such inner type of `presence`.
pub const UNKNOWN_PRESENCE: Error = (4000, "Unknown presence type.");
/// No such inner type of `group`.
pub const UNKNOWN_GROUP: Error = (4000, "Unknown group type.");
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
/// Try again.
pub const BUSY: Error = (4009, "busy, try again");
/// A fault of ours.
pub const INTERNAL: Error = (1011, "Internal error, nothing was stored.");
/// Above the rate limit.
const RATE_LIMITED: Error = (4008, "rate limited");

/// The echo of a heartbeat, its payload byte for byte.
pub fn heartbeat(payload: Option<&RawValue>) -> Frame {
    let payload = payload.map_or("null", RawValue::get);
    Frame::text(format!(r#"{{"type":"heartbeat","payload":{payload}}}"#))
}

/// The answer to auth, and what follows at once.
pub fn welcome(options: RewindOptions, welcome: &Welcome) -> Vec<Frame> {
    #[derive(Serialize)]
    struct Payload<'a, L> {
        self_user: UserObject<'a>,
        mutual_requests: L,
        mutual_users: L,
        #[serde(skip_serializing_if = "Option::is_none")]
        features: Option<Vec<&'static str>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        rooms: Option<Vec<features::encode::RoomObject<'a>>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        epoch: Option<&'a str>,
    }
    let self_user = UserObject::from(&welcome.user);
    let me = welcome.user.id;
    let (requests, friends) =
        (objects(&welcome.requests), friends_of(options, me, &welcome.friends));
    let features = options.features;
    let answer = match options.mode {
        Mode::Readme => {
            let rooms = welcome.rooms.as_deref();
            let payload = Payload {
                self_user,
                mutual_requests: requests,
                mutual_users: friends,
                features: features.has(Features::ASKED).then(|| features.names().collect()),
                epoch: rooms.map(|_| &*welcome.epoch),
                rooms: rooms.map(|rooms| features::encode::rooms(options, me, rooms)),
            };
            frame("auth", payload)
        }
        Mode::Wind => {
            let mutual_requests = Frame::json(&requests).as_text().to_string();
            let mutual_users = Frame::json(&friends).as_text().to_string();
            let (features, rooms, epoch) = (None, None, None);
            let payload =
                Payload { self_user, mutual_requests, mutual_users, features, rooms, epoch };
            frame("auth", payload)
        }
    };
    let presence = features.has(Features::PRESENCE);
    let snapshot = presence.then(|| features::encode::snapshot(&welcome.presence));
    std::iter::once(answer).chain(snapshot).collect()
}

/// The answer to a bad token.
pub fn not_identified(why: IdentifyError) -> Frame {
    error(match why {
        IdentifyError::Credential | IdentifyError::Form(_) => TOKEN_MISMATCH,
        IdentifyError::Principal => TOKEN_USER,
        IdentifyError::Busy => BUSY,
        IdentifyError::Internal => INTERNAL,
    })
}

/// A message of a page of history: always shown as it is now, as if sent so.
pub fn history(options: RewindOptions, message: &Message, me: UserId) -> Frame {
    frame("chat", shown(options, message, me))
}

/// A message that has changed.
pub fn change(options: RewindOptions, message: &Message, me: UserId) -> Frame {
    let r#type = if message.edited_at.is_some() { "edit" } else { "send" };
    let own = message.author == me;
    Chat { options, r#type, message, own, duplicate: false }.frame()
}

/// A user has asked for a friendship, or answered.
pub fn befriended(options: RewindOptions, verb: FriendVerb, (by, to): (&User, UserId)) -> Frame {
    #[derive(Serialize)]
    struct Payload<'a> {
        r#type: &'a str,
        user: UserObject<'a>,
    }
    let r#type = match verb {
        FriendVerb::Request => "request",
        FriendVerb::Accept => "response",
        FriendVerb::Discard => "remove",
        FriendVerb::Withdraw => "withdraw",
        FriendVerb::End => "delete",
    };
    let user = match verb {
        FriendVerb::Accept => UserObject::friend(options, to, by),
        FriendVerb::Request | FriendVerb::Discard | FriendVerb::Withdraw | FriendVerb::End => {
            by.into()
        }
    };
    frame("mutual_users", Payload { r#type, user })
}

/// The answer to a friend command that was done.
pub fn ok() -> Frame {
    frame("ok", ())
}

/// The list of the friends of the user `me`.
pub fn friends(options: RewindOptions, me: UserId, friends: &[User]) -> Frame {
    frame("mutual_users", friends_of(options, me, friends))
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

/// A command that was refused for what is between users.
pub fn accounts_refusal(refusal: AccountsRefusal) -> Frame {
    error(match refusal {
        AccountsRefusal::NoSuchName => (4004, "select named user is not exist."),
        AccountsRefusal::Oneself => (4000, "could not send to friend request."),
        AccountsRefusal::AlreadyRequested => (4000, "select named user is already requested."),
        AccountsRefusal::AlreadyFriend => (4000, "select named user is already friend."),
        AccountsRefusal::NotRequested => (4004, "targeted name was not requested."),
        AccountsRefusal::NotFriend => (4004, "select named user was not friend."),
        AccountsRefusal::TooOften { retry_after_ms } => return rate_limited(retry_after_ms),
    })
}

/// A command that was refused for what is in rooms.
pub fn chat_refusal(refusal: ChatRefusal) -> Frame {
    error(match refusal {
        ChatRefusal::NoSuchPeer => (4004, "User not exist."),
        ChatRefusal::NoSuchMessage => (4004, "chat not exist."),
        ChatRefusal::NoSuchRoom => (4004, "provided DM is not opened."),
        ChatRefusal::NotMember => (4005, "not a member"),
        ChatRefusal::NotAllowed => (4005, "not allowed"),
        ChatRefusal::NoSuchMember => (4004, "user is not a member"),
        ChatRefusal::Banned => (4000, "user is banned"),
        ChatRefusal::GroupFull => (4000, "group is full"),
        ChatRefusal::TooManyGroups => (4000, "too many groups"),
        ChatRefusal::OwnerStays => (4000, "the owner cannot leave"),
        ChatRefusal::NotAddable => (4005, "user is not added by others"),
        ChatRefusal::NotOffered => (4004, "group was not offered"),
    })
}

/// Close code and reason of an ended session.
pub fn close(options: RewindOptions, reason: CloseReason) -> (u16, String) {
    let (code, text) = match reason {
        CloseReason::HeartbeatMissing => (4003, "Heartbeat missing. Websocket session closed."),
        CloseReason::HeartbeatOmitted => NO_HEARTBEAT,
        CloseReason::NotIdentified | CloseReason::Unauthorized => {
            (4003, "Authentication required.")
        }
        CloseReason::Replaced => (4001, "replaced"),
        CloseReason::TokenExpired => (4010, "token expired"),
        CloseReason::TokenRevoked => (4010, "token revoked"),
        // Whoever has asked for features knows that this one means: come back.
        CloseReason::SlowConsumer if options.features.has(Features::ASKED) => {
            (1013, "slow consumer")
        }
        CloseReason::SlowConsumer => (1008, "slow consumer"),
        CloseReason::Overload => (1013, "overload"),
        CloseReason::Restart { retry_after_ms } => {
            return (1012, format!("retry_after_ms={retry_after_ms}"));
        }
        CloseReason::ProtocolError => (1002, "protocol error"),
        CloseReason::BadText => (1007, "text is not UTF-8"),
        CloseReason::Binary => (1003, "text only"),
        CloseReason::TooBig => (1009, "message too big"),
    };
    (code, text.to_owned())
}
