//! Users: everybody who may log in. Deleted ones are nobody here; see `accounts`.

use std::collections::{BTreeSet, HashMap};

use diesel::dsl::{exists, select};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::domain::accounts::name::{Called, UserName};
use crate::domain::accounts::user::{Email, User};
use crate::domain::clock::Timestamp;
use crate::domain::id::UserId;
use crate::store::engine::Connection;
use crate::store::engine::connection::each_backend;
use crate::store::engine::error::StoreError;
use crate::store::schema::users;

use crate::store::engine::ids::user_id;
use crate::store::engine::statement::{INSERT_ROWS_MAX, Statement, Value};

/// A user to be stored.
#[derive(Clone, Copy, Debug)]
pub struct NewUser<'a> {
    /// Minted, or brought along if `imported`.
    pub id: UserId,
    pub name: &'a UserName,
    pub email: &'a Email,
    /// The argon2id hash of the password, as a PHC string.
    pub password_hash: &'a str,
    /// Whether the id comes from elsewhere, and says nothing about the mint.
    pub imported: bool,
    pub created_at: Timestamp,
}

/// What is needed to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub user: User,
    /// The address, lower-cased.
    pub email: String,
    /// The argon2id hash of the password, as a PHC string.
    pub password_hash: String,
}

#[derive(Insertable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
struct Row<'a> {
    id: i64,
    name: &'a str,
    name_key: &'a str,
    email: &'a str,
    password_hash: &'a str,
    imported: bool,
    created_at: i64,
}

impl<'a> From<&NewUser<'a>> for Row<'a> {
    fn from(new: &NewUser<'a>) -> Self {
        Self {
            id: new.id.get(),
            name: new.name.as_str(),
            name_key: new.name.key().as_str(),
            email: new.email.as_str(),
            password_hash: new.password_hash,
            imported: new.imported,
            created_at: new.created_at.micros(),
        }
    }
}

/// The columns of a [`User`].
pub(in crate::store) type Face = (i64, String, Option<String>);

/// Selects a [`Face`].
pub(in crate::store) const FACE: (users::id, users::name, users::profile) =
    (users::id, users::name, users::profile);

/// Selects an [`Account`].
const ACCOUNT: ((users::id, users::name, users::profile), users::email, users::password_hash) =
    (FACE, users::email, users::password_hash);

pub(in crate::store) fn user((id, name, profile): Face) -> Result<User, StoreError> {
    Ok(User { id: user_id(id)?, name, profile })
}

/// The user for whom somebody was looked up, that one's [`Face`], and since when they stand so.
pub(in crate::store) type FaceFor = (i64, i64, String, Option<String>, i64);

/// A query for faces, by the id of one user and by the ids of many.
pub(in crate::store) struct ForEach {
    /// For SQLite, where asking once for all is no cheaper: takes the id at each `?`.
    pub one: &'static str,
    /// For PostgreSQL: takes an array of ids at each `?`.
    pub many: &'static str,
    /// How many `?` there are in each.
    pub places: usize,
}

impl ForEach {
    /// What it finds for each user, in its order. A user who is named twice is looked up once.
    pub fn load(
        &self,
        conn: &mut Connection,
        users: &[UserId],
    ) -> Result<Vec<FaceFor>, StoreError> {
        let ids: BTreeSet<i64> = users.iter().map(|user| user.get()).collect();
        let ids = Vec::from_iter(ids);
        let mut rows = Vec::new();
        match conn {
            Connection::Sqlite(_) => {
                for id in ids {
                    let values = vec![Value::Int(id); self.places];
                    rows.extend(Statement::<FaceForType>::new(self.one, &values).load(conn)?);
                }
            }
            Connection::Postgres(_) => {
                let values = vec![Value::Ints(&ids); self.places];
                rows = Statement::<FaceForType>::new(self.many, &values).load(conn)?;
            }
        }
        Ok(rows)
    }
}

type FaceForType = (BigInt, BigInt, Text, Nullable<Text>, BigInt);

const BY_IDS: ForEach = ForEach {
    one: "SELECT id, id, name, profile, created_at FROM users WHERE id = ? AND deleted_at IS NULL",
    many: "SELECT id, id, name, profile, created_at FROM users WHERE id = ANY(?) AND deleted_at IS NULL",
    places: 1,
};

/// Stores a user.
///
/// # Errors
/// [`StoreError::is_unique_violation`] if id, address or the key of the name are taken.
pub fn insert(conn: &mut Connection, new: &NewUser<'_>) -> Result<(), StoreError> {
    diesel::insert_into(users::table).values(Row::from(new)).execute(conn)?;
    Ok(())
}

/// Stores many users, fast.
///
/// # Errors
/// As [`insert`]; then none of them is stored.
pub fn insert_many(conn: &mut Connection, new: &[NewUser<'_>]) -> Result<(), StoreError> {
    for some in new.chunks(INSERT_ROWS_MAX) {
        let rows: Vec<Row<'_>> = some.iter().map(Row::from).collect();
        each_backend!(conn, inner => {
            diesel::insert_into(users::table).values(&rows).execute(inner)
        })?;
    }
    Ok(())
}

/// The user with an id.
///
/// # Errors
/// [`StoreError::Database`].
pub fn by_id(conn: &mut Connection, id: UserId) -> Result<Option<User>, StoreError> {
    let there = users::table.find(id.get()).filter(users::deleted_at.is_null());
    let face = there.select(FACE).first(conn).optional()?;
    face.map(user).transpose()
}

/// The users with these ids; those that nobody has are left out.
///
/// # Errors
/// [`StoreError::Database`].
pub fn by_ids(conn: &mut Connection, ids: &[UserId]) -> Result<HashMap<UserId, User>, StoreError> {
    let rows = BY_IDS.load(conn, ids)?;
    let entry = |(_, id, name, profile, _)| user((id, name, profile)).map(|user| (user.id, user));
    rows.into_iter().map(entry).collect()
}

/// The user whom somebody calls so: who has just that name, else who is found by its key.
///
/// # Errors
/// [`StoreError::Database`].
pub fn by_name(conn: &mut Connection, called: &Called) -> Result<Option<User>, StoreError> {
    let there = users::table.filter(users::deleted_at.is_null());
    let exact = there.filter(users::name.eq(&called.text)).select(FACE);
    let mut found: Option<Face> = exact.first(conn).optional()?;
    if found.is_none() {
        let alike = there.filter(users::name_key.eq(called.key.as_str()));
        found = alike.order(users::name_clash).select(FACE).first(conn).optional()?;
    }
    found.map(user).transpose()
}

/// The account of an address.
///
/// # Errors
/// [`StoreError::Database`].
pub fn by_email(conn: &mut Connection, email: &Email) -> Result<Option<Account>, StoreError> {
    let addressed = users::table.filter(users::email.eq(email.as_str()));
    account_of(addressed.select(ACCOUNT).first(conn).optional()?)
}

/// What a user needs to log in.
///
/// # Errors
/// [`StoreError::Database`].
pub fn account(conn: &mut Connection, id: UserId) -> Result<Option<Account>, StoreError> {
    let there = users::table.find(id.get()).filter(users::deleted_at.is_null());
    account_of(there.select(ACCOUNT).first(conn).optional()?)
}

fn account_of(found: Option<(Face, String, String)>) -> Result<Option<Account>, StoreError> {
    let account = |(face, email, password_hash): (Face, String, String)| {
        Ok(Account { user: user(face)?, email, password_hash })
    };
    found.map(account).transpose()
}

/// Whether a user has this name, in whatever form.
///
/// # Errors
/// [`StoreError::Database`].
pub fn name_taken(conn: &mut Connection, name: &UserName) -> Result<bool, StoreError> {
    let named = users::table.filter(users::name_key.eq(name.key().as_str()));
    Ok(select(exists(named)).get_result(conn)?)
}

/// Whether a user has this address.
///
/// # Errors
/// [`StoreError::Database`].
pub fn email_taken(conn: &mut Connection, email: &Email) -> Result<bool, StoreError> {
    let addressed = users::table.filter(users::email.eq(email.as_str()));
    Ok(select(exists(addressed)).get_result(conn)?)
}

/// When users were last seen, as far as it is known.
///
/// # Errors
/// [`StoreError::Database`].
pub fn last_seen(
    conn: &mut Connection,
    ids: &[UserId],
) -> Result<HashMap<UserId, Timestamp>, StoreError> {
    let mut seen = HashMap::new();
    for some in ids.chunks(INSERT_ROWS_MAX) {
        let some = users::table.filter(users::id.eq_any(some.iter().map(|id| id.get())));
        let rows: Vec<(i64, Option<i64>)> =
            some.select((users::id, users::last_seen_at)).load(conn)?;
        for (id, at) in rows {
            seen.extend(
                at.map(|at| Ok::<_, StoreError>((user_id(id)?, Timestamp::from_micros(at))))
                    .transpose()?,
            );
        }
    }
    Ok(seen)
}

/// Keeps when users were last seen.
///
/// # Errors
/// [`StoreError::Database`].
pub fn set_last_seen(
    conn: &mut Connection,
    seen: &[(UserId, Timestamp)],
) -> Result<(), StoreError> {
    for (user, at) in seen {
        let values = [Value::Int(at.micros()), Value::Int(user.get())];
        Statement::<()>::new("UPDATE users SET last_seen_at = ? WHERE id = ?", &values)
            .run(conn)?;
    }
    Ok(())
}

/// How many users there are.
///
/// # Errors
/// [`StoreError::Database`].
pub fn count(conn: &mut Connection) -> Result<i64, StoreError> {
    Ok(users::table.filter(users::deleted_at.is_null()).count().get_result(conn)?)
}

/// The ids that somebody has or had, of those from `first` to `last`.
///
/// # Errors
/// [`StoreError::Database`].
pub fn taken(conn: &mut Connection, first: UserId, last: UserId) -> Result<Vec<i64>, StoreError> {
    let within = users::id.between(first.get(), last.get());
    Ok(users::table.filter(within).select(users::id).load(conn)?)
}

/// The highest minted id.
pub(in crate::store) fn last_id(conn: &mut Connection) -> Result<Option<i64>, StoreError> {
    let minted = users::table.filter(users::imported.eq(false));
    Ok(minted.select(users::id).order(users::id.desc()).first(conn).optional()?)
}
