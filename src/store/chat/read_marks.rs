//! Read marks: how far each user has read in each room. They only grow.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::domain::chat::room::{LISTED_READERS_MAX, RoomKey};
use crate::domain::id::{RoomId, UserId};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::schema::read_marks;

use crate::store::accounts::blocks;
use crate::store::chat::rooms::Room;
use crate::store::engine::ids::{group_id, user_id};
use crate::store::engine::statement::{Statement, Value};

const SET: &str = "INSERT INTO read_marks (user_id, room_id, seq) VALUES (?, ?, ?) \
                   ON CONFLICT (user_id, room_id) DO UPDATE SET seq = excluded.seq";

/// The marks of the members `o` of groups, but for those of `me`, and of users whom he blocks.
macro_rules! marks_of_others {
    () => {
        "JOIN read_marks k ON k.user_id = o.user_id AND k.room_id = o.room_id \
         WHERE o.user_id <> me.id AND NOT EXISTS (SELECT 1 FROM blocks b \
         WHERE b.blocker_id = me.id AND b.blocked_id = o.user_id)"
    };
}

const IN_GROUP: &str = concat!(
    "SELECT o.user_id, k.seq FROM (SELECT CAST(? AS BIGINT) AS room, CAST(? AS BIGINT) AS id) me \
     CROSS JOIN members o ",
    marks_of_others!(),
    " AND o.room_id = me.room ORDER BY o.user_id"
);
const IN_GROUPS: &str = concat!(
    "SELECT o.room_id, o.user_id, k.seq FROM (SELECT CAST(? AS BIGINT) AS id) me \
     CROSS JOIN members w JOIN members o ON o.room_id = w.room_id ",
    marks_of_others!(),
    " AND w.user_id = me.id AND NOT w.unaware AND (SELECT count(*) FROM (SELECT 1 FROM members c \
     WHERE c.room_id = w.room_id LIMIT ?) counted) <= ? ORDER BY o.room_id, o.user_id"
);

/// The highest message a user has read in a room; 0 for none.
///
/// # Errors
/// [`StoreError::Database`].
pub fn get(conn: &mut Connection, user: UserId, room: RoomId) -> Result<i64, StoreError> {
    let row = read_marks::table.find((user.get(), room.get()));
    Ok(row.select(read_marks::seq).first(conn).optional()?.unwrap_or(0))
}

/// Sets it.
///
/// # Errors
/// [`StoreError::Database`].
pub fn set(conn: &mut Connection, user: UserId, room: RoomId, seq: i64) -> Result<(), StoreError> {
    let values = [user.get(), room.get(), seq].map(Value::Int);
    Statement::<()>::new(SET, &values).run(conn)
}

/// How far the others in a room have read, in the order of their ids; nothing of those who have read nothing,
/// or whom `me` blocks.
///
/// # Errors
/// [`StoreError::Database`].
pub fn of_others(
    conn: &mut Connection,
    me: UserId,
    room: &Room,
) -> Result<Vec<(UserId, i64)>, StoreError> {
    if let RoomKey::Direct(pair) = room.key {
        let other = pair.other(me);
        let mark = get(conn, other, room.id)?;
        let told = mark > 0 && !blocks::is_set(conn, me, other)?;
        return Ok(told.then_some((other, mark)).into_iter().collect());
    }
    let values = [Value::Int(room.id.get()), Value::Int(me.get())];
    let rows: Vec<(i64, i64)> = Statement::<(BigInt, BigInt)>::new(IN_GROUP, &values).load(conn)?;
    rows.into_iter().map(|(user, seq)| Ok((user_id(user)?, seq))).collect()
}

/// The same of all groups that a user is in, but for those with more than [`LISTED_READERS_MAX`] members.
///
/// # Errors
/// [`StoreError::Database`].
pub fn in_groups_of(
    conn: &mut Connection,
    me: UserId,
) -> Result<HashMap<RoomKey, Vec<(UserId, i64)>>, StoreError> {
    let most = LISTED_READERS_MAX;
    let values = [me.get(), most.saturating_add(1), most].map(Value::Int);
    let rows: Vec<(i64, i64, i64)> =
        Statement::<(BigInt, BigInt, BigInt)>::new(IN_GROUPS, &values).load(conn)?;
    let mut marks: HashMap<RoomKey, Vec<(UserId, i64)>> = HashMap::new();
    for (room, user, seq) in rows {
        let key = RoomKey::Group(group_id(room)?);
        marks.entry(key).or_default().push((user_id(user)?, seq));
    }
    Ok(marks)
}
