//! Groups of devices. Members are kept with the versions between which they were in: what was sent at a version goes
//! to those who were in it then, however late it is delivered.

use std::collections::HashSet;

use diesel::dsl::max;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::domain::id::{AppId, DeviceGroupId};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::id_list::IdList;
use crate::store::engine::statement::{Statement, Value};
use crate::store::schema::device_groups;

const PRESENT: &str = "SELECT m.device_id FROM device_group_members m \
    WHERE m.group_id = ? AND m.until IS NULL AND m.device_id IN LIST";
const SEAT: &str = "INSERT INTO device_group_members (group_id, device_id, since, until) \
    SELECT ?, list.id, ?, NULL FROM LIST AS list";
const UNSEAT: &str = "UPDATE device_group_members SET until = ? \
    WHERE group_id = ? AND until IS NULL AND device_id IN LIST";
const RESIZE: &str = "UPDATE device_groups SET size = ?, version = ? WHERE id = ?";
const MEMBERS: &str = "SELECT m.device_id FROM device_group_members m WHERE m.group_id = ? AND m.device_id > ? \
    AND m.since <= ? AND (m.until IS NULL OR m.until > ?) ORDER BY m.device_id LIMIT ?";
const MEMBERS_AMONG: &str = "SELECT m.device_id FROM device_group_members m WHERE m.group_id = ? \
    AND m.since <= ? AND (m.until IS NULL OR m.until > ?) AND m.device_id IN LIST";
/// Whether something is on its way to a group: then its past is still needed.
macro_rules! awaited {
    ($group:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM downstreams d WHERE d.reached IS NOT NULL AND d.group_id = ",
            $group,
            ")"
        )
    };
}
const PAST: &str = concat!(
    "SELECT m.group_id, m.device_id, m.since FROM device_group_members m WHERE m.until IS NOT NULL AND NOT ",
    awaited!("m.group_id"),
    " LIMIT ?"
);
const FORGET_PAST: &str = concat!(
    "DELETE FROM device_group_members WHERE (group_id, device_id, since) IN ",
    "(SELECT m.group_id, m.device_id, m.since FROM device_group_members m WHERE m.until IS NOT NULL AND NOT ",
    awaited!("m.group_id"),
    " LIMIT ?) RETURNING group_id"
);
const ENDED: &str = concat!(
    "SELECT g.id FROM device_groups g WHERE g.ended AND NOT ",
    awaited!("g.id"),
    " LIMIT 1"
);
const FORGET_EMPTY: &str = concat!(
    "DELETE FROM device_groups WHERE id IN (SELECT g.id FROM device_groups g WHERE g.ended AND NOT ",
    awaited!("g.id"),
    " AND NOT EXISTS (SELECT 1 FROM device_group_members m WHERE m.group_id = g.id) LIMIT ?) RETURNING id"
);
const FORGET_MEMBERS: &str = "DELETE FROM device_group_members WHERE (group_id, device_id, since) IN \
    (SELECT m.group_id, m.device_id, m.since FROM device_group_members m WHERE m.group_id = ? LIMIT ?) \
    RETURNING group_id";
/// Groups of apps that were removed, as long as they have not ended.
macro_rules! of_removed {
    () => {
        "SELECT g.id FROM apps JOIN device_groups g ON g.app_id = apps.id \
         WHERE apps.removed = TRUE AND NOT g.ended LIMIT ?"
    };
}
const OF_REMOVED: &str = of_removed!();
const END_OF_REMOVED: &str = concat!(
    "UPDATE device_groups SET ended = TRUE, size = 0 WHERE id IN (",
    of_removed!(),
    ") RETURNING id"
);

/// A group as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceGroup {
    pub id: DeviceGroupId,
    /// How many devices are in it.
    pub size: i64,
    pub version: i64,
}

/// The group of an app with this id, unless it has ended.
///
/// # Errors
/// [`StoreError::Database`].
pub fn find(
    conn: &mut Connection,
    app: AppId,
    id: DeviceGroupId,
) -> Result<Option<DeviceGroup>, StoreError> {
    let of_app = device_groups::app_id.eq(app.get()).and(device_groups::ended.eq(false));
    let found = device_groups::table.find(id.get()).filter(of_app);
    let found: Option<(i64, i64)> =
        found.select((device_groups::size, device_groups::version)).first(conn).optional()?;
    Ok(found.map(|(size, version)| DeviceGroup { id, size, version }))
}

/// How many groups an app has.
///
/// # Errors
/// [`StoreError::Database`].
pub fn count(conn: &mut Connection, app: AppId) -> Result<i64, StoreError> {
    let of_app = device_groups::app_id.eq(app.get()).and(device_groups::ended.eq(false));
    Ok(device_groups::table.filter(of_app).count().get_result(conn)?)
}

/// Makes a group of devices, which must be the app's and each named once.
///
/// # Errors
/// [`StoreError::is_unique_violation`] if the id is taken.
pub fn create(
    conn: &mut Connection,
    (app, id): (AppId, DeviceGroupId),
    (name, description): (&str, Option<&str>),
    devices: &[i64],
) -> Result<DeviceGroup, StoreError> {
    let group = DeviceGroup { id, size: 0, version: 0 };
    let row = (
        device_groups::id.eq(id.get()),
        device_groups::app_id.eq(app.get()),
        device_groups::name.eq(name),
        device_groups::description.eq(description),
        device_groups::size.eq(group.size),
        device_groups::version.eq(group.version),
        device_groups::ended.eq(false),
    );
    diesel::insert_into(device_groups::table).values(row).execute(conn)?;
    add(conn, group, devices)
}

/// Puts devices into a group that are not in it, each named once; how it stands then.
///
/// # Errors
/// [`StoreError::Database`].
pub fn add(
    conn: &mut Connection,
    group: DeviceGroup,
    devices: &[i64],
) -> Result<DeviceGroup, StoreError> {
    if devices.is_empty() {
        return Ok(group);
    }
    let next = group.next(count_of(devices));
    let list = IdList::new(conn, devices);
    let values = [Value::Int(group.id.get()), Value::Int(next.version), list.value()];
    Statement::<()>::new(list.sql(SEAT), &values).run(conn)?;
    resize(conn, next)?;
    Ok(next)
}

/// Takes devices out of a group that are in it, each named once; how it stands then.
///
/// # Errors
/// [`StoreError::Database`].
pub fn subtract(
    conn: &mut Connection,
    group: DeviceGroup,
    devices: &[i64],
) -> Result<DeviceGroup, StoreError> {
    if devices.is_empty() {
        return Ok(group);
    }
    let next = group.next(count_of(devices).saturating_neg());
    let list = IdList::new(conn, devices);
    let values = [Value::Int(next.version), Value::Int(group.id.get()), list.value()];
    Statement::<()>::new(list.sql(UNSEAT), &values).run(conn)?;
    resize(conn, next)?;
    Ok(next)
}

/// Ends a group: nothing can be sent to it any more. What was sent before still goes to its members, and then they
/// are swept.
///
/// # Errors
/// [`StoreError::Database`].
pub fn end(conn: &mut Connection, id: DeviceGroupId) -> Result<(), StoreError> {
    let row = (device_groups::ended.eq(true), device_groups::size.eq(0));
    diesel::update(device_groups::table.find(id.get())).set(row).execute(conn)?;
    Ok(())
}

impl DeviceGroup {
    /// The next version, with so many devices more.
    fn next(self, more: i64) -> Self {
        let Self { id, size, version } = self;
        Self { id, size: size.saturating_add(more), version: version.saturating_add(1) }
    }
}

fn count_of(devices: &[i64]) -> i64 {
    i64::try_from(devices.len()).unwrap_or(i64::MAX)
}

fn resize(conn: &mut Connection, group: DeviceGroup) -> Result<(), StoreError> {
    let values = [group.size, group.version, group.id.get()].map(Value::Int);
    Statement::<()>::new(RESIZE, &values).run(conn)
}

/// Those of these devices that are in a group.
pub(in crate::store) fn present(
    conn: &mut Connection,
    group: DeviceGroupId,
    devices: &[i64],
) -> Result<HashSet<i64>, StoreError> {
    let list = IdList::new(conn, devices);
    let values = [Value::Int(group.get()), list.value()];
    let found: Vec<i64> = Statement::<BigInt>::new(list.sql(PRESENT), &values).load(conn)?;
    Ok(found.into_iter().collect())
}

/// Devices that were in a group at a version, in their order, after one of them; at most so many.
pub(in crate::store) fn members(
    conn: &mut Connection,
    (group, version): (i64, i64),
    after: i64,
    limit: i64,
) -> Result<Vec<i64>, StoreError> {
    let values = [group, after, version, version, limit].map(Value::Int);
    Statement::<BigInt>::new(MEMBERS, &values).load(conn)
}

/// Those of these devices that were in a group at a version.
pub(in crate::store) fn members_among(
    conn: &mut Connection,
    (group, version): (i64, i64),
    devices: &[i64],
) -> Result<Vec<i64>, StoreError> {
    let list = IdList::new(conn, devices);
    let [group, version] = [group, version].map(Value::Int);
    let values = [group, version, version, list.value()];
    Statement::<BigInt>::new(list.sql(MEMBERS_AMONG), &values).load(conn)
}

/// Whether rows of groups are kept that nobody needs any more.
///
/// # Errors
/// [`StoreError::Database`].
pub fn has_past(conn: &mut Connection) -> Result<bool, StoreError> {
    type Columns = (BigInt, BigInt, BigInt);
    let ended: Vec<i64> = Statement::<BigInt>::new(ENDED, &[]).load(conn)?;
    let past: Vec<(i64, i64, i64)> =
        Statement::<Columns>::new(PAST, &[Value::Int(1)]).load(conn)?;
    let removed: Vec<i64> = Statement::<BigInt>::new(OF_REMOVED, &[Value::Int(1)]).load(conn)?;
    Ok(!ended.is_empty() || !past.is_empty() || !removed.is_empty())
}

/// Ends at most so many groups of apps that were removed, or forgets at most so many rows of groups that nobody needs any
/// more: members of before, members of groups that have ended, and such groups; returns how many rows.
///
/// # Errors
/// [`StoreError::Database`].
pub fn sweep(conn: &mut Connection, rows_max: i64) -> Result<usize, StoreError> {
    let removed: Vec<i64> =
        Statement::<BigInt>::new(END_OF_REMOVED, &[Value::Int(rows_max)]).load(conn)?;
    if !removed.is_empty() {
        return Ok(removed.len());
    }
    let past: Vec<i64> =
        Statement::<BigInt>::new(FORGET_PAST, &[Value::Int(rows_max)]).load(conn)?;
    if !past.is_empty() {
        return Ok(past.len());
    }
    let empty: Vec<i64> =
        Statement::<BigInt>::new(FORGET_EMPTY, &[Value::Int(rows_max)]).load(conn)?;
    if !empty.is_empty() {
        return Ok(empty.len());
    }
    let ended: Vec<i64> = Statement::<BigInt>::new(ENDED, &[]).load(conn)?;
    let Some(group) = ended.first() else { return Ok(0) };
    let values = [*group, rows_max].map(Value::Int);
    let members: Vec<i64> = Statement::<BigInt>::new(FORGET_MEMBERS, &values).load(conn)?;
    Ok(members.len())
}

/// The highest id of a group.
///
/// # Errors
/// [`StoreError::Database`].
pub fn last_id(conn: &mut Connection) -> Result<Option<i64>, StoreError> {
    Ok(device_groups::table.select(max(device_groups::id)).first(conn)?)
}
