//! Topics by name.

use diesel::prelude::*;

use crate::domain::id::TopicId;
use crate::domain::pubsub::name::{
    Kind, ProjectName, ResourceName, SnapshotName, SubscriptionName, TopicName,
};
use crate::domain::pubsub::page::{ListAsked, ListPage};
use crate::domain::pubsub::refusal::PubsubRefusal;
use crate::domain::pubsub::topic::{PublishTopic, TopicConfig};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::ids::topic_id;
use crate::store::pubsub::{from_json, to_json};
use crate::store::schema::{ps_snapshots, ps_subscriptions, ps_topics};

type TopicRow = (i64, String, String, String);

fn topic((id, project, name, config): TopicRow) -> Result<PublishTopic, StoreError> {
    Ok(PublishTopic {
        id: topic_id(id)?,
        name: stored_name(&project, &name, id)?,
        config: from_json(&config, id)?,
    })
}

/// A name as rows hold it.
pub(super) fn stored_name<K: Kind>(
    project: &str,
    name: &str,
    id: i64,
) -> Result<ResourceName<K>, StoreError> {
    ResourceName::new(project, name)
        .map_err(|_| StoreError::Corrupt { what: "a name that is none, of", value: id })
}

/// The topic with a name.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn find(conn: &mut Connection, name: &TopicName) -> Result<Option<PublishTopic>, StoreError> {
    let row: Option<TopicRow> = ps_topics::table
        .filter(ps_topics::project.eq(name.project()).and(ps_topics::name.eq(name.id())))
        .first(conn)
        .optional()?;
    row.map(topic).transpose()
}

/// The id of the topic with a name.
///
/// # Errors
/// As [`find`].
pub fn id_of(conn: &mut Connection, name: &TopicName) -> Result<Option<TopicId>, StoreError> {
    let id: Option<i64> = ps_topics::table
        .filter(ps_topics::project.eq(name.project()).and(ps_topics::name.eq(name.id())))
        .select(ps_topics::id)
        .first(conn)
        .optional()?;
    id.map(topic_id).transpose()
}

/// Stores a topic; a refusal if the name is taken.
pub(super) fn insert(
    conn: &mut Connection,
    new: &PublishTopic,
) -> Result<Result<(), PubsubRefusal>, StoreError> {
    if id_of(conn, &new.name)?.is_some() {
        return Ok(Err(PubsubRefusal::exists(&new.name)));
    }
    let row = (
        ps_topics::id.eq(new.id.get()),
        ps_topics::project.eq(new.name.project()),
        ps_topics::name.eq(new.name.id()),
        ps_topics::config.eq(to_json(&new.config)),
    );
    diesel::insert_into(ps_topics::table).values(row).execute(conn)?;
    Ok(Ok(()))
}

pub(super) fn set(
    conn: &mut Connection,
    id: TopicId,
    config: &TopicConfig,
) -> Result<(), StoreError> {
    let row = ps_topics::config.eq(to_json(config));
    diesel::update(ps_topics::table.find(id.get())).set(row).execute(conn)?;
    Ok(())
}

pub(super) fn remove(conn: &mut Connection, id: TopicId) -> Result<(), StoreError> {
    diesel::delete(ps_topics::table.find(id.get())).execute(conn)?;
    Ok(())
}

/// How many topics there are.
pub(super) fn count(conn: &mut Connection) -> Result<i64, StoreError> {
    Ok(ps_topics::table.count().get_result(conn)?)
}

/// A page of the topics of a project, by name.
///
/// # Errors
/// As [`find`].
pub fn page(
    conn: &mut Connection,
    project: &ProjectName,
    asked: &ListAsked,
) -> Result<ListPage<PublishTopic>, StoreError> {
    let rows: Vec<TopicRow> = ps_topics::table
        .filter(ps_topics::project.eq(project.as_str()).and(ps_topics::name.gt(&asked.after)))
        .order(ps_topics::name)
        .limit(i64::from(asked.size).saturating_add(1))
        .load(conn)?;
    cut(asked, rows, |row| row.2.clone(), topic)
}

/// A page of the names that belong to a topic, from a query by project and name.
fn names_page<K: Kind>(
    asked: &ListAsked,
    mut rows: Vec<(String, String)>,
) -> Result<ListPage<ResourceName<K>>, StoreError> {
    rows.sort();
    let token = |(project, name): &(String, String)| format!("{project}/{name}");
    rows.retain(|row| token(row) > asked.after);
    cut(asked, rows, token, |(project, name)| stored_name(&project, &name, 0))
}

/// The names of subscriptions to a topic.
///
/// # Errors
/// As [`find`].
pub fn subscriptions(
    conn: &mut Connection,
    topic: TopicId,
    asked: &ListAsked,
) -> Result<ListPage<SubscriptionName>, StoreError> {
    let rows = ps_subscriptions::table
        .filter(
            ps_subscriptions::topic_id.eq(topic.get()).and(ps_subscriptions::detached.eq(false)),
        )
        .select((ps_subscriptions::project, ps_subscriptions::name))
        .load(conn)?;
    names_page(asked, rows)
}

/// The names of snapshots of a topic's subscriptions.
///
/// # Errors
/// As [`find`].
pub fn snapshots(
    conn: &mut Connection,
    topic: TopicId,
    asked: &ListAsked,
) -> Result<ListPage<SnapshotName>, StoreError> {
    let rows = ps_snapshots::table
        .filter(ps_snapshots::topic_id.eq(topic.get()))
        .select((ps_snapshots::project, ps_snapshots::name))
        .load(conn)?;
    names_page(asked, rows)
}

/// The first rows of those there are, which may be more than a page, with what asks for the next ones.
pub(super) fn cut<R, T>(
    asked: &ListAsked,
    mut rows: Vec<R>,
    token: impl Fn(&R) -> String,
    read: impl Fn(R) -> Result<T, StoreError>,
) -> Result<ListPage<T>, StoreError> {
    let has_more = rows.len() > usize::from(asked.size);
    rows.truncate(asked.size.into());
    let next = rows.last().filter(|_| has_more).map(&token).unwrap_or_default();
    let entries = rows.into_iter().map(read).collect::<Result<_, _>>()?;
    Ok(ListPage { entries, next })
}
