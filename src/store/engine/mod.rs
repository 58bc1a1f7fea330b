//! How things are stored, whatever they are: it knows no area.
//!
//! `database` is the database itself, for the thread that asks, and `connection` one way into it.
//! What can be asked for is a `job`. `writer` lets it in, and gathers batches from the lanes of
//! `write_queue`, `executor` commits each batch in one transaction; `reader` answers look-ups beside
//! it, of which each user's wait in a line of their own (`lines`). `health` says whether writes can be
//! kept, `files` whether what is open is still the database.

pub(in crate::store) mod connection;
pub(in crate::store) mod copy;
pub(in crate::store) mod database;
pub mod epochs;
pub(in crate::store) mod error;
pub(in crate::store) mod executor;
pub(in crate::store) mod files;
pub(in crate::store) mod header;
pub(in crate::store) mod health;
pub(in crate::store) mod id_list;
pub(in crate::store) mod ids;
pub(in crate::store) mod inode;
pub mod inspect;
pub mod job;
pub(in crate::store) mod lines;
pub(in crate::store) mod location;
pub(in crate::store) mod lock;
pub(in crate::store) mod migrate;
pub(in crate::store) mod observer;
pub(in crate::store) mod reader;
pub(in crate::store) mod settings;
pub(in crate::store) mod settle;
pub(in crate::store) mod statement;
pub(in crate::store) mod write_queue;
pub(in crate::store) mod writer;

pub use connection::Either as Connection;
