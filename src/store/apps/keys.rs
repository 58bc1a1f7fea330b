//! Keys of apps, one a level, with a secret each; of secrets only the hashes are kept.

use diesel::prelude::*;

use crate::domain::apps::app::Level;
use crate::domain::clock::Timestamp;
use crate::domain::id::AppId;
use crate::store::apps::hash;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::ids::app_id;
use crate::store::schema::{app_keys, apps};

/// A key to be stored.
#[derive(Clone, Debug)]
pub struct NewAppKey {
    pub level: Level,
    /// What names it in the open.
    pub key: String,
    /// The SHA-256 of its secret.
    pub secret_hash: [u8; 32],
}

/// A key as somebody shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppKey {
    pub app: AppId,
    pub level: Level,
    /// The SHA-256 of its secret.
    pub secret_hash: [u8; 32],
    /// That of the secret before, as long as it works.
    pub old_secret_hash: Option<[u8; 32]>,
}

/// The number by which a level is stored.
pub(in crate::store) const fn number(level: Level) -> i16 {
    match level {
        Level::Ppcom => 0,
        Level::Ppkefu => 1,
        Level::ThirdPartyConsole => 2,
        Level::Ppconsole => 3,
    }
}

/// The level of a stored number.
pub(in crate::store) fn level(number: i16) -> Result<Level, StoreError> {
    match number {
        0 => Ok(Level::Ppcom),
        1 => Ok(Level::Ppkefu),
        2 => Ok(Level::ThirdPartyConsole),
        3 => Ok(Level::Ppconsole),
        _ => Err(StoreError::Corrupt { what: "a level", value: number.into() }),
    }
}

/// Stores the keys of a new app.
///
/// # Errors
/// [`StoreError::is_unique_violation`] if a key is known.
pub fn insert(
    conn: &mut Connection,
    app: AppId,
    keys: &[NewAppKey],
    now: Timestamp,
) -> Result<(), StoreError> {
    for new in keys {
        let row = (
            app_keys::key.eq(&new.key),
            app_keys::app_id.eq(app.get()),
            app_keys::level.eq(number(new.level)),
            app_keys::secret_hash.eq(&new.secret_hash[..]),
            app_keys::old_secret_hash.eq(None::<Vec<u8>>),
            app_keys::created_at.eq(now.micros()),
        );
        diesel::insert_into(app_keys::table).values(row).execute(conn)?;
    }
    Ok(())
}

/// Gives the key of a level another secret; the one before goes on working until the next time, or not at all.
/// Gives the key; `None` if the app has none of that level.
///
/// # Errors
/// [`StoreError::Database`].
pub fn rotate(
    conn: &mut Connection,
    (app, level): (AppId, Level),
    secret_hash: &[u8; 32],
    keeps_old: bool,
) -> Result<Option<String>, StoreError> {
    let of_level = app_keys::app_id.eq(app.get()).and(app_keys::level.eq(number(level)));
    let found = app_keys::table.filter(of_level);
    let found: Option<(String, Vec<u8>)> =
        found.select((app_keys::key, app_keys::secret_hash)).first(conn).optional()?;
    let Some((key, old)) = found else { return Ok(None) };
    let row = (
        app_keys::secret_hash.eq(&secret_hash[..]),
        app_keys::old_secret_hash.eq(keeps_old.then_some(old)),
    );
    diesel::update(app_keys::table.find(&key)).set(row).execute(conn)?;
    Ok(Some(key))
}

/// The key that somebody shows, if it is one.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn find(conn: &mut Connection, key: &str) -> Result<Option<AppKey>, StoreError> {
    type Columns = (i64, i16, Vec<u8>, Option<Vec<u8>>);
    let columns =
        (app_keys::app_id, app_keys::level, app_keys::secret_hash, app_keys::old_secret_hash);
    let found: Option<Columns> =
        app_keys::table.find(key).select(columns).first(conn).optional()?;
    let Some((app, number, secret, old)) = found else { return Ok(None) };
    Ok(Some(AppKey {
        app: app_id(app)?,
        level: level(number)?,
        secret_hash: hash(secret)?,
        old_secret_hash: old.map(hash).transpose()?,
    }))
}

/// The keys of all apps, by app and level.
///
/// # Errors
/// [`StoreError::Database`], [`StoreError::Corrupt`].
pub fn all(conn: &mut Connection) -> Result<Vec<(AppId, Level, String)>, StoreError> {
    let order = (app_keys::app_id, app_keys::level);
    let columns = (app_keys::app_id, app_keys::level, app_keys::key);
    let rows: Vec<(i64, i16, String)> = app_keys::table.order(order).select(columns).load(conn)?;
    let key = |(app, number, key)| Ok((app_id(app)?, level(number)?, key));
    rows.into_iter().map(key).collect()
}

/// Ends all keys of an app.
///
/// # Errors
/// [`StoreError::Database`].
pub fn end(conn: &mut Connection, app: AppId) -> Result<(), StoreError> {
    let of_app = app_keys::table.filter(app_keys::app_id.eq(app.get()));
    diesel::delete(of_app).execute(conn)?;
    Ok(())
}

/// Whether an app goes on, so that what was shown to it before still counts.
pub(in crate::store) fn app_lives(conn: &mut Connection, app: AppId) -> Result<bool, StoreError> {
    let lives = apps::table.find(app.get()).select(apps::removed).first(conn).optional()?;
    Ok(lives == Some(false))
}
