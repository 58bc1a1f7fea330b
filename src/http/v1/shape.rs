//! What answers are made of.

use serde::Serialize;
use utoipa::ToSchema;

use super::time;
use crate::domain::accounts::user::{Contact, User};
use crate::domain::chat::message::Message;
use crate::domain::chat::room::RoomKey;
use crate::domain::id::UserId;

/// What everybody may see of a user.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserJson {
    /// The id, in digits.
    #[schema(example = "284893234847744")]
    id: String,
    /// The unique name.
    #[schema(example = "alice")]
    name: String,
    /// A picture's name, or whatever else the user's client puts there.
    profile: Option<String>,
    /// The address of the room with a friend; left out if the user is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "284893234847746")]
    room: Option<String>,
}

impl From<User> for UserJson {
    fn from(user: User) -> Self {
        Self { id: user.id.to_string(), name: user.name, profile: user.profile, room: None }
    }
}

impl UserJson {
    /// A friend of the user `me`.
    pub fn friend(user: User, me: UserId) -> Self {
        let room = RoomKey::direct(me, user.id).map(|room| room.address().to_string());
        Self { room, ..Self::from(user) }
    }

    /// A user as `me` knows him.
    pub fn contact(contact: Contact, me: UserId) -> Self {
        match contact.is_friend {
            true => Self::friend(contact.user, me),
            false => contact.user.into(),
        }
    }
}

/// A message.
#[derive(Serialize, ToSchema)]
#[schema(as = Message)]
pub struct MessageJson {
    /// The id; unchanged by edits.
    #[schema(example = "284893234847748")]
    id: String,
    /// The address of its room.
    room: String,
    /// The id of the user who wrote it.
    author: String,
    /// Its number in the room: 1, 2, 3 … in the order in which they were stored.
    #[schema(minimum = 1)]
    seq: i64,
    /// The room's revision at its last change.
    #[schema(minimum = 1)]
    rev: i64,
    /// The text; empty once it is deleted.
    content: String,
    /// When it was sent.
    #[schema(format = "date-time")]
    created_at: String,
    /// When it was last edited or deleted.
    #[schema(format = "date-time")]
    edited_at: Option<String>,
    /// Under which nonce one has sent it oneself, if it is known.
    nonce: Option<String>,
}

impl MessageJson {
    /// A message as `me` sees it.
    pub fn of(message: Message, me: UserId) -> Self {
        let own = message.author == me;
        Self {
            id: message.id.to_string(),
            room: message.room.address().to_string(),
            author: message.author.to_string(),
            seq: message.seq,
            rev: message.rev,
            content: message.content,
            created_at: time::text(message.created_at),
            edited_at: message.edited_at.map(time::text),
            nonce: message.nonce.filter(|_| own).map(|nonce| nonce.as_str().to_owned()),
        }
    }
}
