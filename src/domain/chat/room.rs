//! Rooms: where messages are. A room is that of two users, or a group.

use crate::domain::accounts::user::UserPair;
use crate::domain::id::{GroupId, UserId};

/// Which room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoomKey {
    /// The room of two users: the pair in order, and never the XOR of their ids.
    Direct(UserPair),
    Group(GroupId),
}

impl RoomKey {
    /// The room of two users; `None` if they are the same one.
    pub fn direct(a: UserId, b: UserId) -> Option<Self> {
        UserPair::new(a, b).map(Self::Direct)
    }

    /// The room at an address, seen from `me`; `None` if it can be nobody's. The address of a room of
    /// two is the XOR of their ids, which is even, that of a group its own id, which is odd.
    pub fn at(address: i64, me: UserId) -> Option<Self> {
        match GroupId::new(address) {
            Some(group) => Some(Self::Group(group)),
            None => Self::direct(me, UserId::new(address ^ me.get())?),
        }
    }

    /// Its address.
    pub fn address(self) -> i64 {
        match self {
            Self::Direct(pair) => pair.low().get() ^ pair.high().get(),
            Self::Group(group) => group.get(),
        }
    }

    /// The two users whose room it is, if it is not a group.
    pub fn pair(self) -> Option<UserPair> {
        match self {
            Self::Direct(pair) => Some(pair),
            Self::Group(_) => None,
        }
    }

    /// The other user of a direct room; meant for one of the two.
    pub fn peer_of(self, me: UserId) -> Option<UserId> {
        self.pair().map(|pair| pair.other(me))
    }
}

/// What a user sees of a room from outside: how far it has come, and how far the user has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomState {
    pub key: RoomKey,
    /// The number of its last message.
    pub seq: i64,
    /// The number of its last change.
    pub rev: i64,
    /// The highest message the user has read.
    pub read_seq: i64,
    /// Messages of others above it that are neither deleted nor hidden from the user.
    pub unread: Unread,
}

/// The most members of a group whose read marks stand in the list of rooms.
pub const LISTED_READERS_MAX: i64 = 100;

/// How many messages are counted as unread; of more it is only said that there are.
pub const UNREAD_MAX: i64 = 999;

/// A number of unread messages, counted up to [`UNREAD_MAX`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// How many, up to the most that are counted.
    pub count: i64,
    pub more: bool,
}

impl Unread {
    /// What was found by whoever stops looking after one more than is counted.
    pub fn counted(found: i64) -> Self {
        Self { count: found.min(UNREAD_MAX), more: found > UNREAD_MAX }
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::chat::room::*;

    #[test]
    fn an_address_says_which_room_it_is() {
        let user = |id| UserId::new(id).unwrap();
        let (me, other) = (user(6), user(i64::MAX - 1));
        for key in [RoomKey::direct(me, other), GroupId::new(7).map(RoomKey::Group)] {
            let key = key.unwrap();
            assert_eq!(RoomKey::at(key.address(), me), Some(key));
        }
        for nobody in [0, 6, -2, -7, i64::MIN] {
            assert_eq!(RoomKey::at(nobody, me), None, "{nobody}");
        }
    }
}
