//! Looks after the store: whether its files are in place and its disk has room, and, while it cannot
//! write, whether it can again.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use diesel::dsl::sql;
use diesel::sql_types::Integer;
use diesel::{RunQueryDsl as _, sql_query};
use tokio::sync::watch;

use crate::store::Store;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::files::{Absence, Files};
use crate::store::engine::health::Condition;
use crate::store::engine::job::{StorePart, Touches, quiet};

/// Between two looks while the store is well.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// Before the first try of a store that could not write; doubled with each.
const RETRY_FIRST: Duration = Duration::from_millis(100);
/// The longest wait between two tries.
const RETRY_MAX: Duration = Duration::from_secs(2);

/// The right to jobs that try to write, and change nothing.
struct ProbeRight(());

impl StorePart for ProbeRight {
    const TOUCHES: Touches = Touches::Rest;
}

/// Looks and tries now and then.
pub struct Prober {
    pub store: Store,
}

impl Prober {
    /// Works until told to stop, or until nothing can help.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        tokio::select! {
            () = self.work() => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    async fn work(&self) {
        let mut condition = self.store.condition();
        let mut retry = RETRY_FIRST;
        loop {
            let now = condition.borrow_and_update().clone();
            match now {
                Condition::Well => {
                    retry = RETRY_FIRST;
                    // Whoever fails to write wakes us.
                    if tokio::time::timeout(LOOK_INTERVAL, condition.changed()).await.is_err() {
                        self.look().await;
                    }
                }
                Condition::Ailing(_) => {
                    tokio::time::sleep(retry).await;
                    retry = retry.saturating_mul(2).min(RETRY_MAX);
                    self.retry().await;
                }
                Condition::Lost(_) => return self.save().await,
            }
        }
    }

    async fn look(&self) {
        let (files, room_min) =
            (Arc::clone(self.store.inner.database.files()), self.store.inner.room_min);
        let looked = tokio::task::spawn_blocking(move || in_order(&files, room_min)).await;
        if let Ok(Err(error)) = looked {
            self.store.inner.health.heed(&error);
        }
    }

    /// Writes something, on the way of all writes.
    async fn retry(&self) {
        let (files, room_min) =
            (Arc::clone(self.store.inner.database.files()), self.store.inner.room_min);
        let probe = move |conn: &mut Connection| {
            in_order(&files, room_min)?;
            write(conn)
        };
        match self.store.run(quiet(ProbeRight(()), probe)).await {
            Ok(()) => self.store.inner.health.heal(),
            Err(error) => self.store.inner.health.heed(&error),
        }
    }

    /// Saves what the log holds.
    async fn save(&self) {
        let files = Arc::clone(self.store.inner.database.files());
        let saved = tokio::task::spawn_blocking(move || files.save()).await;
        match saved.map_err(io::Error::other).flatten() {
            Ok(()) => log::info!("the log of the database is safe"),
            Err(error) => log::error!("not all of the log of the database is safe: {error}"),
        }
    }
}

/// Whether all files are in place, and the disk has room.
fn in_order(files: &Files, room_min: u64) -> Result<(), StoreError> {
    files.check_all()?;
    let room = files.room().map_err(|error| {
        StoreError::Gone(Absence::Unseen("the disk of the database".to_owned(), error.to_string()))
    })?;
    if room < room_min { Err(StoreError::NoRoom { room, room_min }) } else { Ok(()) }
}

/// Writes what changes nothing, so that a disk that is full or fails says so.
fn write(conn: &mut Connection) -> Result<(), StoreError> {
    match conn {
        Connection::Sqlite(sqlite) => {
            let version: i32 = sql::<Integer>("PRAGMA user_version").get_result(sqlite)?;
            sql_query(format!("PRAGMA user_version = {version}")).execute(sqlite)?;
        }
        Connection::Postgres(postgres) => {
            let probe = "SELECT pg_logical_emit_message(true, 'tradewind', 'probe')";
            sql_query(probe).execute(postgres)?;
        }
    }
    Ok(())
}
