//! Snapshots by name.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::domain::clock::Timestamp;
use crate::domain::id::{SnapshotId, SubscriptionId, TopicId};
use crate::domain::pubsub::name::{ProjectName, SnapshotName};
use crate::domain::pubsub::page::{ListAsked, ListPage};
use crate::domain::pubsub::snapshot::Snapshot;
use crate::domain::pubsub::topic::Labels;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::ids::{snapshot_id, topic_id};
use crate::store::engine::statement::{Statement, Value};
use crate::store::pubsub::topics::{cut, stored_name};
use crate::store::pubsub::{from_json, messages, to_json};
use crate::store::schema::{ps_snapshots, ps_topics};

/// One statement, so that it is of one moment.
const KEEP: &str = "INSERT INTO ps_snapshot_messages (snapshot_id, message_id) \
    SELECT ?, b.message_id FROM ps_backlog b WHERE b.subscription_id = ?";

const ORPHANS: &str = "SELECT k.snapshot_id, k.message_id FROM ps_snapshot_messages k \
    LEFT JOIN ps_snapshots n ON n.id = k.snapshot_id WHERE n.id IS NULL LIMIT ?";

type SnapshotRow = (i64, String, String, i64, i64, i64, String);

fn snapshot(conn: &mut Connection, row: SnapshotRow) -> Result<Snapshot, StoreError> {
    let (id, project, name, topic, _, expires_at, labels) = row;
    let found: Option<(String, String)> = ps_topics::table
        .find(topic)
        .select((ps_topics::project, ps_topics::name))
        .first(conn)
        .optional()?;
    let topic_name =
        found.map(|(project, name)| stored_name(&project, &name, topic)).transpose()?;
    Ok(Snapshot {
        id: snapshot_id(id)?,
        name: stored_name(&project, &name, id)?,
        topic: topic_id(topic)?,
        topic_name,
        expires_at: Timestamp::from_micros(expires_at),
        labels: from_json(&labels, id)?,
    })
}

/// The snapshot with a name.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn find(conn: &mut Connection, name: &SnapshotName) -> Result<Option<Snapshot>, StoreError> {
    let is_named = ps_snapshots::project.eq(name.project()).and(ps_snapshots::name.eq(name.id()));
    let row: Option<SnapshotRow> = ps_snapshots::table.filter(is_named).first(conn).optional()?;
    row.map(|row| snapshot(conn, row)).transpose()
}

/// A page of the snapshots of a project, by name.
///
/// # Errors
/// As [`find`].
pub fn page(
    conn: &mut Connection,
    project: &ProjectName,
    asked: &ListAsked,
) -> Result<ListPage<Snapshot>, StoreError> {
    let is_next =
        ps_snapshots::project.eq(project.as_str()).and(ps_snapshots::name.gt(&asked.after));
    let rows: Vec<SnapshotRow> = ps_snapshots::table
        .filter(is_next)
        .order(ps_snapshots::name)
        .limit(i64::from(asked.size).saturating_add(1))
        .load(conn)?;
    let ListPage { entries, next } = cut(asked, rows, |row| row.2.clone(), Ok)?;
    let entries = entries.into_iter().map(|row| snapshot(conn, row)).collect::<Result<_, _>>()?;
    Ok(ListPage { entries, next })
}

/// Stores a snapshot of what a subscription has not acknowledged now.
pub(super) fn insert(
    conn: &mut Connection,
    new: &Snapshot,
    of: (SubscriptionId, TopicId),
) -> Result<(), StoreError> {
    let (subscription, topic) = of;
    let row = (
        ps_snapshots::id.eq(new.id.get()),
        ps_snapshots::project.eq(new.name.project()),
        ps_snapshots::name.eq(new.name.id()),
        ps_snapshots::topic_id.eq(topic.get()),
        ps_snapshots::position.eq(messages::last_id(conn)?),
        ps_snapshots::expires_at.eq(new.expires_at.micros()),
        ps_snapshots::labels.eq(to_json(&new.labels)),
    );
    diesel::insert_into(ps_snapshots::table).values(row).execute(conn)?;
    let values = [new.id.get(), subscription.get()].map(Value::Int);
    Statement::<()>::new(KEEP, &values).run(conn)
}

pub(super) fn set(
    conn: &mut Connection,
    id: SnapshotId,
    (labels, expires_at): (&Labels, Timestamp),
) -> Result<(), StoreError> {
    let row = (
        ps_snapshots::labels.eq(to_json(labels)),
        ps_snapshots::expires_at.eq(expires_at.micros()),
    );
    diesel::update(ps_snapshots::table.find(id.get())).set(row).execute(conn)?;
    Ok(())
}

/// Forgets a snapshot; what it kept goes by the sweep.
pub(super) fn remove(conn: &mut Connection, id: SnapshotId) -> Result<(), StoreError> {
    diesel::delete(ps_snapshots::table.find(id.get())).execute(conn)?;
    Ok(())
}

/// Some of what snapshots kept that are gone.
pub(super) fn orphans(conn: &mut Connection, rows_max: i64) -> Result<Vec<(i64, i64)>, StoreError> {
    Statement::<(BigInt, BigInt)>::new(ORPHANS, &[Value::Int(rows_max)]).load(conn)
}
