//! The rules of the hub, as plain values and functions.
//!
//! Nothing here does I/O, reads a clock, knows a wire format or a database: every input is an
//! argument, every outcome a value, so each rule can be tested as a table. Read `id` and `user`
//! first; `command` is what a session may ask, `event` what the hub tells, `error` how it refuses.

pub mod block;
pub mod clock;
pub mod close;
pub mod command;
pub mod error;
pub mod event;
pub mod friendship;
pub mod group;
pub mod id;
pub mod invite;
mod joiner;
pub mod login;
pub mod message;
pub mod mint;
pub mod name;
pub mod origin;
pub mod password;
pub mod profile;
pub mod room;
pub mod text;
pub mod user;
