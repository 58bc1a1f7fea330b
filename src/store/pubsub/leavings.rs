//! What waited for subscriptions that are gone: forgotten bit by bit.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::domain::id::SubscriptionId;
use crate::store::engine::Connection;
use crate::store::engine::connection::each_backend;
use crate::store::engine::error::StoreError;
use crate::store::engine::statement::{Statement, Value};
use crate::store::pubsub::acks;
use crate::store::schema::ps_leavings;

const DROP_WAITING: &str = "DELETE FROM ps_backlog WHERE (subscription_id, message_id) IN \
    (SELECT subscription_id, message_id FROM ps_backlog WHERE subscription_id = ? \
    ORDER BY message_id LIMIT ?) RETURNING message_id";
const DROP_RETAINED: &str = "DELETE FROM ps_retained WHERE (subscription_id, message_id) IN \
    (SELECT subscription_id, message_id FROM ps_retained WHERE subscription_id = ? \
    ORDER BY message_id LIMIT ?) RETURNING message_id";

/// Has all that waits for a subscription forgotten.
pub(super) fn leave(conn: &mut Connection, id: SubscriptionId) -> Result<(), StoreError> {
    each_backend!(conn, conn => diesel::insert_into(ps_leavings::table)
        .values(ps_leavings::subscription_id.eq(id.get()))
        .on_conflict_do_nothing()
        .execute(conn)?);
    Ok(())
}

/// The next subscription of which something is left.
///
/// # Errors
/// [`StoreError::Database`].
pub fn next(conn: &mut Connection) -> Result<Option<i64>, StoreError> {
    Ok(ps_leavings::table.select(ps_leavings::subscription_id).first(conn).optional()?)
}

/// Forgets some of what is left of the next one; how many rows it were.
pub(super) fn sweep(conn: &mut Connection, rows_max: i64) -> Result<usize, StoreError> {
    let Some(id) = next(conn)? else { return Ok(0) };
    let values = [id, rows_max].map(Value::Int);
    let mut gone: Vec<i64> = Statement::<BigInt>::new(DROP_WAITING, &values).load(conn)?;
    if gone.is_empty() {
        gone = Statement::<BigInt>::new(DROP_RETAINED, &values).load(conn)?;
    }
    if gone.is_empty() {
        diesel::delete(ps_leavings::table.find(id)).execute(conn)?;
        return Ok(1);
    }
    acks::forget(conn, &gone)?;
    Ok(gone.len())
}
