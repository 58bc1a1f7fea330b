//! Brings the schema up to date. Both databases have their own folder, with the same names.

use diesel::backend::Backend;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::Connection;

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
/// Whatever a migration fails with; then none of them is kept.
pub(super) fn run(connection: &mut Connection) -> Result<Vec<String>, MigrationError> {
    match connection {
        Connection::Sqlite(sqlite) => apply_missing(sqlite, SQLITE),
        Connection::Postgres(postgres) => apply_missing(postgres, POSTGRES),
    }
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
