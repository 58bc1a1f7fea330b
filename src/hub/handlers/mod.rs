//! What the hub does with each message: unpack, change the tables, tell.

mod committed;
mod people;
mod session;
mod signal;
mod write;
