//! Apps that were removed: what is left of them goes bit by bit, and the row of the app last.
//!
//! Keys and tokens ended with the app, so that nobody adds to it. Devices, groups of devices and messages to them have
//! sweeps of their own, and messages of conversations are swept as those of any group that has ended.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::domain::chat::event::ChatEvent;
use crate::domain::chat::group::{Group, GroupChange, GroupVerb};
use crate::domain::clock::Timestamp;
use crate::domain::id::GroupId;
use crate::domain::news::{Circle, News, Recipients};
use crate::store::apps::unseen_visitors;
use crate::store::chat::groups;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::ids::{app_id, group_id, user_id};
use crate::store::engine::statement::{Statement, Value};
use crate::store::schema::{app_files, app_users, apps};

/// Conversations of one bit, each with all of its members.
const CONVERSATIONS_MAX: i64 = 50;
/// Files of one bit.
const FILES_MAX: i64 = 10;
/// Users of one bit, with their visits.
const USERS_MAX: i64 = 100;

/// What is of apps that were removed.
macro_rules! of_removed {
    ($columns:literal, $table:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM apps JOIN ",
            $table,
            " ON one.app_id = apps.id WHERE apps.removed = TRUE LIMIT ?"
        )
    };
}

const CONVERSATIONS: &str = of_removed!("one.room_id", "conversations one");
const FILES: &str = of_removed!("one.id", "app_files one");
const USERS: &str = of_removed!("one.app_id, one.user_id", "app_users one");
/// An app of which nothing is left.
const EMPTY: &str = "SELECT a.id FROM apps a WHERE a.removed = TRUE \
    AND NOT EXISTS (SELECT 1 FROM conversations o WHERE o.app_id = a.id) \
    AND NOT EXISTS (SELECT 1 FROM conversation_messages o WHERE o.app_id = a.id) \
    AND NOT EXISTS (SELECT 1 FROM app_files o WHERE o.app_id = a.id) \
    AND NOT EXISTS (SELECT 1 FROM app_users o WHERE o.app_id = a.id) \
    AND NOT EXISTS (SELECT 1 FROM devices o WHERE o.app_id = a.id) \
    AND NOT EXISTS (SELECT 1 FROM device_groups o WHERE o.app_id = a.id) \
    AND NOT EXISTS (SELECT 1 FROM downstreams o WHERE o.app_id = a.id) LIMIT 1";

fn ids(conn: &mut Connection, sql: &'static str, max: i64) -> Result<Vec<i64>, StoreError> {
    Statement::<BigInt>::new(sql, &[Value::Int(max)]).load(conn)
}

fn files(conn: &mut Connection, max: i64) -> Result<Vec<String>, StoreError> {
    Statement::<Text>::new(FILES, &[Value::Int(max)]).load(conn)
}

fn users(conn: &mut Connection, max: i64) -> Result<Vec<(i64, i64)>, StoreError> {
    Statement::<(BigInt, BigInt)>::new(USERS, &[Value::Int(max)]).load(conn)
}

fn empty(conn: &mut Connection) -> Result<Vec<i64>, StoreError> {
    Statement::<BigInt>::new(EMPTY, &[]).load(conn)
}

/// Whether anything can be forgotten of apps that were removed.
///
/// # Errors
/// [`StoreError::Database`].
pub fn are_left(conn: &mut Connection) -> Result<bool, StoreError> {
    Ok(!ids(conn, CONVERSATIONS, 1)?.is_empty()
        || !files(conn, 1)?.is_empty()
        || !users(conn, 1)?.is_empty()
        || !empty(conn)?.is_empty())
}

/// Forgets a bit of apps that were removed; how many rows it were, and what is told of it.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn sweep(conn: &mut Connection, now: Timestamp) -> Result<(usize, Vec<News>), StoreError> {
    let rooms = ids(conn, CONVERSATIONS, CONVERSATIONS_MAX)?;
    if !rooms.is_empty() {
        let mut news = Vec::new();
        for room in &rooms {
            news.extend(end(conn, group_id(*room)?)?);
        }
        return Ok((rooms.len(), news));
    }
    let files = files(conn, FILES_MAX)?;
    if !files.is_empty() {
        let gone = app_files::table.filter(app_files::id.eq_any(&files));
        return Ok((diesel::delete(gone).execute(conn)?, Vec::new()));
    }
    let users = users(conn, USERS_MAX)?;
    for (app, user) in &users {
        forget(conn, (*app, *user), now)?;
    }
    if !users.is_empty() {
        return Ok((users.len(), Vec::new()));
    }
    let Some(app) = empty(conn)?.first().copied() else { return Ok((0, Vec::new())) };
    Ok((diesel::delete(apps::table.find(app)).execute(conn)?, Vec::new()))
}

/// Ends a conversation; agents who are in it by another dialect are told.
fn end(conn: &mut Connection, group: GroupId) -> Result<Option<News>, StoreError> {
    let roster = groups::roster(conn, group)?;
    let head = groups::head(conn, group)?;
    groups::delete(conn, group)?;
    let (Some(owner), Some(head)) = (roster.owner(), head) else { return Ok(None) };
    let members = roster.seats.len();
    let (title, created_at) = (head.title, head.created_at);
    let about = Group { id: group, title, owner, members, created_at };
    let verb = GroupVerb::Delete;
    let change = GroupChange { verb, group: about, user: None, role: None, by: owner };
    let recipients = Recipients::all(Circle::Group(roster.membership(None)));
    Ok(Some(News { event: ChatEvent::GroupChanged(change).into(), by: None, recipients }))
}

/// Forgets that somebody was a user of an app. An agent's account is the agent's own, a visitor's goes.
fn forget(
    conn: &mut Connection,
    (app, user): (i64, i64),
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = app_users::table.find((app, user));
    let is_agent: bool = row.select(app_users::is_agent).first(conn)?;
    if is_agent {
        diesel::delete(row).execute(conn)?;
        return Ok(());
    }
    unseen_visitors::forget(conn, app_id(app)?, user_id(user)?, now)
}
