//! Servers of an app that have registered under a name.

use diesel::dsl::max;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::domain::apps::console::SERVERS_MAX;
use crate::domain::id::{AppId, AppServerId};
use crate::domain::uuid::Uuid;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::ids::app_server_id;
use crate::store::engine::statement::{Statement, Value};
use crate::store::schema::app_servers;

/// The name under which the hub itself is registered in each app.
pub const HUB_NAME: &str = "tradewind-console";

/// Registrations that have ended, and of whose messages none is left.
macro_rules! past {
    () => {
        "SELECT s.id FROM app_servers s WHERE s.removed \
         AND NOT EXISTS (SELECT 1 FROM downstreams m WHERE m.server_id = s.id) LIMIT ?"
    };
}
const PAST: &str = past!();
const FORGET_PAST: &str =
    concat!("DELETE FROM app_servers WHERE id IN (", past!(), ") RETURNING id");

/// What came of a try to register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegisteredServer {
    New(AppServerId),
    /// There is one of that name.
    Known(AppServerId),
    /// The name is the hub's own.
    Hub,
    /// The app has so many already.
    TooMany,
}

/// Registers a server of an app, unless one has that name.
///
/// # Errors
/// [`StoreError::is_unique_violation`] if the id is taken; [`StoreError::Corrupt`].
pub fn register(
    conn: &mut Connection,
    app: AppId,
    name: &str,
    id: AppServerId,
) -> Result<RegisteredServer, StoreError> {
    if name == HUB_NAME {
        return Ok(RegisteredServer::Hub);
    }
    let of_app = app_servers::app_id.eq(app.get()).and(app_servers::removed.eq(false));
    let named = app_servers::table.filter(of_app.and(app_servers::name.eq(name)));
    let known: Option<i64> = named.select(app_servers::id).first(conn).optional()?;
    if let Some(known) = known {
        return app_server_id(known).map(RegisteredServer::Known);
    }
    let count: i64 = app_servers::table.filter(of_app).count().get_result(conn)?;
    if count >= SERVERS_MAX {
        return Ok(RegisteredServer::TooMany);
    }
    let row = (
        app_servers::id.eq(id.get()),
        app_servers::app_id.eq(app.get()),
        app_servers::name.eq(name),
        app_servers::removed.eq(false),
    );
    diesel::insert_into(app_servers::table).values(row).execute(conn)?;
    Ok(RegisteredServer::New(id))
}

/// A registration that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownServer {
    /// The hub's own.
    Hub,
    Other(AppServerId),
}

/// The registration that a UUID names in an app.
///
/// # Errors
/// [`StoreError::Database`].
pub fn find(
    conn: &mut Connection,
    app: AppId,
    uuid: Uuid,
) -> Result<Option<KnownServer>, StoreError> {
    if uuid == app.hub_server() {
        return Ok(Some(KnownServer::Hub));
    }
    let Some(id) = AppServerId::of_uuid(uuid) else { return Ok(None) };
    Ok(is_known(conn, app, id)?.then_some(KnownServer::Other(id)))
}

/// Ends a registration: its name is free at once. Its row stays as long as messages are kept that it has sent, however
/// many they are; see [`sweep`].
///
/// # Errors
/// [`StoreError::Database`].
pub fn end(conn: &mut Connection, id: AppServerId) -> Result<(), StoreError> {
    // Names have no line breaks, so nobody can register under this one.
    let name = format!("\n{id}");
    let ended = (app_servers::removed.eq(true), app_servers::name.eq(name));
    diesel::update(app_servers::table.find(id.get())).set(ended).execute(conn)?;
    Ok(())
}

/// Whether there are registrations that have ended, and of whose messages none is left.
///
/// # Errors
/// [`StoreError::Database`].
pub fn has_past(conn: &mut Connection) -> Result<bool, StoreError> {
    let past: Vec<i64> = Statement::<BigInt>::new(PAST, &[Value::Int(1)]).load(conn)?;
    Ok(!past.is_empty())
}

/// Forgets at most so many registrations that have ended, and of whose messages none is left; returns how many.
///
/// # Errors
/// [`StoreError::Database`].
pub fn sweep(conn: &mut Connection, rows_max: i64) -> Result<usize, StoreError> {
    let gone: Vec<i64> =
        Statement::<BigInt>::new(FORGET_PAST, &[Value::Int(rows_max)]).load(conn)?;
    Ok(gone.len())
}

/// Whether this is the registration of a server of an app.
fn is_known(conn: &mut Connection, app: AppId, id: AppServerId) -> Result<bool, StoreError> {
    let columns = (app_servers::app_id, app_servers::removed);
    let found: Option<(i64, bool)> =
        app_servers::table.find(id.get()).select(columns).first(conn).optional()?;
    Ok(found == Some((app.get(), false)))
}

/// The highest id of a registration.
///
/// # Errors
/// [`StoreError::Database`].
pub fn last_id(conn: &mut Connection) -> Result<Option<i64>, StoreError> {
    Ok(app_servers::table.select(max(app_servers::id)).first(conn)?)
}
