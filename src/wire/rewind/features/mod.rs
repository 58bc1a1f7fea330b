//! What a client can ask for beyond REWIND: at auth it names the features it wants.
//!
//! The contract is in `docs/protocol/rewind.md`, "Features". Whoever asks for none is told nothing of
//! any of this.

pub mod decode;
pub mod encode;

/// A set of features, and whether any were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Features(u8);

/// The names, in the order in which clients are told them.
const NAMES: [(Features, &str); 5] = [
    (Features::SYNC, "sync"),
    (Features::PRESENCE, "presence"),
    (Features::TYPING, "typing"),
    (Features::READ, "read"),
    (Features::GROUP, "group"),
];

impl Features {
    /// None, and none was asked for.
    pub const NONE: Self = Self(0);
    /// Revisions, and being brought up to date.
    pub const SYNC: Self = Self(1);
    /// How friends are.
    pub const PRESENCE: Self = Self(2);
    /// Who types.
    pub const TYPING: Self = Self(4);
    /// How far users have read.
    pub const READ: Self = Self(8);
    /// Groups.
    pub const GROUP: Self = Self(16);
    /// Some were asked for, known or not.
    pub const ASKED: Self = Self(32);

    /// Whether all of `other` are among them.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any is among them.
    pub const fn is_any(self) -> bool {
        self.0 & !Self::ASKED.0 != 0
    }

    /// The features with these names; `"magic"` is none.
    pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let known = |name| NAMES.iter().find(|(_, known)| *known == name);
        let features = names.into_iter().filter_map(known);
        features.fold(Self::ASKED, |all, (feature, _)| Self(all.0 | feature.0))
    }

    /// The features, a bit each.
    pub const fn bits(self) -> u32 {
        // A constant function cannot ask `From`.
        u32::from_le_bytes([self.0, 0, 0, 0])
    }

    /// The features with these bits; higher bits stand for none.
    pub const fn from_bits(bits: u32) -> Self {
        let [low, ..] = bits.to_le_bytes();
        Self(low)
    }

    /// Their names.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().filter(move |(feature, _)| self.has(*feature)).map(|(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use crate::wire::rewind::features::*;

    #[test]
    fn features_have_names_in_one_order() {
        let features = Features::named(["group", "magic", "sync", "group"]);
        assert!(features.has(Features::SYNC) && features.has(Features::GROUP));
        assert!(!features.has(Features::READ) && features != Features::NONE);
        assert!(features.names().eq(["sync", "group"]));
        assert!(features.is_any() && !Features::named(["magic"]).is_any());
        assert_eq!(Features::NONE.names().count(), 0);
    }
}
