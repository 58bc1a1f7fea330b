//! Pages that visitors have come from: of each visitor the latest.

use diesel::prelude::*;

use crate::domain::apps::customer_request::{VISITS_KEPT, Visit};
use crate::domain::clock::Timestamp;
use crate::domain::id::{AppId, UserId};
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::statement::{Statement, Value};
use crate::store::schema::visits;

const FORGET: &str = "DELETE FROM visits WHERE user_id = ? AND id <= \
    (SELECT id FROM visits WHERE user_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?)";

/// Notes where a visitor has come from, and forgets the oldest beyond so many.
///
/// # Errors
/// [`StoreError::Database`]; so for all here.
pub fn add(
    conn: &mut Connection,
    id: i64,
    (app, user): (AppId, UserId),
    (visit, at): (&Visit, Timestamp),
) -> Result<(), StoreError> {
    let row = (
        visits::id.eq(id),
        visits::app_id.eq(app.get()),
        visits::user_id.eq(user.get()),
        visits::url.eq(&visit.url),
        visits::title.eq(&visit.title),
        visits::at.eq(at.micros()),
    );
    diesel::insert_into(visits::table).values(row).execute(conn)?;
    let values = [user.get(), user.get(), VISITS_KEPT].map(Value::Int);
    Statement::<()>::new(FORGET, &values).run(conn)
}

/// Where a visitor has come from last.
///
/// # Errors
/// As [`add`].
pub fn latest(
    conn: &mut Connection,
    (app, user): (AppId, UserId),
) -> Result<Option<Visit>, StoreError> {
    let own = visits::user_id.eq(user.get()).and(visits::app_id.eq(app.get()));
    let row =
        visits::table.filter(own).order(visits::id.desc()).select((visits::url, visits::title));
    let found: Option<(String, String)> = row.first(conn).optional()?;
    Ok(found.map(|(url, title)| Visit { url, title }))
}

/// The highest id.
///
/// # Errors
/// As [`add`].
pub fn last_id(conn: &mut Connection) -> Result<Option<i64>, StoreError> {
    Ok(visits::table.select(visits::id).order(visits::id.desc()).first(conn).optional()?)
}
