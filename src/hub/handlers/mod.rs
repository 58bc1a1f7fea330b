//! What the hub does with each message: unpack, change the tables, tell.

mod outcome;
mod session;
mod write;
