//! The keys by which names are unique and found; see `domain::name`.
//!
//! `name_clash` is 0 for whoever is found by a key. Users who were there before names had keys may
//! share one; the others of them have their own id there, and are found by their exact names.

use diesel::sql_types::{BigInt, Text};

use crate::domain::accounts::name::NameKey;
use crate::domain::accounts::user::User;
use crate::store::accounts::users::user;
use crate::store::engine::Connection;
use crate::store::engine::error::StoreError;
use crate::store::engine::statement::{Statement, Value};

/// So many names are in memory at once while all get their keys.
const NAMES_MAX: i64 = 1_000;

/// Gives every user a key, in the transaction that makes the columns. Of those whose names have one key
/// the lowest id is found by it. Gives how many are not.
///
/// # Errors
/// [`StoreError::Database`].
pub(in crate::store) fn give(conn: &mut Connection) -> Result<i64, StoreError> {
    const SOME: &str =
        "SELECT id, name FROM users WHERE id > ? AND deleted_at IS NULL ORDER BY id LIMIT ?";
    let mut last = 0;
    loop {
        let values = [Value::Int(last), Value::Int(NAMES_MAX)];
        let some: Vec<(i64, String)> =
            Statement::<(BigInt, Text)>::new(SOME, &values).load(conn)?;
        for (id, name) in &some {
            set(conn, *id, &NameKey::of(name))?;
        }
        match some.last() {
            Some((id, _)) => last = *id,
            None => break,
        }
    }
    let count = Statement::<BigInt>::new("SELECT count(*) FROM users WHERE name_clash <> 0", &[]);
    Ok(count.load(conn)?.first().copied().unwrap_or(0))
}

fn set(conn: &mut Connection, id: i64, key: &NameKey) -> Result<(), StoreError> {
    const SET: &str = "UPDATE users SET name_key = ?, name_clash = CASE WHEN EXISTS \
        (SELECT 1 FROM users WHERE name_key = ?) THEN id ELSE 0 END WHERE id = ?";
    let key = Value::Text(key.as_str());
    Statement::<()>::new(SET, &[key, key, Value::Int(id)]).run(conn)
}

/// Lets the next be found by a key that somebody has given up.
///
/// # Errors
/// [`StoreError::Database`].
pub(in crate::store) fn pass_on(conn: &mut Connection, key: &NameKey) -> Result<(), StoreError> {
    const FIRST: &str = "UPDATE users SET name_clash = 0 WHERE name_clash <> 0 AND id = \
        (SELECT id FROM users WHERE name_key = ? ORDER BY name_clash LIMIT 1)";
    Statement::<()>::new(FIRST, &[Value::Text(key.as_str())]).run(conn)
}

/// Users whose names have one key, in the order of the keys; first of each who is found by it.
///
/// # Errors
/// [`StoreError::Database`].
pub fn clashes(conn: &mut Connection) -> Result<Vec<(NameKey, User)>, StoreError> {
    const ALL: &str = "SELECT id, name FROM users WHERE name_key IN \
        (SELECT name_key FROM users WHERE name_clash <> 0) ORDER BY name_key, name_clash";
    let rows: Vec<(i64, String)> = Statement::<(BigInt, Text)>::new(ALL, &[]).load(conn)?;
    let clash = |(id, name): (_, String)| Ok((NameKey::of(&name), user((id, name, None))?));
    rows.into_iter().map(clash).collect()
}
