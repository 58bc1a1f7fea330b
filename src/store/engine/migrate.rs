//! Brings the schema up to date. Both databases have their own folder, with the same names.

use std::collections::HashSet;

use diesel::backend::Backend;
use diesel::dsl::{select, sql};
use diesel::migration::MigrationSource;
use diesel::sql_types::{Bool, Text};
use diesel::{QueryResult, RunQueryDsl as _};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::store::engine::Connection;
use crate::store::engine::connection::each_backend;
use crate::store::engine::error::StoreError;

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// What diesel's harness fails with.
type MigrationError = Box<dyn std::error::Error + Send + Sync>;

/// Applies what is missing; returns the names in the order applied.
///
/// Called within the writer's transaction: of two processes that start at once the second waits,
/// and finds nothing left to do.
///
/// # Errors
/// [`StoreError::NewerSchema`] if a migration was applied that this release does not have;
/// [`StoreError::Failed`] with whatever a migration fails with. Then none of them is kept.
pub(in crate::store) fn run(
    connection: &mut Connection,
    place: &str,
) -> Result<Vec<String>, StoreError> {
    let unknown = match connection {
        Connection::Sqlite(sqlite) => newest_unknown(sqlite, SQLITE),
        Connection::Postgres(postgres) => newest_unknown(postgres, POSTGRES),
    };
    let failed = |error| StoreError::failed(place, error);
    if let Some(unknown) = unknown.map_err(failed)? {
        return Err(StoreError::NewerSchema { place: place.to_owned(), unknown });
    }
    let applied = match connection {
        Connection::Sqlite(sqlite) => apply_missing(sqlite, SQLITE),
        Connection::Postgres(postgres) => apply_missing(postgres, POSTGRES),
    };
    applied.map_err(failed)
}

/// How many migrations are missing. Only looks: diesel's harness would make its table.
///
/// # Errors
/// As [`run`].
pub(in crate::store) fn missing(
    connection: &mut Connection,
    place: &str,
) -> Result<usize, StoreError> {
    let known = match connection {
        Connection::Sqlite(_) => versions::<diesel::sqlite::Sqlite>(SQLITE),
        Connection::Postgres(_) => versions::<diesel::pg::Pg>(POSTGRES),
    };
    let known = known.map_err(|error| StoreError::failed(place, error))?;
    let applied = applied(connection)?;
    match applied.iter().filter(|one| !known.contains(*one)).max() {
        Some(unknown) => {
            Err(StoreError::NewerSchema { place: place.to_owned(), unknown: unknown.clone() })
        }
        None => Ok(known.len().saturating_sub(applied.len())),
    }
}

/// The versions that the database names; none, if it has not been migrated ever.
fn applied(connection: &mut Connection) -> QueryResult<Vec<String>> {
    const TABLE: &str = "__diesel_schema_migrations";
    let has_table = match connection {
        Connection::Sqlite(sqlite) => {
            let tables = format!("EXISTS (SELECT 1 FROM sqlite_master WHERE name = '{TABLE}')");
            select(sql::<Bool>(&tables)).get_result::<bool>(sqlite)?
        }
        Connection::Postgres(postgres) => {
            let table = format!("to_regclass('{TABLE}') IS NOT NULL");
            select(sql::<Bool>(&table)).get_result::<bool>(postgres)?
        }
    };
    if !has_table {
        return Ok(Vec::new());
    }
    let versions = sql::<Text>(&format!("SELECT version FROM {TABLE}"));
    each_backend!(connection, conn => versions.load(conn))
}

/// The versions of all migrations of this release.
fn versions<DB: Backend>(source: EmbeddedMigrations) -> Result<HashSet<String>, MigrationError> {
    let known = MigrationSource::<DB>::migrations(&source)?;
    Ok(known.iter().map(|known| known.name().version().to_string()).collect())
}

/// The newest migration in the database that is not in `source`.
fn newest_unknown<DB: Backend>(
    connection: &mut impl MigrationHarness<DB>,
    source: EmbeddedMigrations,
) -> Result<Option<String>, MigrationError> {
    let known = versions::<DB>(source)?;
    let applied = connection.applied_migrations()?;
    Ok(applied.iter().map(ToString::to_string).filter(|one| !known.contains(one)).max())
}

fn apply_missing<DB: Backend>(
    connection: &mut impl MigrationHarness<DB>,
    source: EmbeddedMigrations,
) -> Result<Vec<String>, MigrationError> {
    let mut names = Vec::new();
    for migration in connection.pending_migrations(source)? {
        connection.run_migration(&*migration)?;
        names.push(migration.name().to_string());
    }
    Ok(names)
}
