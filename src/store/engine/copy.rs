//! Copies of a SQLite database: made beside a hub, and put in its place.
//!
//! A copy has no name of its history (`store::engine::epochs`), so that the first start on it gives a new one and
//! clients that knew what came after the copy start over.

use std::error::Error;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection as _, QueryResult, RunQueryDsl as _, SqliteConnection, select, sql_query};

use crate::domain::clock::Timestamp;
use crate::private;
use crate::store::engine::error::StoreError;
use crate::store::engine::location::{Location, RESTORING, plain_path};
use crate::store::engine::lock::Lock;
use crate::store::engine::settings::Settings;
use crate::store::engine::{Connection, migrate};

type Cause = Box<dyn Error + Send + Sync>;

/// Writes a consistent copy of what `conn` is open on to a file that must not exist. It has its name only
/// when it is whole, on disk and marked as a copy.
///
/// # Errors
/// [`StoreError::Failed`] naming the file.
pub(in crate::store) fn write(conn: &mut SqliteConnection, to: &Path) -> Result<(), StoreError> {
    let failed = |cause: Cause| StoreError::failed(&to.display().to_string(), cause);
    // Reserves the name.
    private::create_file(to).map_err(|error| failed(error.into()))?;
    let partial = suffixed(to, ".partial");
    let written = fill(conn, &partial).and_then(|()| Ok(fs::rename(&partial, to)?));
    let written = written.and_then(|()| sync_folder(to));
    written.map_err(failed).inspect_err(|_| {
        drop(fs::remove_file(&partial));
        drop(fs::remove_file(to));
    })
}

fn fill(conn: &mut SqliteConnection, to: &Path) -> Result<(), Cause> {
    let path = plain_path(to.to_str().ok_or("the name is not UTF-8")?);
    // SQLite writes into an empty file, but not into another.
    private::create_file(to)?;
    sql_query("VACUUM INTO ?").bind::<Text, _>(&path).execute(conn)?;
    let mut copy = SqliteConnection::establish(&path)?;
    if has_table(&mut copy, "epochs")? {
        sql_query("DELETE FROM epochs").execute(&mut copy)?;
    }
    drop(copy);
    // SQLite does not for a copy.
    Ok(File::open(to)?.sync_all()?)
}

/// Puts the copy `from` in the place of the database, which nobody may have; what was there is set
/// aside, and where it is now is returned.
///
/// # Errors
/// [`StoreError::Unsupported`] on PostgreSQL; [`StoreError::Held`]; [`StoreError::NewerSchema`];
/// [`StoreError::Failed`] naming the file.
pub fn restore(
    settings: &Settings,
    from: &Path,
    now: Timestamp,
) -> Result<Option<PathBuf>, StoreError> {
    let location = Location::parse(settings.url.expose())?;
    let Location::Sqlite(path) = &location else {
        return Err(StoreError::Unsupported(
            "use pg_restore to restore PostgreSQL, then `tradewind restore --new-epoch`",
        ));
    };
    let mut source = open(from)?;
    location.prepare()?;
    let patience = settings.busy_timeout();
    let lock = Lock::take(&location, now, patience)?;
    let failed = |error: std::io::Error| StoreError::failed(&location.place(), error);
    let target = fs::canonicalize(path).map_err(failed)?;
    if fs::canonicalize(from).is_ok_and(|from| from == target) {
        let cause = "is the database itself; `tradewind restore --new-epoch` marks it as a copy";
        return Err(StoreError::failed(&from.display().to_string(), cause));
    }
    let fresh = suffixed(&target, RESTORING);
    // Left by one who was killed.
    drop(fs::remove_file(&fresh));
    drop(fs::remove_file(suffixed(&fresh, ".partial")));
    if let Connection::Sqlite(source) = &mut source {
        write(source, &fresh)?;
    }
    let aside = set_aside(&target, now).map_err(failed)?;
    fs::rename(&fresh, &target).map_err(failed)?;
    sync_folder(&target).map_err(|cause| StoreError::failed(&location.place(), cause))?;
    drop(lock);
    Ok(aside)
}

/// A copy that can be restored: whole, and of a release that this one knows.
fn open(from: &Path) -> Result<Connection, StoreError> {
    let place = from.display().to_string();
    let failed = |cause: Cause| StoreError::failed(&place, cause);
    let checked = || -> Result<SqliteConnection, Cause> {
        if !fs::metadata(from)?.is_file() {
            return Err("is no file".into());
        }
        let path = plain_path(from.to_str().ok_or("the name is not UTF-8")?);
        let mut conn = SqliteConnection::establish(&path)?;
        let found: String = sql::<Text>("PRAGMA quick_check(1)").get_result(&mut conn)?;
        if found != "ok" {
            return Err(format!("the copy is damaged: {found}").into());
        }
        if !has_table(&mut conn, "__diesel_schema_migrations")? {
            return Err("is no database of Tradewind".into());
        }
        Ok(conn)
    };
    let mut conn = Connection::Sqlite(checked().map_err(failed)?);
    migrate::missing(&mut conn, &place)?;
    Ok(conn)
}

/// Moves a database away with its log. An empty file, of a place where nothing was, stays.
fn set_aside(target: &Path, now: Timestamp) -> std::io::Result<Option<PathBuf>> {
    let aside = suffixed(target, &format!(".before-{}", now.micros()));
    let was_there = fs::metadata(target)?.len() > 0;
    if was_there {
        fs::rename(target, &aside)?;
    }
    for part in ["-wal", "-shm"] {
        match fs::rename(suffixed(target, part), suffixed(&aside, part)) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            moved => moved?,
        }
    }
    Ok(was_there.then_some(aside))
}

fn has_table(conn: &mut SqliteConnection, name: &str) -> QueryResult<bool> {
    let query = "count(*) FROM sqlite_master WHERE type = 'table' AND name = ";
    let count: i64 = select(sql::<BigInt>(query).bind::<Text, _>(name)).get_result(conn)?;
    Ok(count > 0)
}

fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Brings the name of a file to disk.
fn sync_folder(path: &Path) -> Result<(), Cause> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    Ok(File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?)
}
