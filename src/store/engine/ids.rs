//! Ids as rows hold them.

use crate::domain::id::{
    AppId, AppServerId, BridgeId, DeviceId, DownstreamId, GroupId, MessageId, PublishedId, RoomId,
    SnapshotId, SubscriptionId, TopicId, UserId,
};
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

pub(in crate::store) fn app_id(value: i64) -> Result<AppId, StoreError> {
    AppId::new(value).ok_or(StoreError::Corrupt { what: "an app id", value })
}

pub(in crate::store) fn app_server_id(value: i64) -> Result<AppServerId, StoreError> {
    AppServerId::new(value).ok_or(StoreError::Corrupt { what: "a server's id", value })
}

pub(in crate::store) fn device_id(value: i64) -> Result<DeviceId, StoreError> {
    DeviceId::new(value).ok_or(StoreError::Corrupt { what: "a device id", value })
}

pub(in crate::store) fn downstream_id(value: i64) -> Result<DownstreamId, StoreError> {
    DownstreamId::new(value).ok_or(StoreError::Corrupt { what: "a downstream message's id", value })
}

pub(in crate::store) fn topic_id(value: i64) -> Result<TopicId, StoreError> {
    TopicId::new(value).ok_or(StoreError::Corrupt { what: "a topic's id", value })
}

pub(in crate::store) fn subscription_id(value: i64) -> Result<SubscriptionId, StoreError> {
    SubscriptionId::new(value).ok_or(StoreError::Corrupt { what: "a subscription's id", value })
}

pub(in crate::store) fn snapshot_id(value: i64) -> Result<SnapshotId, StoreError> {
    SnapshotId::new(value).ok_or(StoreError::Corrupt { what: "a snapshot's id", value })
}

pub(in crate::store) fn bridge_id(value: i64) -> Result<BridgeId, StoreError> {
    BridgeId::new(value).ok_or(StoreError::Corrupt { what: "a bridge's id", value })
}

pub(in crate::store) fn published_id(value: i64) -> Result<PublishedId, StoreError> {
    PublishedId::new(value).ok_or(StoreError::Corrupt { what: "a published message's id", value })
}
