//! Messages from apps to devices.
//!
//! One for few devices is delivered to all of them in the transaction that stores it. One for many is stored as one
//! row: for whom, in which version of a group, and how far its deliveries have come; they are made later (`spread`).

use std::sync::Arc;
use std::time::Duration;

use diesel::dsl::max;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::domain::apps::downstream::Downstream;
use crate::domain::apps::event::AppsEvent;
use crate::domain::clock::Timestamp;
use crate::domain::id::{AppId, AppServerId, DownstreamId};
use crate::domain::news::News;
use crate::domain::principal::Mailbox;
use crate::store::apps::groups::DeviceGroup;
use crate::store::apps::{deliveries, groups};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::ids::{app_id, app_server_id, device_id, downstream_id};
use crate::store::engine::statement::{Statement, Value};
use crate::store::jobs::{NewJob, insert_or_replace};
use crate::store::schema::downstreams;

/// Deliveries that one transaction makes.
pub const STEP_MAX: usize = 2_000;
/// The kind of the jobs that make deliveries: one an app, with the app's id.
pub const KIND: &str = "downstream";

const OF_APP: &str =
    "SELECT id FROM devices WHERE app_id = ? AND id > ? AND id < ? ORDER BY id LIMIT ?";
const EXPIRED: &str = "SELECT id FROM downstreams WHERE expires_at <= ? LIMIT 1";
const OF_REMOVED: &str = "SELECT m.id FROM downstreams m JOIN apps ON apps.id = m.app_id \
    WHERE apps.removed = TRUE LIMIT 1";

/// For whom a message is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addressees {
    /// Devices of the app, each named once; at most [`STEP_MAX`].
    Named(Vec<i64>),
    /// All devices that the app has now.
    All,
    /// Those in a group, as it stands.
    Group(DeviceGroup),
}

/// A message to be sent.
#[derive(Clone, Debug)]
pub struct NewDownstream {
    /// Minted.
    pub id: DownstreamId,
    pub app: AppId,
    /// The server that sends it; none for the hub's own console.
    pub server: Option<AppServerId>,
    pub data: String,
    pub title: Option<String>,
    pub body: Option<String>,
    /// Now.
    pub at: Timestamp,
    /// How long it waits for devices.
    pub kept: Duration,
    /// Whether it is to wait for devices that are not there.
    pub queued: bool,
}

/// How a message was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SentDownstream {
    /// It waits for all of its devices. Those of them that are there are told.
    ToAll(Vec<News>),
    /// Deliveries have still to be made: a job does it.
    Later,
}

impl NewDownstream {
    fn message(&self) -> Downstream {
        Downstream {
            id: self.id,
            sender: self.server.map_or(self.app.hub_server(), AppServerId::uuid),
            data: self.data.clone(),
            sent_at: self.at,
            title: self.title.clone(),
            body: self.body.clone(),
        }
    }
}

/// Sends a message to devices.
///
/// # Errors
/// [`StoreError::is_unique_violation`] if the id is taken.
pub fn send(
    conn: &mut Connection,
    new: &NewDownstream,
    to: &Addressees,
) -> Result<SentDownstream, StoreError> {
    let Some(devices) = few(conn, new, to)? else {
        insert(conn, new, to, Some(0))?;
        let app = new.app.to_string();
        let job = NewJob { kind: KIND, key: &app, payload: &app, due_at: new.at };
        insert_or_replace(conn, &job)?;
        return Ok(SentDownstream::Later);
    };
    insert(conn, new, to, None)?;
    let told = deliveries::insert(conn, new.id, &devices)?;
    Ok(SentDownstream::ToAll(news(new.message(), &told)?.into_iter().collect()))
}

/// The devices, if they are so few that all can have their deliveries at once.
fn few(
    conn: &mut Connection,
    new: &NewDownstream,
    to: &Addressees,
) -> Result<Option<Vec<i64>>, StoreError> {
    let one_more = i64::try_from(STEP_MAX).unwrap_or(i64::MAX).saturating_add(1);
    let devices = match to {
        Addressees::Named(devices) => devices.clone(),
        Addressees::All => of_app(conn, (new.app.get(), new.id.get()), 0, one_more)?,
        Addressees::Group(group) if group.size >= one_more => return Ok(None),
        Addressees::Group(group) => {
            groups::members(conn, (group.id.get(), group.version), 0, one_more)?
        }
    };
    Ok((devices.len() <= STEP_MAX).then_some(devices))
}

fn insert(
    conn: &mut Connection,
    new: &NewDownstream,
    to: &Addressees,
    reached: Option<i64>,
) -> Result<(), StoreError> {
    let (audience, group): (i16, Option<DeviceGroup>) = match to {
        Addressees::Named(_) => (0, None),
        Addressees::All => (1, None),
        Addressees::Group(group) => (2, Some(*group)),
    };
    let row = (
        downstreams::id.eq(new.id.get()),
        downstreams::app_id.eq(new.app.get()),
        downstreams::server_id.eq(new.server.map(AppServerId::get)),
        downstreams::audience.eq(audience),
        downstreams::group_id.eq(group.map(|group| group.id.get())),
        downstreams::version.eq(group.map(|group| group.version)),
        downstreams::reached.eq(reached),
        downstreams::sent_at.eq(new.at.micros()),
        downstreams::expires_at.eq(new.at.after(new.kept).micros()),
        downstreams::title.eq(new.title.as_deref()),
        downstreams::body.eq(new.body.as_deref()),
        downstreams::data.eq(&new.data),
        downstreams::queued.eq(new.queued),
    );
    diesel::insert_into(downstreams::table).values(row).execute(conn)?;
    Ok(())
}

/// Devices that an app had when a message was sent, in their order, after one of them. Ids grow, so those that have
/// come later have ids above the message's.
pub(in crate::store) fn of_app(
    conn: &mut Connection,
    (app, message): (i64, i64),
    after: i64,
    limit: i64,
) -> Result<Vec<i64>, StoreError> {
    let values = [app, after, message, limit].map(Value::Int);
    Statement::<BigInt>::new(OF_APP, &values).load(conn)
}

/// What devices are told of a message, if there are any.
pub(in crate::store) fn news(
    message: Downstream,
    devices: &[i64],
) -> Result<Option<News>, StoreError> {
    let mailbox = |device: &i64| device_id(*device).map(Mailbox::Device);
    let mailboxes: Vec<Mailbox> = devices.iter().map(mailbox).collect::<Result<_, _>>()?;
    let event = AppsEvent::Downstream(Arc::new(message));
    Ok((!mailboxes.is_empty()).then(|| News::to(mailboxes, event)))
}

/// A row as it is read.
pub(in crate::store) type DownstreamRow =
    (i64, i64, Option<i64>, String, i64, Option<String>, Option<String>);

/// Selects a [`DownstreamRow`].
pub(in crate::store) const DOWNSTREAM: (
    downstreams::id,
    downstreams::app_id,
    downstreams::server_id,
    downstreams::data,
    downstreams::sent_at,
    downstreams::title,
    downstreams::body,
) = (
    downstreams::id,
    downstreams::app_id,
    downstreams::server_id,
    downstreams::data,
    downstreams::sent_at,
    downstreams::title,
    downstreams::body,
);

pub(in crate::store) fn message(row: DownstreamRow) -> Result<Downstream, StoreError> {
    let (id, app, server, data, sent_at, title, body) = row;
    let sender = match server {
        Some(server) => app_server_id(server)?.uuid(),
        None => app_id(app)?.hub_server(),
    };
    let sent_at = Timestamp::from_micros(sent_at);
    Ok(Downstream { id: downstream_id(id)?, sender, data, sent_at, title, body })
}

/// The messages with these ids, the newest first.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn newest_first(conn: &mut Connection, ids: &[i64]) -> Result<Vec<Downstream>, StoreError> {
    let named = downstreams::table.filter(downstreams::id.eq_any(ids));
    let rows: Vec<DownstreamRow> =
        named.order(downstreams::id.desc()).select(DOWNSTREAM).load(conn)?;
    rows.into_iter().map(message).collect()
}

fn first(
    conn: &mut Connection,
    sql: &'static str,
    values: &[Value<'_>],
) -> Result<Option<i64>, StoreError> {
    let found: Vec<i64> = Statement::<BigInt>::new(sql, values).load(conn)?;
    Ok(found.first().copied())
}

/// A message that waits for nobody any more.
fn over(conn: &mut Connection, now: Timestamp) -> Result<Option<i64>, StoreError> {
    match first(conn, EXPIRED, &[Value::Int(now.micros())])? {
        Some(expired) => Ok(Some(expired)),
        None => first(conn, OF_REMOVED, &[]),
    }
}

/// Whether there are messages that have expired, or were sent by apps that are gone.
///
/// # Errors
/// [`StoreError::Database`].
pub fn has_expired(conn: &mut Connection, now: Timestamp) -> Result<bool, StoreError> {
    Ok(over(conn, now)?.is_some())
}

/// Forgets at most so many deliveries of messages that have expired, and such messages; returns how many rows.
///
/// # Errors
/// [`StoreError::Database`].
pub fn sweep(conn: &mut Connection, now: Timestamp, rows_max: i64) -> Result<usize, StoreError> {
    let Some(message) = over(conn, now)? else { return Ok(0) };
    match deliveries::forget_message(conn, message, rows_max)? {
        0 => Ok(diesel::delete(downstreams::table.find(message)).execute(conn)?),
        some => Ok(some),
    }
}

/// The highest id of a message.
///
/// # Errors
/// [`StoreError::Database`].
pub fn last_id(conn: &mut Connection) -> Result<Option<i64>, StoreError> {
    Ok(downstreams::table.select(max(downstreams::id)).first(conn)?)
}
