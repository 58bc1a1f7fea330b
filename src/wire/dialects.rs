//! The dialects of a server, and how a session's is named in one word.
//!
//! The hub compares variants for each delivery and writes an event once a variant, so a
//! [`Variant`] is a number. Whatever does not fit into it belongs to the dialect itself.

use super::chatting::Chatting;
use super::rewind::Rewind;
use super::{Dialect, KeepAlive, Pace};

/// A dialect of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DialectId(u8);

impl DialectId {
    /// The main dialect.
    pub const REWIND: Self = Self(0);
    /// The dialect of game lobbies.
    pub const CHATTING: Self = Self(1);

    /// The dialect of operators' consoles.
    pub const CONSOLE: Self = Self(2);
    /// The dialect of devices.
    pub const DEVICE: Self = Self(3);
    /// The dialect of customer chat.
    pub const PPCOM: Self = Self(4);

    /// The dialect's variant with these options.
    pub const fn with(self, options: Options) -> Variant {
        let [low, middle, high, _] = options.0.to_le_bytes();
        Variant(u32::from_le_bytes([low, middle, high, self.0]))
    }
}

/// The options of a session. The meaning of each bit is the dialect's secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options(u32);

impl Options {
    /// The options with these bits, of which there are 24.
    pub const fn new(bits: u32) -> Self {
        Self(bits & 0x00FF_FFFF)
    }

    /// The bits.
    pub const fn bits(self) -> u32 {
        self.0
    }
}

/// A dialect with the options of a session. Sessions of one variant read the same frames.
///
/// The options are the lower 24 bits, the dialect is the byte above them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Variant(u32);

impl Variant {
    /// The options.
    pub const fn options(self) -> Options {
        Options::new(self.0)
    }

    /// The same dialect with other options.
    pub const fn with(self, options: Options) -> Self {
        self.dialect().with(options)
    }

    /// The dialect.
    pub const fn dialect(self) -> DialectId {
        let [.., id] = self.0.to_le_bytes();
        DialectId(id)
    }
}

/// All dialects that a server speaks.
pub struct Dialects {
    rewind: Rewind,
    chatting: Chatting,
    others: Vec<(DialectId, Box<dyn Dialect>)>,
}

impl Dialects {
    /// The dialects of every server.
    pub fn new(rewind: Rewind, chatting: Chatting) -> Self {
        Self { rewind, chatting, others: Vec::new() }
    }

    /// Takes up one of ours, under its own id.
    pub fn set(&mut self, id: DialectId, dialect: Box<dyn Dialect>) {
        self.others.push((id, dialect));
    }

    /// Takes up one more.
    pub fn add(&mut self, dialect: Box<dyn Dialect>) -> DialectId {
        let last = self.others.iter().map(|(id, _)| id.0).max();
        let id = DialectId(last.unwrap_or(0).max(DialectId::PPCOM.0).saturating_add(1));
        self.others.push((id, dialect));
        id
    }

    /// The dialect of a variant.
    pub fn get(&self, variant: Variant) -> &dyn Dialect {
        match variant.dialect() {
            DialectId::REWIND => &self.rewind,
            DialectId::CHATTING => &self.chatting,
            id => {
                let other = self.others.iter().find(|(known, _)| *known == id);
                // Nobody has a variant of another server's dialect.
                other.map_or(&self.rewind, |(_, dialect)| dialect.as_ref())
            }
        }
    }

    /// The keep-alive of sessions of a variant.
    pub fn keep_alive(&self, variant: Variant) -> &KeepAlive {
        self.get(variant).keep_alive(variant.options())
    }

    /// How fast the sockets of each dialect may ask, where the dialect says so.
    pub fn paces(&self) -> impl Iterator<Item = (DialectId, Option<Pace>)> {
        let others = self.others.iter().map(|(id, dialect)| (*id, dialect.pace()));
        let first = (DialectId::REWIND, self.rewind.pace());
        [first, (DialectId::CHATTING, self.chatting.pace())].into_iter().chain(others)
    }

    /// REWIND, whose mode is chosen at the HTTP door.
    pub fn rewind(&self) -> &Rewind {
        &self.rewind
    }

    /// The dialect of game lobbies, which has an HTTP half.
    pub fn chatting(&self) -> &Chatting {
        &self.chatting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_is_a_dialect_and_its_options() {
        let options = Options::new(0x00AB_CDEF);
        let variant = DialectId(7).with(options);
        assert_eq!((variant.dialect(), variant.options()), (DialectId(7), options));
        assert_eq!(variant.with(Options::default()), DialectId(7).with(Options::default()));
        assert_ne!(variant, DialectId(8).with(options));
        assert_eq!(Options::new(u32::MAX).bits(), 0x00FF_FFFF);
        assert_eq!(size_of::<Variant>(), 4);
    }
}
