//! Conversations: groups of chat between a visitor and agents, or among agents.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, SmallInt};

use crate::domain::apps::customer::{Conversation, ConversationKind, ConversationStatus};
use crate::domain::chat::group::{Role, Title};
use crate::domain::clock::Timestamp;
use crate::domain::id::{AppId, GroupId, UserId};
use crate::store::chat::groups::{self, RosterEntry};
use crate::store::chat::rooms;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::ids::{app_id, group_id, user_id};
use crate::store::engine::statement::{Statement, Value};
use crate::store::schema::conversations;

/// A conversation to be stored.
#[derive(Clone, Debug)]
pub struct NewConversation {
    /// Minted.
    pub id: GroupId,
    pub app: AppId,
    /// Whoever asks for it: the visitor, or an agent.
    pub by: UserId,
    /// Those who are asked.
    pub agents: Vec<UserId>,
    pub kind: ConversationKind,
    /// What those see of it who come by another dialect.
    pub title: String,
    pub created_at: Timestamp,
}

type ConversationType =
    (BigInt, BigInt, Nullable<BigInt>, Nullable<BigInt>, SmallInt, SmallInt, BigInt, BigInt);
type ConversationRow = (i64, i64, Option<i64>, Option<i64>, i16, i16, i64, i64);

/// Conversations with their columns.
macro_rules! conversations_from {
    ($rest:literal) => {
        concat!(
            "SELECT c.room_id, c.app_id, c.user_id, c.assigned_id, c.kind, c.status, \
             c.created_at, c.updated_at FROM ",
            $rest
        )
    };
}

const FIND: &str = conversations_from!("conversations c WHERE c.room_id = ?");
const LATEST: &str = conversations_from!(
    "conversations c WHERE c.app_id = ? AND c.user_id = ? \
     ORDER BY c.updated_at DESC, c.room_id DESC LIMIT 1"
);
const WITH_AGENT: &str = conversations_from!(
    "conversations c WHERE c.app_id = ? AND c.user_id = ? AND c.assigned_id = ? \
     ORDER BY c.updated_at DESC, c.room_id DESC LIMIT 1"
);
const OF_AGENTS: &str = conversations_from!(
    "members a JOIN members b ON b.room_id = a.room_id \
     JOIN conversations c ON c.room_id = a.room_id \
     WHERE a.user_id = ? AND b.user_id = ? AND c.app_id = ? AND c.kind = 1 LIMIT 1"
);
const OPEN_OF_MEMBER: &str = conversations_from!(
    "members m JOIN conversations c ON c.room_id = m.room_id \
     WHERE m.user_id = ? AND c.app_id = ? AND c.status = 1 \
     ORDER BY c.updated_at DESC, c.room_id DESC LIMIT ?"
);
/// By the rooms' order, so that all pages together look at each conversation once.
const ROOMS: &str = "SELECT room_id FROM conversations WHERE room_id > ? AND app_id + 0 = ? \
    ORDER BY room_id LIMIT ?";
const ROOMS_OF_MEMBER: &str = "SELECT c.room_id FROM members m \
    JOIN conversations c ON c.room_id = m.room_id \
    WHERE m.user_id = ? AND m.room_id > ? AND c.app_id = ? ORDER BY m.room_id LIMIT ?";
const SHARED: &str = "SELECT c.room_id FROM members a JOIN members b ON b.room_id = a.room_id \
    JOIN conversations c ON c.room_id = a.room_id \
    WHERE a.user_id = ? AND b.user_id = ? AND c.app_id = ? LIMIT 1";

fn kind(number: i16) -> Result<ConversationKind, StoreError> {
    match number {
        0 => Ok(ConversationKind::Visitor),
        1 => Ok(ConversationKind::Agents),
        _ => Err(StoreError::Corrupt { what: "the kind of a conversation", value: number.into() }),
    }
}

fn status(number: i16) -> Result<ConversationStatus, StoreError> {
    match number {
        0 => Ok(ConversationStatus::New),
        1 => Ok(ConversationStatus::Open),
        2 => Ok(ConversationStatus::Closed),
        _ => {
            Err(StoreError::Corrupt { what: "the status of a conversation", value: number.into() })
        }
    }
}

fn conversation(row: ConversationRow) -> Result<Conversation, StoreError> {
    let (id, app, visitor, assigned, kind_number, status_number, created_at, updated_at) = row;
    Ok(Conversation {
        id: group_id(id)?,
        app: app_id(app)?,
        visitor: visitor.map(user_id).transpose()?,
        assigned: assigned.map(user_id).transpose()?,
        kind: kind(kind_number)?,
        status: status(status_number)?,
        created_at: Timestamp::from_micros(created_at),
        updated_at: Timestamp::from_micros(updated_at),
    })
}

fn load(
    conn: &mut Connection,
    sql: &'static str,
    values: &[i64],
) -> Result<Vec<Conversation>, StoreError> {
    let values: Vec<Value<'_>> = values.iter().copied().map(Value::Int).collect();
    let rows: Vec<ConversationRow> = Statement::<ConversationType>::new(sql, &values).load(conn)?;
    rows.into_iter().map(conversation).collect()
}

/// The conversation that a group is, if it is one.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`]; so for all here.
pub fn find(conn: &mut Connection, id: GroupId) -> Result<Option<Conversation>, StoreError> {
    Ok(load(conn, FIND, &[id.get()])?.into_iter().next())
}

/// The same, if it is one of an app.
///
/// # Errors
/// As [`find`].
pub fn of_app(
    conn: &mut Connection,
    app: AppId,
    id: GroupId,
) -> Result<Option<Conversation>, StoreError> {
    Ok(find(conn, id)?.filter(|conversation| conversation.app == app))
}

/// The same, if a user is in it.
///
/// # Errors
/// As [`find`].
pub fn of_member(
    conn: &mut Connection,
    (app, user): (AppId, UserId),
    id: GroupId,
) -> Result<Option<Conversation>, StoreError> {
    let Some(found) = of_app(conn, app, id)? else { return Ok(None) };
    Ok(groups::is_member(conn, id, user)?.then_some(found))
}

/// The conversation of a visitor that has changed last.
///
/// # Errors
/// As [`find`].
pub fn latest(
    conn: &mut Connection,
    (app, visitor): (AppId, UserId),
) -> Result<Option<Conversation>, StoreError> {
    Ok(load(conn, LATEST, &[app.get(), visitor.get()])?.into_iter().next())
}

/// The conversation of a visitor and one agent alone.
///
/// # Errors
/// As [`find`].
pub fn with_agent(
    conn: &mut Connection,
    (app, visitor): (AppId, UserId),
    agent: UserId,
) -> Result<Option<Conversation>, StoreError> {
    let values = [app.get(), visitor.get(), agent.get()];
    Ok(load(conn, WITH_AGENT, &values)?.into_iter().next())
}

/// The conversation of two agents.
///
/// # Errors
/// As [`find`].
pub fn of_agents(
    conn: &mut Connection,
    app: AppId,
    (one, other): (UserId, UserId),
) -> Result<Option<Conversation>, StoreError> {
    let values = [one.get(), other.get(), app.get()];
    Ok(load(conn, OF_AGENTS, &values)?.into_iter().next())
}

/// The open conversations that a user is in, at most so many, those first that have changed last.
///
/// # Errors
/// As [`find`].
pub fn open_of_member(
    conn: &mut Connection,
    (app, user): (AppId, UserId),
    max: u32,
) -> Result<Vec<Conversation>, StoreError> {
    load(conn, OPEN_OF_MEMBER, &[user.get(), app.get(), max.into()])
}

/// Conversations of an app, all or those that a user is in, after one of them: at most so many, in the order of their ids.
///
/// # Errors
/// As [`find`].
pub fn page(
    conn: &mut Connection,
    (app, member): (AppId, Option<UserId>),
    after: i64,
    max: u32,
) -> Result<Vec<GroupId>, StoreError> {
    let (after, app, max) = (Value::Int(after), Value::Int(app.get()), Value::Int(max.into()));
    let rooms: Vec<i64> = match member {
        None => Statement::<BigInt>::new(ROOMS, &[after, app, max]).load(conn)?,
        Some(member) => {
            let values = [Value::Int(member.get()), after, app, max];
            Statement::<BigInt>::new(ROOMS_OF_MEMBER, &values).load(conn)?
        }
    };
    rooms.into_iter().map(group_id).collect()
}

/// Whether two users are in a conversation of an app together.
///
/// # Errors
/// As [`find`].
pub fn is_shared(
    conn: &mut Connection,
    app: AppId,
    (one, other): (UserId, UserId),
) -> Result<bool, StoreError> {
    let values = [one.get(), other.get(), app.get()].map(Value::Int);
    let rooms: Vec<i64> = Statement::<BigInt>::new(SHARED, &values).load(conn)?;
    Ok(!rooms.is_empty())
}

/// Stores a conversation in which nothing has been said, with its members.
///
/// # Errors
/// As [`find`].
pub fn create(conn: &mut Connection, new: &NewConversation) -> Result<Conversation, StoreError> {
    let &NewConversation { id, app, by, kind, created_at, .. } = new;
    rooms::create_group(conn, id)?;
    let title = Title::new(new.title.clone());
    let title = title.as_ref().map_or("Conversation", Title::as_str);
    groups::create(conn, id, title, created_at)?;
    let owner = RosterEntry { user: by, role: Role::Owner, unaware: false };
    groups::seat(conn, id, owner, created_at)?;
    for agent in &new.agents {
        let seat = RosterEntry { user: *agent, role: Role::Member, unaware: false };
        groups::seat(conn, id, seat, created_at)?;
    }
    let visitor = (kind == ConversationKind::Visitor).then_some(by);
    let assigned = match new.agents.as_slice() {
        [agent] => Some(*agent),
        _ => None,
    };
    let status = ConversationStatus::New;
    let row = (
        conversations::room_id.eq(id.get()),
        conversations::app_id.eq(app.get()),
        conversations::user_id.eq(visitor.map(UserId::get)),
        conversations::assigned_id.eq(assigned.map(UserId::get)),
        conversations::kind.eq(kind.number()),
        conversations::status.eq(status.number()),
        conversations::created_at.eq(created_at.micros()),
        conversations::updated_at.eq(created_at.micros()),
    );
    diesel::insert_into(conversations::table).values(row).execute(conn)?;
    let updated_at = created_at;
    Ok(Conversation { id, app, visitor, assigned, kind, status, created_at, updated_at })
}
