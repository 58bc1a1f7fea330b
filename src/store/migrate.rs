//! Brings the schema up to date. Both databases have their own folder, with the same names.

use std::collections::HashSet;

use diesel::backend::Backend;
use diesel::migration::MigrationSource;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::Connection;
use super::error::StoreError;

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
pub(super) fn run(connection: &mut Connection, place: &str) -> Result<Vec<String>, StoreError> {
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

/// The newest migration in the database that is not in `source`.
fn newest_unknown<DB: Backend>(
    connection: &mut impl MigrationHarness<DB>,
    source: EmbeddedMigrations,
) -> Result<Option<String>, MigrationError> {
    let known = MigrationSource::<DB>::migrations(&source)?;
    let known: HashSet<String> =
        known.iter().map(|known| known.name().version().to_string()).collect();
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
