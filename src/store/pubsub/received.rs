//! Pushes that have come to this hub: the latest of them, each once.

use diesel::prelude::*;

use crate::domain::clock::Timestamp;
use crate::domain::pubsub::received::{
    KeptPush, PAYLOAD_KEPT_BYTES, PAYLOAD_SHOWN_BYTES, PushSender, RECEIVED_MAX, ReceivedPush,
};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::statement::{Statement, Value};
use crate::store::schema::ps_received;

const FORGET: &str = "DELETE FROM ps_received WHERE id <= ?";

diesel::define_sql_function! {
    /// A part of a byte string; the first byte is 1. SQLite has none of an empty one.
    fn substr(bytes: diesel::sql_types::Binary, from: diesel::sql_types::Integer, count: diesel::sql_types::Integer)
        -> diesel::sql_types::Nullable<diesel::sql_types::Binary>;
}

type KeptRow = (String, Option<String>, Option<String>, Option<String>, Option<Vec<u8>>, i64, i64);

/// Keeps a push, and forgets the oldest beyond so many. False if it is there already.
///
/// # Errors
/// [`StoreError::Database`].
pub fn keep(
    conn: &mut Connection,
    push: &ReceivedPush,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if push.message_id.as_ref().is_some_and(|id| !id.is_empty()) && is_known(conn, push)? {
        return Ok(false);
    }
    let id = last_id(conn)?.saturating_add(1);
    let kept = push.payload.get(..PAYLOAD_KEPT_BYTES).unwrap_or(&push.payload);
    let sender = push.sender.as_ref();
    let row = (
        ps_received::id.eq(id),
        ps_received::subscription.eq(&push.subscription),
        ps_received::message_id.eq(push.message_id.as_deref().filter(|id| !id.is_empty())),
        ps_received::token.eq(sender.map(|sender| &sender.token)),
        ps_received::claims.eq(sender.map(|sender| &sender.claims)),
        ps_received::payload.eq(kept),
        ps_received::payload_bytes.eq(i64::try_from(push.payload.len()).unwrap_or(i64::MAX)),
        ps_received::received_at.eq(now.micros()),
    );
    diesel::insert_into(ps_received::table).values(row).execute(conn)?;
    let values = [Value::Int(id.saturating_sub(RECEIVED_MAX))];
    Statement::<()>::new(FORGET, &values).run(conn)?;
    Ok(true)
}

fn is_known(conn: &mut Connection, push: &ReceivedPush) -> Result<bool, StoreError> {
    let same = ps_received::subscription
        .eq(&push.subscription)
        .and(ps_received::message_id.eq(push.message_id.as_deref()));
    let found: Option<i64> =
        ps_received::table.filter(same).select(ps_received::id).first(conn).optional()?;
    Ok(found.is_some())
}

fn last_id(conn: &mut Connection) -> Result<i64, StoreError> {
    let last = ps_received::table.select(ps_received::id).order(ps_received::id.desc());
    Ok(last.first(conn).optional()?.unwrap_or(0))
}

/// All that are kept, the latest first, each as it is shown.
///
/// # Errors
/// As [`keep`].
pub fn all(conn: &mut Connection) -> Result<Vec<KeptPush>, StoreError> {
    let shown = i32::try_from(PAYLOAD_SHOWN_BYTES).unwrap_or(i32::MAX);
    let rows: Vec<KeptRow> = ps_received::table
        .order(ps_received::id.desc())
        .limit(RECEIVED_MAX)
        .select((
            ps_received::subscription,
            ps_received::message_id,
            ps_received::token,
            ps_received::claims,
            substr(ps_received::payload, 1, shown),
            ps_received::payload_bytes,
            ps_received::received_at,
        ))
        .load(conn)?;
    Ok(rows.into_iter().map(kept).collect())
}

fn kept((subscription, message_id, token, claims, payload, bytes, at): KeptRow) -> KeptPush {
    let sender = token.zip(claims).map(|(token, claims)| PushSender { token, claims });
    KeptPush {
        subscription,
        message_id,
        sender,
        payload: payload.unwrap_or_default(),
        payload_bytes: u64::try_from(bytes).unwrap_or(0),
        received_at: Timestamp::from_micros(at),
    }
}
