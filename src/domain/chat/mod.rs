//! Rooms, the groups among them, messages and invitations.

pub mod command;
pub mod event;
pub mod following;
pub mod group;
pub mod invite;
pub mod message;
pub mod refusal;
pub mod room;
