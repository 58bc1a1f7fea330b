//! REWIND: `{"type": …, "payload": …}` frames, ids as decimal strings, Korean time.
//!
//! The contract is in `docs/protocol/rewind.md`. A room's address on this wire is the XOR of the
//! two users' ids; it is resolved here, relative to the one who says it, and goes no further.

pub mod decode;
pub mod encode;
mod time;

/// The form a client wants (`?compat=`, or the server's default).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// As the specification says.
    Readme,
    /// As the shipped client needs it: lists of the auth answer as strings, and no news of what
    /// the user does elsewhere.
    Wind,
}
