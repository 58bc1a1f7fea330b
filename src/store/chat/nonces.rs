//! Nonces: by what name a client knows a message it has sent, so that sending again is harmless.

use std::collections::HashMap;

use diesel::dsl::{exists, select};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::domain::chat::message::{Message, Nonce};
use crate::domain::id::{MessageId, UserId};
use crate::store::engine::Connection;
use crate::store::engine::connection::each_backend;
use crate::store::engine::error::StoreError;
use crate::store::schema::nonces;

use crate::store::engine::ids::{message_id, user_id};
use crate::store::engine::statement::{INSERT_ROWS_MAX, Statement, Value};

/// An author and a nonce: what must be unique.
pub type Key = (UserId, Nonce);

const FIND: &str = "SELECT message_id FROM nonces WHERE author_id = ? AND nonce = ?";
const FIND_MANY: &str = "SELECT n.author_id, n.nonce, n.message_id FROM unnest(?, ?) \
    AS k (author_id, nonce) JOIN nonces n ON n.author_id = k.author_id AND n.nonce = k.nonce";

#[derive(Insertable)]
#[diesel(table_name = nonces, treat_none_as_default_value = false)]
struct Row<'a> {
    message_id: i64,
    author_id: i64,
    nonce: &'a str,
}

impl<'a> From<&'a (Key, MessageId)> for Row<'a> {
    fn from(((author, nonce), message): &'a (Key, MessageId)) -> Self {
        Self { message_id: message.get(), author_id: author.get(), nonce: nonce.as_str() }
    }
}

/// The messages that were sent under these names, in no order; unknown names are left out.
///
/// # Errors
/// [`StoreError::Database`].
pub fn find_many(conn: &mut Connection, keys: &[Key]) -> Result<Vec<(Key, MessageId)>, StoreError> {
    if matches!(conn, Connection::Sqlite(_)) {
        let mut found = Vec::new();
        for (author, nonce) in keys {
            let values = [Value::Int(author.get()), Value::Text(nonce.as_str())];
            let ids: Vec<i64> = Statement::<BigInt>::new(FIND, &values).load(conn)?;
            for id in ids {
                found.push(((*author, nonce.clone()), message_id(id)?));
            }
        }
        return Ok(found);
    }
    let authors: Vec<i64> = keys.iter().map(|(author, _)| author.get()).collect();
    let names: Vec<&str> = keys.iter().map(|(_, nonce)| nonce.as_str()).collect();
    let values = [Value::Ints(&authors), Value::Texts(&names)];
    let rows: Vec<(i64, String, i64)> =
        Statement::<(BigInt, Text, BigInt)>::new(FIND_MANY, &values).load(conn)?;
    let key = |(author, nonce, id): (i64, String, i64)| {
        let corrupt = StoreError::Corrupt { what: "the nonce of a message", value: id };
        let nonce = Nonce::new(nonce).ok_or(corrupt)?;
        Ok(((user_id(author)?, nonce), message_id(id)?))
    };
    rows.into_iter().map(key).collect()
}

/// Names those of the messages that `me` has sent under a name.
///
/// # Errors
/// [`StoreError::Database`].
pub fn name_own(
    conn: &mut Connection,
    me: UserId,
    messages: &mut [Message],
) -> Result<(), StoreError> {
    let own = messages.iter().filter(|message| message.author == me);
    let ids: Vec<i64> = own.map(|message| message.id.get()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let named = nonces::table.filter(nonces::message_id.eq_any(ids));
    let names: Vec<(i64, String)> = named.select((nonces::message_id, nonces::nonce)).load(conn)?;
    let mut names: HashMap<i64, String> = names.into_iter().collect();
    for message in messages {
        message.nonce = names.remove(&message.id.get()).and_then(Nonce::new);
    }
    Ok(())
}

/// Stores under which names messages were sent. They are stored already.
///
/// # Errors
/// [`StoreError::is_unique_violation`] if a name is taken.
pub fn insert_many(conn: &mut Connection, new: &[(Key, MessageId)]) -> Result<(), StoreError> {
    for some in new.chunks(INSERT_ROWS_MAX) {
        let rows: Vec<Row<'_>> = some.iter().map(Row::from).collect();
        each_backend!(conn, inner => {
            diesel::insert_into(nonces::table).values(&rows).execute(inner)
        })?;
    }
    Ok(())
}

/// Whether messages with ids below this one have names.
///
/// # Errors
/// [`StoreError::Database`].
pub fn has_any(conn: &mut Connection, below: i64) -> Result<bool, StoreError> {
    Ok(select(exists(nonces::table.filter(nonces::message_id.lt(below)))).get_result(conn)?)
}

/// Forgets the names of at most `rows_max` messages with ids below this one; returns how many.
///
/// # Errors
/// [`StoreError::Database`].
pub fn sweep(conn: &mut Connection, below: i64, rows_max: i64) -> Result<usize, StoreError> {
    let old: Vec<i64> = nonces::table
        .filter(nonces::message_id.lt(below))
        .order(nonces::message_id.asc())
        .limit(rows_max)
        .select(nonces::message_id)
        .load(conn)?;
    let Some(last) = old.last() else { return Ok(0) };
    Ok(diesel::delete(nonces::table.filter(nonces::message_id.le(last))).execute(conn)?)
}
