//! Bridges: what is said in rooms goes to a topic, or what comes to a subscription goes to consoles or devices of an app.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::name::{SubscriptionName, TopicName};
use super::refusal::PubsubRefusal;
use crate::domain::accounts::user::UserPair;
use crate::domain::chat::room::RoomKey;
use crate::domain::clock::Timestamp;
use crate::domain::id::{AppId, BridgeId, DeviceGroupId, DeviceId, GroupId, UserId};

const NAME_CHARS_MAX: usize = 64;

/// What a bridge is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BridgeName(Box<str>);

impl BridgeName {
    /// A name: 1 to 64 letters, digits, dots, dashes and underscores, of which the first is a letter or a digit.
    ///
    /// # Errors
    /// Invalid argument.
    pub fn new(name: &str) -> Result<Self, PubsubRefusal> {
        let goes_on = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let is_good = name.len() <= NAME_CHARS_MAX
            && name.starts_with(|first: char| first.is_ascii_alphanumeric())
            && name.chars().all(goes_on);
        match is_good {
            true => Ok(Self(name.into())),
            false => Err(PubsubRefusal::invalid(format!("Invalid name of a bridge: {name:?}"))),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BridgeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A bridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bridge {
    pub id: BridgeId,
    pub name: BridgeName,
    pub route: BridgeRoute,
    /// When it was made: what is older is not bridged.
    pub since: Timestamp,
}

/// From where to where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BridgeRoute {
    /// What is said goes to a topic.
    Out { source: BridgeSource, topic: TopicName },
    /// What is published goes to an app.
    In { subscription: SubscriptionName, app: AppId, target: BridgeTarget },
}

/// Whose messages are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BridgeSource {
    /// The room of two users, in order.
    Direct {
        low: UserId,
        high: UserId,
    },
    Group {
        group: GroupId,
    },
    /// One conversation of an app.
    Conversation {
        app: AppId,
        group: GroupId,
    },
    /// All conversations of an app.
    App {
        app: AppId,
    },
    /// The conversations of an app that a user is in, as far as that user sees them.
    User {
        app: AppId,
        user: UserId,
    },
}

/// To whom of an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BridgeTarget {
    /// A line at each console that is open.
    Consoles,
    AllDevices,
    DeviceGroup(DeviceGroupId),
    Devices(Vec<DeviceId>),
}

/// How a bridge does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BridgeState {
    Running,
    /// It waits until something is set right: what.
    Paused(String),
}

impl BridgeSource {
    /// The only room that there is, if there is only one.
    pub fn only_room(self) -> Option<RoomKey> {
        match self {
            Self::Direct { low, high } => UserPair::new(low, high).map(RoomKey::Direct),
            Self::Group { group } | Self::Conversation { group, .. } => Some(RoomKey::Group(group)),
            Self::App { .. } | Self::User { .. } => None,
        }
    }

    /// The app whose conversations are bridged, and the user whose alone.
    pub const fn app(self) -> Option<(AppId, Option<UserId>)> {
        match self {
            Self::Conversation { app, .. } | Self::App { app } => Some((app, None)),
            Self::User { app, user } => Some((app, Some(user))),
            Self::Direct { .. } | Self::Group { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_word() {
        for good in ["a", "9", "support-chat.v2_x", &"x".repeat(64)] {
            assert_eq!(BridgeName::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "-a", ".", "a b", "a/b", "ä", "a\n", &"x".repeat(65)] {
            assert!(BridgeName::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_source_has_one_room_or_an_app() {
        let (low, high) = (UserId::new(2).unwrap(), UserId::new(4).unwrap());
        let (group, app) = (GroupId::new(7).unwrap(), AppId::new(8).unwrap());
        for (source, has_room, of_app) in [
            (BridgeSource::Direct { low, high }, true, None),
            (BridgeSource::Group { group }, true, None),
            (BridgeSource::Conversation { app, group }, true, Some((app, None))),
            (BridgeSource::App { app }, false, Some((app, None))),
            (BridgeSource::User { app, user: low }, false, Some((app, Some(low)))),
        ] {
            assert_eq!((source.only_room().is_some(), source.app()), (has_room, of_app));
        }
    }
}
