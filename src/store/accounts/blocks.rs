//! Blocks: who wants to hear nothing of whom.

use diesel::dsl::{exists, max, select};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::domain::accounts::block::{BlockRefusal, BlockVerb};
use crate::domain::accounts::friendship::Friendship;
use crate::domain::accounts::user::{User, UserPair};
use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::schema::blocks;

use crate::store::accounts::{friendships, users};
use crate::store::engine::ids::user_id;
use crate::store::engine::statement::{Statement, Value};

const LIFTED: &str = "INSERT INTO lifted_blocks (blocker_id, blocked_id, created_at, lifted_at) \
    VALUES (?, ?, ?, ?) ON CONFLICT (blocker_id, blocked_id, created_at) \
    DO UPDATE SET lifted_at = excluded.lifted_at";
const BLOCKERS: &str = "SELECT blocker_id FROM blocks WHERE blocked_id = ?";

/// Makes or lifts a block. What is done already is done; for a block that is not there to be
/// lifted, see [`BlockRefusal::NotBlocked`]. Gives the other user if his request for friendship was
/// hidden until now.
///
/// # Errors
/// [`StoreError::Database`].
pub fn change(
    conn: &mut Connection,
    me: UserId,
    target: Option<UserId>,
    verb: BlockVerb,
    now: Timestamp,
) -> Result<Result<Option<User>, BlockRefusal>, StoreError> {
    let Some(target) = target else { return Ok(Err(BlockRefusal::NoSuchUser)) };
    let Some(pair) = UserPair::new(me, target) else { return Ok(Err(BlockRefusal::Oneself)) };
    let Some(other) = users::by_id(conn, target)? else {
        return Ok(Err(BlockRefusal::NoSuchUser));
    };
    match verb {
        BlockVerb::Block => {
            add(conn, me, target, now)?;
            Ok(Ok(None))
        }
        BlockVerb::Unblock if lift(conn, me, target, now)? => {
            let asked = Some(Friendship::requested_by(target, pair));
            let has_asked = friendships::between(conn, pair)? == asked;
            Ok(Ok(has_asked.then_some(other)))
        }
        BlockVerb::Unblock => Ok(Err(BlockRefusal::NotBlocked)),
    }
}

fn add(
    conn: &mut Connection,
    me: UserId,
    target: UserId,
    now: Timestamp,
) -> Result<(), StoreError> {
    if is_set(conn, me, target)? {
        return Ok(());
    }
    // The list is in the order of the times, whatever the clock does.
    let mine = blocks::table.filter(blocks::blocker_id.eq(me.get()));
    let last: Option<i64> = mine.select(max(blocks::created_at)).first(conn)?;
    let created_at = Timestamp::strictly_after(now, last.map(Timestamp::from_micros));
    let row = (
        blocks::blocker_id.eq(me.get()),
        blocks::blocked_id.eq(target.get()),
        blocks::created_at.eq(created_at.micros()),
    );
    diesel::insert_into(blocks::table).values(row).execute(conn)?;
    Ok(())
}

/// Ends a block, and keeps from when to when it was.
fn lift(
    conn: &mut Connection,
    me: UserId,
    target: UserId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let row = blocks::table.find((me.get(), target.get()));
    let made_at: Option<i64> = row.select(blocks::created_at).first(conn).optional()?;
    let Some(made_at) = made_at else { return Ok(false) };
    diesel::delete(row).execute(conn)?;
    let lifted_at = now.micros().max(made_at);
    let values = [me.get(), target.get(), made_at, lifted_at].map(Value::Int);
    Statement::<()>::new(LIFTED, &values).run(conn)?;
    Ok(true)
}

/// Who blocks a user.
///
/// # Errors
/// [`StoreError::Database`].
pub(in crate::store) fn blockers_of(
    conn: &mut Connection,
    blocked: UserId,
) -> Result<Vec<UserId>, StoreError> {
    let values = [Value::Int(blocked.get())];
    let ids: Vec<i64> = Statement::<BigInt>::new(BLOCKERS, &values).load(conn)?;
    ids.into_iter().map(user_id).collect()
}

/// Whom a user blocks, oldest block first.
///
/// # Errors
/// [`StoreError::Database`].
pub fn of(conn: &mut Connection, me: UserId) -> Result<Vec<UserId>, StoreError> {
    let mine = blocks::table.filter(blocks::blocker_id.eq(me.get()));
    let ids: Vec<i64> =
        mine.order(blocks::created_at.asc()).select(blocks::blocked_id).load(conn)?;
    ids.into_iter().map(user_id).collect()
}

/// As [`of`], the users themselves.
///
/// # Errors
/// [`StoreError::Database`].
pub fn users_of(conn: &mut Connection, me: UserId) -> Result<Vec<User>, StoreError> {
    let ids = of(conn, me)?;
    let mut found = users::by_ids(conn, &ids)?;
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// Whether a user blocks another.
///
/// # Errors
/// [`StoreError::Database`].
pub fn is_set(conn: &mut Connection, me: UserId, target: UserId) -> Result<bool, StoreError> {
    let row = blocks::table.find((me.get(), target.get()));
    Ok(select(exists(row)).get_result(conn)?)
}
