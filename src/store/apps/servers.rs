//! Servers of an app that have registered under a name.

use diesel::dsl::max;
use diesel::prelude::*;

use crate::domain::apps::console::SERVERS_MAX;
use crate::domain::id::{AppId, AppServerId};
use crate::domain::uuid::Uuid;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::ids::app_server_id;
use crate::store::schema::app_servers;

/// The name under which the hub itself is registered in each app.
pub const HUB_NAME: &str = "tradewind-console";

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
    let of_app = app_servers::app_id.eq(app.get());
    let named = app_servers::table.filter(of_app.and(app_servers::name.eq(name)));
    let known: Option<i64> = named.select(app_servers::id).first(conn).optional()?;
    if let Some(known) = known {
        return app_server_id(known).map(RegisteredServer::Known);
    }
    let count: i64 = app_servers::table.filter(of_app).count().get_result(conn)?;
    if count >= SERVERS_MAX {
        return Ok(RegisteredServer::TooMany);
    }
    let row = (app_servers::id.eq(id.get()), of_app, app_servers::name.eq(name));
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

/// Ends a registration. What was sent by it and waits still is the hub's own from then on.
///
/// # Errors
/// [`StoreError::Database`].
pub fn end(conn: &mut Connection, id: AppServerId) -> Result<(), StoreError> {
    diesel::delete(app_servers::table.find(id.get())).execute(conn)?;
    Ok(())
}

/// Whether this is the registration of a server of an app.
fn is_known(conn: &mut Connection, app: AppId, id: AppServerId) -> Result<bool, StoreError> {
    let found: Option<i64> =
        app_servers::table.find(id.get()).select(app_servers::app_id).first(conn).optional()?;
    Ok(found == Some(app.get()))
}

/// The highest id of a registration.
///
/// # Errors
/// [`StoreError::Database`].
pub fn last_id(conn: &mut Connection) -> Result<Option<i64>, StoreError> {
    Ok(app_servers::table.select(max(app_servers::id)).first(conn)?)
}
