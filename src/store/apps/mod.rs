//! Apps: their keys and tokens, servers, users, devices and groups, what they send to devices, and customer chat.
//!
//! Whatever an app is asked to change is a job (`writes`), so that its rules, its answer and its news belong to one
//! transaction.

use crate::store::engine::error::StoreError;
use crate::store::engine::job::{Job, Op, QuietOp, StorePart, Touches, quiet};

pub mod bridged;
pub mod console;
pub mod conversation_history;
pub mod conversation_writes;
pub mod conversations;
pub mod customer_lookups;
pub mod customer_writes;
pub mod deliveries;
pub mod devices;
pub mod directory;
pub mod downstreams;
pub mod files;
pub mod groups;
pub mod keys;
pub(in crate::store) mod known;
pub mod lookups;
pub mod message_lookups;
pub mod message_writes;
pub mod messages;
mod named;
pub mod pushes;
pub mod removed;
pub mod requests;
pub mod seed;
pub mod server_calls;
pub mod servers;
pub mod spread;
pub mod terminals;
pub mod tokens;
pub mod unacknowledged;
pub mod unseen_visitors;
pub mod upstreams;
pub mod users;
pub mod visits;
pub mod waits;
pub mod writes;

/// The right to jobs of apps that touch no room: apps and what belongs to them, and accounts below.
pub struct AppsRight(());

impl StorePart for AppsRight {
    const TOUCHES: Touches = Touches::Rest;
}

fn job<T>(op: impl QuietOp<T>) -> Job<AppsRight, impl Op<T>> {
    quiet(AppsRight(()), op)
}

/// A job of apps that may have something to tell.
fn telling<T, F: Op<T>>(op: F) -> Job<AppsRight, F> {
    Job::new(AppsRight(()), op)
}

/// The right to jobs of conversations: they are groups of chat, so that all rooms may be touched.
pub struct ConversationRight(());

impl StorePart for ConversationRight {
    const TOUCHES: Touches = Touches::All;
}

fn room_job<T>(op: impl QuietOp<T>) -> Job<ConversationRight, impl Op<T>> {
    quiet(ConversationRight(()), op)
}

/// A job of conversations that may have something to tell.
fn telling_of_rooms<T, F: Op<T>>(op: F) -> Job<ConversationRight, F> {
    Job::new(ConversationRight(()), op)
}

/// A SHA-256 as a row holds it.
fn hash(bytes: Vec<u8>) -> Result<[u8; 32], StoreError> {
    let value = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    bytes.try_into().map_err(|_| StoreError::Corrupt { what: "the length of a hash", value })
}
