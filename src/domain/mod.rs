//! The rules of the hub, as plain values and functions.
//!
//! Nothing here does I/O, reads a clock, knows a wire format or a database: every input is an
//! argument, every outcome a value, so each rule can be tested as a table. Read `id` and `user`
//! first; `principal` is who a session is, `command` what it may ask, `event` what the hub tells, `news` to whom, `error` how it refuses.

pub mod accounts;
pub mod apps;
pub mod chat;
pub mod clock;
pub mod close;
pub mod command;
pub mod error;
pub mod event;
pub mod id;
mod joiner;
pub mod mint;
pub mod news;
pub mod origin;
pub mod principal;
pub mod pubsub;
pub mod text;
pub mod uuid;
