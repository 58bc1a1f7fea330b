//! Devices: what users of an app sit at.

use std::collections::HashSet;

use diesel::dsl::{exists, max, select};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::domain::apps::device::{Device, OsType};
use crate::domain::clock::Timestamp;
use crate::domain::id::{AppId, DeviceId, UserId};
use crate::store::engine::Connection;
use crate::store::engine::connection::each_backend;
use crate::store::engine::error::StoreError;
use crate::store::engine::id_list::IdList;
use crate::store::engine::ids::{app_id, device_id, user_id};
use crate::store::engine::statement::{INSERT_ROWS_MAX, Statement, Value};
use crate::store::schema::devices;

const OF_APP: &str =
    "SELECT devices.id FROM devices WHERE devices.app_id = ? AND devices.id IN LIST";
const UNSEEN: &str = "SELECT id FROM devices WHERE seen_at < ? ORDER BY seen_at LIMIT ?";
const OF_REMOVED: &str = "SELECT devices.id FROM devices JOIN apps ON apps.id = devices.app_id \
    WHERE apps.removed = TRUE LIMIT ?";
/// The sizes of groups that lose members with their devices.
const SHRINK: &str = "UPDATE device_groups SET size = size - (SELECT count(*) \
    FROM device_group_members m WHERE m.group_id = device_groups.id AND m.until IS NULL AND m.device_id IN LIST) \
    WHERE id IN (SELECT m.group_id FROM device_group_members m WHERE m.until IS NULL AND m.device_id IN LIST)";
const FORGET: [&str; 2] =
    ["DELETE FROM deliveries WHERE device_id IN LIST", "DELETE FROM devices WHERE id IN LIST"];

/// A device to be stored.
#[derive(Clone, Copy, Debug)]
pub struct NewDevice {
    /// Minted.
    pub id: DeviceId,
    pub app: AppId,
    pub owner: UserId,
    /// The SHA-256 of what the client tells its terminals apart by.
    pub terminal_hash: [u8; 32],
    pub os: OsType,
    /// Now.
    pub at: Timestamp,
}

/// What came of a try to make a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MadeDevice {
    New(Device),
    /// The user has it already, as it was.
    Known(Device),
    /// The user has so many devices already.
    TooMany,
}

/// A device as a row.
#[derive(Insertable)]
#[diesel(table_name = devices)]
struct NewRow<'a> {
    id: i64,
    app_id: i64,
    owner_id: i64,
    terminal_hash: &'a [u8],
    os: i16,
    created_at: i64,
    seen_at: i64,
}

fn row(new: &NewDevice) -> NewRow<'_> {
    NewRow {
        id: new.id.get(),
        app_id: new.app.get(),
        owner_id: new.owner.get(),
        terminal_hash: &new.terminal_hash,
        os: new.os.number(),
        created_at: new.at.micros(),
        seen_at: new.at.micros(),
    }
}

/// What a [`Device`] is made of.
type DeviceRow = (i64, i64, i64, i16);

/// Selects a [`DeviceRow`].
const DEVICE: (devices::id, devices::app_id, devices::owner_id, devices::os) =
    (devices::id, devices::app_id, devices::owner_id, devices::os);

fn device((id, app, owner, os): DeviceRow) -> Result<Device, StoreError> {
    let os_type = OsType::from_number(os)
        .ok_or(StoreError::Corrupt { what: "a type of device", value: os.into() })?;
    Ok(Device { id: device_id(id)?, app: app_id(app)?, owner: user_id(owner)?, os: os_type })
}

/// Stores a device, unless its user has that terminal already. Of one app a user may have `devices_max`.
///
/// # Errors
/// [`StoreError::is_unique_violation`] if the id is taken; [`StoreError::Database`] if there is no such app or
/// user; [`StoreError::Corrupt`].
pub fn create(
    conn: &mut Connection,
    new: &NewDevice,
    devices_max: i64,
) -> Result<MadeDevice, StoreError> {
    let own = devices::app_id.eq(new.app.get()).and(devices::owner_id.eq(new.owner.get()));
    let same = own.and(devices::terminal_hash.eq(&new.terminal_hash[..]));
    let known: Option<DeviceRow> =
        devices::table.filter(same).select(DEVICE).first(conn).optional()?;
    if let Some(known) = known {
        return device(known).map(MadeDevice::Known);
    }
    let count: i64 = devices::table.filter(own).count().get_result(conn)?;
    if count >= devices_max {
        return Ok(MadeDevice::TooMany);
    }
    diesel::insert_into(devices::table).values(row(new)).execute(conn)?;
    let NewDevice { id, app, owner, os, .. } = *new;
    Ok(MadeDevice::New(Device { id, app, owner, os }))
}

/// Stores devices that nobody has yet.
///
/// # Errors
/// [`StoreError::is_unique_violation`] if an id is taken; then none of them is stored.
pub fn insert_many(conn: &mut Connection, new: &[NewDevice]) -> Result<(), StoreError> {
    for some in new.chunks(INSERT_ROWS_MAX) {
        let rows: Vec<_> = some.iter().map(row).collect();
        each_backend!(conn, inner => {
            diesel::insert_into(devices::table).values(&rows).execute(inner)
        })?;
    }
    Ok(())
}

/// The device with an id, and when it was last seen.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn find(
    conn: &mut Connection,
    id: DeviceId,
) -> Result<Option<(Device, Timestamp)>, StoreError> {
    let found: Option<(DeviceRow, i64)> =
        devices::table.find(id.get()).select((DEVICE, devices::seen_at)).first(conn).optional()?;
    let seen = |(row, at)| Ok((device(row)?, Timestamp::from_micros(at)));
    found.map(seen).transpose()
}

/// The devices of a user of an app, the oldest first.
///
/// # Errors
/// As [`find`].
pub fn of_owner(
    conn: &mut Connection,
    app: AppId,
    owner: UserId,
) -> Result<Vec<Device>, StoreError> {
    let own = devices::app_id.eq(app.get()).and(devices::owner_id.eq(owner.get()));
    let rows: Vec<DeviceRow> =
        devices::table.filter(own).order(devices::id).select(DEVICE).load(conn)?;
    rows.into_iter().map(device).collect()
}

/// A device has been seen.
///
/// # Errors
/// [`StoreError::Database`].
pub fn touch(conn: &mut Connection, id: DeviceId, now: Timestamp) -> Result<(), StoreError> {
    let values = [Value::Int(now.micros()), Value::Int(id.get())];
    Statement::<()>::new("UPDATE devices SET seen_at = ? WHERE id = ?", &values).run(conn)
}

/// A device runs on something else than was known.
///
/// # Errors
/// [`StoreError::Database`].
pub fn set_os(conn: &mut Connection, id: DeviceId, os: OsType) -> Result<(), StoreError> {
    diesel::update(devices::table.find(id.get())).set(devices::os.eq(os.number())).execute(conn)?;
    Ok(())
}

/// Those of these ids that are devices of an app.
pub(in crate::store) fn of_app(
    conn: &mut Connection,
    app: AppId,
    ids: &[i64],
) -> Result<HashSet<i64>, StoreError> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let list = IdList::new(conn, ids);
    let values = [Value::Int(app.get()), list.value()];
    let found: Vec<i64> = Statement::<BigInt>::new(list.sql(OF_APP), &values).load(conn)?;
    Ok(found.into_iter().collect())
}

/// Whether a device was not seen since a moment, or is of an app that was removed.
///
/// # Errors
/// [`StoreError::Database`].
pub fn has_unseen(conn: &mut Connection, before: Timestamp) -> Result<bool, StoreError> {
    let unseen = devices::table.filter(devices::seen_at.lt(before.micros()));
    if select(exists(unseen)).get_result(conn)? {
        return Ok(true);
    }
    let values = [Value::Int(1)];
    let found: Vec<i64> = Statement::<BigInt>::new(OF_REMOVED, &values).load(conn)?;
    Ok(!found.is_empty())
}

/// Forgets devices that were not seen since a moment, and those of apps that were removed, at most so many, with
/// what waits for them; how many it were.
///
/// # Errors
/// [`StoreError::Database`].
pub fn sweep(
    conn: &mut Connection,
    before: Timestamp,
    devices_max: i64,
) -> Result<usize, StoreError> {
    let values = [Value::Int(before.micros()), Value::Int(devices_max)];
    let mut gone: Vec<i64> = Statement::<BigInt>::new(UNSEEN, &values).load(conn)?;
    if gone.is_empty() {
        let values = [Value::Int(devices_max)];
        gone = Statement::<BigInt>::new(OF_REMOVED, &values).load(conn)?;
    }
    let list = IdList::new(conn, &gone);
    Statement::<()>::new(list.sql(SHRINK), &[list.value(), list.value()]).run(conn)?;
    for forget in FORGET {
        Statement::<()>::new(list.sql(forget), &[list.value()]).run(conn)?;
    }
    Ok(gone.len())
}

/// The highest id that a device has.
///
/// # Errors
/// [`StoreError::Database`].
pub fn last_id(conn: &mut Connection) -> Result<Option<i64>, StoreError> {
    Ok(devices::table.select(max(devices::id)).first(conn)?)
}
