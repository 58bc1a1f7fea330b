//! Messages, one by one. Pages of them are in [`history`](super::history).

use diesel::prelude::*;

use crate::domain::clock::Timestamp;
use crate::domain::id::{MessageId, RoomId};
use crate::domain::message::Message;
use crate::domain::user::UserPair;
use crate::store::Connection;
use crate::store::error::StoreError;
use crate::store::schema::{messages, rooms};

use super::rooms::{Room, room};
use super::{message_id, user_id};

/// A message and the room it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The room.
    pub room: Room,
    /// The message.
    pub message: Message,
}

/// The columns of a message that its room does not know.
#[derive(Queryable, Selectable)]
#[diesel(table_name = messages)]
pub(super) struct Row {
    id: i64,
    seq: i64,
    rev: i64,
    author_id: i64,
    created_at: i64,
    edited_at: Option<i64>,
    deleted: bool,
    content: String,
}

impl Row {
    pub(super) fn into_message(self, pair: UserPair) -> Result<Message, StoreError> {
        Ok(Message {
            id: message_id(self.id)?,
            pair,
            author: user_id(self.author_id)?,
            seq: self.seq,
            rev: self.rev,
            content: self.content,
            created_at: Timestamp::from_micros(self.created_at),
            edited_at: self.edited_at.map(Timestamp::from_micros),
            deleted: self.deleted,
        })
    }
}

/// Stores a message.
///
/// # Errors
/// [`StoreError::is_unique_violation`] if its id, or its number in the room, is taken.
pub fn insert(conn: &mut Connection, room: RoomId, message: &Message) -> Result<(), StoreError> {
    let row = (
        messages::id.eq(message.id.get()),
        messages::room_id.eq(room.get()),
        messages::seq.eq(message.seq),
        messages::rev.eq(message.rev),
        messages::author_id.eq(message.author.get()),
        messages::created_at.eq(message.created_at.micros()),
        messages::edited_at.eq(message.edited_at.map(Timestamp::micros)),
        messages::deleted.eq(message.deleted),
        messages::content.eq(&message.content),
    );
    diesel::insert_into(messages::table).values(row).execute(conn)?;
    Ok(())
}

/// Stores what an edit or a deletion has changed in a message.
///
/// # Errors
/// [`StoreError::Database`].
pub fn update(conn: &mut Connection, message: &Message) -> Result<(), StoreError> {
    let changes = (
        messages::rev.eq(message.rev),
        messages::edited_at.eq(message.edited_at.map(Timestamp::micros)),
        messages::deleted.eq(message.deleted),
        messages::content.eq(&message.content),
    );
    diesel::update(messages::table.find(message.id.get())).set(changes).execute(conn)?;
    Ok(())
}

/// A message, deleted or not.
///
/// # Errors
/// [`StoreError::Database`].
pub fn find(conn: &mut Connection, id: MessageId) -> Result<Option<Found>, StoreError> {
    let found = messages::table
        .inner_join(rooms::table)
        .filter(messages::id.eq(id.get()))
        .select((rooms::all_columns, Row::as_select()))
        .first(conn)
        .optional()?;
    let Some((columns, row)) = found else { return Ok(None) };
    let room = room(columns)?;
    let message = row.into_message(room.pair)?;
    Ok(Some(Found { room, message }))
}

/// The highest id.
pub(in crate::store) fn last_id(conn: &mut Connection) -> Result<Option<i64>, StoreError> {
    let ids = messages::table.select(messages::id);
    Ok(ids.order(messages::id.desc()).first(conn).optional()?)
}
