//! WebSockets: the only place that names a WebSocket crate.
//!
//! Outgoing frames are actix-web-actors' (`actors`): it encodes a whole mailbox into one write.
//! Incoming ones are our own (`decode`, `inbound`), because a frame must be refused by its
//! announced length, before its bytes are collected. A session knows none of this; it sees
//! [`crate::session::Adapter`].

pub mod actors;
pub mod decode;
mod inbound;
pub mod tcp;

pub use actors::accept;
