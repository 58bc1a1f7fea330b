//! Pub/Sub: topics, subscriptions, snapshots, and what was published.
//!
//! A message is one row however many subscriptions wait for it; each subscription has a row of its own in the
//! backlog, made by the transaction that publishes and gone with the one that acknowledges. A message that nobody
//! waits for, and nobody may seek back to, is not kept. Who holds which message at the moment is not known here.

pub mod acks;
pub mod backlog;
pub mod bridge_writes;
pub mod bridges;
pub mod leavings;
pub mod lookups;
pub mod messages;
pub mod publishing;
pub mod received;
pub mod seek;
pub mod snapshots;
pub mod subscriptions;
pub mod sweeps;
pub mod topics;
pub mod writes;

use diesel::dsl::max;
use diesel::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::news::News;
use crate::domain::pubsub::event::PubsubEvent;
use crate::domain::pubsub::refusal::PubsubRefusal;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::job::{Job, Op, QuietOp, StorePart, Touches, quiet};
use crate::store::schema::{ps_bridges, ps_snapshots, ps_subscriptions, ps_topics};

/// The right to jobs of Pub/Sub.
pub struct PubsubRight(());

impl StorePart for PubsubRight {
    const TOUCHES: Touches = Touches::Rest;
}

fn job<T>(op: impl QuietOp<T>) -> Job<PubsubRight, impl Op<T>> {
    quiet(PubsubRight(()), op)
}

/// A job that may have something to tell.
fn telling<T, F: Op<T>>(op: F) -> Job<PubsubRight, F> {
    Job::new(PubsubRight(()), op)
}

/// What was done, or why not.
type Refusable<T> = Result<T, PubsubRefusal>;

/// An event for who follows Pub/Sub.
fn told(event: PubsubEvent) -> News {
    News::to(Vec::new(), event)
}

/// The highest id of a topic, subscription, snapshot or bridge; none if there are none.
///
/// # Errors
/// [`StoreError::Database`].
pub fn last_id(conn: &mut Connection) -> Result<Option<i64>, StoreError> {
    let topics: Option<i64> = ps_topics::table.select(max(ps_topics::id)).get_result(conn)?;
    let subscriptions: Option<i64> =
        ps_subscriptions::table.select(max(ps_subscriptions::id)).get_result(conn)?;
    let snapshots: Option<i64> =
        ps_snapshots::table.select(max(ps_snapshots::id)).get_result(conn)?;
    let bridges: Option<i64> = ps_bridges::table.select(max(ps_bridges::id)).get_result(conn)?;
    Ok([topics, subscriptions, snapshots, bridges].into_iter().flatten().max())
}

/// Settings as a row holds them.
fn to_json(value: &impl Serialize) -> String {
    // What is made of texts and numbers alone can be written.
    serde_json::to_string(value).unwrap_or_default()
}

/// Settings of the row with an id.
fn from_json<T: DeserializeOwned>(text: &str, id: i64) -> Result<T, StoreError> {
    let corrupt = |_| StoreError::Corrupt { what: "settings that cannot be read, of", value: id };
    serde_json::from_str(text).map_err(corrupt)
}
