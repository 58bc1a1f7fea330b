//! The rooms a user is in, as he sees them from outside: what a list of conversations shows.

use std::cmp::Reverse;
use std::collections::HashMap;

use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};

use crate::domain::accounts::user::Contact;
use crate::domain::chat::event::RoomEntry;
use crate::domain::chat::message::Message;
use crate::domain::chat::room::{RoomKey, RoomState, Unread};
use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;

use crate::store::accounts::users;
use crate::store::chat::rooms::Int;
use crate::store::chat::visible::visible;
use crate::store::chat::{messages, nonces, read_marks, room_key};
use crate::store::engine::statement::{Statement, Value};

type RowType = (
    BigInt,
    Int,
    Int,
    BigInt,
    Int,
    Int,
    Nullable<Text>,
    Bool,
    Int,
    BigInt,
    Int,
    Int,
    Nullable<Integer>,
);

/// A row of the list, in the order of the columns.
#[derive(diesel::Queryable)]
struct Row {
    id: i64,
    low: Option<i64>,
    high: Option<i64>,
    edits: i64,
    seq: Option<i64>,
    read_seq: Option<i64>,
    title: Option<String>,
    is_friend: bool,
    /// How far the other one of the two has read.
    mark: Option<i64>,
    unread: i64,
    /// The newest message that can be seen.
    last: Option<i64>,
    last_at: Option<i64>,
    last_bytes: Option<i32>,
}

/// The rooms of a source, of each: its last message and the read mark of the user `me`; whether he and the
/// other of the two are friends, and the other's read mark; what is unread, counted to one more than is told
/// ([`Unread::counted`]); and the newest message that he can see, as `history` would show it. That one is
/// looked for among the last 10,000, so that no number of deleted or hidden ones makes the list slow.
macro_rules! rooms_from {
    ($title:literal, $friend:expr, $mark:expr, $source:literal) => {
        concat!(
            "SELECT r.id, r.low, r.high, r.edits, m.seq, k.seq, ",
            $title,
            ", ",
            $friend,
            ", ",
            $mark,
            ", (SELECT count(*) FROM (SELECT 1 FROM messages c WHERE c.room_id = r.id \
             AND c.seq > coalesce(k.seq, 0) AND c.author_id <> me.id AND NOT c.deleted AND ",
            visible!("c", "me.id"),
            " LIMIT 1000) counted), l.id, l.created_at, octet_length(l.content) \
             FROM (SELECT CAST(? AS BIGINT) AS id) me CROSS JOIN ",
            $source,
            " LEFT JOIN messages m ON m.room_id = r.id \
             AND m.seq = (SELECT max(seq) FROM messages WHERE room_id = r.id) \
             LEFT JOIN read_marks k ON k.user_id = me.id AND k.room_id = r.id \
             LEFT JOIN messages l ON l.id = (SELECT v.id FROM messages v WHERE v.room_id = r.id \
             AND v.seq > m.seq - 10000 AND NOT v.deleted AND ",
            visible!("v", "me.id"),
            " ORDER BY v.seq DESC LIMIT 1) "
        )
    };
}

/// Direct rooms with one end being the user, and the other somebody else, in which he can see anything.
macro_rules! direct {
    ($end:literal, $other:literal) => {
        concat!(
            rooms_from!(
                "NULL",
                "EXISTS (SELECT 1 FROM friendships f \
                 WHERE f.low = r.low AND f.high = r.high AND f.state = 2)",
                concat!(
                    "(SELECT p.seq FROM read_marks p WHERE p.room_id = r.id AND p.user_id = r.",
                    $other,
                    " AND NOT EXISTS (SELECT 1 FROM blocks b \
                     WHERE b.blocker_id = me.id AND b.blocked_id = p.user_id))"
                ),
                "rooms r"
            ),
            "WHERE r.",
            $end,
            " = me.id AND EXISTS (SELECT 1 FROM messages s WHERE s.room_id = r.id AND ",
            visible!("s", "me.id"),
            ")"
        )
    };
}

const LOW: &str = direct!("low", "high");
const HIGH: &str = direct!("high", "low");
const GROUPS: &str = concat!(
    rooms_from!(
        "g.title",
        "FALSE",
        "CAST(NULL AS BIGINT)",
        "members w JOIN room_groups g ON g.room_id = w.room_id JOIN rooms r ON r.id = w.room_id"
    ),
    "WHERE w.user_id = me.id AND NOT w.unaware"
);

/// The rooms a user is in: every direct room that holds anything he can see, and every group. In the
/// order of their ids.
///
/// The last messages have `bytes_max` of text together: where they have more, those of the rooms in which
/// something was said last are there, and of the others only the time.
///
/// # Errors
/// [`StoreError::Database`].
pub fn of(
    conn: &mut Connection,
    me: UserId,
    bytes_max: usize,
) -> Result<Vec<RoomEntry>, StoreError> {
    let id = [Value::Int(me.get())];
    let mut rows: Vec<Row> = Vec::new();
    for rooms in [LOW, HIGH, GROUPS] {
        rows.extend(Statement::<RowType>::new(rooms, &id).load::<Row>(conn)?);
    }
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    rows.sort_unstable_by_key(|row| row.id);
    let keys: Vec<RoomKey> =
        rows.iter().map(|row| room_key(row.id, (row.low, row.high))).collect::<Result<_, _>>()?;
    let peers: Vec<UserId> = keys.iter().filter_map(|key| key.peer_of(me)).collect();
    let mut peers = users::by_ids(conn, &peers)?;
    let mut marks = match peers.len() < keys.len() {
        true => read_marks::in_groups_of(conn, me)?,
        false => HashMap::new(),
    };
    let mut lasts = lasts(conn, me, keys.iter().copied().zip(&rows), bytes_max)?;
    let entry = |(key, row): (RoomKey, Row)| {
        let peer = key.peer_of(me);
        let mark = peer.zip(row.mark);
        let (seq, is_friend) = (row.seq.unwrap_or(0), row.is_friend);
        RoomEntry {
            state: RoomState {
                key,
                seq,
                rev: seq.saturating_add(row.edits),
                read_seq: row.read_seq.unwrap_or(0),
                unread: Unread::counted(row.unread),
            },
            peer: peer.and_then(|peer| peers.remove(&peer)).map(|user| Contact { user, is_friend }),
            title: row.title,
            last_at: row.last_at.map(Timestamp::from_micros),
            last: lasts.remove(&key),
            readers: mark.into_iter().chain(marks.remove(&key).into_iter().flatten()).collect(),
        }
    };
    Ok(keys.into_iter().zip(rows).map(entry).collect())
}

/// The last messages of rooms, as far as their texts fit.
fn lasts<'r>(
    conn: &mut Connection,
    me: UserId,
    rooms: impl Iterator<Item = (RoomKey, &'r Row)>,
    bytes_max: usize,
) -> Result<HashMap<RoomKey, Message>, StoreError> {
    let last = |(key, row): (RoomKey, &Row)| Some((row.last_at?, row.last?, row.last_bytes?, key));
    let mut lasts: Vec<(i64, i64, i32, RoomKey)> = rooms.filter_map(last).collect();
    lasts.sort_unstable_by_key(|(at, ..)| Reverse(*at));
    let mut room = bytes_max;
    lasts.retain(|(_, _, bytes, _)| {
        let left = usize::try_from(*bytes).ok().and_then(|bytes| room.checked_sub(bytes));
        room = left.unwrap_or(room);
        left.is_some()
    });
    let ids: Vec<i64> = lasts.iter().map(|(_, id, ..)| *id).collect();
    let keys: HashMap<i64, RoomKey> = lasts.into_iter().map(|(_, id, _, key)| (id, key)).collect();
    let rows = messages::by_ids(conn, &ids)?.into_iter();
    let message = |row: messages::Row| keys.get(&row.id).map(|key| row.into_message(*key));
    let mut found: Vec<Message> = rows.filter_map(message).collect::<Result<_, _>>()?;
    nonces::name_own(conn, me, &mut found)?;
    Ok(found.into_iter().map(|message| (message.room, message)).collect())
}
