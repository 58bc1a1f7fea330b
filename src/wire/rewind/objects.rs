//! Frames, and what they hold: users, messages, ids.

use serde::{Serialize, Serializer};

use crate::domain::accounts::user::{Contact, User};
use crate::domain::chat::message::{Message, Nonce};
use crate::domain::chat::room::RoomKey;
use crate::domain::id::UserId;
use crate::wire::Frame;
use crate::wire::rewind::RewindOptions;
use crate::wire::rewind::features::Features;
use crate::wire::rewind::time::Korean;

#[derive(Serialize)]
struct RewindEnvelope<'a, P> {
    r#type: &'a str,
    payload: P,
}

/// A frame of a type.
pub(in crate::wire::rewind) fn frame<P: Serialize>(r#type: &str, payload: P) -> Frame {
    Frame::json(&RewindEnvelope { r#type, payload })
}

/// An id as the wire has it.
pub fn as_text<S: Serializer>(id: &i64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(itoa::Buffer::new().format(*id))
}

/// A user.
#[derive(Serialize)]
pub struct UserObject<'a> {
    #[serde(serialize_with = "as_text")]
    id: i64,
    name: &'a str,
    profile: Option<&'a str>,
    /// The address of the room with a friend, for those who ask for features.
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<Id>,
}

impl<'a> From<&'a User> for UserObject<'a> {
    fn from(user: &'a User) -> Self {
        let profile = user.profile.as_deref();
        Self { id: user.id.get(), name: &user.name, profile, room: None }
    }
}

impl<'a> UserObject<'a> {
    /// A friend of the user `me`, who reads it.
    pub fn friend(options: RewindOptions, me: UserId, user: &'a User) -> Self {
        let room = options.features.is_any().then(|| RoomKey::direct(me, user.id)).flatten();
        Self { room: room.map(Id::from), ..Self::from(user) }
    }

    /// A user as `me` knows him, who reads it.
    pub fn contact(options: RewindOptions, me: UserId, contact: &'a Contact) -> Self {
        match contact.is_friend {
            true => Self::friend(options, me, &contact.user),
            false => Self::from(&contact.user),
        }
    }
}

/// An id as text.
pub struct Id(pub i64);

impl From<RoomKey> for Id {
    fn from(room: RoomKey) -> Self {
        Self(room.address())
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        as_text(&self.0, to)
    }
}

/// The friends of the user `me`, who reads it.
pub fn friends_of(options: RewindOptions, me: UserId, friends: &[User]) -> Vec<UserObject<'_>> {
    friends.iter().map(|friend| UserObject::friend(options, me, friend)).collect()
}

/// Users as anybody sees them, in the same order.
pub fn objects(users: &[User]) -> Vec<UserObject<'_>> {
    users.iter().map(UserObject::from).collect()
}

/// A message, and for whom it is written.
#[derive(Clone, Copy)]
pub struct Chat<'a> {
    pub options: RewindOptions,
    pub r#type: &'a str,
    pub message: &'a Message,
    /// Whether its author reads it.
    pub own: bool,
    /// Whether it was sent before.
    pub duplicate: bool,
}

/// A message as the wire has it.
#[derive(Serialize)]
pub struct ChatObject<'a> {
    r#type: &'a str,
    #[serde(serialize_with = "as_text")]
    id: i64,
    #[serde(serialize_with = "as_text")]
    user_id: i64,
    #[serde(serialize_with = "as_text")]
    chat_id: i64,
    content: &'a str,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rev: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edited_at: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicate: Option<bool>,
}

impl<'a> Chat<'a> {
    /// What a frame holds.
    pub fn object(self) -> ChatObject<'a> {
        let Self { r#type, message, .. } = self;
        let sync = self.options.features.has(Features::SYNC);
        let edited_at = || message.edited_at.map(|at| Korean(at).text());
        ChatObject {
            r#type,
            id: message.id.get(),
            user_id: message.author.get(),
            chat_id: message.room.address(),
            content: &message.content,
            created_at: Korean(message.created_at).text(),
            seq: sync.then_some(message.seq),
            rev: sync.then_some(message.rev),
            edited_at: sync.then(edited_at),
            nonce: (sync && self.own).then(|| message.nonce.as_ref().map(Nonce::as_str)),
            duplicate: (sync && self.duplicate).then_some(true),
        }
    }

    /// A frame by itself.
    pub fn frame(self) -> Frame {
        frame("chat", self.object())
    }
}

/// A message of a page of history, as a part of a frame: always shown as it is now, as if sent so.
pub fn shown(options: RewindOptions, message: &Message, me: UserId) -> ChatObject<'_> {
    let own = message.author == me;
    Chat { options, r#type: "send", message, own, duplicate: false }.object()
}
