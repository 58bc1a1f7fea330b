//! The lock on a schema of PostgreSQL: an advisory lock of a connection that does nothing else.
//!
//! The server gives the lock back when it loses the connection, so a thread asks it for a sign of life
//! every second. If the connection is dead, nothing is written until the lock is taken on a new one; if
//! another process has it by then, this one is done.

use std::io;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use diesel::dsl::sql;
use diesel::r2d2::R2D2Connection;
use diesel::sql_types::{Bool, Text};
use diesel::{Connection as _, OptionalExtension, PgConnection, QueryResult, RunQueryDsl, select};
use tokio::sync::watch;

use crate::store::engine::error::StoreError;
use crate::store::engine::lock::{Asked, Holder, LockState};

/// Between two looks at the connection.
const INTERVAL: Duration = Duration::from_secs(1);
/// Before the text of a holder in the name under which its connection is listed.
const PREFIX: &str = "tradewind ";
/// The longest name that PostgreSQL keeps of a connection, in bytes.
const NAME_BYTES_MAX: usize = 63;
/// The two numbers of the lock. Writers' transactions take another one.
const KEY: &str = "hashtext('tradewind hub'), hashtext(current_schema())";

/// The lock, held until this is dropped.
pub(in crate::store) struct SessionLock {
    say: Option<Sender<String>>,
    keeper: Option<JoinHandle<()>>,
}

impl SessionLock {
    /// Asks for the lock on the schema at `url`, and tells by `state` what becomes of it.
    ///
    /// # Errors
    /// [`StoreError::Failed`] naming the `place`.
    pub fn ask(
        url: &str,
        place: &str,
        me: &Holder,
        state: &watch::Sender<LockState>,
    ) -> Asked<Self> {
        let mut conn = match connect(url, place, me)? {
            Ok(conn) => conn,
            Err(holder) => return Ok(Err(holder)),
        };
        let (say, said) = mpsc::channel::<String>();
        let (url, place, mut me, state) =
            (url.to_owned(), place.to_owned(), me.clone(), state.clone());
        let keep = move || loop {
            match said.recv_timeout(INTERVAL) {
                Ok(text) => me = Holder::parse(&text).unwrap_or_else(|| me.clone()),
                Err(RecvTimeoutError::Disconnected) => {
                    // The server takes its time to see that a connection is closed.
                    drop(diesel::sql_query("SELECT pg_advisory_unlock_all()").execute(&mut conn));
                    return;
                }
                Err(RecvTimeoutError::Timeout) if conn.ping().is_ok() => continue,
                Err(RecvTimeoutError::Timeout) => {
                    lost(&state, "the connection that held the lock is dead");
                    match connect(&url, &place, &me) {
                        Ok(Ok(fresh)) => {
                            conn = fresh;
                            state.send_replace(LockState::Held);
                            log::warn!("{place}: the lock is held again");
                        }
                        Ok(Err(holder)) => {
                            let who = holder.map_or(UNKNOWN.to_owned(), |who| who.to_string());
                            state.send_replace(LockState::Taken(who));
                            return;
                        }
                        Err(error) => lost(&state, &error.to_string()),
                    }
                    continue;
                }
            }
            // Only for whoever is turned away; the next try comes with the next connection.
            drop(name(&mut conn, &me));
        };
        let keeper = thread::Builder::new().name("lock".to_owned()).spawn(keep);
        let keeper = keeper.map_err(|error| StoreError::failed("lock", error))?;
        Ok(Ok(Self { say: Some(say), keeper: Some(keeper) }))
    }

    /// Names the connection after who has it.
    ///
    /// # Errors
    /// The thread has gone.
    pub fn say(&self, me: &Holder) -> io::Result<()> {
        let sent = self.say.as_ref().map(|say| say.send(me.text()));
        sent.unwrap_or(Ok(())).map_err(io::Error::other)
    }
}

impl Drop for SessionLock {
    fn drop(&mut self) {
        drop(self.say.take());
        // Until the connection is closed, so that the lock is free when this returns.
        if self.keeper.take().is_some_and(|keeper| keeper.join().is_err()) {
            log::error!("the thread that kept the lock ended badly");
        }
    }
}

/// For a holder of whom nothing is known.
const UNKNOWN: &str = "another process has it";

fn lost(state: &watch::Sender<LockState>, why: &str) {
    log::warn!("nothing is written until the lock is held again: {why}");
    state.send_replace(LockState::Lost(why.to_owned()));
}

/// A connection that has the lock, or who has it.
fn connect(url: &str, place: &str, me: &Holder) -> Asked<PgConnection> {
    let failed = |error: diesel::result::Error| StoreError::failed(place, error);
    let mut conn = open(url, place)?;
    let free = select(sql::<Bool>(&format!("pg_try_advisory_lock({KEY})")));
    if free.get_result(&mut conn).map_err(failed)? {
        name(&mut conn, me).map_err(failed)?;
        return Ok(Ok(conn));
    }
    Ok(Err(named(&mut conn).map_err(failed)?.as_deref().and_then(parse)))
}

/// Who has the lock on the schema at `url`.
///
/// # Errors
/// [`StoreError::Failed`] naming the `place`.
pub(in crate::store) fn holder(
    url: &str,
    place: &str,
) -> Result<Option<Option<Holder>>, StoreError> {
    let found = named(&mut open(url, place)?).map_err(|error| StoreError::failed(place, error))?;
    Ok(found.map(|name| parse(&name)))
}

fn open(url: &str, place: &str) -> Result<PgConnection, StoreError> {
    PgConnection::establish(url).map_err(|error| {
        StoreError::failed(place, crate::store::engine::connection::one_line(error))
    })
}

fn parse(name: &str) -> Option<Holder> {
    name.strip_prefix(PREFIX).and_then(Holder::parse)
}

/// Says who has a connection, in the server's list of them.
fn name(conn: &mut PgConnection, me: &Holder) -> QueryResult<usize> {
    let set = "SELECT set_config('application_name', $1, false)";
    let mut text = format!("{PREFIX}{}", me.text());
    if text.len() > NAME_BYTES_MAX {
        // It would be cut off within.
        text = format!("{PREFIX}{}", Holder { console: None, pubsub: None, ..me.clone() }.text());
    }
    diesel::sql_query(set).bind::<Text, _>(text).execute(conn)
}

/// The name of the connection that has the lock.
fn named(conn: &mut PgConnection) -> QueryResult<Option<String>> {
    let number = |key: &str| format!("({key}::bigint & 4294967295)");
    let query = format!(
        "coalesce(application_name, '') FROM pg_locks JOIN pg_stat_activity USING (pid) \
         WHERE locktype = 'advisory' AND granted AND objsubid = 2 \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
         AND classid::bigint = {} AND objid::bigint = {} LIMIT 1",
        number("hashtext('tradewind hub')"),
        number("hashtext(current_schema())"),
    );
    select(sql::<Text>(&query)).get_result(conn).optional()
}
