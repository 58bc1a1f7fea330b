//! One newtype per id. Every id is positive and fits a signed 64-bit integer.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::clock::Timestamp;

macro_rules! snowflake_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// The bare number, for storage and arithmetic.
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

snowflake_id!(
    /// A user. Always even, so that the XOR of two of them can never be a group id.
    UserId
);
snowflake_id!(
    /// A group: always odd, so that it can never be the XOR of two users' ids.
    GroupId
);
snowflake_id!(
    /// A room, as the store names it: a group's own id. Direct rooms never show it to anybody.
    RoomId
);
snowflake_id!(
    /// A message, unique over all rooms.
    MessageId
);
snowflake_id!(
    /// A device of a user.
    DeviceId
);
snowflake_id!(
    /// An app, to which consoles and devices belong.
    AppId
);
snowflake_id!(
    /// A server of an app that has registered under a name.
    AppServerId
);
snowflake_id!(
    /// Devices of an app that are told together.
    DeviceGroupId
);
snowflake_id!(
    /// A message from an app to devices.
    DownstreamId
);
snowflake_id!(
    /// A topic to which messages are published.
    TopicId
);
snowflake_id!(
    /// A subscription to a topic.
    SubscriptionId
);
snowflake_id!(
    /// What a subscription had not acknowledged at some moment.
    SnapshotId
);
snowflake_id!(
    /// A bridge between Pub/Sub and what is said or sent elsewhere.
    BridgeId
);
snowflake_id!(
    /// A message that was published: the moment of that in microseconds, made to grow strictly.
    PublishedId
);

impl PublishedId {
    /// When it was published.
    pub const fn published_at(self) -> Timestamp {
        Timestamp::from_micros(self.0)
    }
}

impl UserId {
    /// A user id from a number: positive and even, also beyond what the mint makes, because
    /// imported users keep theirs.
    pub const fn new(raw: i64) -> Option<Self> {
        if raw > 0 && raw % 2 == 0 { Some(Self(raw)) } else { None }
    }
}

impl GroupId {
    /// A group id from a number: positive and odd.
    pub const fn new(raw: i64) -> Option<Self> {
        if raw > 0 && raw % 2 == 1 { Some(Self(raw)) } else { None }
    }

    /// The room that the group is.
    pub const fn room(self) -> RoomId {
        RoomId(self.0)
    }
}

macro_rules! positive_id {
    ($($name:ident),+ $(,)?) => {
        $(impl $name {
            /// An id from a positive number.
            pub const fn new(raw: i64) -> Option<Self> {
                if raw > 0 { Some(Self(raw)) } else { None }
            }
        })+
    };
}

positive_id!(RoomId, MessageId, DeviceId, AppId, AppServerId, DeviceGroupId, DownstreamId);
positive_id!(TopicId, SubscriptionId, SnapshotId, BridgeId, PublishedId);

macro_rules! id_as_text {
    ($($name:ident),+ $(,)?) => {
        $(impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let id = String::deserialize(deserializer)?.parse().ok().and_then(Self::new);
                id.ok_or_else(|| D::Error::custom("no id"))
            }
        })+
    };
}

// Those that stand in settings which are kept.
id_as_text!(UserId, GroupId, AppId, DeviceId, DeviceGroupId);

/// One live socket of this process. Never stored, never shown on a wire, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_ids_are_positive_and_even() {
        assert_eq!(UserId::new(0), None);
        assert_eq!(UserId::new(-2), None);
        assert_eq!(UserId::new(3), None);
        assert_eq!(UserId::new(i64::MAX), None);
        assert_eq!(UserId::new(i64::MAX - 1).map(UserId::get), Some(i64::MAX - 1));
    }
}
