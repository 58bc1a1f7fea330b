//! Pushes: which messages of conversations a member has not acknowledged.

use diesel::dsl::{exists, select};
use diesel::prelude::*;

use crate::domain::id::{MessageId, UserId};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::statement::{Statement, Value};
use crate::store::schema::pushes;

const INSERT: &str =
    "INSERT INTO pushes (user_id, message_id) VALUES (?, ?) ON CONFLICT DO NOTHING";
const INSERT_MANY: &str = "INSERT INTO pushes (user_id, message_id) \
    SELECT u.id, ? FROM unnest(?) AS u (id) ON CONFLICT DO NOTHING";

/// Notes that these users have not acknowledged a message.
///
/// # Errors
/// [`StoreError::Database`]; so for all here.
pub fn insert(
    conn: &mut Connection,
    message: MessageId,
    users: &[UserId],
) -> Result<(), StoreError> {
    if users.is_empty() {
        return Ok(());
    }
    match conn {
        Connection::Sqlite(_) => {
            for user in users {
                let values = [user.get(), message.get()].map(Value::Int);
                Statement::<()>::new(INSERT, &values).run(conn)?;
            }
        }
        Connection::Postgres(_) => {
            let ids: Vec<i64> = users.iter().map(|user| user.get()).collect();
            let values = [Value::Int(message.get()), Value::Ints(&ids)];
            Statement::<()>::new(INSERT_MANY, &values).run(conn)?;
        }
    }
    Ok(())
}

/// Whether any message below an id is not acknowledged.
///
/// # Errors
/// As [`insert`].
pub fn has_before(conn: &mut Connection, below: i64) -> Result<bool, StoreError> {
    let old = pushes::table.filter(pushes::message_id.lt(below));
    Ok(select(exists(old)).get_result(conn)?)
}

/// Forgets that messages below an id are not acknowledged, those of so many pushes; how many pushes it were.
///
/// # Errors
/// As [`insert`].
pub fn sweep(conn: &mut Connection, below: i64, rows_max: i64) -> Result<usize, StoreError> {
    let old = pushes::table.filter(pushes::message_id.lt(below));
    let some: Vec<(i64, i64)> = old
        .select((pushes::user_id, pushes::message_id))
        .order(pushes::message_id)
        .limit(rows_max)
        .load(conn)?;
    for (user, message) in &some {
        diesel::delete(pushes::table.find((user, message))).execute(conn)?;
    }
    Ok(some.len())
}
