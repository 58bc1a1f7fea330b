//! Messages, one by one and many at once. Pages of them are in [`history`](crate::store::chat::history).

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

use crate::domain::chat::message::{Message, Nonce};
use crate::domain::chat::room::RoomKey;
use crate::domain::clock::Timestamp;
use crate::domain::id::{MessageId, RoomId};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::schema::{messages, nonces, rooms};

use crate::store::chat::room_key;
use crate::store::engine::ids::{message_id, user_id};
use crate::store::engine::statement::{Statement, Value};

/// Rows of one `INSERT` on SQLite, largest first: few statements, each prepared once.
const INSERT_SIZES: [usize; 3] = [64, 8, 1];

const INSERT: &str = "INSERT INTO messages (id, room_id, seq, sent_rev, rev, author_id, created_at, \
                      edited_at, deleted, hidden, content) ";
const INSERT_VALUES: &str = "(?, ?, ?, ?, ?, ?, ?, NULL, 0, ?, ?)";
const INSERT_ARRAYS: &str = "SELECT id, room_id, seq, rev, rev, author_id, created_at, \
    NULL::bigint, FALSE, hidden = 1, content FROM unnest(?, ?, ?, ?, ?, ?, ?, ?) \
    AS new (id, room_id, seq, rev, author_id, created_at, hidden, content)";
/// Messages with the ids of a list.
macro_rules! among {
    ($ids:literal) => {
        concat!(
            "SELECT id, seq, rev, author_id, created_at, edited_at, deleted, hidden, content \
             FROM messages WHERE id ",
            $ids
        )
    };
}

const AMONG_JSON: &str = among!("IN (SELECT value FROM json_each(?))");
const AMONG_ARRAY: &str = among!("= ANY(?)");
const UPDATE: &str = "UPDATE messages SET rev = ?, edited_at = ?, deleted = (? = 1), \
                      hidden = (? = 1), content = ? WHERE id = ?";

/// The types of a message's columns.
pub(in crate::store) type RowType =
    (BigInt, BigInt, BigInt, BigInt, BigInt, Nullable<BigInt>, Bool, Bool, Text);

/// A message without its room.
#[derive(Queryable, Selectable)]
#[diesel(table_name = messages)]
pub(in crate::store) struct Row {
    pub id: i64,
    seq: i64,
    /// The room's revision at its last change.
    pub rev: i64,
    author_id: i64,
    created_at: i64,
    edited_at: Option<i64>,
    deleted: bool,
    hidden: bool,
    pub content: String,
}

impl Row {
    /// The message, which is in this room.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn into_message(self, room: RoomKey) -> Result<Message, StoreError> {
        Ok(Message {
            id: message_id(self.id)?,
            room,
            author: user_id(self.author_id)?,
            seq: self.seq,
            rev: self.rev,
            content: self.content,
            created_at: Timestamp::from_micros(self.created_at),
            edited_at: self.edited_at.map(Timestamp::from_micros),
            deleted: self.deleted,
            hidden: self.hidden,
            nonce: None,
        })
    }
}

/// Stores messages that have just been sent, each with its room.
///
/// # Errors
/// [`StoreError::is_unique_violation`] if an id, or a number in a room, is taken; then none of them
/// is stored, once the transaction is rolled back.
pub fn insert_many(conn: &mut Connection, new: &[(RoomId, Message)]) -> Result<(), StoreError> {
    if cfg!(feature = "storing-nothing") {
        return Ok(());
    }
    match conn {
        Connection::Sqlite(sqlite) => {
            let mut left = new;
            for size in INSERT_SIZES {
                while let Some((some, rest)) = left.split_at_checked(size) {
                    let values: Vec<Value<'_>> = some.iter().flat_map(values).collect();
                    let rows = [INSERT_VALUES].repeat(size).join(", ");
                    let insert = Statement::<()>::new(format!("{INSERT}VALUES {rows}"), &values);
                    insert.execute(sqlite)?;
                    left = rest;
                }
            }
        }
        Connection::Postgres(postgres) => {
            let ints = |of: fn(&(RoomId, Message)) -> i64| new.iter().map(of).collect::<Vec<_>>();
            let id = ints(|(_, message)| message.id.get());
            let room = ints(|(room, _)| room.get());
            let seq = ints(|(_, message)| message.seq);
            let rev = ints(|(_, message)| message.rev);
            let author = ints(|(_, message)| message.author.get());
            let created_at = ints(|(_, message)| message.created_at.micros());
            let hidden = ints(|(_, message)| message.hidden.into());
            let content: Vec<&str> = new.iter().map(|(_, message)| &*message.content).collect();
            let [id, room, seq, rev, author, created_at, hidden] =
                [&id, &room, &seq, &rev, &author, &created_at, &hidden]
                    .map(|ints| Value::Ints(ints));
            let values = [id, room, seq, rev, author, created_at, hidden, Value::Texts(&content)];
            Statement::<()>::new(format!("{INSERT}{INSERT_ARRAYS}"), &values).execute(postgres)?;
        }
    }
    Ok(())
}

fn values((room, message): &(RoomId, Message)) -> [Value<'_>; 9] {
    [
        Value::Int(message.id.get()),
        Value::Int(room.get()),
        Value::Int(message.seq),
        Value::Int(message.rev),
        Value::Int(message.rev),
        Value::Int(message.author.get()),
        Value::Int(message.created_at.micros()),
        Value::Int(message.hidden.into()),
        Value::Text(&message.content),
    ]
}

/// Stores what an edit or a deletion has changed in a message.
///
/// # Errors
/// [`StoreError::Database`].
pub fn update(conn: &mut Connection, message: &Message) -> Result<(), StoreError> {
    let edited_at = message.edited_at.unwrap_or(message.created_at);
    let values = [
        Value::Int(message.rev),
        Value::Int(edited_at.micros()),
        Value::Int(message.deleted.into()),
        Value::Int(message.hidden.into()),
        Value::Text(&message.content),
        Value::Int(message.id.get()),
    ];
    Statement::<()>::new(UPDATE, &values).run(conn)
}

/// A message, deleted or not.
///
/// # Errors
/// [`StoreError::Database`].
pub fn find(conn: &mut Connection, id: MessageId) -> Result<Option<Message>, StoreError> {
    type Ends = (i64, (Option<i64>, Option<i64>));
    let found: Option<(Ends, Row, Option<String>)> = messages::table
        .inner_join(rooms::table)
        .left_join(nonces::table)
        .filter(messages::id.eq(id.get()))
        .select((
            (rooms::id, (rooms::low, rooms::high)),
            Row::as_select(),
            nonces::nonce.nullable(),
        ))
        .first(conn)
        .optional()?;
    let Some(((room, ends), row, nonce)) = found else { return Ok(None) };
    let message = row.into_message(room_key(room, ends)?)?;
    Ok(Some(Message { nonce: nonce.and_then(Nonce::new), ..message }))
}

/// Messages by their ids, in no order.
///
/// # Errors
/// [`StoreError::Database`].
pub(in crate::store) fn by_ids(conn: &mut Connection, ids: &[i64]) -> Result<Vec<Row>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    match conn {
        Connection::Sqlite(sqlite) => {
            let texts: Vec<String> = ids.iter().map(i64::to_string).collect();
            let json = format!("[{}]", texts.join(","));
            let values = [Value::Text(&json)];
            let query = Statement::<RowType>::new(AMONG_JSON, &values);
            Ok(RunQueryDsl::load(query, sqlite)?)
        }
        Connection::Postgres(postgres) => {
            let values = [Value::Ints(ids)];
            let query = Statement::<RowType>::new(AMONG_ARRAY, &values);
            Ok(RunQueryDsl::load(query, postgres)?)
        }
    }
}

/// The highest id.
pub(in crate::store) fn last_id(conn: &mut Connection) -> Result<Option<i64>, StoreError> {
    let ids = messages::table.select(messages::id);
    Ok(ids.order(messages::id.desc()).first(conn).optional()?)
}
