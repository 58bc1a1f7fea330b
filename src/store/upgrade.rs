//! What a start does with a database, of whatever areas: bring it up to date, and ask for its highest id.

use crate::store::accounts::{name_keys, users};
use crate::store::apps::{devices, directory, downstreams, groups, servers};
use crate::store::chat::{messages, rooms};
use crate::store::engine::Connection;
use crate::store::engine::database::Database;
use crate::store::engine::error::StoreError;
use crate::store::engine::migrate;
use crate::store::pubsub;

/// The migration that makes the columns for the keys of names, which SQL cannot fold.
const NAME_KEYS: &str = "2026-11-29-000100_name_keys";

impl Database {
    /// Brings the schema up to date, all or nothing; returns the names of the migrations applied.
    /// Safe when several processes do it at once.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`], [`StoreError::Failed`], [`StoreError::Unavailable`].
    pub fn migrate(&self) -> Result<Vec<String>, StoreError> {
        let place = self.place();
        self.write(|conn| {
            let applied = migrate::run(conn, &place)?;
            if applied.iter().any(|name| name == NAME_KEYS) {
                give_name_keys(conn)?;
            }
            Ok(applied)
        })
    }

    /// How many migrations a start would apply. Changes nothing.
    ///
    /// # Errors
    /// As [`Database::migrate`].
    pub fn missing_migrations(&self) -> Result<usize, StoreError> {
        let place = self.place();
        self.read(|conn| migrate::missing(conn, &place))
    }

    /// The highest id that the mint has made and the store has kept; 0 if none. Imported users,
    /// who keep foreign ids, do not count.
    ///
    /// # Errors
    /// As [`Database::read`].
    pub fn id_floor(&self) -> Result<i64, StoreError> {
        self.read(|conn| {
            let highest = [
                users::last_id(conn)?,
                rooms::last_id(conn)?,
                messages::last_id(conn)?,
                directory::last_id(conn)?,
                servers::last_id(conn)?,
                devices::last_id(conn)?,
                groups::last_id(conn)?,
                downstreams::last_id(conn)?,
                pubsub::last_id(conn)?,
            ];
            Ok(highest.into_iter().flatten().max().unwrap_or(0))
        })
    }
}

fn give_name_keys(conn: &mut Connection) -> Result<(), StoreError> {
    let clashes = name_keys::give(conn)?;
    if clashes > 0 {
        log::warn!("{clashes} users have names of others in another form: tradewind user clashes");
    }
    Ok(())
}
