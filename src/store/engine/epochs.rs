//! The name of this history, which a restored copy must not share with what it was copied from.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;

use crate::store::engine::Connection;
use crate::store::engine::connection::each_backend;
use crate::store::engine::error::StoreError;
use crate::store::schema::epochs::dsl::{epoch, epochs};

/// The name; `None` in a copy that was not started yet.
///
/// # Errors
/// [`StoreError::Database`].
pub fn current(conn: &mut Connection) -> Result<Option<String>, StoreError> {
    Ok(epochs.select(epoch).first(conn).optional()?)
}

/// Gives this history a name, unless it has one.
///
/// # Errors
/// [`StoreError::Database`].
pub fn begin(conn: &mut Connection, name: &str) -> Result<(), StoreError> {
    let insert = "INSERT INTO epochs (id, epoch) VALUES (1, $1) ON CONFLICT DO NOTHING";
    each_backend!(conn, inner => sql_query(insert).bind::<Text, _>(name).execute(inner))?;
    Ok(())
}

/// Takes the name away: the next start gives another one.
///
/// # Errors
/// [`StoreError::Database`].
pub fn end(conn: &mut Connection) -> Result<(), StoreError> {
    diesel::delete(epochs).execute(conn)?;
    Ok(())
}
