//! The rooms a user is in, as he sees them from outside.

use diesel::sql_types::{BigInt, Nullable, Text};

use crate::domain::event::RoomEntry;
use crate::domain::id::UserId;
use crate::domain::room::{RoomState, Unread};
use crate::store::Connection;
use crate::store::error::StoreError;

use super::statement::{Statement, Value};
use super::{read_marks, room_id, room_key, users};

type Int = Nullable<BigInt>;
type RowType = (BigInt, Int, Int, BigInt, Int, Int, Nullable<Text>);
type Row = (i64, Option<i64>, Option<i64>, i64, Option<i64>, Option<i64>, Option<String>);

/// The rooms of a source, with the last message and the read mark of a user in each.
macro_rules! rooms_from {
    ($title:literal, $source:literal) => {
        concat!(
            "SELECT r.id, r.low, r.high, r.edits, m.seq, k.seq, ",
            $title,
            " FROM ",
            $source,
            " LEFT JOIN messages m ON m.room_id = r.id \
             AND m.seq = (SELECT max(seq) FROM messages WHERE room_id = r.id) \
             LEFT JOIN read_marks k ON k.user_id = ? AND k.room_id = r.id "
        )
    };
}

/// Direct rooms with one end being the user, in which he can see anything.
macro_rules! direct {
    ($end:literal) => {
        concat!(
            rooms_from!("NULL", "rooms r"),
            "WHERE r.",
            $end,
            " = ? AND EXISTS (SELECT 1 FROM messages v WHERE v.room_id = r.id \
             AND (NOT v.hidden OR NOT EXISTS (SELECT 1 FROM hidings h \
             WHERE h.message_id = v.id AND h.reader_id = ?)))"
        )
    };
}

const LOW: &str = direct!("low");
const HIGH: &str = direct!("high");
const GROUPS: &str = concat!(
    rooms_from!(
        "g.title",
        "members w JOIN room_groups g ON g.room_id = w.room_id JOIN rooms r ON r.id = w.room_id"
    ),
    "WHERE w.user_id = ? AND NOT w.unaware"
);

/// The rooms a user is in: every direct room that holds anything he can see, and every group. In the
/// order of their ids.
///
/// # Errors
/// [`StoreError::Database`].
pub fn of(conn: &mut Connection, me: UserId) -> Result<Vec<RoomEntry>, StoreError> {
    let id = Value::Int(me.get());
    let mut rows: Vec<Row> = Vec::new();
    for direct in [LOW, HIGH] {
        rows.extend(Statement::<RowType>::new(direct, &[id, id, id]).load::<Row>(conn)?);
    }
    rows.extend(Statement::<RowType>::new(GROUPS, &[id, id]).load::<Row>(conn)?);
    rows.sort_unstable_by_key(|(id, ..)| *id);
    let mut entries = Vec::with_capacity(rows.len());
    for (id, low, high, edits, seq, read, title) in rows {
        let (room, key) = (room_id(id)?, room_key(id, (low, high))?);
        let (seq, read_seq) = (seq.unwrap_or(0), read.unwrap_or(0));
        let unread = match read_seq < seq {
            true => read_marks::unread(conn, me, room, read_seq)?,
            false => Unread::default(),
        };
        let state = RoomState { key, seq, rev: seq.saturating_add(edits), read_seq, unread };
        entries.push(RoomEntry { state, peer: None, title });
    }
    let peers: Vec<UserId> =
        entries.iter().filter_map(|entry| entry.state.key.peer_of(me)).collect();
    let peers = users::by_ids(conn, &peers)?;
    for entry in &mut entries {
        entry.peer = entry.state.key.peer_of(me).and_then(|peer| peers.get(&peer).cloned());
    }
    Ok(entries)
}
