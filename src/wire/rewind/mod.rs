//! REWIND: `{"type": …, "payload": …}` frames, ids as decimal strings, Korean time.
//!
//! The contract is in `docs/protocol/rewind.md`. A room's address on this wire is the XOR of the
//! two users' ids; it is resolved here, relative to the one who says it, and goes no further.

pub mod decode;
pub mod encode;
pub mod features;
mod objects;
mod time;

use crate::wire::rewind::features::Features;

/// The form a client wants (`?compat=`, or the server's default).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// As the specification says.
    Readme,
    /// As the shipped client needs it: lists of the auth answer as strings, and no news of what
    /// the user does elsewhere.
    Wind,
}

/// What a session wants of the dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Form {
    /// The form of the frames.
    pub mode: Mode,
    /// What it has asked for beyond them, once it is known whose it is.
    pub features: Features,
}

impl From<Mode> for Form {
    /// What every session begins with.
    fn from(mode: Mode) -> Self {
        Self { mode, features: Features::NONE }
    }
}
