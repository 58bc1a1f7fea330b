//! What became of a transaction whose COMMIT was not answered.
//!
//! A connection to PostgreSQL can die while the commit waits for its answer, and then the transaction
//! may be there or not. Before a commit the number of the transaction is asked for; afterwards the server
//! knows under that number. The writers' lock is taken first: whoever has it sees no transaction of a
//! writer in progress. SQLite answers in the same process.

use std::thread;
use std::time::{Duration, Instant};

use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{QueryResult, RunQueryDsl as _, select, sql_query};

use crate::store::engine::connection::{ConnectionRole, Either, Opener, begin};
use crate::store::engine::error::StoreError;

/// Between two tries to ask.
const RETRY: Duration = Duration::from_millis(100);

/// The number of a transaction of PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct Number(i64);

/// What the server says of a transaction.
#[derive(diesel::QueryableByName)]
struct Said {
    #[diesel(sql_type = Nullable<Text>)]
    status: Option<String>,
}

impl Number {
    /// That of the transaction that runs; `None` if it has written nothing.
    ///
    /// # Errors
    /// Those of the connection.
    pub fn of(connection: &mut Either) -> QueryResult<Option<Self>> {
        match connection {
            Either::Sqlite(_) => Ok(None),
            Either::Postgres(postgres) => {
                let number = select(sql::<Nullable<BigInt>>("txid_current_if_assigned()"));
                Ok(number.get_result::<Option<i64>>(postgres)?.map(Self))
            }
        }
    }

    /// Whether that transaction was committed; asks until the server answers.
    ///
    /// # Errors
    /// [`StoreError::Unsettled`] if it does not in time.
    pub fn was_committed(self, opener: &Opener, patience: Duration) -> Result<bool, StoreError> {
        let since = Instant::now();
        log::warn!("the answer to a commit got lost: asking what became of it");
        loop {
            let cause = match self.ask(opener) {
                Ok(Some(committed)) => {
                    let fate = if committed { "committed" } else { "not committed" };
                    log::info!("the transaction whose answer got lost was {fate}");
                    return Ok(committed);
                }
                Ok(None) => "the server does not know".to_owned(),
                Err(error) => error.to_string(),
            };
            if since.elapsed() >= patience {
                log::error!("whether a transaction was committed cannot be found out: {cause}");
                return Err(StoreError::Unsettled { cause });
            }
            thread::sleep(RETRY);
        }
    }

    fn ask(self, opener: &Opener) -> Result<Option<bool>, StoreError> {
        let mut connection = opener.open()?;
        begin(&mut connection, ConnectionRole::Writer)?;
        let Either::Postgres(postgres) = &mut connection else { return Ok(None) };
        // A number that was not given yet is that of a transaction a crash has taken with it.
        let query = "SELECT CASE WHEN $1 >= txid_snapshot_xmax(txid_current_snapshot()) \
                     THEN 'aborted' ELSE txid_status($1) END AS status";
        let said: Said = sql_query(query).bind::<BigInt, _>(self.0).get_result(postgres)?;
        Ok(match said.status.as_deref() {
            Some("committed") => Some(true),
            Some("aborted") => Some(false),
            Some(_) | None => None,
        })
    }
}
