//! Keys by which other services show who they are; only their hashes are kept.

use diesel::dsl::{exists, select};
use diesel::prelude::*;

use crate::domain::clock::Timestamp;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::schema::service_keys;

/// Stores the hash of a key under the unique name of who has it.
///
/// # Errors
/// [`StoreError::is_unique_violation`] if the name is taken.
pub fn insert(
    conn: &mut Connection,
    name: &str,
    key_hash: &[u8],
    created_at: Timestamp,
) -> Result<(), StoreError> {
    let row = (
        service_keys::key_hash.eq(key_hash),
        service_keys::name.eq(name),
        service_keys::created_at.eq(created_at.micros()),
    );
    diesel::insert_into(service_keys::table).values(row).execute(conn)?;
    Ok(())
}

/// Removes the key of a name; false if there is none.
///
/// # Errors
/// [`StoreError::Database`].
pub fn remove(conn: &mut Connection, name: &str) -> Result<bool, StoreError> {
    let named = service_keys::table.filter(service_keys::name.eq(name));
    Ok(diesel::delete(named).execute(conn)? > 0)
}

/// The names that have keys, in their order.
///
/// # Errors
/// [`StoreError::Database`].
pub fn names(conn: &mut Connection) -> Result<Vec<String>, StoreError> {
    Ok(service_keys::table.select(service_keys::name).order(service_keys::name).load(conn)?)
}

/// Whether a key of this hash is valid.
///
/// # Errors
/// [`StoreError::Database`].
pub fn is_valid(conn: &mut Connection, key_hash: &[u8]) -> Result<bool, StoreError> {
    Ok(select(exists(service_keys::table.find(key_hash))).get_result(conn)?)
}
