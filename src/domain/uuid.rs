//! UUIDs, by which apps and what belongs to them are named outside.
//!
//! Those of ours are computed from an id and its kind: no column holds one, and no look-up finds one. A reader
//! needs a right to what a UUID names; knowing the UUID is none. Version 8 of RFC 9562, with 122 free bits: four
//! for the kind, 63 for the id, and 55 that are computed from both, so that a UUID of something else is told apart.

use std::fmt;

use crate::domain::id::{
    AppId, AppServerId, DeviceGroupId, DeviceId, DownstreamId, GroupId, MessageId, UserId,
};

const ID_BITS: u32 = 63;
const CHECK_BITS: u32 = 55;
const MESSAGE_BITS: u32 = 55;
/// The version 8, and the variant of RFC 9562, at their places.
const MARKS: u128 = 0x8 << 76 | 0b10 << 62;

/// A UUID, whoever made it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(u128);

/// What a UUID of ours names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum UuidKind {
    App,
    User,
    Device,
    DeviceGroup,
    AppServer,
    /// The hub's own registration in an app, by the app's id.
    HubServer,
    Conversation,
    Message,
    Downstream,
    /// A message and one who is to get it.
    MessagePush,
    /// A downstream message and the user of one device that is to get it.
    DownstreamPush,
}

impl Uuid {
    /// Reads 32 hexadecimal digits in any case, alone or with dashes at the usual places.
    pub fn parse(text: &str) -> Option<Self> {
        let is_dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
        let is_dashed = match text.len() {
            32 => false,
            36 => true,
            _ => return None,
        };
        let mut value: u128 = 0;
        for (at, byte) in text.bytes().enumerate() {
            if is_dashed && is_dash(at) {
                if byte != b'-' {
                    return None;
                }
                continue;
            }
            let digit = char::from(byte).to_digit(16)?;
            value = value << 4 | u128::from(digit);
        }
        Some(Self(value))
    }

    /// 16 bytes as a UUID.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }

    /// 16 random bytes as a UUID of version 4.
    pub const fn random_from(bytes: [u8; 16]) -> Self {
        let free = u128::from_be_bytes(bytes) & !(0xF << 76 | 0b11 << 62);
        Self(free | 0x4 << 76 | 0b10 << 62)
    }

    /// 32 hexadecimal digits in lower case, without dashes.
    pub fn hex(self) -> String {
        format!("{:032x}", self.0)
    }

    fn of(kind: UuidKind, id: i64) -> Self {
        let id = u128::from(id.unsigned_abs());
        let head = u128::from(kind.number()) << ID_BITS | id;
        Self::spread(head << CHECK_BITS | check(kind, id))
    }

    fn id(self, kind: UuidKind) -> Option<i64> {
        let payload = self.gathered()?;
        let id = payload >> CHECK_BITS & mask(ID_BITS);
        let id = i64::try_from(id).ok()?;
        (Self::of(kind, id) == self).then_some(id)
    }

    /// Of two ids, of which the first is minted, and so short.
    fn pair(kind: UuidKind, first: i64, second: i64) -> Self {
        let first = u128::from(first.unsigned_abs()) & mask(MESSAGE_BITS);
        let second = u128::from(second.unsigned_abs());
        let head = u128::from(kind.number()) << MESSAGE_BITS | first;
        Self::spread(head << ID_BITS | second)
    }

    fn ids(self, kind: UuidKind) -> Option<(i64, i64)> {
        let payload = self.gathered()?;
        let first = i64::try_from(payload >> ID_BITS & mask(MESSAGE_BITS)).ok()?;
        let second = i64::try_from(payload & mask(ID_BITS)).ok()?;
        (Self::pair(kind, first, second) == self).then_some((first, second))
    }

    /// 122 bits around the marks.
    const fn spread(payload: u128) -> Self {
        let high = payload >> 74 & mask(48);
        let middle = payload >> 62 & mask(12);
        Self(high << 80 | middle << 64 | payload & mask(62) | MARKS)
    }

    fn gathered(self) -> Option<u128> {
        let payload =
            (self.0 >> 80 & mask(48)) << 74 | (self.0 >> 64 & mask(12)) << 62 | self.0 & mask(62);
        (Self::spread(payload) == self).then_some(payload)
    }
}

impl UuidKind {
    const fn number(self) -> u8 {
        match self {
            Self::App => 1,
            Self::User => 2,
            Self::Device => 3,
            Self::DeviceGroup => 4,
            Self::AppServer => 5,
            Self::HubServer => 6,
            Self::Conversation => 7,
            Self::Message => 8,
            Self::Downstream => 9,
            Self::MessagePush => 10,
            Self::DownstreamPush => 11,
        }
    }
}

const fn mask(bits: u32) -> u128 {
    (1 << bits) - 1
}

/// Bits that nobody hits by chance: the finaliser of splitmix64 over id and kind.
fn check(kind: UuidKind, id: u128) -> u128 {
    let seed = u64::try_from(id).unwrap_or(u64::MAX) ^ u64::from(kind.number()) << 59;
    let mut mixed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    u128::from(mixed ^ mixed >> 31) & mask(CHECK_BITS)
}

/// With dashes, in lower case.
impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |from: u32, bits: u32| self.0 >> from & mask(bits);
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            part(96, 32),
            part(80, 16),
            part(64, 16),
            part(48, 16),
            part(0, 48)
        )
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! named_by_uuid {
    ($($id:ident: $kind:ident),+ $(,)?) => {
        $(impl $id {
            /// The UUID that names it outside.
            pub fn uuid(self) -> Uuid {
                Uuid::of(UuidKind::$kind, self.get())
            }

            /// What a UUID names, if it can be one of ours of this kind.
            pub fn of_uuid(uuid: Uuid) -> Option<Self> {
                Self::new(uuid.id(UuidKind::$kind)?)
            }
        })+
    };
}

named_by_uuid! {
    AppId: App,
    UserId: User,
    DeviceId: Device,
    DeviceGroupId: DeviceGroup,
    AppServerId: AppServer,
    GroupId: Conversation,
    MessageId: Message,
    DownstreamId: Downstream,
}

impl AppId {
    /// The hub's own registration in the app.
    pub fn hub_server(self) -> Uuid {
        Uuid::of(UuidKind::HubServer, self.get())
    }
}

/// One message for one who is to get it, until he says that he has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PushId {
    /// A message of a conversation, for a member.
    Message(MessageId, UserId),
    /// A downstream message, for the user of a device.
    Downstream(DownstreamId, UserId),
}

impl PushId {
    /// The UUID that names it outside.
    pub fn uuid(self) -> Uuid {
        match self {
            Self::Message(message, user) => {
                Uuid::pair(UuidKind::MessagePush, message.get(), user.get())
            }
            Self::Downstream(message, user) => {
                Uuid::pair(UuidKind::DownstreamPush, message.get(), user.get())
            }
        }
    }

    /// What a UUID names, if it can be one of ours of this kind.
    pub fn of_uuid(uuid: Uuid) -> Option<Self> {
        if let Some((message, user)) = uuid.ids(UuidKind::MessagePush) {
            return Some(Self::Message(MessageId::new(message)?, UserId::new(user)?));
        }
        let (message, user) = uuid.ids(UuidKind::DownstreamPush)?;
        Some(Self::Downstream(DownstreamId::new(message)?, UserId::new(user)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_read_in_every_spelling_and_written_in_two() {
        let dashed = "35d61241-8f35-4c7e-ba8c-6492813ddf2d";
        let bare = "35d612418f354c7eba8c6492813ddf2d";
        let uuid = Uuid::parse(dashed).unwrap();
        assert_eq!((uuid.to_string(), uuid.hex()), (dashed.to_owned(), bare.to_owned()));
        for same in [bare.to_owned(), dashed.to_uppercase(), bare.to_uppercase()] {
            assert_eq!(Uuid::parse(&same), Some(uuid), "{same}");
        }
        for none in [
            "",
            "35d612418f354c7eba8c6492813ddf2",
            "35d612418f354c7eba8c6492813ddf2g",
            "35d6-12418f35-4c7e-ba8c-6492813ddf2d",
            "{35d612418f354c7eba8c6492813ddf2d}00",
            "35d61241-8f35-4c7e-ba8c-6492813ddfé",
            "+5d612418f354c7eba8c6492813ddf2d",
        ] {
            assert_eq!(Uuid::parse(none), None, "{none}");
        }
    }

    #[test]
    fn what_a_uuid_names_is_read_from_it_and_from_no_other() {
        for raw in [1, 2, 7, 1 << 52, i64::MAX - 1, i64::MAX] {
            let (app, device) = (AppId::new(raw).unwrap(), DeviceId::new(raw).unwrap());
            assert_eq!(AppId::of_uuid(app.uuid()), Some(app));
            assert_eq!(DeviceId::of_uuid(device.uuid()), Some(device));
            assert_eq!(DeviceId::of_uuid(app.uuid()), None, "another kind");
            assert_ne!(app.uuid(), app.hub_server());
            for bit in 0..128 {
                assert_eq!(AppId::of_uuid(Uuid(app.uuid().0 ^ 1 << bit)), None, "bit {bit}");
            }
            assert_eq!(Uuid::parse(&app.uuid().to_string()), Some(app.uuid()));
            assert!(app.uuid().to_string().as_bytes()[14] == b'8');
        }
        assert_eq!(AppId::of_uuid(Uuid(0)), None);
        assert_eq!(UserId::of_uuid(Uuid(u128::MAX)), None);
    }

    #[test]
    fn a_push_is_a_message_and_one_who_gets_it() {
        let (message, user) = (MessageId::new((1 << 53) - 1), UserId::new(i64::MAX - 1));
        let (message, user) = (message.unwrap(), user.unwrap());
        let downstream = DownstreamId::new(message.get()).unwrap();
        for push in [PushId::Message(message, user), PushId::Downstream(downstream, user)] {
            assert_eq!(PushId::of_uuid(push.uuid()), Some(push));
        }
        assert_eq!(PushId::of_uuid(message.uuid()), None);
    }
}
