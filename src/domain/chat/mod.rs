//! Rooms, the groups among them, messages and invitations.

pub mod group;
pub mod invite;
pub mod message;
pub mod room;
