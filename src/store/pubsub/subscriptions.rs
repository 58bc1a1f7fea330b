//! Subscriptions by name and id.

use std::time::Duration;

use diesel::prelude::*;

use crate::domain::clock::Timestamp;
use crate::domain::id::{SubscriptionId, TopicId};
use crate::domain::pubsub::name::{ProjectName, SubscriptionName};
use crate::domain::pubsub::page::{ListAsked, ListPage};
use crate::domain::pubsub::subscription::{Subscription, SubscriptionConfig};
use crate::domain::pubsub::topic::TopicConfig;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::ids::{subscription_id, topic_id};
use crate::store::pubsub::topics::{cut, stored_name};
use crate::store::pubsub::{from_json, to_json};
use crate::store::schema::{ps_subscriptions, ps_topics};

/// A subscription to be stored.
#[derive(Clone, Debug)]
pub struct NewSubscriptionRow {
    /// Minted.
    pub id: SubscriptionId,
    pub name: SubscriptionName,
    pub config: SubscriptionConfig,
    pub now: Timestamp,
}

type SubscriptionRow = (i64, String, String, i64, bool, String);

/// Selects a [`SubscriptionRow`].
const SUBSCRIPTION: (
    ps_subscriptions::id,
    ps_subscriptions::project,
    ps_subscriptions::name,
    ps_subscriptions::topic_id,
    ps_subscriptions::detached,
    ps_subscriptions::config,
) = (
    ps_subscriptions::id,
    ps_subscriptions::project,
    ps_subscriptions::name,
    ps_subscriptions::topic_id,
    ps_subscriptions::detached,
    ps_subscriptions::config,
);

fn subscription(conn: &mut Connection, row: SubscriptionRow) -> Result<Subscription, StoreError> {
    let (id, project, name, topic, detached, config) = row;
    let found: Option<(String, String, String)> = ps_topics::table
        .find(topic)
        .select((ps_topics::project, ps_topics::name, ps_topics::config))
        .first(conn)
        .optional()?;
    let of_topic = found.map(|(project, name, config)| {
        Ok::<_, StoreError>((
            stored_name(&project, &name, topic)?,
            from_json::<TopicConfig>(&config, topic)?.retention,
        ))
    });
    let (topic_name, topic_retention) = of_topic.transpose()?.unzip();
    Ok(Subscription {
        id: subscription_id(id)?,
        name: stored_name(&project, &name, id)?,
        topic: topic_id(topic)?,
        topic_name,
        topic_retention: topic_retention.flatten(),
        detached,
        config: from_json(&config, id)?,
    })
}

/// The subscription with a name.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn find(
    conn: &mut Connection,
    name: &SubscriptionName,
) -> Result<Option<Subscription>, StoreError> {
    let is_named =
        ps_subscriptions::project.eq(name.project()).and(ps_subscriptions::name.eq(name.id()));
    let row: Option<SubscriptionRow> =
        ps_subscriptions::table.filter(is_named).select(SUBSCRIPTION).first(conn).optional()?;
    row.map(|row| subscription(conn, row)).transpose()
}

/// The subscription with an id.
///
/// # Errors
/// As [`find`].
pub fn by_id(
    conn: &mut Connection,
    id: SubscriptionId,
) -> Result<Option<Subscription>, StoreError> {
    let row: Option<SubscriptionRow> =
        ps_subscriptions::table.find(id.get()).select(SUBSCRIPTION).first(conn).optional()?;
    row.map(|row| subscription(conn, row)).transpose()
}

/// A page of the subscriptions of a project, by name.
///
/// # Errors
/// As [`find`].
pub fn page(
    conn: &mut Connection,
    project: &ProjectName,
    asked: &ListAsked,
) -> Result<ListPage<Subscription>, StoreError> {
    let is_next =
        ps_subscriptions::project.eq(project.as_str()).and(ps_subscriptions::name.gt(&asked.after));
    let rows: Vec<SubscriptionRow> = ps_subscriptions::table
        .filter(is_next)
        .order(ps_subscriptions::name)
        .select(SUBSCRIPTION)
        .limit(i64::from(asked.size).saturating_add(1))
        .load(conn)?;
    let ListPage { entries, next } = cut(asked, rows, |row| row.2.clone(), Ok)?;
    let entries =
        entries.into_iter().map(|row| subscription(conn, row)).collect::<Result<_, _>>()?;
    Ok(ListPage { entries, next })
}

/// All subscriptions.
///
/// # Errors
/// As [`find`].
pub fn all(conn: &mut Connection) -> Result<Vec<Subscription>, StoreError> {
    let rows: Vec<SubscriptionRow> = ps_subscriptions::table.select(SUBSCRIPTION).load(conn)?;
    rows.into_iter().map(|row| subscription(conn, row)).collect()
}

/// How many subscriptions there are.
pub(super) fn count(conn: &mut Connection) -> Result<i64, StoreError> {
    Ok(ps_subscriptions::table.count().get_result(conn)?)
}

/// Stores a subscription to a topic.
pub(super) fn insert(
    conn: &mut Connection,
    new: &NewSubscriptionRow,
    topic: TopicId,
) -> Result<(), StoreError> {
    let row = (
        ps_subscriptions::id.eq(new.id.get()),
        ps_subscriptions::project.eq(new.name.project()),
        ps_subscriptions::name.eq(new.name.id()),
        ps_subscriptions::topic_id.eq(topic.get()),
        ps_subscriptions::detached.eq(false),
        ps_subscriptions::filter.eq(&new.config.filter),
        ps_subscriptions::retains_acked.eq(new.config.retains_acked),
        ps_subscriptions::retention.eq(micros(new.config.retention)),
        ps_subscriptions::expires_after.eq(new.config.expires_after.map(micros)),
        ps_subscriptions::active_at.eq(new.now.micros()),
        ps_subscriptions::config.eq(to_json(&new.config)),
    );
    diesel::insert_into(ps_subscriptions::table).values(row).execute(conn)?;
    Ok(())
}

pub(super) fn set(
    conn: &mut Connection,
    id: SubscriptionId,
    config: &SubscriptionConfig,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = (
        ps_subscriptions::retains_acked.eq(config.retains_acked),
        ps_subscriptions::retention.eq(micros(config.retention)),
        ps_subscriptions::expires_after.eq(config.expires_after.map(micros)),
        ps_subscriptions::active_at.eq(now.micros()),
        ps_subscriptions::config.eq(to_json(config)),
    );
    diesel::update(ps_subscriptions::table.find(id.get())).set(row).execute(conn)?;
    Ok(())
}

pub(super) fn detach(conn: &mut Connection, id: SubscriptionId) -> Result<(), StoreError> {
    let row = ps_subscriptions::detached.eq(true);
    diesel::update(ps_subscriptions::table.find(id.get())).set(row).execute(conn)?;
    Ok(())
}

pub(super) fn remove(conn: &mut Connection, id: SubscriptionId) -> Result<(), StoreError> {
    diesel::delete(ps_subscriptions::table.find(id.get())).execute(conn)?;
    Ok(())
}

/// Subscriptions have been of use to somebody.
pub(super) fn touch(
    conn: &mut Connection,
    id: SubscriptionId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = ps_subscriptions::active_at.eq(now.micros());
    diesel::update(ps_subscriptions::table.find(id.get())).set(row).execute(conn)?;
    Ok(())
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}
