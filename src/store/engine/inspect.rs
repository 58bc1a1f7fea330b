//! What a database says about itself, to whoever looks after it.

use diesel::dsl::{select, sql};
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryResult, RunQueryDsl as _};

use crate::domain::clock::Timestamp;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;

/// A database, as seen from outside.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Its program and version, such as `SQLite 3.50.2`.
    pub version: String,
    /// Its time, if it has one of its own.
    pub time: Option<Timestamp>,
    /// Who else is connected to it, as it knows them: `name at address`, at most 20.
    pub others: Vec<String>,
}

/// Asks it.
///
/// # Errors
/// [`StoreError::Failed`].
pub fn facts(conn: &mut Connection) -> Result<Facts, StoreError> {
    Ok(match conn {
        Connection::Sqlite(sqlite) => {
            let version: String = select(sql::<Text>("sqlite_version()")).get_result(sqlite)?;
            Facts { version: format!("SQLite {version}"), time: None, others: Vec::new() }
        }
        Connection::Postgres(postgres) => of_postgres(postgres)?,
    })
}

fn of_postgres(conn: &mut diesel::PgConnection) -> QueryResult<Facts> {
    let version: String =
        select(sql::<Text>("current_setting('server_version')")).get_result(conn)?;
    let micros = "(extract(epoch from clock_timestamp()) * 1000000)::bigint";
    let time: i64 = select(sql::<BigInt>(micros)).get_result(conn)?;
    // The server's own workers, such as autovacuum's, are nobody's: they have neither name nor user.
    let others = select(sql::<Text>(
        "coalesce(nullif(application_name, ''), usename::text, 'somebody') || ' at ' || coalesce(host(client_addr), 'a local socket') \
         FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
         AND backend_type = 'client backend' ORDER BY 1 LIMIT 20",
    ))
    .load(conn)?;
    Ok(Facts {
        version: format!("PostgreSQL {version}"),
        time: Some(Timestamp::from_micros(time)),
        others,
    })
}
