//! Ids as rows hold them.

use crate::domain::id::{GroupId, MessageId, RoomId, UserId};
use crate::store::engine::error::StoreError;

pub(in crate::store) fn user_id(value: i64) -> Result<UserId, StoreError> {
    UserId::new(value).ok_or(StoreError::Corrupt { what: "a user id", value })
}

pub(in crate::store) fn room_id(value: i64) -> Result<RoomId, StoreError> {
    RoomId::new(value).ok_or(StoreError::Corrupt { what: "a room id", value })
}

pub(in crate::store) fn message_id(value: i64) -> Result<MessageId, StoreError> {
    MessageId::new(value).ok_or(StoreError::Corrupt { what: "a message id", value })
}

pub(in crate::store) fn group_id(value: i64) -> Result<GroupId, StoreError> {
    GroupId::new(value).ok_or(StoreError::Corrupt { what: "a group id", value })
}
