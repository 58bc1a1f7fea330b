//! Messages as they were published.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::RunQueryDsl as _;
use diesel::sql_types::{BigInt, Binary, Text};

use crate::domain::clock::Timestamp;
use crate::domain::id::{PublishedId, TopicId};
use crate::domain::pubsub::message::{Attributes, MessageDraft, PublishedMessage};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::id_list::IdList;
use crate::store::engine::ids::published_id;
use crate::store::engine::statement::{Statement, Value};
use crate::store::pubsub::{from_json, to_json};

/// Rows of one `INSERT` on SQLite, largest first: few statements, each prepared once.
const INSERT_SIZES: [usize; 3] = [128, 16, 1];
const INSERT: &str = "INSERT INTO ps_messages (id, topic_id, data, attributes, ordering_key) ";
const INSERT_VALUES: &str = "(?, ?, ?, ?, ?)";
const INSERT_ARRAYS: &str = "SELECT id, topic_id, data, attributes, ordering_key \
    FROM unnest(?, ?, ?, ?, ?) AS new (id, topic_id, data, attributes, ordering_key)";
/// Takes the moment, and how many ids are wanted.
const TAKE_IDS: &str = "UPDATE ps_clock SET last = CASE WHEN last >= ? THEN last ELSE ? - 1 END + ? \
    RETURNING last";
const LAST_ID: &str = "SELECT last FROM ps_clock";
const LOAD: &str = "SELECT id, data, attributes, ordering_key FROM ps_messages WHERE id IN LIST";

/// Takes so many ids for messages that are published now; the first of them, and the others follow.
pub(super) fn take_ids(
    conn: &mut Connection,
    now: Timestamp,
    count: usize,
) -> Result<i64, StoreError> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let values = [now.micros(), now.micros(), count].map(Value::Int);
    let last: Vec<i64> = Statement::<BigInt>::new(TAKE_IDS, &values).load(conn)?;
    let last = last.first().copied().unwrap_or_default();
    Ok(last.saturating_sub(count).saturating_add(1))
}

/// The last id that was taken.
pub(super) fn last_id(conn: &mut Connection) -> Result<i64, StoreError> {
    let last: Vec<i64> = Statement::<BigInt>::new(LAST_ID, &[]).load(conn)?;
    Ok(last.first().copied().unwrap_or_default())
}

/// Stores messages.
pub(super) fn insert(
    conn: &mut Connection,
    topic: TopicId,
    messages: &[&PublishedMessage],
) -> Result<(), StoreError> {
    let attributes: Vec<String> = messages.iter().map(|message| attributes(message)).collect();
    let rows: Vec<_> =
        messages.iter().copied().zip(attributes.iter().map(String::as_str)).collect();
    match conn {
        Connection::Sqlite(sqlite) => {
            let mut left = &rows[..];
            for size in INSERT_SIZES {
                while let Some((some, rest)) = left.split_at_checked(size) {
                    let values: Vec<Value<'_>> =
                        some.iter().flat_map(|row| values(topic, *row)).collect();
                    let places = [INSERT_VALUES].repeat(size).join(", ");
                    let sql = format!("{INSERT}VALUES {places}");
                    Statement::<()>::new(sql, &values).execute(sqlite)?;
                    left = rest;
                }
            }
        }
        Connection::Postgres(postgres) => {
            let ids: Vec<i64> = messages.iter().map(|message| message.id.get()).collect();
            let topics = vec![topic.get(); messages.len()];
            let data: Vec<&[u8]> = messages.iter().map(|message| &message.draft.data[..]).collect();
            let texts: Vec<&str> = attributes.iter().map(String::as_str).collect();
            let keys: Vec<&str> =
                messages.iter().map(|message| &*message.draft.ordering_key).collect();
            let values = [
                Value::Ints(&ids),
                Value::Ints(&topics),
                Value::ManyBytes(&data),
                Value::Texts(&texts),
                Value::Texts(&keys),
            ];
            Statement::<()>::new(format!("{INSERT}{INSERT_ARRAYS}"), &values).execute(postgres)?;
        }
    }
    Ok(())
}

fn attributes(message: &PublishedMessage) -> String {
    let attributes = &message.draft.attributes;
    if attributes.is_empty() { String::new() } else { to_json(attributes) }
}

fn values<'a>(
    topic: TopicId,
    (message, attributes): (&'a PublishedMessage, &'a str),
) -> [Value<'a>; 5] {
    [
        Value::Int(message.id.get()),
        Value::Int(topic.get()),
        Value::Bytes(&message.draft.data),
        Value::Text(attributes),
        Value::Text(&message.draft.ordering_key),
    ]
}

/// Messages by their ids; those that are not kept any more are missing.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn load(
    conn: &mut Connection,
    ids: &[i64],
) -> Result<HashMap<PublishedId, Arc<PublishedMessage>>, StoreError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let list = IdList::new(conn, ids);
    let values = [list.value()];
    let rows: Vec<(i64, Vec<u8>, String, String)> =
        Statement::<(BigInt, Binary, Text, Text)>::new(list.sql(LOAD), &values).load(conn)?;
    let message = |(id, data, attributes, ordering_key): (i64, Vec<u8>, String, String)| {
        let attributes = match &*attributes {
            "" => Attributes::new(),
            text => from_json(text, id)?,
        };
        let draft = Arc::new(MessageDraft { data, attributes, ordering_key });
        let id = published_id(id)?;
        Ok((id, Arc::new(PublishedMessage { id, draft })))
    };
    rows.into_iter().map(message).collect()
}
