//! Invitations to a game: who invites whom is told and not stored; the game itself is elsewhere.

use std::fmt;

/// The name of an invitation, which both sides take to the game: a UUID of version 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InviteId([u8; 16]);

impl InviteId {
    /// A name from random bytes (RFC 9562, section 5.4).
    pub const fn from_random(mut bytes: [u8; 16]) -> Self {
        let [_, _, _, _, _, _, version, _, variant, ..] = &mut bytes;
        *version = *version & 0x0f | 0x40;
        *variant = *variant & 0x3f | 0x80;
        Self(bytes)
    }
}

impl fmt::Display for InviteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, byte) in self.0.iter().enumerate() {
            let dash = if matches!(place, 4 | 6 | 8 | 10) { "-" } else { "" };
            write!(f, "{dash}{byte:02x}")?;
        }
        Ok(())
    }
}

/// What happens to an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InviteStep {
    /// It is made.
    Open,
    /// It is taken back.
    Cancel,
}

#[cfg(test)]
mod tests {
    use crate::domain::chat::invite::*;

    #[test]
    fn names_are_uuids_of_version_4() {
        let name = |byte: u8| InviteId::from_random([byte; 16]).to_string();
        assert_eq!(name(0x00), "00000000-0000-4000-8000-000000000000");
        assert_eq!(name(0xff), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(name(0x5a), "5a5a5a5a-5a5a-4a5a-9a5a-5a5a5a5a5a5a");
    }
}
