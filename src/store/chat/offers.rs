//! Groups that were offered to a member, and that he has neither taken nor declined. A group is offered to
//! one at a time; an offer ends with the membership of the heir.

use diesel::sql_types::{BigInt, Bool};

use crate::domain::chat::group::Group;
use crate::domain::clock::Timestamp;
use crate::domain::id::{GroupId, UserId};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;

use crate::store::chat::groups;
use crate::store::engine::ids::{group_id, user_id};
use crate::store::engine::statement::{Statement, Value};

const OF_GROUP: &str =
    "SELECT maker_id, heir_id, hidden, expires_at FROM group_offers WHERE room_id = ?";
const SET: &str = "INSERT INTO group_offers (room_id, maker_id, heir_id, hidden, expires_at) \
    VALUES (?, ?, ?, ? <> 0, ?) ON CONFLICT (room_id) DO UPDATE SET maker_id = excluded.maker_id, \
    heir_id = excluded.heir_id, hidden = excluded.hidden, expires_at = excluded.expires_at";
const CLEAR: &str = "DELETE FROM group_offers WHERE room_id = ?";
const TO: &str = "SELECT room_id, maker_id, expires_at FROM group_offers WHERE heir_id = ? \
    AND NOT hidden AND expires_at > ? ORDER BY expires_at, room_id";

/// What was offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    pub maker: UserId,
    pub heir: UserId,
    /// Whether the heir is not to know: he blocked the maker.
    pub hidden: bool,
    pub expires_at: Timestamp,
}

impl Offer {
    /// Whether it holds still, if the group is this owner's.
    pub fn is_good(&self, owner: UserId, now: Timestamp) -> bool {
        self.maker == owner && self.expires_at > now
    }
}

/// What was offered of a group, be it still good or not.
///
/// # Errors
/// [`StoreError::Database`], as for all here.
pub fn of_group(conn: &mut Connection, group: GroupId) -> Result<Option<Offer>, StoreError> {
    let values = [Value::Int(group.get())];
    let rows: Vec<(i64, i64, bool, i64)> =
        Statement::<(BigInt, BigInt, Bool, BigInt)>::new(OF_GROUP, &values).load(conn)?;
    let offer = |(maker, heir, hidden, expires_at)| {
        let (maker, heir) = (user_id(maker)?, user_id(heir)?);
        Ok(Offer { maker, heir, hidden, expires_at: Timestamp::from_micros(expires_at) })
    };
    rows.into_iter().next().map(offer).transpose()
}

/// Offers a group, whatever was before. The heir must be a member.
///
/// # Errors
/// As [`of_group`].
pub fn set(conn: &mut Connection, group: GroupId, offer: Offer) -> Result<(), StoreError> {
    let Offer { maker, heir, hidden, expires_at } = offer;
    let values = [group.get(), maker.get(), heir.get(), i64::from(hidden), expires_at.micros()];
    Statement::<()>::new(SET, &values.map(Value::Int)).run(conn)
}

/// Forgets what was offered of a group.
///
/// # Errors
/// As [`of_group`].
pub fn clear(conn: &mut Connection, group: GroupId) -> Result<(), StoreError> {
    Statement::<()>::new(CLEAR, &[Value::Int(group.get())]).run(conn)
}

/// The groups that a user may take, each with until when; who offers it is its owner.
///
/// # Errors
/// As [`of_group`].
pub fn to(
    conn: &mut Connection,
    heir: UserId,
    now: Timestamp,
) -> Result<Vec<(Group, Timestamp)>, StoreError> {
    let values = [Value::Int(heir.get()), Value::Int(now.micros())];
    let rows: Vec<(i64, i64, i64)> =
        Statement::<(BigInt, BigInt, BigInt)>::new(TO, &values).load(conn)?;
    let mut found = Vec::with_capacity(rows.len());
    for (group, maker, expires_at) in rows {
        let (group, maker) = (group_id(group)?, user_id(maker)?);
        if let Some(group) = groups::shown(conn, group)?.filter(|group| group.owner == maker) {
            found.push((group, Timestamp::from_micros(expires_at)));
        }
    }
    Ok(found)
}
