//! One module per table: plain functions on a [`Connection`](super::Connection).
//!
//! Values of the domain go in and come out; diesel's types stay inside. What must happen together
//! is one function, or runs in one `write`. Nothing here knows the time or makes an id.

pub mod accounts;
pub mod authors;
pub mod blocks;
pub mod changes;
pub mod contacts;
pub mod departures;
pub mod epochs;
pub mod friendships;
pub mod groups;
pub(in crate::store) mod hidings;
pub mod history;
pub mod living;
pub mod logins;
pub mod mails;
pub mod messages;
pub mod name_keys;
pub mod nonces;
pub mod offers;
pub mod quotas;
pub mod read_marks;
pub mod registrations;
pub mod resets;
pub mod room_list;
pub mod rooms;
pub mod service_keys;
mod statement;
pub mod users;
mod visible;

use crate::domain::id::{GroupId, MessageId, RoomId, UserId};
use crate::domain::room::RoomKey;
use crate::domain::user::UserPair;

use super::error::StoreError;

/// Rows of one `INSERT`; SQLite allows 32,766 values in a statement.
const INSERT_ROWS_MAX: usize = 1_000;

fn user_id(value: i64) -> Result<UserId, StoreError> {
    UserId::new(value).ok_or(StoreError::Corrupt { what: "a user id", value })
}

fn room_id(value: i64) -> Result<RoomId, StoreError> {
    RoomId::new(value).ok_or(StoreError::Corrupt { what: "a room id", value })
}

fn message_id(value: i64) -> Result<MessageId, StoreError> {
    MessageId::new(value).ok_or(StoreError::Corrupt { what: "a message id", value })
}

fn room_key(id: i64, ends: (Option<i64>, Option<i64>)) -> Result<RoomKey, StoreError> {
    match ends {
        (Some(low), Some(high)) => user_pair(low, high).map(RoomKey::Direct),
        _ => group_id(id).map(RoomKey::Group),
    }
}

fn group_id(value: i64) -> Result<GroupId, StoreError> {
    GroupId::new(value).ok_or(StoreError::Corrupt { what: "a group id", value })
}

fn user_pair(low: i64, high: i64) -> Result<UserPair, StoreError> {
    let pair = UserPair::new(user_id(low)?, user_id(high)?);
    pair.ok_or(StoreError::Corrupt { what: "both users of a pair", value: low })
}
