//! Apps by name and id, and what their owners have set.

use diesel::dsl::max;
use diesel::prelude::*;

use crate::domain::apps::app::{App, AppSettings};
use crate::domain::clock::Timestamp;
use crate::domain::id::AppId;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::ids::app_id;
use crate::store::schema::apps;

/// An app to be stored.
#[derive(Clone, Debug)]
pub struct NewApp {
    /// Minted.
    pub id: AppId,
    pub name: String,
    /// The SHA-256 of the service's id.
    pub service_hash: [u8; 32],
    pub created_at: Timestamp,
}

/// What an [`App`] is made of.
type AppRow = (i64, String, String, String, String, bool, bool);

/// Selects an [`AppRow`].
const APP: (
    apps::id,
    apps::name,
    apps::allowed_origins,
    apps::welcome,
    apps::offline_text,
    apps::return_offline,
    apps::trust_email,
) = (
    apps::id,
    apps::name,
    apps::allowed_origins,
    apps::welcome,
    apps::offline_text,
    apps::return_offline,
    apps::trust_email,
);

fn app(row: AppRow) -> Result<App, StoreError> {
    let (id, name, origins, welcome, offline_text, return_offline, trust_email) = row;
    let allowed_origins = origins.split_whitespace().map(str::to_owned).collect();
    let settings =
        AppSettings { allowed_origins, welcome, offline_text, return_offline, trust_email };
    Ok(App { id: app_id(id)?, name, settings })
}

/// Stores an app that has nothing yet.
///
/// # Errors
/// [`StoreError::is_unique_violation`] if the name or the id is taken.
pub fn insert(conn: &mut Connection, new: &NewApp) -> Result<(), StoreError> {
    let row = (
        apps::id.eq(new.id.get()),
        apps::name.eq(&new.name),
        apps::service_hash.eq(&new.service_hash[..]),
        apps::allowed_origins.eq(""),
        apps::welcome.eq(""),
        apps::offline_text.eq(""),
        apps::return_offline.eq(false),
        apps::trust_email.eq(false),
        apps::request_ms.eq(0),
        apps::removed.eq(false),
        apps::created_at.eq(new.created_at.micros()),
    );
    diesel::insert_into(apps::table).values(row).execute(conn)?;
    Ok(())
}

/// Sets all that an owner may set.
///
/// # Errors
/// [`StoreError::Database`].
pub fn set(conn: &mut Connection, id: AppId, new: &AppSettings) -> Result<(), StoreError> {
    let row = (
        apps::allowed_origins.eq(new.allowed_origins.join(" ")),
        apps::welcome.eq(&new.welcome),
        apps::offline_text.eq(&new.offline_text),
        apps::return_offline.eq(new.return_offline),
        apps::trust_email.eq(new.trust_email),
    );
    diesel::update(apps::table.find(id.get())).set(row).execute(conn)?;
    Ok(())
}

/// Gives the name of an app free, and has all that belongs to the app forgotten.
///
/// # Errors
/// [`StoreError::Database`].
pub fn remove(conn: &mut Connection, id: AppId) -> Result<(), StoreError> {
    // Longer than a name may be.
    let name = format!("removed app {:0>60}", id.get());
    let row = (apps::name.eq(name), apps::removed.eq(true));
    diesel::update(apps::table.find(id.get())).set(row).execute(conn)?;
    Ok(())
}

/// The app with an id.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn by_id(conn: &mut Connection, id: AppId) -> Result<Option<App>, StoreError> {
    let found = apps::table.find(id.get()).filter(apps::removed.eq(false)).select(APP);
    found.first(conn).optional()?.map(app).transpose()
}

/// The app with a name.
///
/// # Errors
/// As [`by_id`].
pub fn by_name(conn: &mut Connection, name: &str) -> Result<Option<App>, StoreError> {
    let found = apps::table.filter(apps::name.eq(name)).filter(apps::removed.eq(false));
    found.select(APP).first(conn).optional()?.map(app).transpose()
}

/// All apps, the oldest first.
///
/// # Errors
/// As [`by_id`].
pub fn all(conn: &mut Connection) -> Result<Vec<App>, StoreError> {
    let there = apps::table.filter(apps::removed.eq(false)).order(apps::id).select(APP);
    there.load(conn)?.into_iter().map(app).collect()
}

/// How many apps there are.
///
/// # Errors
/// [`StoreError::Database`].
pub fn count(conn: &mut Connection) -> Result<i64, StoreError> {
    Ok(apps::table.filter(apps::removed.eq(false)).count().get_result(conn)?)
}

/// The app whose service's id has this SHA-256.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn of_service(
    conn: &mut Connection,
    service_hash: &[u8; 32],
) -> Result<Option<AppId>, StoreError> {
    let of_service = apps::service_hash.eq(&service_hash[..]);
    let found = apps::table.filter(of_service).filter(apps::removed.eq(false)).select(apps::id);
    found.first(conn).optional()?.map(app_id).transpose()
}

/// Gives the service of an app another id, by its SHA-256.
///
/// # Errors
/// [`StoreError::Database`].
pub fn set_service(
    conn: &mut Connection,
    id: AppId,
    service_hash: &[u8; 32],
) -> Result<(), StoreError> {
    let set = apps::service_hash.eq(&service_hash[..]);
    diesel::update(apps::table.find(id.get())).set(set).execute(conn)?;
    Ok(())
}

/// Whether a text of this SHA-256 is the id of an app's service.
///
/// # Errors
/// [`StoreError::Database`].
pub fn is_service(
    conn: &mut Connection,
    id: AppId,
    service_hash: &[u8; 32],
) -> Result<bool, StoreError> {
    let hash: Option<Vec<u8>> =
        apps::table.find(id.get()).select(apps::service_hash).first(conn).optional()?;
    Ok(hash.is_some_and(|hash| hash == service_hash))
}

/// The highest id that was minted for an app.
///
/// # Errors
/// [`StoreError::Database`].
pub fn last_id(conn: &mut Connection) -> Result<Option<i64>, StoreError> {
    Ok(apps::table.select(max(apps::id)).first(conn)?)
}
