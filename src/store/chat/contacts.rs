//! Whom a user may look up: friends and those with a request between, who shares a room with him, and who has
//! written where he reads.
//!
//! Whether somebody may be looked up is found out before anybody is looked for, and at a cost that depends
//! on the one who asks: so nobody can tell one who is hidden from one who is not.

use std::collections::HashMap;

use diesel::sql_types::{BigInt, Bool};

use crate::domain::accounts::user::{Contact, UserPair};
use crate::domain::id::UserId;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;

use crate::store::accounts::users;
use crate::store::chat::visible::visible;
use crate::store::engine::ids::user_id;
use crate::store::engine::statement::{Statement, Value};

/// Those of a source whom `me` may look up, each with whether the two are friends. A source has ids,
/// and of each the pair with `me`.
///
/// A request by somebody whom one blocks is as hidden as what he writes: one knows nothing of either.
macro_rules! known {
    ($source:literal) => {
        concat!(
            "SELECT x.id, coalesce(f.state = 2, FALSE) FROM (SELECT CAST(? AS BIGINT) AS id) me \
             CROSS JOIN ",
            $source,
            " LEFT JOIN friendships f ON f.low = x.low AND f.high = x.high \
             WHERE (f.state IS NOT NULL AND (f.state = 2 OR (f.state = 0) = (x.low = me.id) \
             OR NOT EXISTS (SELECT 1 FROM blocks b \
             WHERE b.blocker_id = me.id AND b.blocked_id = x.id))) \
             OR EXISTS (SELECT 1 FROM rooms r JOIN messages m ON m.room_id = r.id \
             WHERE r.low = x.low AND r.high = x.high AND ",
            visible!("m", "me.id"),
            ") OR EXISTS (SELECT 1 FROM members w WHERE w.user_id = me.id AND NOT w.unaware \
             AND (EXISTS (SELECT 1 FROM members o WHERE o.room_id = w.room_id AND o.user_id = x.id) \
             OR EXISTS (SELECT 1 FROM authors a WHERE a.room_id = w.room_id AND a.user_id = x.id)))"
        )
    };
}

/// For SQLite, where asking once for all is no cheaper.
const ONE: &str = known!(
    "(SELECT CAST(? AS BIGINT) AS id, CAST(? AS BIGINT) AS low, CAST(? AS BIGINT) AS high) x"
);
const MANY: &str = known!("unnest(?, ?, ?) AS x (id, low, high)");

/// Those of `ids` whom `me` may look up, in their order, and each once. One may look up oneself.
///
/// # Errors
/// [`StoreError::Database`].
pub fn of(conn: &mut Connection, me: UserId, ids: &[UserId]) -> Result<Vec<Contact>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let known = known(conn, me, ids)?;
    let allowed: Vec<UserId> = known.keys().copied().collect();
    let mut found = users::by_ids(conn, &allowed)?;
    let contact = |id: &UserId| {
        let (user, is_friend) = (found.remove(id)?, known.get(id).copied()?);
        Some(Contact { user, is_friend })
    };
    Ok(ids.iter().filter_map(contact).collect())
}

/// Those of `ids` whom `me` may look up, and whether they are friends.
fn known(
    conn: &mut Connection,
    me: UserId,
    ids: &[UserId],
) -> Result<HashMap<UserId, bool>, StoreError> {
    let pair = |id: &UserId| UserPair::new(me, *id).map(|pair| (*id, pair));
    let columns = |(id, pair): (UserId, UserPair)| [id, pair.low(), pair.high()].map(UserId::get);
    let asked: Vec<[i64; 3]> = ids.iter().filter_map(pair).map(columns).collect();
    let mut rows: Vec<(i64, bool)> = Vec::new();
    match conn {
        Connection::Sqlite(_) => {
            for [id, low, high] in asked {
                let values = [me.get(), id, low, high].map(Value::Int);
                rows.extend(
                    Statement::<(BigInt, Bool)>::new(ONE, &values).load::<(i64, bool)>(conn)?,
                );
            }
        }
        Connection::Postgres(_) => {
            let column = |of: fn(&[i64; 3]) -> i64| asked.iter().map(of).collect::<Vec<i64>>();
            let (ids, lows, highs) =
                (column(|[id, ..]| *id), column(|[_, low, _]| *low), column(|[.., high]| *high));
            let values =
                [Value::Int(me.get()), Value::Ints(&ids), Value::Ints(&lows), Value::Ints(&highs)];
            rows = Statement::<(BigInt, Bool)>::new(MANY, &values).load(conn)?;
        }
    }
    let own = ids.contains(&me).then_some(Ok((me, false)));
    let others = rows.into_iter().map(|(id, is_friend)| Ok((user_id(id)?, is_friend)));
    others.chain(own).collect()
}
