//! What a session wants of REWIND: the mode, chosen at the handshake, and features, asked for at auth.

use super::features::Features;
use crate::config::choice;
use crate::wire::{DialectId, Options, Variant};

choice! {
    /// The mode a client wants (`?compat=`, or the server's default).
    Mode {
        /// As the specification says.
        Readme = "readme",
        /// As the shipped client needs it: lists of the auth answer as strings, and no news of what
        /// the user does elsewhere.
        Wind = "wind",
    }
}

/// The options of a session of REWIND.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RewindOptions {
    pub mode: Mode,
    /// The features that the session has asked for at auth.
    pub features: Features,
}

impl RewindOptions {
    /// Set for [`Mode::Wind`]; the features are below it.
    const WIND: u32 = 1 << 8;

    /// The dialect with these options.
    pub const fn variant(self) -> Variant {
        let mode = match self.mode {
            Mode::Readme => 0,
            Mode::Wind => Self::WIND,
        };
        DialectId::REWIND.with(Options::new(mode | self.features.bits()))
    }

    /// The options in their short form.
    pub const fn options(self) -> Options {
        self.variant().options()
    }
}

impl From<Mode> for RewindOptions {
    /// The options that every session begins with.
    fn from(mode: Mode) -> Self {
        Self { mode, features: Features::NONE }
    }
}

impl From<Options> for RewindOptions {
    fn from(options: Options) -> Self {
        let mode = match options.bits() & Self::WIND {
            0 => Mode::Readme,
            _ => Mode::Wind,
        };
        Self { mode, features: Features::from_bits(options.bits()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_survive_their_short_form() {
        for mode in [Mode::Readme, Mode::Wind] {
            for features in [Features::NONE, Features::named(["sync", "group"])] {
                let options = RewindOptions { mode, features };
                assert_eq!(RewindOptions::from(options.options()), options);
            }
        }
    }
}
