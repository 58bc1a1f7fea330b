//! Bridges by name, and how far each has come in which room.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::domain::chat::following::RoomPlace;
use crate::domain::clock::Timestamp;
use crate::domain::id::{BridgeId, RoomId};
use crate::domain::pubsub::bridge::{Bridge, BridgeName};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::ids::bridge_id;
use crate::store::engine::statement::{Statement, Value};
use crate::store::pubsub::{from_json, to_json};
use crate::store::schema::ps_bridges;

const PLACE: &str = "SELECT seq, rev FROM ps_bridge_rooms WHERE bridge_id = ? AND room_id = ?";
const SET_PLACE: &str = "INSERT INTO ps_bridge_rooms (bridge_id, room_id, seq, rev) \
    VALUES (?, ?, ?, ?) \
    ON CONFLICT (bridge_id, room_id) DO UPDATE SET seq = excluded.seq, rev = excluded.rev";
const DROP_PLACES: &str = "DELETE FROM ps_bridge_rooms WHERE (bridge_id, room_id) IN \
    (SELECT bridge_id, room_id FROM ps_bridge_rooms WHERE bridge_id = ? ORDER BY room_id LIMIT ?) \
    RETURNING room_id";

type BridgeRow = (i64, String, String, i64, bool);

fn bridge((id, name, config, since, _): BridgeRow) -> Result<Bridge, StoreError> {
    let corrupt = |_| StoreError::Corrupt { what: "a name that is none, of", value: id };
    Ok(Bridge {
        id: bridge_id(id)?,
        name: BridgeName::new(&name).map_err(corrupt)?,
        route: from_json(&config, id)?,
        since: Timestamp::from_micros(since),
    })
}

/// All bridges, by name.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn all(conn: &mut Connection) -> Result<Vec<Bridge>, StoreError> {
    let living = ps_bridges::table.filter(ps_bridges::ended.eq(false));
    let rows: Vec<BridgeRow> = living.order(ps_bridges::name).load(conn)?;
    rows.into_iter().map(bridge).collect()
}

/// The id of the bridge with a name.
pub(super) fn id_of(
    conn: &mut Connection,
    name: &BridgeName,
) -> Result<Option<BridgeId>, StoreError> {
    let named = ps_bridges::name.eq(name.as_str()).and(ps_bridges::ended.eq(false));
    let id: Option<i64> =
        ps_bridges::table.filter(named).select(ps_bridges::id).first(conn).optional()?;
    id.map(bridge_id).transpose()
}

/// Whether a bridge has not been removed.
pub(super) fn lives(conn: &mut Connection, id: BridgeId) -> Result<bool, StoreError> {
    let ended: Option<bool> =
        ps_bridges::table.find(id.get()).select(ps_bridges::ended).first(conn).optional()?;
    Ok(ended == Some(false))
}

pub(super) fn count(conn: &mut Connection) -> Result<i64, StoreError> {
    Ok(ps_bridges::table.filter(ps_bridges::ended.eq(false)).count().get_result(conn)?)
}

pub(super) fn insert(conn: &mut Connection, new: &Bridge) -> Result<(), StoreError> {
    let row = (
        ps_bridges::id.eq(new.id.get()),
        ps_bridges::name.eq(new.name.as_str()),
        ps_bridges::config.eq(to_json(&new.route)),
        ps_bridges::since.eq(new.since.micros()),
        ps_bridges::ended.eq(false),
    );
    diesel::insert_into(ps_bridges::table).values(row).execute(conn)?;
    Ok(())
}

/// Ends a bridge: its places are forgotten by a sweep.
pub(super) fn end(conn: &mut Connection, id: BridgeId) -> Result<(), StoreError> {
    let row = ps_bridges::ended.eq(true);
    diesel::update(ps_bridges::table.find(id.get())).set(row).execute(conn)?;
    Ok(())
}

/// How far a bridge has come in a room, if it has looked there.
///
/// # Errors
/// [`StoreError::Database`].
pub fn place(
    conn: &mut Connection,
    bridge: BridgeId,
    room: RoomId,
) -> Result<Option<RoomPlace>, StoreError> {
    let values = [bridge.get(), room.get()].map(Value::Int);
    let rows: Vec<(i64, i64)> = Statement::<(BigInt, BigInt)>::new(PLACE, &values).load(conn)?;
    Ok(rows.first().map(|&(seq, rev)| RoomPlace { seq, rev }))
}

pub(super) fn set_place(
    conn: &mut Connection,
    (bridge, room): (BridgeId, RoomId),
    place: RoomPlace,
) -> Result<(), StoreError> {
    let values = [bridge.get(), room.get(), place.seq, place.rev].map(Value::Int);
    Statement::<()>::new(SET_PLACE, &values).run(conn)
}

/// A bridge that has ended, and has not been forgotten.
///
/// # Errors
/// [`StoreError::Database`].
pub fn ended(conn: &mut Connection) -> Result<Option<i64>, StoreError> {
    let ended = ps_bridges::table.filter(ps_bridges::ended.eq(true));
    Ok(ended.select(ps_bridges::id).first(conn).optional()?)
}

/// Forgets some of a bridge that has ended; how many rows it were.
pub(super) fn sweep(conn: &mut Connection, rows_max: i64) -> Result<usize, StoreError> {
    let Some(id) = ended(conn)? else { return Ok(0) };
    let values = [id, rows_max].map(Value::Int);
    let gone: Vec<i64> = Statement::<BigInt>::new(DROP_PLACES, &values).load(conn)?;
    if gone.is_empty() {
        return Ok(diesel::delete(ps_bridges::table.find(id)).execute(conn)?);
    }
    Ok(gone.len())
}
