//! Devices by what their users tell them apart by.

use diesel::prelude::*;

use crate::domain::apps::device::Device;
use crate::domain::id::{AppId, UserId};
use crate::store::apps::devices;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::ids::device_id;
use crate::store::schema;

/// The device of a user with this SHA-256 of what it is told apart by.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn find(
    conn: &mut Connection,
    (app, owner): (AppId, UserId),
    terminal_hash: &[u8; 32],
) -> Result<Option<Device>, StoreError> {
    use schema::devices::{app_id, id, owner_id, table};

    let own = app_id.eq(app.get()).and(owner_id.eq(owner.get()));
    let same = own.and(schema::devices::terminal_hash.eq(&terminal_hash[..]));
    let found: Option<i64> = table.filter(same).select(id).first(conn).optional()?;
    let Some(found) = found.map(device_id).transpose()? else { return Ok(None) };
    Ok(devices::find(conn, found)?.map(|(device, _)| device))
}
